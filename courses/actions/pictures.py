"""Pictures come in."""

import datetime as dt
import hashlib
import io

from django.core.files.images import ImageFile

from courses.models import Picture
from people.models import User

TITLE_CHARS = 255


def store_picture(
    *,
    data: bytes,
    file_name: str,
    title: str,
    description: str = "",
    acting_user: User | None,
    now: dt.datetime,
) -> Picture:
    """Take an image file, already checked, into the library; the very same bytes are not stored twice."""
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()  # Wagtail's own file hash
    known = Picture.objects.filter(file_hash=digest).first()
    if known is not None:
        return known
    # ImageFile, and not ContentFile: width and height are read from it when the field is set.
    picture = Picture(
        title=title[:TITLE_CHARS],
        description=description[:TITLE_CHARS],
        file=ImageFile(io.BytesIO(data), name=file_name),
        file_size=len(data),
        file_hash=digest,
        uploaded_by_user=acting_user,
        created_at=now,
    )
    picture.save()
    return picture
