"""PDFs of papers: WeasyPrint over templates/pdf/exam_*.html, with nothing fetched from outside."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from common.printing import STATIC_SCHEME, OwnFilesOnly, qr_svg

PARTS = {"paper": "pdf/exam_paper.html", "sheet": "pdf/exam_sheet.html", "key": "pdf/exam_key.html"}


def render_part(part: str, context: Mapping[str, Any], address: str) -> bytes:
    """Return one PDF of a paper: `paper`, `sheet` or `key`; `address` goes into the code on each page.

    The same paper gives the same bytes. Raises RenderingFailed if the page asks for anything from outside.
    """
    # A paper is a Chinese document, whatever language the reader's screens are in.
    with translation.override(settings.LANGUAGE_CODE):
        page = render_to_string(PARTS[part], {**context, "qr": qr_svg(address)})
    document = HTML(string=page, base_url=STATIC_SCHEME, url_fetcher=OwnFilesOnly())
    identifier = hashlib.sha256(page.encode()).digest()[:16]
    return bytes(document.write_pdf(font_config=FontConfiguration(), pdf_identifier=identifier))
