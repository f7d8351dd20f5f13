"""Read the scan of a licence and draw it anew, in a child process (common.quarantine).

Only pixels get through: a picture becomes a JPEG, a PDF a PDF of pictures of its pages. Scripts, attachments, EXIF
and whatever else a file may carry stay behind. Knows no Django, so that the child starts quickly.
"""

import base64
import io
import warnings
from pathlib import Path
from typing import Any, TypedDict

import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 60_000_000
MAX_PAGES = 8
SHORTEST_SIDE = 300
BOX = (1800, 2500)  # A4 at some 210 dpi: the smallest print can be read
QUALITY = 82


class Drawn(TypedDict, total=False):
    """The scan in base64 with its suffix, or `flaw`: not_readable, too_small, too_large, too_many_pages, locked."""

    data: str
    suffix: str
    flaw: str


def draw_anew(path: str) -> Drawn:
    """Return the scan at `path` drawn anew; what it is, its first bytes say and not its name."""
    with Path(path).open("rb") as handle:
        is_pdf = handle.read(1024).lstrip().startswith(b"%PDF-")
    return _pdf(path) if is_pdf else _picture(path)


def _picture(path: str) -> Drawn:
    try:
        with warnings.catch_warnings():
            # The size is checked below, before any pixel is read.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    return {"flaw": "too_large"}
                if min(image.size) < SHORTEST_SIDE:
                    return {"flaw": "too_small"}
                page = _plain(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError:
        return {"flaw": "too_large"}
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return {"flaw": "not_readable"}
    out = io.BytesIO()
    page.save(out, "JPEG", quality=QUALITY)
    return {"data": base64.b64encode(out.getvalue()).decode(), "suffix": ".jpg"}


def _plain(image: Any) -> Image.Image:
    """Return a copy that holds pixels and nothing else, within the box."""
    upright = image.convert("RGB")
    upright.thumbnail(BOX)
    plain = Image.new("RGB", upright.size)
    plain.paste(upright)
    return plain


def _pdf(path: str) -> Drawn:
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        return {"flaw": "locked" if "assword" in str(error) else "not_readable"}
    try:
        if not 1 <= len(document) <= MAX_PAGES:
            return {"flaw": "too_many_pages" if len(document) else "not_readable"}
        pages = []
        for page in document:
            width, height = page.get_size()
            if width <= 0 or height <= 0:
                return {"flaw": "not_readable"}
            scale = min(BOX[0] / width, BOX[1] / height)
            pages.append(_plain(page.render(scale=scale).to_pil()))
    except pypdfium2.PdfiumError:
        return {"flaw": "not_readable"}
    finally:
        document.close()
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], quality=QUALITY, resolution=210)
    return {"data": base64.b64encode(out.getvalue()).decode(), "suffix": ".pdf"}
