"""What a candidate sees of a paper and of its result. The key is read only once it is released."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField
from django.urls import reverse
from django.utils.translation import gettext as _

from common.prepared import PreparedOfMany
from exams.marking import chosen_options
from exams.models import (
    AnswerKey,
    Attempt,
    AttemptMark,
    AttemptState,
    HandMark,
    QuestionMedia,
    QuestionVersion,
    kind_label,
)
from exams.queries.attempts import is_one_way, latest_mark, latest_steps, next_start_at, siblings_of
from exams.queries.corrections import effective_versions
from exams.queries.versions import versions_of
from exams.release import WHEN_OVER, Released, released
from exams.shapes import PaperSlot, Response
from exams.types import Content, MediaFacts, type_of
from exams.types.base import Choice, ReviewLine


@dataclass(frozen=True, slots=True)
class ShownMedia:
    """The picture or film of a stem, by the address at which this reader gets it."""

    kind: str
    url: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question as a candidate sees it. There is no key in it.

    `view` is what the control's `template` needs beside the options; `script` makes the control handier.
    """

    slot: int
    kind: str
    kind_label: str
    template: str
    places_media: bool
    script: str
    hint: str
    must_know: bool
    points: str
    stem: str
    seq: int
    options: tuple[Choice, ...]
    view: dict[str, Any]
    response: tuple[str, ...] = ()
    media: ShownMedia | None = None
    # Of a stored question, so that what all see of it alike is made once; 0 for a draft.
    version_id: int = 0

    @property
    def answered(self) -> bool:
        """Tell whether an answer is stored."""
        return type_of(self.kind).is_answer(self.response)


@dataclass(frozen=True, slots=True)
class ShownPaper:
    """A paper as a candidate sees it; `last_seq` is the highest seq stored for the attempt.

    `total` questions are on the paper; `questions` holds those this page may show.
    """

    questions: tuple[ShownQuestion, ...]
    last_seq: int
    total: int

    @property
    def scripts(self) -> list[str]:
        """Return the modules the questions' controls need, each once."""
        return sorted({question.script for question in self.questions if question.script})


def show_question(
    *,
    slot: int,
    kind: str,
    content: Content,
    tokens: Sequence[tuple[str, str]],
    points: str,
    must_know: bool,
    seq: int = 0,
    response: Sequence[str] = (),
    media: ShownMedia | None = None,
    version_id: int = 0,
) -> ShownQuestion:
    """Return a question as a candidate sees it; `tokens` are (option id, token) in the order shown."""
    each = type_of(kind)
    texts = {option["id"]: option["text"] for option in content.options}
    fixed = each.fixed_options is not None
    choices = tuple(
        Choice(
            letter=chr(ord("A") + place),
            token=token,
            # Fixed options are the interface's words, so they follow its language.
            text=_(texts[option_id]) if fixed else texts[option_id],
            chosen=token in response,
        )
        for place, (option_id, token) in enumerate(tokens)
    )
    hint = each.hint(content.body)
    return ShownQuestion(
        slot=slot,
        kind=kind,
        kind_label=kind_label(kind),
        template=each.template,
        places_media=each.places_media,
        script=each.script,
        hint=_(hint) if hint else "",
        must_know=must_know,
        points=points.removesuffix(".0"),
        stem=content.stem,
        seq=seq,
        options=choices,
        view=each.present(choices, content.body, response),
        response=tuple(response),
        media=media,
        version_id=version_id,
    )


def content_of(version: QuestionVersion) -> Content:
    """Return a stored version's public parts as its type reads them."""
    media = version.media
    facts = MediaFacts(media.kind, media.width, media.height) if media else None  # type: ignore[arg-type]
    return Content(version.stem, version.options, version.body, facts)


def shown_media(media: QuestionMedia | None, url: str) -> ShownMedia | None:
    """Return a stem's picture or film under an address."""
    return ShownMedia(media.kind, url, media.alt, media.width, media.height) if media else None


def _shown_question(
    attempt: Attempt, number: int, slot: PaperSlot, version: QuestionVersion, step: tuple[int, Response]
) -> ShownQuestion:
    seq, response = step
    url = reverse("exams:media", args=[attempt.public_id, number]) if version.media else ""
    return show_question(
        slot=number,
        kind=slot["kind"],
        content=content_of(version),
        tokens=list(zip(slot["option_ids"], slot["tokens"], strict=True)),
        points=slot["points"],
        must_know=slot["must_know"],
        seq=seq,
        response=response,
        media=shown_media(version.media, url),
        version_id=version.pk,
    )


def paper_for_display(attempt: Attempt, *, only: int | None = None) -> ShownPaper:
    """Return an attempt's paper with the answers stored so far (two statements, one where the questions are kept). Never the key.

    `only` is the one slot to show: of a one-way paper nothing else leaves the server.
    """
    slots = attempt.paper["slots"]
    shown = [(number, slot) for number, slot in enumerate(slots, start=1) if only in (None, number)]
    versions = versions_of(slot["version_id"] for _number, slot in shown)
    steps = latest_steps(attempt.pk)
    return ShownPaper(
        questions=tuple(
            _shown_question(attempt, number, slot, versions[slot["version_id"]], steps.get(number, (0, [])))
            for number, slot in shown
        ),
        last_seq=max((seq for seq, _response in steps.values()), default=0),
        total=len(slots),
    )


@dataclass(frozen=True, slots=True)
class ReviewedQuestion:
    """A question after marking: what was answered, what was right, and why.

    `template` shows `lines` (for choices: `right_tokens`) and `view`, all of the question's type.
    """

    shown: ShownQuestion
    correct: bool
    partly: bool
    by_hand: bool
    earned: str
    template: str
    lines: tuple[ReviewLine, ...]
    view: dict[str, Any]
    right_tokens: frozenset[str]
    explanation: str
    source: str
    comment: str


@dataclass(frozen=True, slots=True)
class ShownResult:
    """An attempt's result. `review` is empty while the key is withheld; then `restudy` names the topics."""

    mark: AttemptMark
    pass_pct: int
    attempts_left: int
    next_start_at: dt.datetime | None
    must_know_fails: bool
    review: tuple[ReviewedQuestion, ...]
    restudy: tuple[tuple[str, int], ...]
    right_count: int
    question_count: int
    answers_follow: bool = True
    withheld: bool = False

    @property
    def released(self) -> bool:
        """Tell whether right answers and explanations may be shown."""
        return bool(self.review)


@dataclass(frozen=True, slots=True)
class WithheldResult:
    """A result nothing of which is told yet; `from_` is when it will be."""

    from_: dt.datetime | None
    withheld: bool = True


def _released(attempt: Attempt, siblings: Sequence[Attempt], now: dt.datetime) -> Released:
    """Apply the rule of the attempt's paper to where the person stands: see exams.release."""
    return released(
        attempt.paper["policy"],
        now=now,
        # A resit that is still running is an attempt left, too: its key must not leak from this page.
        running=any(sibling.state == AttemptState.OPEN for sibling in siblings),
        has_passed=any(getattr(sibling, "passed", None) for sibling in siblings),
        attempts_left=max(attempt.exam.attempts_allowed - len(siblings), 0),
    )


def answers_are_released(attempt: Attempt, now: dt.datetime) -> bool:
    """Tell whether the candidate may see which answers of a marked attempt were right (see exams.release)."""
    return attempt.state == AttemptState.GRADED and _released(attempt, siblings_of(attempt), now).answers


def media_for(attempt: Attempt, slot: int, device: str, now: dt.datetime) -> QuestionMedia | None:
    """Return the picture or film of a slot, or None for whoever may not see it (now).

    It is shown on the device that holds an open attempt, and in the review once that is released.
    """
    slots = attempt.paper["slots"]
    if not 1 <= slot <= len(slots):
        return None
    if attempt.state == AttemptState.OPEN:
        if attempt.device and attempt.device != device:
            return None
        if attempt.paused_at is not None or (is_one_way(attempt) and slot != attempt.at_slot):
            return None
    elif attempt.state != AttemptState.GRADED or not _released(attempt, siblings_of(attempt), now).answers:
        return None
    return QuestionMedia.objects.filter(versions=slots[slot - 1]["version_id"]).first()


def result_for_display(attempt: Attempt, now: dt.datetime) -> ShownResult | WithheldResult | None:
    """Return the result of a marked attempt as far as its paper's rule releases it, or None before it is marked.

    The usual rule: which answers were right is shown once the person has passed this exam for this purpose, or
    has no attempt left. Before that a resit could still be sat with the key in hand, so only the score and the
    topics to study again are given. See exams.release for the others.
    """
    mark = latest_mark(attempt)
    if attempt.state != AttemptState.GRADED or mark is None:
        return None
    siblings = siblings_of(attempt)
    left = max(attempt.exam.attempts_allowed - len(siblings), 0)
    rule = _released(attempt, siblings, now)
    if not rule.score:
        return WithheldResult(from_=rule.from_)
    # Nothing was answered here: a paper's answers are on paper.
    on_paper = "printed" in attempt.paper
    wrong = {entry["slot"] for entry in mark.per_slot if float(entry["fraction"]) < 1}
    return ShownResult(
        mark=mark,
        pass_pct=attempt.paper["policy"]["pass_pct"],
        attempts_left=left,
        next_start_at=next_start_at(attempt.exam, siblings, now) if left else None,
        must_know_fails=attempt.paper["policy"]["must_know_fails"],
        review=_review(attempt, mark) if rule.answers and not on_paper else (),
        restudy=_topics_of(attempt, wrong) if rule.topics else (),
        answers_follow=not on_paper and attempt.paper["policy"].get("release_what", WHEN_OVER) == WHEN_OVER,
        right_count=len(mark.per_slot) - len(wrong),
        question_count=len(mark.per_slot),
    )


def _topics_of(attempt: Attempt, slots: set[int]) -> tuple[tuple[str, int], ...]:
    """Return (topic name, number of questions) of these slots, the most frequent first."""
    version_ids = [
        slot["version_id"] for number, slot in enumerate(attempt.paper["slots"], start=1) if number in slots
    ]
    names = QuestionVersion.objects.filter(pk__in=version_ids).values_list("question__topic__name", flat=True)
    return tuple(Counter(names).most_common())


_keys: PreparedOfMany[AnswerKey] = PreparedOfMany(
    lambda version_ids: AnswerKey.objects.filter(version__pk__in=version_ids).select_related(
        "version__media"
    ),
    BigIntegerField(),
)


def _review(attempt: Attempt, mark: AttemptMark) -> tuple[ReviewedQuestion, ...]:
    paper = paper_for_display(attempt)
    slots = attempt.paper["slots"]
    # What is right is what it was marked by, corrections included.
    in_force = effective_versions(slot["version_id"] for slot in slots)
    by_version = {key.version_id: key for key in _keys.all(in_force.values())}
    keys = {version_id: by_version[effective] for version_id, effective in in_force.items()}
    comments = dict(
        HandMark.objects.filter(attempt=attempt).order_by("number").values_list("slot", "comment")
    )
    reviewed = []
    for shown, slot, entry in zip(paper.questions, slots, mark.per_slot, strict=True):
        key, kind = keys[slot["version_id"]], type_of(slot["kind"])
        content = content_of(key.version)
        response = chosen_options(slot, list(shown.response))
        right = kind.right_response(content, key.correct) if kind.uses_tokens else []
        reviewed.append(
            ReviewedQuestion(
                shown=shown,
                correct=float(entry["fraction"]) >= 1,
                partly=0 < float(entry["fraction"]) < 1,
                by_hand=kind.by_hand,
                earned=entry["points"],
                template=kind.review_template,
                lines=tuple(kind.review(content, response, key.correct)),
                view=kind.review_view(content, response, key.correct),
                right_tokens=frozenset(
                    token
                    for option_id, token in zip(slot["option_ids"], slot["tokens"], strict=True)
                    if option_id in right
                ),
                explanation=key.explanation,
                source=key.version.source,
                comment=comments.get(shown.slot, ""),
            )
        )
    return tuple(reviewed)
