"""The PDF of a certificate: WeasyPrint over templates/pdf/certificate.html, with nothing fetched from outside."""

import datetime as dt
import hashlib

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from certificates.content import grouped
from certificates.shapes import PrintedFields
from common.printing import STATIC_SCHEME, OwnFilesOnly, qr_svg

SHORT_HASH = 16  # characters of the leaf hash on paper; the page behind the QR shows all 64

# Up to how many characters a field is set large, and medium; beyond, small.
SIZE_LIMITS = {
    "title": (14, 20),
    "name": (6, 14),
    "body": (90, 180),
    "unit": (28, 28),
    "programme": (28, 28),
    "post": (13, 13),
}


def verify_url(code: str) -> str:
    """Return the address in the QR: the public page that shows all printed fields and the live state."""
    return f"{settings.PUBLIC_BASE_URL}{reverse('certificates:verify', args=[code])}"


def certificate_html(
    printed: PrintedFields, code: str, *, issued_at: dt.datetime, sample: bool = False
) -> str:
    """Return the page WeasyPrint prints. Every text is escaped; editors' text brings no markup."""
    context = {
        "printed": printed,
        "short_hash": printed["record_hash"][:SHORT_HASH],
        "code_grouped": grouped(code),
        "qr": qr_svg(verify_url(code)),
        "issued_at": issued_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sizes": {name: text_size(str(dict(printed)[name]), *limits) for name, limits in SIZE_LIMITS.items()},
        "sample": sample,
    }
    # A certificate is a Chinese document, whatever language the reader's screens are in.
    with translation.override(settings.LANGUAGE_CODE):
        return render_to_string("pdf/certificate.html", context)


def text_size(text: str, short: int, middle: int) -> str:
    """Return the class that keeps a long text (a name with ·, a deep unit) in its place on the page."""
    if len(text) <= short:
        return "short"
    return "middle" if len(text) <= middle else "long"


def render_pdf(printed: PrintedFields, code: str, *, issued_at: dt.datetime, sample: bool = False) -> bytes:
    """Return the PDF of one certificate: A4 landscape, one page, its title and date in the metadata.

    The same fields give the same bytes. Raises RenderingFailed if the page asks for anything from outside.
    """
    page = certificate_html(printed, code, issued_at=issued_at, sample=sample)
    document = HTML(string=page, base_url=STATIC_SCHEME, url_fetcher=OwnFilesOnly())
    identifier = hashlib.sha256(page.encode()).digest()[:16]
    pdf = document.write_pdf(font_config=FontConfiguration(), pdf_identifier=identifier)
    return bytes(pdf)
