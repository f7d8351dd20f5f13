"""Read a photograph somebody uploaded and draw it anew, in a child process (common.quarantine).

Only pixels get through: EXIF (where and when it was taken, with which telephone), comments, further frames and
whatever else a file may carry stay behind. Knows no Django, so that the child starts quickly.
"""

import base64
import io
import warnings
from typing import TypedDict

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
SHORTEST_SIDE = 200
BOX = (600, 800)  # twice what a card prints at 300 dpi
QUALITY = 85


class Drawn(TypedDict, total=False):
    """The photograph as JPEG in base64, or `flaw`: not_an_image, too_small, too_many_pixels."""

    jpeg: str
    flaw: str


def draw_anew(path: str) -> Drawn:
    """Return the picture at `path`, upright, within 600 × 800, as a JPEG without anything but pixels."""
    try:
        with warnings.catch_warnings():
            # The size is checked below, before any pixel is read.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    return {"flaw": "too_many_pixels"}
                if min(image.size) < SHORTEST_SIDE:
                    return {"flaw": "too_small"}
                upright = ImageOps.exif_transpose(image).convert("RGB")
    except Image.DecompressionBombError:
        return {"flaw": "too_many_pixels"}
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return {"flaw": "not_an_image"}
    upright.thumbnail(BOX)
    plain = Image.new("RGB", upright.size)
    plain.paste(upright)
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY)
    return {"jpeg": base64.b64encode(out.getvalue()).decode()}
