"""What an exam asks for beyond answering: setting it, and holding requests to it."""

from dataclasses import dataclass

from django.db import transaction

from exams.errors import SebNeeded
from exams.models import Attempt, Exam, ExamGuard
from exams.models.guards import PHOTO_KEEP_DAYS
from exams.permissions import require_over_bank
from exams.queries.guards import guard_of, seb_keys_of
from exams.seb import is_from_seb
from exams.shapes import Origin
from people.audit import record_audit
from people.models import User
from people.permissions import Capability


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardDraft:
    """What an author asks for. `seb_keys` as exams.seb.read_keys returns them; days from the attempt's end."""

    seb_required: bool = False
    seb_keys: tuple[str, ...] = ()
    photo_asked: bool = False
    photo_moments: int = 2
    photo_keep_days: int = PHOTO_KEEP_DAYS


@transaction.atomic
def save_guard(*, exam: Exam, draft: GuardDraft, acting_user: User | None) -> ExamGuard:
    """Set what an exam asks for. Attempts already started keep whether a Safe Exam Browser is needed.

    Keys may change at any time: those in force now open attempts that run.
    Raises: PermissionDenied.
    """
    require_over_bank(acting_user, exam.bank.owner, Capability.MANAGE_EXAMS)
    guard, _made = ExamGuard.objects.select_for_update().update_or_create(
        exam=exam,
        defaults={
            "seb_required": draft.seb_required,
            "seb_keys": list(draft.seb_keys),
            "photo_asked": draft.photo_asked,
            "photo_moments": draft.photo_moments,
            "photo_keep_days": draft.photo_keep_days,
        },
    )
    record_audit(
        exam,
        "exams.exam.guard",
        acting_user,
        {
            "seb": draft.seb_required,
            "seb_keys": len(draft.seb_keys),
            "photo": draft.photo_asked,
            "moments": draft.photo_moments,
            "keep_days": draft.photo_keep_days,
        },
    )
    return guard


def require_seb(attempt: Attempt, origin: Origin) -> None:
    """Raise SebNeeded unless the attempt may go on from here; one statement where its paper asks for SEB."""
    if attempt.paper["policy"].get("seb") and not is_from_seb(origin.seb, seb_keys_of(attempt.exam_id)):
        raise SebNeeded


def require_seb_to_start(exam: Exam, origin: Origin) -> None:
    """Raise SebNeeded unless an attempt at the exam may be started from here."""
    guard = guard_of(exam)
    if guard is not None and guard.seb_required and not is_from_seb(origin.seb, guard.seb_keys):
        raise SebNeeded
