"""Reading what was noted during attempts, and whose attempts somebody may review."""

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from exams.models import (
    Attempt,
    AttemptMark,
    AttemptPhoto,
    Exam,
    Finding,
    FindingRun,
    IdentityCheck,
    PhotoConsent,
)
from exams.permissions import owner_condition
from exams.queries.office import Reader, attempts_in_scope
from people.permissions import Capability
from people.queries import employees_for


def attempts_to_review(user: Reader) -> QuerySet[Attempt]:
    """Return the attempts of the people about whom a user may decide findings, newest first; never the own."""
    people = employees_for(user, Capability.REVIEW_FINDINGS).exclude(user_id=user.pk or 0).values("pk")
    attempts = Attempt.objects.filter(employee__in=people).select_related("exam", "employee")
    return attempts.defer("paper").order_by("-started_at", "-pk")


def _wholly_within(people: QuerySet[Attempt]) -> QuerySet[Finding]:
    """Return the findings none of whose attempts lies outside.

    A finding shows the people beside each other, so whoever may see only some of them sees none of it.
    """
    links = Finding.attempts.through.objects.filter(finding=OuterRef("pk"))
    outside = links.exclude(attempt__in=people.order_by().values("pk"))
    return Finding.objects.filter(~Exists(outside)).select_related("exam")


def findings_for(user: Reader) -> QuerySet[Finding]:
    """Return the findings about people all of whose results a user may see; the open and strongest first."""
    found = _wholly_within(attempts_in_scope(user))
    return found.prefetch_related("attempts__employee").order_by("-strength", "-found_at", "-pk")


def findings_to_decide(user: Reader) -> QuerySet[Finding]:
    """Return the findings a user may decide."""
    return _wholly_within(attempts_to_review(user))


def last_run(exam_id: int) -> FindingRun | None:
    """Return when an exam was looked through last, None for never."""
    return FindingRun.objects.filter(exam_id=exam_id).order_by("-pk").first()


def exams_to_look_through() -> list[int]:
    """Return the exams of which an attempt was marked since they were last looked through (one statement)."""
    latest = FindingRun.objects.filter(exam=OuterRef("attempt__exam")).order_by("-pk").values("up_to")[:1]
    fresh = AttemptMark.objects.annotate(seen=Subquery(latest)).filter(
        Q(seen=None) | Q(marked_at__gt=F("seen"))
    )
    return sorted(fresh.order_by().values_list("attempt__exam", flat=True).distinct())


def exams_to_search(user: Reader) -> QuerySet[Exam]:
    """Return the exams through whose attempts a user may have a search made."""
    return Exam.objects.filter(owner_condition(user, "bank__owner", Capability.REVIEW_FINDINGS)).order_by(
        "code"
    )


# Photographs


def photo_agreed(attempt_id: int) -> bool | None:
    """Return what the person said last about photographs; None while not asked."""
    newest = PhotoConsent.objects.filter(attempt_id=attempt_id).order_by("-pk")
    return newest.values_list("agreed", flat=True).first()


def photo_due(attempt_id: int, now: dt.datetime) -> AttemptPhoto | None:
    """Return the photograph to be taken now: the earliest that is due and not taken."""
    due = AttemptPhoto.objects.filter(attempt_id=attempt_id, due_at__lte=now, taken_at=None)
    return due.order_by("number").first()


def waiting_for_a_look(user: Reader) -> QuerySet[Attempt]:
    """Return the attempts whose person declined photographs and was not yet compared with their papers."""
    newest = PhotoConsent.objects.filter(attempt=OuterRef("pk")).order_by("-pk").values("agreed")[:1]
    checked = IdentityCheck.objects.filter(attempt=OuterRef("pk"))
    return attempts_to_review(user).annotate(said=Subquery(newest)).filter(~Exists(checked), said=False)
