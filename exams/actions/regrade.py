"""Regrading: what a corrected key or a changed hand mark does to marks already given.

The same replay is first only looked at, then stored: marks are added, none is rewritten, and the rooms above
hear of each. Run twice, the second time finds nothing to add.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from exams.actions.marks import UNMARKABLE, add_mark, announce
from exams.errors import NotRegradable
from exams.marking import PaperMark, mark_paper
from exams.models import (
    AnswerStep,
    Attempt,
    AttemptMark,
    AttemptState,
    Exam,
    HandMark,
    KeyCorrection,
    QuestionVersion,
)
from exams.permissions import require_over_bank
from exams.queries import marking_of
from exams.queries.corrections import corrects, effective_versions
from exams.shapes import Body, Key, Response
from exams.signals import Consequence, PassFlip, RegradeAsked, regrade_consequences_asked
from jobs.models import Job
from jobs.queue import enqueue
from people.audit import record_audit
from people.models import User
from people.permissions import Capability

log = structlog.get_logger("anxue.exams")
CHUNK = 200
TASK = "exams.tasks.regrade_exam"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Change:
    """An attempt whose mark would be another one."""

    attempt_id: int
    employee_id: int
    exam_id: int
    purpose: str
    before_pct: Decimal
    after_pct: Decimal
    passed_before: bool
    passed_after: bool

    @property
    def flips(self) -> bool:
        """Tell whether passing changes."""
        return self.passed_before != self.passed_after


@dataclass(slots=True)
class Plan:
    """What a regrade would do. `failed` are attempts whose paper or answers cannot be marked."""

    checked: int = 0
    changes: list[Change] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    consequences: list[Consequence] = field(default_factory=list)

    @property
    def flips(self) -> list[Change]:
        """Return the changes by which somebody passes or no longer does."""
        return [change for change in self.changes if change.flips]


class _Keys:
    """Keys and bodies by version, read once each; `corrections` are tried out on top of those in force."""

    def __init__(self, corrections: Mapping[int, int]) -> None:
        self.corrections = corrections
        self.keys: dict[int, Key] = {}
        self.bodies: dict[int, Body] = {}

    def learn(self, version_ids: Iterable[int]) -> None:
        missing = set(version_ids) - self.keys.keys()
        if not missing:
            return
        keys, bodies = marking_of(missing)
        tried = {pk: self.corrections[pk] for pk in missing if pk in self.corrections}
        if tried:
            better, other_bodies = marking_of(tried.values())
            keys |= {pk: better[by] for pk, by in tried.items() if by in better}
            bodies |= {pk: other_bodies[by] for pk, by in tried.items() if by in better}
        self.keys |= keys
        self.bodies |= bodies


def _graded(exam_id: int) -> Any:
    # What was sat on paper has no answers to replay: its marks are corrected where they were typed in.
    return Attempt.objects.filter(
        exam_id=exam_id, state=AttemptState.GRADED, paper_result__isnull=True
    ).order_by("pk")


def _replayed(
    attempts: Sequence[Attempt], keys: _Keys, failed: list[int]
) -> Iterator[tuple[Attempt, AttemptMark, PaperMark]]:
    """Yield each attempt with the mark that counts and the one it would get, where the two differ.

    Three statements for all of them together, and those for keys not read yet.
    """
    ids = [attempt.pk for attempt in attempts]
    responses: dict[int, dict[int, Response]] = {pk: {} for pk in ids}
    steps = AnswerStep.objects.filter(attempt__in=ids).order_by("attempt_id", "seq")
    for attempt_id, slot, response in steps.values_list("attempt_id", "slot", "response"):
        responses[attempt_id][slot] = response
    hands: dict[int, dict[int, Fraction]] = {pk: {} for pk in ids}
    given = HandMark.objects.filter(attempt__in=ids).order_by("number")
    for attempt_id, slot, fraction in given.values_list("attempt_id", "slot", "fraction"):
        hands[attempt_id][slot] = Fraction(fraction)
    last = {mark.attempt_id: mark for mark in AttemptMark.objects.filter(attempt__in=ids).order_by("number")}
    keys.learn(slot["version_id"] for attempt in attempts for slot in attempt.paper["slots"])
    for attempt in attempts:
        try:
            result = mark_paper(
                attempt.paper,
                responses[attempt.pk],
                keys.keys,
                bodies=keys.bodies,
                hand_marks=hands[attempt.pk],
            )
        except UNMARKABLE:
            log.exception("attempt_cannot_be_marked", attempt=attempt.pk)
            failed.append(attempt.pk)
            continue
        mark = last[attempt.pk]
        if result.pending:
            failed.append(attempt.pk)
        elif differs(mark, result):
            yield attempt, mark, result


def differs(mark: AttemptMark, result: PaperMark) -> bool:
    """Tell whether a result is another one than a mark already given."""
    now = (result.points, result.score_pct, result.passed, result.missed_must_know)
    before = (mark.points, mark.score_pct, mark.passed, mark.missed_must_know)
    return now != before or list(result.per_slot) != mark.per_slot


def _chunks(exam_id: int) -> Iterator[list[int]]:
    ids = list(_graded(exam_id).values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def change_of(attempt: Attempt, mark: AttemptMark, result: PaperMark) -> Change:
    """Return what would be another for an attempt."""
    return Change(
        attempt_id=attempt.pk,
        employee_id=attempt.employee_id,
        exam_id=attempt.exam_id,
        purpose=attempt.purpose,
        before_pct=mark.score_pct,
        after_pct=result.score_pct,
        passed_before=mark.passed,
        passed_after=result.passed,
    )


def plan_regrade(*, exam: Exam, corrections: Mapping[int, int], acting_user: User | None) -> Plan:
    """Say what a regrade of an exam would change and what would follow from it, and store nothing.

    `corrections` maps the version that was answered to the one whose key is right; empty, marks are compared
    with the keys and hand marks in force. The rooms above name the consequences.
    Raises: PermissionDenied; NotRegradable for a correction that does not fit.
    """
    require_over_bank(acting_user, exam.bank.owner, Capability.MANAGE_EXAMS)
    _check(exam, corrections)
    plan, keys = Plan(), _Keys(corrections)
    for ids in _chunks(exam.pk):
        attempts = list(_graded(exam.pk).filter(pk__in=ids).defer("seed"))
        plan.checked += len(attempts)
        plan.changes += [change_of(*found) for found in _replayed(attempts, keys, plan.failed)]
    plan.consequences = consequences_of(plan.flips)
    return plan


def consequences_of(changes: Iterable[Change]) -> list[Consequence]:
    """Ask the rooms above what follows from these changes, all of which change who passes."""
    flips = tuple(
        PassFlip(change.attempt_id, change.employee_id, change.exam_id, change.purpose, change.passed_after)
        for change in changes
    )
    told: list[Consequence] = []
    if flips:
        asked = RegradeAsked(flips)
        for _receiver, answer in regrade_consequences_asked.send(sender=AttemptMark, asked=asked):
            told += cast(list[Consequence], answer or [])
    return told


def _check(exam: Exam, corrections: Mapping[int, int]) -> None:
    versions = QuestionVersion.objects.select_related("question").in_bulk(
        {*corrections.keys(), *corrections.values()}
    )
    for wrong, right in corrections.items():
        old, new = versions.get(wrong), versions.get(right)
        if old is None or new is None or old.question.bank_id != exam.bank_id or not corrects(old, new):
            raise NotRegradable(
                _("新版本的题型、选项或图片和答卷上的不一样，不能拿它的答案重新评分。请只改答案，再试一次。")
            )


@transaction.atomic
def start_regrade(
    *, exam: Exam, corrections: Mapping[int, int], reason: str, acting_user: User | None, now: dt.datetime
) -> Job:
    """Put corrected keys in force and queue the regrade of an exam.

    What is handed in from now on is marked by them at once. A correction in force already is not stored again.
    Raises: PermissionDenied; NotRegradable without a reason or for a correction that does not fit.
    """
    require_over_bank(acting_user, exam.bank.owner, Capability.MANAGE_EXAMS)
    reason = reason.strip()[:200]
    if not reason:
        raise NotRegradable(_("请写明为什么要重新评分，例如哪道题的答案错了。"))
    _check(exam, corrections)
    in_force = effective_versions(corrections)
    KeyCorrection.objects.bulk_create(
        KeyCorrection(version_id=wrong, by_version_id=right, reason=reason, made_by=acting_user, made_at=now)
        for wrong, right in corrections.items()
        if in_force[wrong] != right
    )
    record_audit(
        exam,
        "exams.exam.regrade",
        acting_user,
        {"reason": reason, "corrections": {str(wrong): right for wrong, right in corrections.items()}},
    )
    return enqueue(
        TASK,
        title=_("重新评分：%(exam)s") % {"exam": exam.title},
        params={"exam_id": exam.pk, "reason": reason},
        requested_by=acting_user,
        total=_graded(exam.pk).count(),
    )


@dataclass(slots=True)
class Regraded:
    """What a regrade did."""

    checked: int = 0
    changed: int = 0
    flipped: int = 0
    failed: list[int] = field(default_factory=list)


def regrade_exam(
    *, exam_id: int, reason: str, now: dt.datetime, progress: Progress = lambda done, total: None
) -> Regraded:
    """Add a mark to each attempt of an exam that would be marked otherwise now, 200 in a transaction.

    `progress` hears (done, total) after each. Sends attempt_graded inside the transaction, as marking does.
    """
    done, keys = Regraded(), _Keys({})
    chunks = list(_chunks(exam_id))
    total = sum(len(ids) for ids in chunks)
    for ids in chunks:
        with transaction.atomic():
            attempts = list(
                _graded(exam_id).filter(pk__in=ids).select_for_update(no_key=True, of=("self",)).defer("seed")
            )
            found = list(_replayed(attempts, keys, done.failed))
            marks = AttemptMark.objects.bulk_create(
                add_mark(attempt, result, number=mark.number + 1, reason=reason, now=now)
                for attempt, mark, result in found
            )
            for (attempt, _mark, _result), mark in zip(found, marks, strict=True):
                announce(attempt, mark)
        done.checked += len(attempts)
        done.changed += len(found)
        done.flipped += sum(mark.passed != result.passed for _attempt, mark, result in found)
        progress(done.checked, total)
    return done
