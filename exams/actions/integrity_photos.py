"""Photographs during an attempt: asked for, agreed to or declined, taken, looked at, deleted.

Never a condition of sitting: who declines answers the same paper and is looked at by an invigilator instead
(PIPL asks for a separate consent and for another way; see docs/privacy.md).
"""

import datetime as dt
import hashlib
import uuid
from random import SystemRandom
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.timezone import localdate

from exams.actions.attempts import EmployeeId
from exams.errors import AttemptClosed, PhotoNotWanted
from exams.models import (
    CONSENT_VERSION,
    Attempt,
    AttemptPhoto,
    AttemptState,
    ExamGuard,
    IdentityCheck,
    PhotoConsent,
    PhotoLook,
)
from exams.queries import is_due
from exams.queries.integrity import attempts_to_review, photo_agreed, photo_due
from people.audit import record_audit
from people.models import Employee, User

# Photographs in between fall into this part of the time, so that one is neither at the start nor at the end.
_FIRST, _LAST = 0.1, 0.9
_CHUNK = 200


def _open_attempt(public_id: uuid.UUID, employee_id: EmployeeId, now: dt.datetime) -> Attempt:
    """Lock a person's own running attempt. Raises Attempt.DoesNotExist; AttemptClosed; PhotoNotWanted."""
    owner = {"employee_id": employee_id} if isinstance(employee_id, int) else {"employee_id__in": employee_id}
    attempt = Attempt.objects.select_for_update(no_key=True, of=("self",)).get(public_id=public_id, **owner)
    if attempt.state != AttemptState.OPEN or is_due(attempt, now):
        raise AttemptClosed
    if not attempt.paper["policy"].get("photo"):
        raise PhotoNotWanted
    return attempt


@transaction.atomic
def answer_photo_request(
    *, attempt_public_id: uuid.UUID, employee_id: EmployeeId, agreed: bool, now: dt.datetime
) -> PhotoConsent:
    """Note that a person agrees to be photographed, or declines; draw the moments for whoever agrees first.

    Declining later takes the consent back: nothing more is asked for, and what was taken is deleted.
    Raises: Attempt.DoesNotExist; AttemptClosed; PhotoNotWanted where the exam asks for none.
    """
    attempt = _open_attempt(attempt_public_id, employee_id, now)
    consent = PhotoConsent.objects.create(
        attempt=attempt, agreed=agreed, version=CONSENT_VERSION, given_at=now
    )
    if not agreed:
        _delete(list(AttemptPhoto.objects.filter(attempt=attempt).exclude(file="")), now)
    elif not AttemptPhoto.objects.filter(attempt=attempt).exists():
        AttemptPhoto.objects.bulk_create(_drawn(attempt, now))
    return consent


def _drawn(attempt: Attempt, now: dt.datetime) -> list[AttemptPhoto]:
    guard = ExamGuard.objects.get(exam_id=attempt.exam_id)
    chance = SystemRandom()
    left = attempt.deadline_at - now
    moments = sorted(now + left * chance.uniform(_FIRST, _LAST) for _n in range(guard.photo_moments))
    delete_on = localdate(attempt.deadline_at) + dt.timedelta(days=guard.photo_keep_days)
    return [
        AttemptPhoto(attempt=attempt, number=number, due_at=due_at, delete_on=delete_on)
        for number, due_at in enumerate([now, *moments])
    ]


def keep_photo(
    *, attempt_public_id: uuid.UUID, employee_id: EmployeeId, jpeg: bytes, now: dt.datetime
) -> AttemptPhoto:
    """Keep a photograph, drawn anew already, for the moment that is due.

    Raises: Attempt.DoesNotExist; AttemptClosed; PhotoNotWanted if nothing is due or the person did not agree.
    """
    with transaction.atomic():
        attempt = _open_attempt(attempt_public_id, employee_id, now)
        photo = photo_due(attempt.pk, now) if photo_agreed(attempt.pk) else None
        if photo is None:
            raise PhotoNotWanted
        photo.taken_at = now
        photo.sha256 = hashlib.sha256(jpeg).hexdigest()
        # A name nobody can guess from the person or the exam.
        photo.file.save(f"{uuid.uuid4().hex}.jpg", ContentFile(jpeg), save=False)
        photo.save(update_fields=["taken_at", "sha256", "file"])
    return photo


@transaction.atomic
def look_at_photo(*, photo_public_id: uuid.UUID, acting_user: User, now: dt.datetime) -> AttemptPhoto:
    """Return a photograph to somebody who reviews attempts of this person, and note the look.

    Raises: AttemptPhoto.DoesNotExist out of scope, or when the file is deleted.
    """
    photo = AttemptPhoto.objects.exclude(file="").get(
        public_id=photo_public_id, attempt__in=attempts_to_review(acting_user).order_by().values("pk")
    )
    PhotoLook.objects.create(photo=photo, viewer=acting_user, looked_at=now)
    return photo


@transaction.atomic
def check_identity(
    *, attempt: Attempt, is_right: bool, note: str, acting_user: User, now: dt.datetime
) -> IdentityCheck:
    """Note that somebody compared the person with their papers, by eye. Raises PermissionDenied out of scope."""
    if not attempts_to_review(acting_user).filter(pk=attempt.pk).exists():
        raise PermissionDenied
    check = IdentityCheck.objects.create(
        attempt=attempt,
        is_right=is_right,
        note=note.strip()[:200],
        checked_by=acting_user,
        checked_at=now,
    )
    record_audit(attempt, "exams.attempt.identity", acting_user, {"is_right": is_right})
    return check


def delete_due_photos(*, now: dt.datetime) -> int:
    """Delete the photographs whose day has come; return how many. Run every night; a second run finds none."""
    deleted = 0
    while True:
        with transaction.atomic():
            due = AttemptPhoto.objects.select_for_update(skip_locked=True).exclude(file="")
            found = list(due.filter(delete_on__lte=localdate(now)).order_by("pk")[:_CHUNK])
            _delete(found, now)
        deleted += len(found)
        if len(found) < _CHUNK:
            return deleted


def erase_photos(employee: Employee, now: dt.datetime) -> None:
    """Delete every photograph of a person, inside the transaction of an erasure."""
    _delete(list(AttemptPhoto.objects.filter(attempt__employee=employee).exclude(file="")), now)


def _delete(photos: list[AttemptPhoto], now: dt.datetime) -> None:
    """Forget the files of photographs. They go after the commit: a file that is gone cannot come back."""
    if not photos:
        return
    storage: Any = photos[0].file.storage
    names = [str(photo.file.name) for photo in photos]
    AttemptPhoto.objects.filter(pk__in=[photo.pk for photo in photos]).update(file="", deleted_at=now)
    transaction.on_commit(lambda: [storage.delete(name) for name in names])
