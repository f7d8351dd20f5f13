"""Which key answers to a version are marked by, and which versions have a better one."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BigIntegerField, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from common.prepared import PreparedOfMany
from exams.models import AnswerKey, Attempt, AttemptState, KeyCorrection, QuestionVersion
from exams.types import type_of


def effective() -> Coalesce:
    """Return the expression, on versions, of the version whose key counts: the newest correction's, else its own."""
    newest = KeyCorrection.objects.filter(version=OuterRef("pk")).order_by("-pk")
    return Coalesce(Subquery(newest.values("by_version_id")[:1]), F("pk"), output_field=BigIntegerField())


def effective_versions(version_ids: Iterable[int]) -> dict[int, int]:
    """Return, by version id, the id of the version whose key counts (one statement)."""
    return dict(_effective.all(version_ids))


_effective: PreparedOfMany[tuple[int, int]] = PreparedOfMany(
    lambda version_ids: (
        QuestionVersion.objects.filter(pk__in=version_ids)
        .annotate(effective=effective())
        .values_list("pk", "effective")
    ),
    BigIntegerField(),
)


def corrects(old: QuestionVersion, new: QuestionVersion) -> bool:
    """Tell whether answers to `old` can be marked by the key of `new`: nothing a candidate saw by id differs.

    What people mark is marked again by people; its key is no key.
    """
    if old.pk == new.pk or old.question_id != new.question_id or old.kind != new.kind:
        return False
    if type_of(old.kind).by_hand or old.media_id != new.media_id:
        return False
    ids = [{option["id"] for option in version.options} for version in (old, new)]
    bodies = [
        {name: value for name, value in version.body.items() if name != "scoring"} for version in (old, new)
    ]
    return ids[0] == ids[1] and bodies[0] == bodies[1]


@dataclass(frozen=True, slots=True)
class Correctable:
    """A version on papers of an exam, and the newest of its question, by whose key it could be marked."""

    version: QuestionVersion
    by_version: QuestionVersion
    attempts: int

    @property
    def value(self) -> str:
        """Return the two ids as a form sends them."""
        return f"{self.version.pk}-{self.by_version.pk}"


def correctable_versions(exam_id: int) -> list[Correctable]:
    """Return the versions on marked papers whose question has a newer key that fits (four statements)."""
    counts: dict[int, int] = {}
    papers = Attempt.objects.filter(exam_id=exam_id, state=AttemptState.GRADED).values_list(
        "paper", flat=True
    )
    for paper in papers.iterator(chunk_size=500):
        for slot in paper["slots"]:
            counts[slot["version_id"]] = counts.get(slot["version_id"], 0) + 1
    outdated = (
        QuestionVersion.objects.filter(pk__in=counts)
        .exclude(pk=F("question__current_version"))
        .select_related("question__current_version")
        .order_by("question__code", "number")
    )
    pairs = [
        (old, new)
        for old in outdated
        if (new := old.question.current_version) is not None and corrects(old, new)
    ]
    in_force = effective_versions(old.pk for old, _new in pairs)
    wanted = {pk for old, new in pairs for pk in (in_force[old.pk], new.pk)}
    keys = dict(AnswerKey.objects.filter(version__in=wanted).values_list("version_id", "correct"))
    return [
        Correctable(old, new, counts[old.pk])
        for old, new in pairs
        if in_force[old.pk] != new.pk and (keys[in_force[old.pk]], old.body) != (keys[new.pk], new.body)
    ]
