"""What a reviewer looks at: the questions that wait, what changed in one, and which others say nearly the same."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from exams.models import (
    AnswerKey,
    Bank,
    PairToldApart,
    Question,
    QuestionReview,
    QuestionVersion,
    ReviewState,
    ReviewStep,
    kind_label,
)
from exams.queries.office import Reader, questions_for
from exams.queries.papers import content_of
from exams.similarity import Pair, Text, like, near_pairs
from exams.types import type_of
from people.permissions import Capability

MOST_PAIRS = 300  # of a bank's list; whoever has more begins with the most alike


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a question in the version in use and in the one to be approved."""

    label: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Tell whether the two differ."""
        return self.before != self.after


def review_queue(user: Reader) -> QuerySet[Question]:
    """Return the questions a user may decide on, those submitted first first; their own are among them."""
    submitted = QuestionReview.objects.filter(
        version=OuterRef("pending_version"), step=ReviewStep.SUBMITTED
    ).order_by("-pk")
    return (
        questions_for(user, Capability.REVIEW_QUESTIONS)
        .filter(review_state=ReviewState.IN_REVIEW)
        .select_related("bank", "topic", "current_version", "pending_version__author")
        .annotate(submitted_at=Subquery(submitted.values("at")[:1]))
        .order_by(F("submitted_at").asc(nulls_last=True), "pk")
    )


def review_steps(question: Question) -> QuerySet[QuestionReview]:
    """Return the steps of the newest version's review, the last first, with who took them."""
    newest = question.pending_version_id or question.current_version_id
    return QuestionReview.objects.filter(version=newest).select_related("by").order_by("-pk")


def differences_of(question: Question) -> list[Difference]:
    """Return what the pending version says beside the one in use, part by part (one statement). Holds the key."""
    ids = [question.current_version_id, question.pending_version_id]
    keys = {
        key.version_id: key
        for key in AnswerKey.objects.filter(version_id__in=ids).select_related("version__media")
    }
    before = _parts(keys[question.current_version_id]) if question.current_version_id else {}
    after = _parts(keys[question.pending_version_id]) if question.pending_version_id else before
    return [Difference(label, before.get(label, ""), text) for label, text in after.items()]


def _parts(key: AnswerKey) -> dict[str, str]:
    version = key.version
    kind, content = type_of(version.kind), content_of(version)
    options = [f"{chr(ord('A') + place)}. {option['text']}" for place, option in enumerate(version.options)]
    right = [
        " ".join(part for part in (_(line.label) if line.label else "", line.expected) if part)
        for line in kind.review(content, [], key.correct)
    ]
    scoring = kind.scoring(version.body)
    return {
        _("题型"): kind_label(version.kind),
        _("题干"): version.stem,
        _("图片或视频"): version.media.alt if version.media else "",
        _("选项"): "\n".join(options),
        _("正确答案"): "\n".join(right),
        _("计分规则"): _(scoring.label) if scoring else "",
        _("解析"): key.explanation,
        _("难度"): str(version.difficulty),
        _("出处"): version.source,
    }


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two questions of a bank that say nearly the same."""

    one: Question
    other: Question
    share_pct: int

    @property
    def both(self) -> tuple[Question, Question]:
        """Return the two, for the template."""
        return self.one, self.other


def _newest(bank_id: int) -> dict[int, int]:
    """Return the questions of a bank that are not retired, by their newest version (one statement)."""
    rows = Question.objects.filter(bank_id=bank_id, retired_at__isnull=True).values_list(
        "pk", "current_version_id", "pending_version_id"
    )
    return {pending or current: pk for pk, current, pending in rows if pending or current}


def _texts(bank_id: int, newest: Mapping[int, int]) -> list[Text]:
    """Return the newest texts of a bank's questions (one statement)."""
    versions = QuestionVersion.objects.filter(
        question__bank_id=bank_id, question__retired_at__isnull=True
    ).values_list("pk", "kind", "stem", "options")
    return [
        Text(newest[pk], stem, _own_options(kind, options))
        for pk, kind, stem, options in versions
        if pk in newest
    ]


def _own_options(kind: str, options: list[dict[str, str]]) -> tuple[str, ...]:
    fixed = type_of(kind).fixed_options is not None
    return () if fixed else tuple(option["text"] for option in options)


def near_questions(bank: Bank) -> list[NearPair]:
    """Return the pairs of a bank that are nearly the same, at most 300, the most alike first (four statements).

    Those told apart are not among them.
    """
    newest = _newest(bank.pk)
    apart = {_key(newest[pair.one_id], newest[pair.other_id]) for pair in _apart(bank.pk, newest)}
    pairs = near_pairs(_texts(bank.pk, newest), limit=MOST_PAIRS + len(apart))
    return _named([pair for pair in pairs if _key(pair.one, pair.other) not in apart][:MOST_PAIRS])


def pairs_told_apart(bank: Bank) -> list[PairToldApart]:
    """Return the pairs of a bank that are not shown, the last one first, with questions and who said so."""
    return _apart(bank.pk, _newest(bank.pk))


def _apart(bank_id: int, newest: Mapping[int, int]) -> list[PairToldApart]:
    """Return the pairs told apart of which neither question was rewritten or retired since (one statement)."""
    pairs = (
        PairToldApart.objects.filter(one__question__bank=bank_id, undone_at=None)
        .select_related("one__question", "other__question", "by")
        .order_by("-pk")
    )
    return [pair for pair in pairs if pair.one_id in newest and pair.other_id in newest]


def _key(one: int, other: int) -> frozenset[int]:
    return frozenset((one, other))


def questions_like(question: Question) -> list[tuple[Question, int]]:
    """Return the questions of the same bank that say nearly the same, with how alike in percent."""
    newest = _newest(question.bank_id)
    texts = _texts(question.bank_id, newest)
    apart = {_key(newest[pair.one_id], newest[pair.other_id]) for pair in _apart(question.bank_id, newest)}
    own = next((text for text in texts if text.id == question.pk), None)
    found = [pair for pair in like(own, texts) if _key(pair.one, pair.other) not in apart] if own else []
    pairs = _named(found[:5])
    return [(pair.other if pair.one.pk == question.pk else pair.one, pair.share_pct) for pair in pairs]


def _named(pairs: list[Pair]) -> list[NearPair]:
    ids = {key for pair in pairs for key in (pair.one, pair.other)}
    questions = Question.objects.select_related("topic", "current_version", "pending_version").in_bulk(ids)
    return [NearPair(questions[pair.one], questions[pair.other], pair.share_pct) for pair in pairs]
