"""What people gave for the answers of an attempt, and each time it was marked: for whoever may see its result."""

from django.db.models import QuerySet

from exams.models import Attempt, AttemptMark, AttemptState, HandMark
from exams.queries.office import Reader
from people.permissions import Capability
from people.queries import employees_for


def hand_marks_given(attempt: Attempt) -> QuerySet[HandMark]:
    """Return every mark given by hand, by question and in its order; the last one of a question counts."""
    return HandMark.objects.filter(attempt=attempt).select_related("marked_by").order_by("slot", "number")


def markings_of(attempt: Attempt) -> QuerySet[AttemptMark]:
    """Return each marking of an attempt in its order, with why it was added; the last one counts."""
    return AttemptMark.objects.filter(attempt=attempt).order_by("number")


def attempts_to_correct(user: Reader) -> QuerySet[Attempt]:
    """Return the marked attempts of the people whose answers a user marks; never the user's own."""
    people = employees_for(user, Capability.MARK_ATTEMPTS).exclude(user_id=user.pk or 0).values("pk")
    return Attempt.objects.filter(
        employee__in=people, state=AttemptState.GRADED, paper_result__isnull=True
    ).select_related("exam", "employee")
