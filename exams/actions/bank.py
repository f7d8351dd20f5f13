"""Writing the question bank. A change of what a question says is a new version; old papers keep the old one."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from common.text import squeeze
from exams.errors import InvalidQuestions, QuestionProblem
from exams.models import AnswerKey, Bank, Question, QuestionVersion, Topic
from exams.permissions import require_manage_questions
from exams.shapes import Option
from exams.types import TYPES, ShapeProblem, type_of
from people.models import OrgUnit, User

MAX_STEM_LENGTH = 4000
MAX_EXPLANATION_LENGTH = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDraft:
    """A question as an author or an import gives it.

    `options` are exams.shapes.Option with ids unique in the question (letters will do: candidates never see
    them); leave them empty for a type with fixed options. `correct` lists option ids. `hazard_ids` None
    leaves a question's hazards as they are.
    """

    code: str
    topic: Topic
    kind: str
    stem: str
    correct: Sequence[str]
    options: Sequence[Option] = ()
    explanation: str = ""
    difficulty: int = 3
    source: str = ""
    must_know: bool = False
    hazard_ids: frozenset[int] | None = None


@dataclass(slots=True)
class SavedQuestions:
    """What a save did, by question code; `questions` holds all that were named."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    questions: dict[str, Question] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Content:
    """What a version says, cleaned. Equal contents need no new version."""

    kind: str
    stem: str
    options: tuple[tuple[str, str], ...]
    difficulty: int
    source: str
    correct: tuple[str, ...]
    explanation: str


def _clean(text: str) -> str:
    """Fold white space inside lines and drop empty lines at the ends; keep the line breaks between."""
    lines = [squeeze(line) for line in text.splitlines()]
    return "\n".join(lines).strip()


def _content_of(draft: QuestionDraft) -> _Content:
    kind = TYPES.get(draft.kind)
    given = draft.options or (kind.fixed_options if kind else None) or ()
    options = tuple((option["id"], squeeze(option["text"])) for option in given)
    order = {option_id: place for place, (option_id, _text) in enumerate(options)}
    return _Content(
        kind=draft.kind,
        stem=_clean(draft.stem),
        options=options,
        difficulty=draft.difficulty,
        source=squeeze(draft.source),
        correct=tuple(sorted(draft.correct, key=lambda option_id: order.get(option_id, len(order)))),
        explanation=_clean(draft.explanation),
    )


def _problems_of(draft: QuestionDraft, content: _Content) -> Iterable[QuestionProblem]:
    def problem(field_name: str, message: str) -> QuestionProblem:
        return QuestionProblem(code=draft.code, field=field_name, message=message)

    if not draft.code.strip():
        yield problem("code", _("没有题号。"))
    if not content.stem:
        yield problem("stem", _("题干是空的。"))
    if len(content.stem) > MAX_STEM_LENGTH:
        yield problem("stem", _("题干有 %(n)s 个字，最多 4000 个字。") % {"n": len(content.stem)})
    if len(content.explanation) > MAX_EXPLANATION_LENGTH:
        yield problem(
            "explanation", _("解析有 %(n)s 个字，最多 4000 个字。") % {"n": len(content.explanation)}
        )
    if not 1 <= content.difficulty <= 5:
        yield problem("difficulty", _("难度要在 1 到 5 之间，现在是 %(n)s。") % {"n": content.difficulty})
    if content.kind not in TYPES:
        yield problem("kind", _("不认识的题型“%(kind)s”。") % {"kind": content.kind})
        return
    options = [Option(id=option_id, text=text) for option_id, text in content.options]
    try:
        type_of(content.kind).validate(options, content.correct)
    except ShapeProblem as shape:
        yield problem(shape.field, _(shape.message) % shape.params)  # noqa: INT - marked where it is written


def _check(drafts: Sequence[QuestionDraft], contents: Sequence[_Content]) -> None:
    problems: list[QuestionProblem] = []
    seen: set[str] = set()
    for draft, content in zip(drafts, contents, strict=True):
        problems += _problems_of(draft, content)
        if draft.code in seen:
            problems.append(QuestionProblem(draft.code, "code", _("同一批里题号重复。")))
        seen.add(draft.code)
    if problems:
        raise InvalidQuestions(problems)


def _stored_contents(questions: Iterable[Question]) -> dict[int, _Content]:
    """Return what the current versions say, by question id (one statement)."""
    version_ids = [question.current_version_id for question in questions if question.current_version_id]
    keys = AnswerKey.objects.filter(version_id__in=version_ids).select_related("version")
    return {
        key.version.question_id: _Content(
            kind=key.version.kind,
            stem=key.version.stem,
            options=tuple((option["id"], option["text"]) for option in key.version.options),
            difficulty=key.version.difficulty,
            source=key.version.source,
            correct=tuple(key.correct),
            explanation=key.explanation,
        )
        for key in keys
    }


@transaction.atomic
def save_questions(
    *, bank: Bank, drafts: Sequence[QuestionDraft], acting_user: User | None, now: dt.datetime
) -> SavedQuestions:
    """Create and change questions of a bank, by their codes; all or none.

    A question gets a new version only if what it says, its key or its explanation changed. The number of
    statements does not grow with the number of questions (bulk inserts aside).
    Raises: InvalidQuestions listing every problem; PermissionDenied.
    """
    require_manage_questions(acting_user)
    contents = [_content_of(draft) for draft in drafts]
    _check(drafts, contents)
    codes = [draft.code for draft in drafts]
    known = {
        question.code: question
        for question in Question.objects.select_for_update().filter(bank=bank, code__in=codes)
    }
    fresh = [
        Question(bank=bank, code=draft.code, topic=draft.topic, must_know=draft.must_know)
        for draft in drafts
        if draft.code not in known
    ]
    stored = _stored_contents(known.values())
    result = SavedQuestions(created=[question.code for question in fresh])
    Question.objects.bulk_create(fresh)
    known |= {question.code: question for question in fresh}

    changed = [
        (known[draft.code], content)
        for draft, content in zip(drafts, contents, strict=True)
        if stored.get(known[draft.code].pk) != content
    ]
    _add_versions(changed, acting_user, now)
    regrouped = _update_facts(drafts, known)
    hazards_changed = _set_hazards(drafts, known)

    touched = {question.code for question, _content in changed} | regrouped | hazards_changed
    touched -= set(result.created)
    result.updated = [code for code in codes if code in touched]
    result.unchanged = [code for code in codes if code not in touched and code not in set(result.created)]
    result.questions = {code: known[code] for code in codes}
    return result


def _add_versions(
    changed: Sequence[tuple[Question, _Content]], author: User | None, now: dt.datetime
) -> None:
    numbers = dict(
        QuestionVersion.objects.filter(question__in=[question.pk for question, _content in changed])
        .order_by("number")
        .values_list("question_id", "number")
    )  # the highest comes last and stays
    versions = QuestionVersion.objects.bulk_create(
        QuestionVersion(
            question=question,
            number=numbers.get(question.pk, 0) + 1,
            kind=content.kind,
            stem=content.stem,
            options=[Option(id=option_id, text=text) for option_id, text in content.options],
            difficulty=content.difficulty,
            source=content.source,
            author=author,
            created_at=now,
        )
        for question, content in changed
    )
    AnswerKey.objects.bulk_create(
        AnswerKey(version=version, correct=list(content.correct), explanation=content.explanation)
        for version, (_question, content) in zip(versions, changed, strict=True)
    )
    for version, (question, _content) in zip(versions, changed, strict=True):
        question.current_version = version
    Question.objects.bulk_update(
        [question for question, _content in changed], ["current_version"], batch_size=500
    )


def _update_facts(drafts: Sequence[QuestionDraft], known: dict[str, Question]) -> set[str]:
    """Store topic and must-know flag where they differ; return the codes of those questions."""
    regrouped = []
    for draft in drafts:
        question = known[draft.code]
        if (question.topic_id, question.must_know) != (draft.topic.pk, draft.must_know):
            question.topic = draft.topic
            question.must_know = draft.must_know
            regrouped.append(question)
    Question.objects.bulk_update(regrouped, ["topic", "must_know"], batch_size=500)
    return {question.code for question in regrouped}


def _set_hazards(drafts: Sequence[QuestionDraft], known: dict[str, Question]) -> set[str]:
    """Store the hazards of drafts that name some; return the codes of the questions that changed."""
    wanted = {known[draft.code].pk: draft for draft in drafts if draft.hazard_ids is not None}
    if not wanted:
        return set()
    links = Question.hazards.through
    present: dict[int, set[int]] = {question_id: set() for question_id in wanted}
    for question_id, hazard_id in links.objects.filter(question_id__in=wanted).values_list(
        "question_id", "hazard_id"
    ):
        present[question_id].add(hazard_id)
    differing = {
        question_id: draft
        for question_id, draft in wanted.items()
        if present[question_id] != set(draft.hazard_ids or ())
    }
    if differing:
        links.objects.filter(question_id__in=differing).delete()
        links.objects.bulk_create(
            links(question_id=question_id, hazard_id=hazard_id)
            for question_id, draft in differing.items()
            for hazard_id in sorted(draft.hazard_ids or ())
        )
    return {draft.code for draft in differing.values()}


def save_question(
    *, bank: Bank, draft: QuestionDraft, acting_user: User | None, now: dt.datetime
) -> Question:
    """Create or change one question of a bank, by its code; see `save_questions`."""
    saved = save_questions(bank=bank, drafts=[draft], acting_user=acting_user, now=now)
    return saved.questions[draft.code]


def retire_question(*, question: Question, acting_user: User | None, now: dt.datetime) -> None:
    """Draw a question no more. Papers that hold it keep it; a second call changes nothing.

    Raises: PermissionDenied.
    """
    require_manage_questions(acting_user)
    Question.objects.filter(pk=question.pk, retired_at__isnull=True).update(retired_at=now)
    question.refresh_from_db(fields=["retired_at"])


def restore_question(*, question: Question, acting_user: User | None) -> None:
    """Draw a retired question again. Raises: PermissionDenied."""
    require_manage_questions(acting_user)
    Question.objects.filter(pk=question.pk).update(retired_at=None)
    question.refresh_from_db(fields=["retired_at"])


def save_bank(*, code: str, name: str, owner: OrgUnit | None = None, acting_user: User | None) -> Bank:
    """Create the bank with this code or rename it. Raises: PermissionDenied."""
    require_manage_questions(acting_user)
    bank, _created = Bank.objects.update_or_create(code=code, defaults={"name": name, "owner": owner})
    return bank


def save_topic(*, code: str, name: str, acting_user: User | None) -> Topic:
    """Create the topic with this code or rename it. Raises: PermissionDenied."""
    require_manage_questions(acting_user)
    topic, _created = Topic.objects.update_or_create(code=code, defaults={"name": name})
    return topic
