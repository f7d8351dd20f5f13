"""Attempts that are running, as those who watch over them see them."""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from exams.models import OPEN_STATES, AnswerStep, Attempt, Exam, ExtraTimeGrant
from exams.queries.office import Reader, exams_for
from people.permissions import Capability
from people.queries import employees_for


def running_for(user: Reader, exam: Exam | None = None) -> QuerySet[Attempt]:
    """Return the open attempts of the people over whom a user invigilates (at one exam), without their papers."""
    people = employees_for(user, Capability.INVIGILATE).values("pk")
    attempts = Attempt.objects.filter(state__in=OPEN_STATES, employee__in=people)
    if exam is not None:
        attempts = attempts.filter(exam=exam)
    return attempts.defer("paper", "seed").order_by("employee__name", "pk")


def running_in_sight(user: Reader, exam: Exam) -> QuerySet[Attempt]:
    """Return the same with what a list shows: `answered` (by the server's count) and `last_saved_at`."""
    newer = AnswerStep.objects.filter(
        attempt=OuterRef("attempt"), slot=OuterRef("slot"), seq__gt=OuterRef("seq")
    )
    standing = AnswerStep.objects.filter(attempt=OuterRef("pk")).exclude(response=[]).filter(~Exists(newer))
    counts = standing.order_by().values("attempt").annotate(n=Count("pk")).values("n")
    latest = AnswerStep.objects.filter(attempt=OuterRef("pk")).order_by("-saved_at").values("saved_at")
    return (
        running_for(user, exam)
        .select_related("employee")
        .annotate(answered=Coalesce(Subquery(counts[:1]), 0), last_saved_at=Subquery(latest[:1]))
    )


def exams_in_care(user: Reader) -> QuerySet[Exam]:
    """Return the exams a user may watch over: whose bank the user sees, or which somebody in their care sat."""
    people = employees_for(user, Capability.INVIGILATE).values("pk")
    sat = Attempt.objects.filter(exam=OuterRef("pk"), employee__in=people)
    seen = exams_for(user, Capability.VIEW_BANK).order_by().values("pk")
    return Exam.objects.filter(Q(Exists(sat)) | Q(pk__in=seen))


def get_exam_with_running(user: Reader, exam_id: int) -> Exam:
    """Return an exam whose attempts a user may watch over; raise Exam.DoesNotExist for any other."""
    return exams_in_care(user).get(pk=exam_id)


def extra_times_for(user: Reader) -> QuerySet[ExtraTimeGrant]:
    """Return the extra time in force of the people over whom a user invigilates, the newest first."""
    people = employees_for(user, Capability.INVIGILATE).values("pk")
    return ExtraTimeGrant.objects.filter(withdrawn_at__isnull=True, employee__in=people).select_related(
        "employee", "exam", "granted_by"
    )


def exams_running_for(user: Reader) -> QuerySet[Exam]:
    """Return the exams somebody in a user's care is sitting now, with `running`: how many."""
    running = running_for(user).order_by().values("exam").annotate(n=Count("pk"))
    own = running.filter(exam=OuterRef("pk")).values("n")
    return (
        Exam.objects.filter(pk__in=running.values("exam"))
        .annotate(running=Subquery(own[:1]))
        .order_by("title", "pk")
    )
