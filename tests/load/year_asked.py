"""What a life is compared by: digests of what came of it, and the questions about a day asked again later.

Nothing that differs by chance between two databases is in it: no ids, no random codes, and rows in an order of
their own content.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from people.models import Assignment, Employee, OrgUnit, Post
from people.permissions import Scope
from people.queries import assignments_as_known, spans_as_known, unit_directory
from training.models import (
    ClearanceState,
    Component,
    Obligation,
    PastClearance,
    PastObligation,
    TrainingRecord,
)
from training.queries.coverage import coverage_table
from training.queries.hours import rings_of
from training.queries.known_clearance import clearance_as_told
from training.queries.known_coverage import coverage_as_known, done_by, obligations_as_known
from training.queries.standing import end_of

EVERYTHING = Scope(everything=True)
PEOPLE = 2_000  # whose hours are read at once


def digest(rows: Iterable[Any]) -> str:
    """Return the hash of rows in the order of their content."""
    lines = sorted(json.dumps(row, ensure_ascii=False, default=str) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def what_came_of_it(on: dt.date) -> dict[str, str]:
    """Return a digest of obligations, clearance and their past, records, hours and stays at the end of a life."""
    owed = (
        "employee__employee_no", "programme__kind", "programme__title", "rule__code", "rule__effective_from",
        "event__kind", "event__effective_on", "ended_by__kind", "ended_by__effective_on", "occurrence__kind",
        "cycle", "before_work", "blocks_overdue", "state", "owed_from", "due_on", "created_at", "closed_at",
        "close_reason", "waived_before",
    )  # fmt: skip
    past = (
        "obligation__employee__employee_no", "obligation__programme__title", "state", "owed_from", "due_on",
        "closed_at", "since", "until",
    )  # fmt: skip
    record = (
        "employee__employee_no", "kind", "title", "hours", "score_pct", "passed", "started_at", "completed_at",
        "place", "recorded_at", "corrects__title", "corrects__hours",
    )  # fmt: skip
    stay = (
        "employee__employee_no", "unit__name", "unit__path", "post__name", "kind", "employment_type",
        "starts_on", "ends_before",
    )  # fmt: skip
    clearance = ClearanceState.objects.values_list(
        "employee__employee_no", "employee__status", "is_cleared", "recheck_on", "since", "reasons"
    )
    told = PastClearance.objects.values_list(
        "employee__employee_no", "is_cleared", "recheck_on", "since", "until", "reasons"
    )
    found = {
        "obligations": digest(_to_the_second(Obligation.objects.values_list(*owed))),
        "past obligations": digest(_to_the_second(PastObligation.objects.values_list(*past))),
        "records": digest(TrainingRecord.objects.values_list(*record)),
        "clearance": digest(_with_plain_reasons(clearance)),
        # What was replaced within one moment, as when people are told one by one, was told to nobody.
        "past clearance": digest(row for row in _with_plain_reasons(told) if row[3] != row[4]),
        "hours": digest(_hours(on)),
        "stays": digest(Assignment.objects.values_list(*stay)),
    }
    return found | {"all": digest(sorted(found.items()))}


def _to_the_second(rows: Iterable[tuple[Any, ...]]) -> Iterable[list[Any]]:
    """Yield rows without the microseconds by which two events of one person are told apart."""
    for row in rows:
        yield [value.replace(microsecond=0) if isinstance(value, dt.datetime) else value for value in row]


def _with_plain_reasons(rows: Iterable[tuple[Any, ...]]) -> Iterable[list[Any]]:
    """Yield rows that end with reasons, in an order of their own and without the ids in them."""
    for *rest, reasons in _to_the_second(rows):
        yield [*rest, sorted(map(_plain_reason, reasons))]


def _plain_reason(reason: Mapping[str, Any]) -> str:
    return json.dumps(
        {name: value for name, value in reason.items() if name != "obligation_id"}, ensure_ascii=False
    )


def _hours(on: dt.date, known_at: dt.datetime | None = None) -> Iterable[tuple[Any, ...]]:
    """Yield who lacks how many hours of what."""
    numbers = dict(Employee.objects.order_by("pk").values_list("pk", "employee_no"))
    ids = list(numbers)
    for start in range(0, len(ids), PEOPLE):
        for pk, rings in rings_of(ids[start : start + PEOPLE], on, known_at).items():
            for ring in rings:
                owed = ring.obligation
                yield (
                    numbers[pk], owed.programme.title, owed.owed_from, owed.due_on, ring.required,
                    ring.credit.hours, ring.missing, ring.is_settled,
                )  # fmt: skip


def ask(on: dt.date) -> dict[str, str]:
    """Ask everything that can be asked of a day as it was known at its end; return a digest of each answer."""
    known_at = end_of(on)
    units = {entry.id: entry.full_name.rpartition("/")[2] for entry in unit_directory().values()}
    posts = dict(Post.objects.values_list("pk", "name"))
    numbers = dict(Employee.objects.order_by("pk").values_list("pk", "employee_no"))
    stood = [
        (numbers[pk], span.kind, units[int(span.unit)], posts[int(span.post)], span.employment_type,
         span.starts_on, span.ends_before)
        for pk, span in spans_as_known(list(numbers), on, known_at)
    ]  # fmt: skip
    team = OrgUnit.objects.filter(numchild=0).order_by("path").first()
    assert team is not None
    there = [
        (stay.employee.employee_no, stay.span.starts_on) for stay in assignments_as_known(team, on, known_at)
    ]
    owed = [
        (number, title, owed_from, due_then, done_by(state, closed_at, known_at), due_then < on)
        for number, title, owed_from, due_then, state, closed_at in obligations_as_known(on).values_list(
            "employee__employee_no", "programme__title", "owed_then", "due_then", "state", "closed_at"
        )
    ]
    cleared = [
        (numbers[pk], told.is_cleared, sorted(one["code"] for one in told.stored))
        for pk, told in clearance_as_told(list(numbers), known_at).items()
        if told is not None
    ]
    return {
        "who was where": digest(stood),
        "who was cleared": digest(cleared),
        "who was in one team": digest(there),
        "coverage": _coverage(on),
        "coverage of yearly hours": _coverage(
            on, Component.objects.get(title__contains="累计安全培训 8 学时").programme.code
        ),
        "obligations": digest(owed),
        "hours": digest(_hours(on, known_at)),
    }


def _coverage(on: dt.date, code: str = "") -> str:
    table = coverage_as_known(EVERYTHING, on, programme_kind=code)
    rows = [(row.name, row.level, asdict(row.counts)) for row in table.rows]
    # Where a unit that has moved since stands among its sisters is today's order.
    return digest([*rows, ("total", asdict(table.total)), ("levels", str(table.levels))])


def agrees_with_today(on: dt.date) -> bool:
    """Tell whether a day that has just ended is told alike by what is known now and by what was known then."""
    now, then = coverage_table(EVERYTHING, on), coverage_as_known(EVERYTHING, on)
    return [row.counts for row in now.rows] == [row.counts for row in then.rows]


@dataclass
class Asked:
    """The answers given at each month's end, and what was answered otherwise later."""

    last: dt.date
    answers: dict[dt.date, dict[str, str]] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    restated: list[str] = field(default_factory=list)
    repeated: int = 0
    figures: dict[dt.date, Any] = field(default_factory=dict)

    def night(self, day: dt.date) -> None:
        """Right after midnight: ask about the month that is over, the one before again, at the end all of them."""
        is_over = day > self.last
        if day.day != 1 and not is_over:
            return
        ended = day - dt.timedelta(days=1)
        before = max(self.answers, default=None)
        if not agrees_with_today(ended):
            self.differing.append(f"{ended}: what is known and what was known differ on the day itself")
        self.answers[ended] = ask(ended)
        self.figures[ended] = coverage_table(EVERYTHING, ended).total
        again = [one for one in self.answers if one != ended] if is_over else [before] if before else []
        for on in again:
            self._ask_again(on, day)

    def _ask_again(self, on: dt.date, day: dt.date) -> None:
        self.repeated += 1
        answers = ask(on)
        self.differing += [
            f"{name} of {on} asked again on {day}"
            for name, answer in self.answers[on].items()
            if answers[name] != answer
        ]
        # The coverage page shows who is blocked at present, whatever the day: nothing was restated by that.
        now = coverage_table(EVERYTHING, on).total
        if replace(now, blocked=self.figures[on].blocked) != self.figures[on]:
            self.restated.append(f"{on} on {day}")
