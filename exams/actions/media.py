"""Taking in the pictures and film clips of questions."""

import datetime as dt
import hashlib
import io
import uuid
import warnings
from typing import Any

from django.core.files.base import ContentFile, File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from exams.errors import BadMedia
from exams.models import MediaKind, QuestionMedia
from exams.permissions import require_writer
from people.models import User

MAX_IMAGE_BYTES = 15 * 1024 * 1024
MAX_FILM_BYTES = 100 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 1600  # enough for a phone and a projector
FORMATS = ("JPEG", "PNG", "WEBP")


def save_media(*, file: "File[Any]", alt: str, acting_user: User | None, now: dt.datetime) -> QuestionMedia:
    """Store a picture (JPEG, PNG, WebP) or film clip (MP4) and return it; the same file is stored once.

    Pictures are turned upright, made smaller and written anew, so that nothing of the camera's notes stays.
    Raises: PermissionDenied; BadMedia.
    """
    require_writer(acting_user)
    alt = alt.strip()
    if not alt:
        raise BadMedia(_("请写一句图上（片中）有什么，看不见的人靠它答题。不要写出答案。"))
    if (file.size or 0) > MAX_FILM_BYTES:
        raise BadMedia(_("文件超过 %(n)s MB，请先压缩或剪短。") % {"n": MAX_FILM_BYTES // 2**20})
    hashed = hashlib.sha256(alt.encode() + b"\0")
    for chunk in file.chunks():
        hashed.update(chunk)
    digest = hashed.hexdigest()
    known = QuestionMedia.objects.filter(digest=digest).first()
    if known is not None:
        return known
    file.seek(0)
    is_film = file.read(12)[4:8] == b"ftyp"
    file.seek(0)
    stored, width, height = (file, 0, 0) if is_film else _picture(file)
    media = QuestionMedia(
        kind=MediaKind.FILM if is_film else MediaKind.IMAGE,
        digest=digest,
        alt=alt,
        width=width,
        height=height,
        added_by=acting_user,
        added_at=now,
    )
    media.file.save(f"{uuid.uuid4().hex}.{'mp4' if is_film else 'webp'}", stored, save=False)
    try:
        with transaction.atomic():
            media.save(force_insert=True)
    except IntegrityError:
        # The same file came in twice at once: the other row is as good.
        media.file.delete(save=False)
        return QuestionMedia.objects.get(digest=digest)
    media.file.close()
    return media


def _picture(file: "File[Any]") -> tuple["File[Any]", int, int]:
    """Return a picture as WebP with its size in pixels."""
    if (file.size or 0) > MAX_IMAGE_BYTES:
        raise BadMedia(_("图片超过 %(n)s MB，请先压缩。") % {"n": MAX_IMAGE_BYTES // 2**20})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise BadMedia(_("图片的像素太多，请先缩小到 4000 万像素以内。"))
                upright = ImageOps.exif_transpose(image).convert("RGB")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        ValueError,
        SyntaxError,
    ) as error:
        raise BadMedia(_("这个文件打不开。可以用 JPEG、PNG、WebP 图片，或 MP4 视频。")) from error
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # A picture built anew from its pixels carries nothing else along.
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    written = io.BytesIO()
    bare.save(written, "WEBP", quality=85)
    return ContentFile(written.getvalue()), bare.width, bare.height
