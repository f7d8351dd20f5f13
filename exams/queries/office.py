"""What the back office reads. Every object is reached through the scope of the reader's roles."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from exams.models import (
    AnswerKey,
    Attempt,
    AttemptState,
    Bank,
    BlueprintRow,
    Exam,
    FixedQuestion,
    PaperSource,
    Question,
    QuestionMedia,
    QuestionVersion,
    Topic,
)
from exams.permissions import owner_condition
from exams.queries.attempts import with_latest_mark
from exams.shapes import Key
from people.models import User
from people.permissions import Capability
from people.queries import employees_for

Reader = User | AnonymousUser


def banks_for(user: Reader, capability: Capability = Capability.VIEW_BANK) -> QuerySet[Bank]:
    """Return the banks over which a user has `capability`, each with `question_count` (retired ones left out)."""
    live = Q(questions__retired_at__isnull=True, questions__current_version__isnull=False)
    return (
        Bank.objects.filter(owner_condition(user, "owner", capability))
        .select_related("owner")
        .annotate(question_count=Count("questions", filter=live))
        .order_by("code")
    )


def topics() -> QuerySet[Topic]:
    """Return all topics, each with `question_count`, by code. Topics are shared by all banks."""
    return Topic.objects.annotate(question_count=Count("questions")).order_by("code")


def questions_for(user: Reader, capability: Capability = Capability.VIEW_BANK) -> QuerySet[Question]:
    """Return the questions over whose bank a user has `capability`, with what a list shows of them."""
    return (
        Question.objects.filter(owner_condition(user, "bank__owner", capability))
        .select_related("bank", "topic", "current_version", "pending_version")
        .order_by("bank__code", "code")
    )


def get_question_for(user: Reader, question_id: int, capability: Capability) -> Question:
    """Return a question over whose bank the user has `capability`; raise Question.DoesNotExist for any other."""
    return questions_for(user, capability).get(pk=question_id)


def exams_for(user: Reader, capability: Capability = Capability.VIEW_BANK) -> QuerySet[Exam]:
    """Return the exams over whose bank a user has `capability`, with `question_count` and `attempt_count` (void ones left out)."""
    counts = BlueprintRow.objects.filter(exam=OuterRef("pk")).order_by().values("exam")
    sums = counts.annotate(total=Sum("count")).values("total")
    fixed = FixedQuestion.objects.filter(exam=OuterRef("pk")).order_by().values("exam")
    chosen = fixed.annotate(total=Count("pk")).values("total")
    return (
        Exam.objects.filter(owner_condition(user, "bank__owner", capability))
        .select_related("bank")
        .annotate(
            question_count=Case(
                When(paper_source=PaperSource.FIXED, then=Coalesce(Subquery(chosen[:1]), 0)),
                default=Coalesce(Subquery(sums[:1]), 0),
                output_field=IntegerField(),
            ),
            attempt_count=Count("attempts", filter=~Q(attempts__state=AttemptState.VOID)),
        )
        .order_by("code")
    )


def get_exam_for(user: Reader, exam_id: int) -> Exam:
    """Return an exam the user may edit; raise Exam.DoesNotExist for any other."""
    return exams_for(user, Capability.MANAGE_EXAMS).get(pk=exam_id)


def attempts_in_scope(user: Reader) -> QuerySet[Attempt]:
    """Return the attempts of the people whose results a user may see, with their result, newest first."""
    people = employees_for(user, Capability.VIEW_RESULTS).values("pk")
    attempts = Attempt.objects.filter(employee__in=people).select_related("exam", "employee")
    return with_latest_mark(attempts).defer("paper").order_by("-started_at", "-pk")


@dataclass(frozen=True, slots=True)
class EditableContent:
    """What the question form starts from. Holds the key: only for people who may edit the bank."""

    version: QuestionVersion
    correct: Key
    explanation: str


def content_for_editing(question: Question) -> EditableContent | None:
    """Return the newest version with its key, or None for a question without one."""
    newest = question.pending_version_id or question.current_version_id
    key = AnswerKey.objects.select_related("version__media").filter(version_id=newest).first()
    if key is None:
        return None
    return EditableContent(version=key.version, correct=key.correct, explanation=key.explanation)


def media_for_author(user: Reader) -> QuerySet[QuestionMedia]:
    """Return the pictures and films of the questions a user sees, and those the user uploaded."""
    seen = QuestionVersion.objects.filter(
        owner_condition(user, "question__bank__owner", Capability.VIEW_BANK), media__isnull=False
    ).values("media")
    own = Q(added_by_id=user.pk) if user.is_authenticated else Q(pk__in=[])
    return QuestionMedia.objects.filter(Q(pk__in=seen) | own)
