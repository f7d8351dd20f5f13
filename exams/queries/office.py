"""What the back office reads. Every object is reached through the scope of the reader's roles."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from exams.models import (
    AnswerKey,
    Attempt,
    AttemptState,
    Bank,
    BlueprintRow,
    Exam,
    Question,
    QuestionVersion,
    Topic,
)
from exams.permissions import owner_condition
from exams.queries.attempts import with_latest_mark
from people.models import User
from people.permissions import Capability
from people.queries import employees_for

Reader = User | AnonymousUser


def banks_for(user: Reader) -> QuerySet[Bank]:
    """Return the banks a user may edit, each with `question_count` (retired ones left out)."""
    live = Q(questions__retired_at__isnull=True, questions__current_version__isnull=False)
    return (
        Bank.objects.filter(owner_condition(user, "owner"))
        .select_related("owner")
        .annotate(question_count=Count("questions", filter=live))
        .order_by("code")
    )


def topics() -> QuerySet[Topic]:
    """Return all topics, each with `question_count`, by code. Topics are shared by all banks."""
    return Topic.objects.annotate(question_count=Count("questions")).order_by("code")


def questions_for(user: Reader) -> QuerySet[Question]:
    """Return the questions a user may edit, with what a list shows of them."""
    return (
        Question.objects.filter(owner_condition(user, "bank__owner"))
        .select_related("bank", "topic", "current_version")
        .order_by("bank__code", "code")
    )


def get_question_for(user: Reader, question_id: int) -> Question:
    """Return a question the user may edit; raise Question.DoesNotExist for any other."""
    return questions_for(user).get(pk=question_id)


def exams_for(user: Reader) -> QuerySet[Exam]:
    """Return the exams a user may edit, with `question_count` and `attempt_count` (void ones left out)."""
    counts = BlueprintRow.objects.filter(exam=OuterRef("pk")).order_by().values("exam")
    sums = counts.annotate(total=Sum("count")).values("total")
    return (
        Exam.objects.filter(owner_condition(user, "bank__owner"))
        .select_related("bank")
        .annotate(
            question_count=Coalesce(Subquery(sums[:1]), 0),
            attempt_count=Count("attempts", filter=~Q(attempts__state=AttemptState.VOID)),
        )
        .order_by("code")
    )


def get_exam_for(user: Reader, exam_id: int) -> Exam:
    """Return an exam the user may edit; raise Exam.DoesNotExist for any other."""
    return exams_for(user).get(pk=exam_id)


def attempts_in_scope(user: Reader) -> QuerySet[Attempt]:
    """Return the attempts of the people whose results a user may see, with their result, newest first."""
    people = employees_for(user, Capability.VIEW_RESULTS).values("pk")
    attempts = Attempt.objects.filter(employee__in=people).select_related("exam", "employee")
    return with_latest_mark(attempts).defer("paper").order_by("-started_at", "-pk")


@dataclass(frozen=True, slots=True)
class EditableContent:
    """What the question form starts from. Holds the key: only for people who may edit the bank."""

    version: QuestionVersion
    correct: list[str]
    explanation: str


def content_for_editing(question: Question) -> EditableContent | None:
    """Return the current version with its key, or None for a question without one."""
    key = (
        AnswerKey.objects.select_related("version")
        .filter(version_id=F("version__question__current_version_id"), version__question=question)
        .first()
    )
    if key is None:
        return None
    return EditableContent(version=key.version, correct=key.correct, explanation=key.explanation)
