"""Looking through an exam for patterns, and deciding what people think of them.

Neither changes a mark, an attempt or a certificate: whoever confirms a finding acts on it where such things are
done (exams.actions.voiding), with a reason of their own.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from exams.errors import FindingRefused
from exams.findings import (
    groups,
    overlaps,
    shared_addresses,
    shared_devices,
    similar_answers,
    similar_timing,
    strength_of_odds,
    too_fast,
)
from exams.models import (
    EventKind,
    Exam,
    Finding,
    FindingDecision,
    FindingKind,
    FindingRun,
    FindingState,
    IntegrityEvent,
)
from exams.permissions import require_over_bank
from exams.queries.finding_inputs import FindingInputs, finding_inputs
from exams.queries.integrity import findings_to_decide
from jobs.models import Job
from jobs.queue import enqueue
from people.audit import record_audit
from people.models import User
from people.permissions import Capability

TASK = "exams.tasks.find_irregularities"
SHOWN_PAIRS = 30  # of a group, the clearest
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before it is stored. `key` tells it from others of its kind in the exam."""

    kind: FindingKind
    key: str
    attempts: frozenset[int]
    strength: int
    evidence: dict[str, Any] = field(hash=False)

    @property
    def fingerprint(self) -> str:
        """Return the name under which the same pattern is found again."""
        return hashlib.sha256(f"{self.kind}:{self.key}".encode()).hexdigest()


def start_search(*, exam: Exam, acting_user: User | None) -> Job:
    """Queue the search through an exam. Raises PermissionDenied without REVIEW_FINDINGS over its bank's unit."""
    require_over_bank(acting_user, exam.bank.owner, Capability.REVIEW_FINDINGS)
    return enqueue(
        TASK,
        title=_("查找考试疑点：%(exam)s") % {"exam": exam.title},
        params={"exam_id": exam.pk},
        requested_by=acting_user,
        total=5,
    )


def search_exam(
    *, exam_id: int, now: dt.datetime, progress: Progress = lambda done, total: None
) -> FindingRun:
    """Look through the marked attempts of an exam and store what is found. Run again, it finds the same rows.

    `progress` hears (done, total) after each of five steps.
    """
    inputs = finding_inputs(exam_id)
    drafts: list[Draft] = []
    for step, find in enumerate((_alike, _in_rhythm, _in_a_row, _fast, _at_once), start=1):
        drafts += find(inputs)
        progress(step, 5)
    with transaction.atomic():
        _store(exam_id, drafts, now)
        _note_fast(drafts, now)
        return FindingRun.objects.create(
            exam_id=exam_id, up_to=inputs.up_to, attempts=inputs.attempts, found=len(drafts), ran_at=now
        )


def _grouped(kind: FindingKind, pairs: Sequence[Any], strength: Callable[[Any], int]) -> Iterator[Draft]:
    """Yield one draft for each group of attempts that are alike, with its clearest pairs as evidence."""
    for group in groups((pair.one, pair.other) for pair in pairs):
        own = [pair for pair in pairs if pair.one in group]
        yield Draft(
            kind=kind,
            key=str(min(group)),
            attempts=group,
            strength=max(strength(pair.evidence) for pair in own),
            evidence={
                "type": kind.value,
                "pairs": [
                    {"one": pair.one, "other": pair.other, **pair.evidence} for pair in own[:SHOWN_PAIRS]
                ],
            },
        )


def _alike(inputs: FindingInputs) -> Iterable[Draft]:
    return _grouped(
        FindingKind.SIMILAR_ANSWERS,
        similar_answers(inputs.vectors),
        lambda evidence: strength_of_odds(evidence["odds"], evidence["pairs"]),
    )


def _in_rhythm(inputs: FindingInputs) -> Iterable[Draft]:
    return _grouped(
        FindingKind.SIMILAR_TIMING,
        similar_timing(inputs.rhythms),
        lambda evidence: 3 if evidence["alike"] == evidence["intervals"] else 2,
    )


def _in_a_row(inputs: FindingInputs) -> Iterator[Draft]:
    for kind, rows, most in (
        (FindingKind.SHARED_DEVICE, shared_devices(inputs.devices), 5),
        (FindingKind.SHARED_ADDRESS, shared_addresses(inputs.addresses), 8),
    ):
        for row in rows:
            # A row at one address begins with an attempt; a device is a name for good.
            key = row.place if kind == FindingKind.SHARED_DEVICE else f"{row.place}:{row.attempts[0]}"
            quick = row.evidence["median_gap_s"] <= 120
            strength = 1 + (row.evidence["people"] >= most) + quick
            yield Draft(kind, key, frozenset(row.attempts), strength, dict(row.evidence))


def _fast(inputs: FindingInputs) -> Iterator[Draft]:
    for attempt_id, answers in inputs.timed.items():
        evidence = too_fast(answers)
        if evidence is not None:
            share = evidence["took_s"] / max(evidence["reading_s"], 0.1)
            strength = 3 if share < 0.35 else 2 if share < 0.7 else 1
            yield Draft(
                FindingKind.TOO_FAST, str(attempt_id), frozenset({attempt_id}), strength, dict(evidence)
            )


def _at_once(inputs: FindingInputs) -> Iterable[Draft]:
    return _grouped(
        FindingKind.OVERLAP, overlaps(inputs.saves), lambda evidence: 3 if evidence["turns"] >= 8 else 2
    )


def _store(exam_id: int, drafts: Sequence[Draft], now: dt.datetime) -> None:
    known = {
        finding.fingerprint: finding
        for finding in Finding.objects.select_for_update().filter(exam_id=exam_id).order_by("pk")
    }
    links = Finding.attempts.through
    before: dict[int, set[int]] = {finding.pk: set() for finding in known.values()}
    rows = links.objects.filter(finding__exam_id=exam_id).values_list("finding_id", "attempt_id")
    for finding_id, attempt_id in rows:
        before[finding_id].add(attempt_id)
    fresh: list[tuple[Finding, Draft]] = []
    changed: list[Finding] = []
    more: list[Any] = []
    for draft in drafts:
        finding = known.pop(draft.fingerprint, None)
        if finding is None:
            finding = Finding(
                exam_id=exam_id,
                kind=draft.kind,
                fingerprint=draft.fingerprint,
                strength=draft.strength,
                evidence=draft.evidence,
                found_at=now,
            )
            fresh.append((finding, draft))
            continue
        gained = draft.attempts - before[finding.pk]
        more += [links(finding_id=finding.pk, attempt_id=pk) for pk in gained]
        finding.strength, finding.evidence = draft.strength, draft.evidence
        if gained or finding.state == FindingState.GONE:
            finding.state = FindingState.OPEN
        changed.append(finding)
    for finding in known.values():
        # What was decided stays decided; what nobody looked at and does not hold any more goes.
        if finding.state == FindingState.OPEN:
            finding.state = FindingState.GONE
            changed.append(finding)
    Finding.objects.bulk_update(changed, ["strength", "evidence", "state"], batch_size=200)
    for finding, (_new, draft) in zip(
        Finding.objects.bulk_create([new for new, _draft in fresh], batch_size=200), fresh, strict=True
    ):
        more += [links(finding_id=finding.pk, attempt_id=pk) for pk in draft.attempts]
    links.objects.bulk_create(more, batch_size=500)


def _note_fast(drafts: Sequence[Draft], now: dt.datetime) -> None:
    """Put the quick answers onto the timelines, once each."""
    IntegrityEvent.objects.bulk_create(
        [
            IntegrityEvent(
                attempt_id=attempt_id,
                kind=EventKind.FAST,
                source="speed",
                number=slot,
                noted_at=now,
                detail={"slot": slot},
            )
            for draft in drafts
            if draft.kind == FindingKind.TOO_FAST
            for attempt_id in draft.attempts
            for slot in draft.evidence["slots"]
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


@transaction.atomic
def decide_finding(
    *, finding: Finding, state: str, reason: str, acting_user: User, now: dt.datetime
) -> FindingDecision:
    """Note that somebody cleared or confirmed a finding, or opened it again, and why.

    Raises: PermissionDenied outside the scope, or about oneself; FindingRefused without a reason, or for no
    change.
    """
    if not findings_to_decide(acting_user).filter(pk=finding.pk).exists():
        raise PermissionDenied
    reason = reason.strip()[:500]
    if not reason:
        raise FindingRefused(_("请写明理由：看了什么、问了谁、为什么这样认定。"))
    locked = Finding.objects.select_for_update().get(pk=finding.pk)
    wanted = (FindingState.CLEARED, FindingState.CONFIRMED, FindingState.OPEN)
    if state not in wanted or locked.state in (state, FindingState.GONE):
        raise FindingRefused(_("这条疑点已经是这个状态，或者不再成立。请刷新页面再看。"))
    decision = FindingDecision.objects.create(
        finding=locked,
        number=locked.decisions.count() + 1,
        state=state,
        reason=reason,
        decided_by=acting_user,
        decided_at=now,
    )
    locked.state = FindingState(state)
    locked.save(update_fields=["state"])
    record_audit(locked.exam, "exams.finding.decide", acting_user, {"finding": locked.pk, "state": state})
    return decision
