"""Bringing a file's questions into a bank: found again by code or stem, checked, saved in bulk."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from common.text import squeeze
from exams.actions.bank import QuestionDraft, problems_of, save_bank, save_questions
from exams.actions.media import save_media
from exams.actions.topics import ensure_topics
from exams.errors import BadMedia
from exams.importers.items import WHOLE_ANSWER, Item
from exams.importers.reading import read_file
from exams.importers.report import Outcome, Report, Told, placed, told
from exams.models import AnswerKey, Bank, Question, QuestionMedia
from exams.permissions import require_over_bank
from people.models import User
from people.permissions import Capability

CODE_LENGTH = 40
Progress = Callable[[int, int], None]  # hundredths done, of 100


@dataclass(frozen=True, slots=True)
class _Stored:
    """The newest version of a question of the bank."""

    question: Question
    key: AnswerKey


def stem_code(stem: str) -> str:
    """Return the code of a question that came without one, made of its stem."""
    text = " ".join(squeeze(line) for line in stem.splitlines() if squeeze(line))
    return f"h-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def import_questions(
    *,
    path: Path,
    file_name: str,
    bank_code: str,
    wanted: str = "auto",
    dry_run: bool = False,
    acting_user: User | None,
    now: dt.datetime,
    progress: Progress = lambda _done, _total: None,
) -> Report:
    """Import the sound questions of a file into a bank, which is created if there is none; report every line.

    With `dry_run` nothing is kept. The number of statements does not grow with the number of questions, but
    for their pictures. Raises: PermissionDenied.
    """
    reading = read_file(path, file_name=file_name, wanted=wanted)
    progress(30, 100)
    report = Report(reading.format, reading.read, [], told(reading.unsupported), told(reading.errors))
    pictures: list[QuestionMedia] = []
    with transaction.atomic():
        bank = Bank.objects.select_related("owner").filter(code=bank_code).first()
        if bank is None:
            bank = save_bank(code=bank_code, name=bank_code, acting_user=acting_user)
        require_over_bank(acting_user, bank.owner, Capability.WRITE_QUESTIONS)
        _Import(bank, report, pictures, acting_user, now).run(reading.items, progress)
        if dry_run:
            transaction.set_rollback(True)
    if dry_run:
        _forget(pictures)
    report.errors.sort(key=lambda one: one.line)
    report.unsupported.sort(key=lambda one: one.line)
    progress(100, 100)
    return report


def _forget(pictures: list[QuestionMedia]) -> None:
    """Remove the files of pictures whose rows the dry run took back."""
    kept = set(
        QuestionMedia.objects.filter(pk__in=[one.pk for one in pictures]).values_list("digest", flat=True)
    )
    for one in pictures:
        if one.digest not in kept:
            one.file.storage.delete(one.file.name or "")


class _Import:
    """One file on its way into one bank."""

    def __init__(
        self, bank: Bank, report: Report, pictures: list[QuestionMedia], user: User | None, now: dt.datetime
    ) -> None:
        self.bank, self.report, self.pictures, self.user, self.now = bank, report, pictures, user, now
        self.stored = _stored_of(bank)
        self.by_stem = {stem_code(one.key.version.stem): code for code, one in self.stored.items()}

    def run(self, items: list[Item], progress: Progress) -> None:
        """Save what is sound and note the rest."""
        coded = self._coded(items)
        named = {name for code, item in coded.items() if (name := self._topic_name(code, item)) is not None}
        topics = ensure_topics(names=sorted(named), acting_user=self.user)
        drafts = {code: self._draft(code, item, topics) for code, item in coded.items()}
        sound: list[QuestionDraft] = [draft for draft in drafts.values() if draft is not None]
        progress(50, 100)
        refused: set[str] = set()
        for problem in problems_of(sound):
            refused.add(problem.code)
            self._fails(coded[problem.code], problem.message)
        sound = [draft for draft in sound if draft.code not in refused]
        progress(60, 100)
        saved = save_questions(bank=self.bank, drafts=sound, acting_user=self.user, now=self.now)
        results = dict.fromkeys(saved.created, "created") | dict.fromkeys(saved.updated, "updated")
        for draft in sound:
            item = coded[draft.code]
            outcome = results.get(draft.code, "unchanged")
            self.report.outcomes.append(Outcome(item.line, draft.code, item.stem, outcome))

    def _fails(self, item: Item, message: str) -> None:
        self.report.errors.append(Told(item.line, placed(message, item.place)))

    def _lacks(self, item: Item, feature: str, message: str) -> None:
        self.report.unsupported.append(Told(item.line, placed(message, item.place), feature))

    def _coded(self, items: list[Item]) -> dict[str, Item]:
        """Return the items by the code they have or get in the bank."""
        repeated = {
            code for code, count in Counter(item.code for item in items if item.code).items() if count > 1
        }
        found: dict[str, Item] = {}
        for item in items:
            code = item.code
            if code in repeated:
                self._lacks(
                    item,
                    "repeated_name",
                    _("名称“%(code)s”在文件里不止一道题，按题干识别。") % {"code": code},
                )
                code = ""
            if len(code) > CODE_LENGTH:
                code = f"n-{hashlib.sha256(code.encode()).hexdigest()[:16]}"
            if not code:
                code = stem_code(item.stem)
                code = self.by_stem.get(code, code)
            if code in found:
                message = _("和第 %(line)s 行是同一道题（%(code)s），只导入前一道。")
                self._fails(item, message % {"line": found[code].line, "code": code})
                continue
            found[code] = item
        return found

    def _topic_name(self, code: str, item: Item) -> str | None:
        """Return the topic to look up; None where the question keeps the one it has."""
        return item.topic or (None if code in self.stored else "")

    def _draft(self, code: str, item: Item, topics: dict[str, Any]) -> QuestionDraft | None:
        stored = self.stored.get(code)
        name = self._topic_name(code, item)
        topic = stored.question.topic if stored and name is None else topics[name or ""]
        version = stored.key.version if stored else None
        kind, key = _essay(item, stored)
        try:
            media = self._media(item, version.media if version else None)
        except BadMedia as bad:
            self._lacks(item, "picture", _("图片没有导入：%(why)s") % {"why": str(bad)})
            media = version.media if version else None
        return QuestionDraft(
            code=code,
            topic=topic,
            kind=kind,
            stem=item.stem,
            options=item.options,
            body=item.body,
            correct=key,
            explanation=_first(item.explanation, stored.key.explanation if stored else None, ""),
            difficulty=_first(item.difficulty, version.difficulty if version else None, 3),
            source=_first(item.source, version.source if version else None, "")[:200],
            source_ref=version.source_ref if version else "",
            must_know=_first(item.must_know, stored.question.must_know if stored else None, False),
            media=media,
            tags=frozenset(item.tags) if item.tags is not None else None,
        )

    def _media(self, item: Item, known: QuestionMedia | None) -> QuestionMedia | None:
        """Return the picture of a question: the one it has, if the file brings the same or none. Raises BadMedia."""
        if item.picture is None:
            return known
        try:
            content = item.picture.content
        except ValueError as error:
            raise BadMedia(_("图片的 base64 编码不对。")) from error
        alt = item.picture.alt.strip() or _("题图：%(stem)s") % {"stem": squeeze(item.stem)[:80]}
        if known is not None and known.alt == alt[:200]:
            with known.file.open("rb") as handle:
                if handle.read() == content:
                    return known
        file = ContentFile(content, name=item.picture.name)
        media = save_media(file=file, alt=alt[:200], acting_user=self.user, now=self.now)
        self.pictures.append(media)
        return media


def _first(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def _essay(item: Item, stored: _Stored | None) -> tuple[str, Any]:
    """Return kind and key; an essay without a rubric keeps the one of the bank."""
    if item.kind not in {"short_answer", "case_analysis"} or item.key is not None:
        return item.kind, item.key
    if stored and stored.key.version.kind in {"short_answer", "case_analysis"}:
        return stored.key.version.kind, stored.key.correct
    return item.kind, {"model": "", "rubric": [{"point": _(WHOLE_ANSWER), "share": 100}]}


def _stored_of(bank: Bank) -> dict[str, _Stored]:
    """Return the questions of a bank by code (two statements)."""
    questions = {
        question.pk: question for question in Question.objects.filter(bank=bank).select_related("topic")
    }
    newest = {question.pending_version_id or question.current_version_id for question in questions.values()}
    keys = AnswerKey.objects.filter(version__question__bank=bank).select_related("version__media")
    return {
        questions[key.version.question_id].code: _Stored(questions[key.version.question_id], key)
        for key in keys
        if key.version_id in newest
    }
