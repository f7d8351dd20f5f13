"""The PDF of a certificate: WeasyPrint over templates/pdf/certificate.html, with nothing fetched from outside."""

import datetime as dt
import hashlib
from pathlib import Path
from urllib.parse import unquote

import segno
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from certificates.content import grouped
from certificates.shapes import PrintedFields

STATIC_SCHEME = "static:"
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


class RenderingFailed(FatalURLFetchingError):  # type: ignore[misc]
    """The page asked for something that is neither `data:` nor one of our static files."""


class OwnFilesOnly(URLFetcher):  # type: ignore[misc]
    """Serves `data:` and `static:<name>`; file, http and everything else end the rendering (SSRF)."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=["data"], allow_redirects=False)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """Return the resource; raise RenderingFailed naming what was refused or is missing."""
        if url.startswith("data:"):
            return super().fetch(url, headers)
        if not url.startswith(STATIC_SCHEME):
            raise RenderingFailed(f"refused to fetch {url}")
        name = unquote(url.removeprefix(STATIC_SCHEME))
        # finders.find raises SuspiciousFileOperation for a name that leads out of the static folders.
        found = finders.find(name)
        if not isinstance(found, str):
            raise RenderingFailed(f"there is no static file {name}")
        kind = "text/css" if name.endswith(".css") else "application/octet-stream"
        return URLFetcherResponse(url, Path(found).read_bytes(), {"Content-Type": kind})


def verify_url(code: str) -> str:
    """Return the address in the QR: the public page that shows all printed fields and the live state."""
    return f"{settings.PUBLIC_BASE_URL}{reverse('certificates:verify', args=[code])}"


def qr_svg(text: str) -> SafeString:
    """Return a QR code (error correction M) as inline SVG without fixed size."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=0, omitsize=True, dark="#17212b", svgclass="qr", lineclass=None)
    return mark_safe(svg)  # noqa: S308 - made by segno from our own address, holds paths only


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
