"""Paper: what WeasyPrint may read while it prints, and QR codes as inline SVG."""

from pathlib import Path
from urllib.parse import unquote

import segno
from django.contrib.staticfiles import finders
from django.utils.safestring import SafeString, mark_safe
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

STATIC_SCHEME = "static:"


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


def qr_svg(text: str) -> SafeString:
    """Return a QR code (error correction M) as inline SVG without fixed size."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=0, omitsize=True, dark="#17212b", svgclass="qr", lineclass=None)
    return mark_safe(svg)  # noqa: S308 - made by segno from our own address, holds paths only
