"""Take a large file in, a part at a time, from one person; a broken upload goes on where it stopped."""

import datetime as dt
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common.signing import token_digest
from courses import uploads
from courses.errors import UploadRefused
from courses.films import FilmLimits
from courses.models import FilmUpload
from people.models import User

KEPT = dt.timedelta(days=2)
MOST_AT_ONCE = 5  # unfinished files of one person


def begin_upload(
    *, name: str, size: int, modified_ms: int, acting_user: User, now: dt.datetime
) -> tuple[FilmUpload, int]:
    """Return the upload of a file and how many bytes of it are there already.

    The same name, size and time of change mean the same file, however often the page was loaded anew. The
    caller has checked that this person may add films.
    Raises: UploadRefused (too_large, no_room, too_many).
    """
    limit = FilmLimits().max_bytes
    if not 0 < size <= limit:
        raise UploadRefused(
            "too_large",
            _("“%(name)s”有 %(size)d MB，只收不超过 %(limit)d MB 的文件。请以较低码率导出后再上传。")
            % {"name": name, "size": -(-size // 1024**2), "limit": limit // 1024**2},
        )
    fingerprint = token_digest(f"{name}\n{size}\n{modified_ms}")
    known = _of(acting_user).filter(fingerprint=fingerprint).first()
    if known is not None:
        return known, uploads.received(known.pk)
    if not uploads.has_room(size):
        raise UploadRefused(
            "no_room", _("服务器磁盘空间不足，放不下“%(name)s”。请联系系统管理员清理。") % {"name": name}
        )
    if _of(acting_user).count() >= MOST_AT_ONCE:
        raise UploadRefused(
            "too_many",
            _("您已有 %(count)d 个没传完的文件。请先传完或取消其中一个；两天不动的会自动清除。")
            % {"count": MOST_AT_ONCE},
        )
    try:
        with transaction.atomic():
            begun = FilmUpload.objects.create(
                user=acting_user,
                name=name[:255],
                size=size,
                fingerprint=fingerprint,
                begun_at=now,
                last_part_at=now,
            )
    except IntegrityError:
        # Two windows at once: both go on with the one that came first.
        begun = _of(acting_user).get(fingerprint=fingerprint)
    return begun, uploads.received(begun.pk)


def _of(user: User) -> QuerySet[FilmUpload]:
    return FilmUpload.objects.filter(user=user)


def get_upload(upload_id: UUID, user: User) -> FilmUpload:
    """Return a person's own upload. Raises UploadRefused (unknown), whether or not there is such an upload."""
    upload = _of(user).filter(pk=upload_id).first()
    if upload is None:
        raise UploadRefused("unknown", _("找不到这次上传，它可能已被清除。请重新选择文件。"))
    return upload


def take_part(
    *, upload: FilmUpload, offset: int, source: uploads.Readable, length: int, now: dt.datetime
) -> int:
    """Write a part that begins at `offset` and return how many bytes are there now.

    Raises: UploadRefused (wrong_offset with the right one, too_large, no_room).
    """
    if offset + length > upload.size or length > uploads.MOST_PART_BYTES:
        raise UploadRefused(
            "too_large",
            _("“%(name)s”送来的数据比文件本身还长，请重新选择文件。") % {"name": upload.name},
            uploads.received(upload.pk),
        )
    try:
        there = uploads.append(upload.pk, offset, source, at_most=length)
    except uploads.OffsetDiffers as error:
        raise UploadRefused(
            "wrong_offset", _("“%(name)s”将从断开处接着传。") % {"name": upload.name}, error.offset
        ) from error
    except OSError as error:
        raise UploadRefused(
            "no_room",
            _("服务器没能保存“%(name)s”（磁盘空间可能不足），请联系系统管理员。") % {"name": upload.name},
            uploads.received(upload.pk),
        ) from error
    FilmUpload.objects.filter(pk=upload.pk).update(last_part_at=now)
    return there


def refuse_incomplete(upload: FilmUpload) -> None:
    """Raise UploadRefused (incomplete) unless every byte is there."""
    there = uploads.received(upload.pk)
    if there != upload.size:
        raise UploadRefused(
            "incomplete",
            _("“%(name)s”还没有传完（%(pct)d%%），请重新选择同一个文件，会从断开处接着传。")
            % {"name": upload.name, "pct": there * 100 // upload.size},
            there,
        )


def drop_upload(upload: FilmUpload) -> None:
    """Forget an upload and what arrived of it; called again it does nothing."""
    FilmUpload.objects.filter(pk=upload.pk).delete()
    uploads.discard(upload.pk)


def sweep_uploads(*, now: dt.datetime) -> int:
    """Delete uploads nobody went on with for two days, and part files without an upload; return how many."""
    old = list(FilmUpload.objects.filter(last_part_at__lt=now - KEPT))
    for upload in old:
        drop_upload(upload)
    known = {str(pk) for pk in FilmUpload.objects.values_list("pk", flat=True)}
    strays = [
        path
        for path in uploads.left_behind(known)
        if now - dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC) > KEPT
    ]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(old) + len(strays)
