"""Writing the question bank. A change of what a question says is a new version; old papers keep the old one."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from common.text import squeeze
from exams.errors import InvalidQuestions, QuestionProblem
from exams.models import (
    AnswerKey,
    Bank,
    Question,
    QuestionMedia,
    QuestionTag,
    QuestionVersion,
    ReviewState,
    Topic,
)
from exams.permissions import require_over_bank, require_writer
from exams.shapes import Body, Key, Option
from exams.types import TYPES, Content, MediaFacts, ShapeProblem, type_of
from people.audit import record_audit
from people.models import OrgUnit, User
from people.permissions import Capability

MAX_STEM_LENGTH = 4000
MAX_EXPLANATION_LENGTH = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDraft:
    """A question as an author or an import gives it.

    `options` are exams.shapes.Option with ids unique in the question (letters will do: candidates never see
    them); leave them empty for a type with fixed options. `correct` is the key: option ids for choices, else
    what the type's module says, as for `body`. `hazard_ids`, `post_ids` and `tags` None leave a question's
    hazards, posts and tags as they are. `owner` is stored only where `sets_owner` says so.
    """

    code: str
    topic: Topic
    kind: str
    stem: str
    correct: Key
    options: Sequence[Option] = ()
    explanation: str = ""
    difficulty: int = 3
    source: str = ""
    must_know: bool = False
    hazard_ids: frozenset[int] | None = None
    body: Body = field(default_factory=dict)
    media: QuestionMedia | None = None
    source_ref: str = ""
    post_ids: frozenset[int] | None = None
    tags: frozenset[str] | None = None
    owner: OrgUnit | None = None
    sets_owner: bool = False


@dataclass(slots=True)
class SavedQuestions:
    """What a save did, by question code; `questions` holds all that were named."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    questions: dict[str, Question] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VersionContent:
    """What a version says, cleaned. Equal contents need no new version."""

    kind: str
    stem: str
    options: list[Option]
    body: dict[str, Any]
    media_id: int | None
    difficulty: int
    source: str
    source_ref: str
    correct: Key
    explanation: str


def _clean(text: str) -> str:
    """Fold white space inside lines and drop empty lines at the ends; keep the line breaks between."""
    lines = [squeeze(line) for line in text.splitlines()]
    return "\n".join(lines).strip()


def media_facts(media: QuestionMedia | None) -> MediaFacts | None:
    """Return what a type may know of a picture or film."""
    return MediaFacts(kind=media.kind, width=media.width, height=media.height) if media else None  # type: ignore[arg-type]


def _content_of(draft: QuestionDraft) -> VersionContent:
    kind = TYPES.get(draft.kind)
    raw = Content(_clean(draft.stem), draft.options, draft.body, media_facts(draft.media))
    options, body, key = kind.clean(raw, draft.correct) if kind else ([], {}, None)
    return VersionContent(
        kind=draft.kind,
        stem=raw.stem,
        options=options,
        body=body,
        media_id=draft.media.pk if draft.media else None,
        difficulty=draft.difficulty,
        source=squeeze(draft.source),
        source_ref=squeeze(draft.source_ref),
        correct=key,
        explanation=_clean(draft.explanation),
    )


def _problems_of(draft: QuestionDraft, content: VersionContent) -> Iterable[QuestionProblem]:
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
    shown = Content(content.stem, content.options, content.body, media_facts(draft.media))
    try:
        type_of(content.kind).validate(shown, content.correct)
    except ShapeProblem as shape:
        yield problem(shape.field, _(shape.message) % shape.params)


def problems_of(drafts: Sequence[QuestionDraft]) -> list[QuestionProblem]:
    """Return everything `save_questions` would refuse these drafts for."""
    return _problems(drafts, [_content_of(draft) for draft in drafts])


def _problems(drafts: Sequence[QuestionDraft], contents: Sequence[VersionContent]) -> list[QuestionProblem]:
    problems: list[QuestionProblem] = []
    seen: set[str] = set()
    for draft, content in zip(drafts, contents, strict=True):
        problems += _problems_of(draft, content)
        if draft.code in seen:
            problems.append(QuestionProblem(draft.code, "code", _("同一批里题号重复。")))
        seen.add(draft.code)
    return problems


def stored_contents(questions: Iterable[Question]) -> dict[int, VersionContent]:
    """Return what the newest versions say, by question id (one statement)."""
    version_ids = [question.pending_version_id or question.current_version_id for question in questions]
    keys = AnswerKey.objects.filter(version_id__in=version_ids).select_related("version")
    return {
        key.version.question_id: VersionContent(
            kind=key.version.kind,
            stem=key.version.stem,
            options=key.version.options,
            body=key.version.body,
            media_id=key.version.media_id,
            difficulty=key.version.difficulty,
            source=key.version.source,
            source_ref=key.version.source_ref,
            correct=key.correct,
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
    require_over_bank(acting_user, bank.owner, Capability.WRITE_QUESTIONS)
    contents = [_content_of(draft) for draft in drafts]
    if problems := _problems(drafts, contents):
        raise InvalidQuestions(problems)
    codes = [draft.code for draft in drafts]
    known = {
        question.code: question
        for question in Question.objects.select_for_update(of=("self",))
        .select_related("owner")
        .filter(bank=bank, code__in=codes)
    }
    fresh = [
        Question(bank=bank, code=draft.code, topic=draft.topic, must_know=draft.must_know)
        for draft in drafts
        if draft.code not in known
    ]
    stored = stored_contents(known.values())
    result = SavedQuestions(created=[question.code for question in fresh])
    Question.objects.bulk_create(fresh)
    known |= {question.code: question for question in fresh}

    changed = [
        (known[draft.code], content)
        for draft, content in zip(drafts, contents, strict=True)
        if stored.get(known[draft.code].pk) != content
    ]
    add_versions(changed, acting_user, now, to_review=bank.review_required and acting_user is not None)
    regrouped = _update_facts(drafts, known)
    regrouped |= _set_links(
        drafts, known, Question.hazards.through, "hazard_id", lambda draft: draft.hazard_ids
    )
    regrouped |= _set_links(drafts, known, Question.posts.through, "post_id", lambda draft: draft.post_ids)
    regrouped |= _set_tags(drafts, known)

    touched = {question.code for question, _content in changed} | regrouped
    touched -= set(result.created)
    result.updated = [code for code in codes if code in touched]
    result.unchanged = [code for code in codes if code not in touched and code not in set(result.created)]
    result.questions = {code: known[code] for code in codes}
    if result.created or result.updated:
        # One entry for the lot: an import of thousands is one deed. Never the key.
        record_audit(
            bank,
            "exams.bank.questions",
            acting_user,
            {"created": result.created[:100], "updated": result.updated[:100]},
        )
    return result


def add_versions(
    changed: Sequence[tuple[Question, VersionContent]],
    author: User | None,
    now: dt.datetime,
    *,
    to_review: bool,
) -> None:
    """Add versions: current at once, or pending as drafts where a second person has to approve them."""
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
            options=content.options,
            body=content.body,
            media_id=content.media_id,
            difficulty=content.difficulty,
            source=content.source,
            source_ref=content.source_ref,
            author=author,
            created_at=now,
        )
        for question, content in changed
    )
    AnswerKey.objects.bulk_create(
        AnswerKey(version=version, correct=content.correct, explanation=content.explanation)
        for version, (_question, content) in zip(versions, changed, strict=True)
    )
    for version, (question, _content) in zip(versions, changed, strict=True):
        if to_review:
            question.pending_version, question.review_state = version, ReviewState.DRAFT
        else:
            question.current_version, question.pending_version = version, None
            question.review_state = ReviewState.APPROVED
    Question.objects.bulk_update(
        [question for question, _content in changed],
        ["current_version", "pending_version", "review_state"],
        batch_size=500,
    )


def _update_facts(drafts: Sequence[QuestionDraft], known: dict[str, Question]) -> set[str]:
    """Store topic, must-know flag and owner where they differ; return the codes of those questions."""
    regrouped = []
    for draft in drafts:
        question = known[draft.code]
        owner = draft.owner if draft.sets_owner else question.owner
        wanted = (draft.topic.pk, draft.must_know, owner.pk if owner else None)
        if (question.topic_id, question.must_know, question.owner_id) != wanted:
            question.topic, question.must_know, question.owner = draft.topic, draft.must_know, owner
            regrouped.append(question)
    Question.objects.bulk_update(regrouped, ["topic", "must_know", "owner"], batch_size=500)
    return {question.code for question in regrouped}


def _set_links(
    drafts: Sequence[QuestionDraft],
    known: dict[str, Question],
    links: type[Model],
    column: str,
    wanted_of: Callable[[QuestionDraft], frozenset[int] | None],
) -> set[str]:
    """Store the links of drafts that name some (`column` is the other end); return the codes that changed."""
    wanted = {
        known[draft.code].pk: (draft.code, ids) for draft in drafts if (ids := wanted_of(draft)) is not None
    }
    if not wanted:
        return set()
    table = links._default_manager
    present: dict[int, set[int]] = {question_id: set() for question_id in wanted}
    for question_id, other_id in table.filter(question_id__in=wanted).values_list("question_id", column):
        present[question_id].add(other_id)
    differing = {key: entry for key, entry in wanted.items() if present[key] != set(entry[1])}
    if differing:
        table.filter(question_id__in=differing).delete()
        table.bulk_create(
            links(**{"question_id": question_id, column: other_id})
            for question_id, (_code, ids) in differing.items()
            for other_id in sorted(ids)
        )
    return {code for code, _ids in differing.values()}


def _set_tags(drafts: Sequence[QuestionDraft], known: dict[str, Question]) -> set[str]:
    """Store the tags of drafts that name some, making those that are new."""
    named = {
        draft.code: {squeeze(tag)[:40] for tag in draft.tags if squeeze(tag)}
        for draft in drafts
        if draft.tags is not None
    }
    if not named:
        return set()
    names = set().union(*named.values())
    QuestionTag.objects.bulk_create([QuestionTag(name=name) for name in sorted(names)], ignore_conflicts=True)
    ids = dict(QuestionTag.objects.filter(name__in=names).values_list("name", "pk"))
    return _set_links(
        drafts,
        known,
        Question.tags.through,
        "questiontag_id",
        lambda draft: frozenset(ids[name] for name in named[draft.code]) if draft.code in named else None,
    )


def save_question(
    *, bank: Bank, draft: QuestionDraft, acting_user: User | None, now: dt.datetime
) -> Question:
    """Create or change one question of a bank, by its code; see `save_questions`."""
    saved = save_questions(bank=bank, drafts=[draft], acting_user=acting_user, now=now)
    return saved.questions[draft.code]


@transaction.atomic
def retire_question(*, question: Question, acting_user: User | None, now: dt.datetime) -> None:
    """Draw a question no more. Papers that hold it keep it; a second call changes nothing.

    Raises: PermissionDenied.
    """
    require_over_bank(acting_user, question.bank.owner, Capability.REVIEW_QUESTIONS)
    if Question.objects.filter(pk=question.pk, retired_at__isnull=True).update(retired_at=now):
        record_audit(question, "exams.question.retire", acting_user)
    question.refresh_from_db(fields=["retired_at"])


@transaction.atomic
def restore_question(*, question: Question, acting_user: User | None) -> None:
    """Draw a retired question again. Raises: PermissionDenied."""
    require_over_bank(acting_user, question.bank.owner, Capability.REVIEW_QUESTIONS)
    if Question.objects.filter(pk=question.pk, retired_at__isnull=False).update(retired_at=None):
        record_audit(question, "exams.question.restore", acting_user)
    question.refresh_from_db(fields=["retired_at"])


@transaction.atomic
def save_bank(
    *,
    code: str,
    name: str,
    owner: OrgUnit | None = None,
    review_required: bool | None = None,
    may_be_practised: bool | None = None,
    bank: Bank | None = None,
    acting_user: User | None,
) -> Bank:
    """Create or change a bank; without `bank`, the code finds it. None leaves a switch as it is.

    Raises: PermissionDenied.
    """
    require_over_bank(acting_user, owner, Capability.MANAGE_EXAMS)
    if bank is None:
        bank = Bank.objects.filter(code=code).first()
    if bank is not None:
        require_over_bank(acting_user, bank.owner, Capability.MANAGE_EXAMS)
    bank = bank or Bank()
    bank.code, bank.name, bank.owner = code, name, owner
    if review_required is not None:
        bank.review_required = review_required
    if may_be_practised is not None:
        bank.may_be_practised = may_be_practised
    bank.save()
    record_audit(bank, "exams.bank.save", acting_user)
    return bank


@transaction.atomic
def save_topic(*, code: str, name: str, topic: Topic | None = None, acting_user: User | None) -> Topic:
    """Create or change a topic; without `topic`, the code finds it. Raises: PermissionDenied."""
    require_writer(acting_user)
    topic = topic or Topic.objects.filter(code=code).first() or Topic()
    topic.code, topic.name = code, name
    topic.save()
    record_audit(topic, "exams.topic.save", acting_user)
    return topic
