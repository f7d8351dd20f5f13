"""Pictures inside documents: looked at by content and size before anybody decodes them. Knows no Django."""

import io
import warnings

from PIL import Image, UnidentifiedImageError

MAX_PICTURE_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 40_000_000
READABLE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")


def is_usable(data: bytes) -> bool:
    """Whether the bytes are a picture the library can keep, of at most MAX_PIXELS.

    Only the header is read: a picture of a few kilobytes may claim a billion pixels.
    """
    if len(data) > MAX_PICTURE_BYTES:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=READABLE_FORMATS) as image:
                width, height = image.size
                if not 0 < width * height <= MAX_PIXELS:
                    return False
            # verify() reads the chunks without decoding the pixels; it needs a fresh file.
            with Image.open(io.BytesIO(data), formats=READABLE_FORMATS) as image:
                image.verify()
                return True
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        SyntaxError,
        ValueError,
    ):
        return False
