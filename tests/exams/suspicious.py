"""An exam with something to find: two alike in answers and rhythm, one device for three, one too quick."""

import datetime as dt
import random
from decimal import Decimal
from typing import Any

from exams.actions.exams import RowDraft
from exams.actions.integrity import NotedEvent, note_events
from exams.models import Attempt, EventKind, Exam
from exams.shapes import Origin
from people.models import OrgUnit
from tests.factories.exams import (
    NOW,
    answer,
    make_attempt,
    make_bank,
    make_exam,
    right_response,
    submit,
)
from tests.factories.people import EmployeeFactory

QUESTIONS = 20
ALIKE, QUICK, ROW = (0, 1), (2,), (3, 4, 5)


def suspicious_exam(unit: OrgUnit, *, people: int = 12, seed: int = 3, now: dt.datetime = NOW) -> Exam:
    """Make it: everybody of the unit, the bank the unit's own."""
    chance = random.Random(seed)
    bank = make_bank(singles=QUESTIONS, multiples=0, judgements=0)
    bank.owner = unit
    bank.save(update_fields=["owner"])
    rows = [RowDraft(kind="single_choice", count=QUESTIONS, points=Decimal(5))]
    exam = make_exam(bank, rows, pass_pct=60)
    wrong: dict[int, str] = {}
    for n in range(people):
        employee = EmployeeFactory(assigned__unit=unit)
        device = "one-phone-for-three" if n in ROW else f"phone-number-{n:08}"
        begins = now + dt.timedelta(minutes=20 * (n - 3)) if n in ROW else now
        attempt = make_attempt(exam, employee=employee, device=device, now=begins)
        _note(attempt, device, begins)
        rhythm = random.Random(7) if n in ALIKE else chance
        at = begins
        one_by_one = n in (*ALIKE, *QUICK)
        together = {}
        for slot, entry in enumerate(attempt.paper["slots"], start=1):
            at += dt.timedelta(seconds=0.5 if n in QUICK else rhythm.uniform(6, 45))
            together[slot] = _response(attempt, slot, entry, n, chance, wrong)
            if one_by_one:
                answer(attempt, {slot: together[slot]}, seq=slot, now=at)
        if not one_by_one:
            answer(attempt, together, now=at)
        submit(attempt, now=at + dt.timedelta(seconds=20))
    return exam


def _response(
    attempt: Attempt, slot: int, entry: Any, n: int, chance: random.Random, wrong: dict[int, str]
) -> list[str]:
    """Two give the same wrong answers to twelve questions; the quick one is right; the others are by chance."""
    right = right_response(attempt, slot)
    version = entry["version_id"]
    others = [
        each for each, token in zip(entry["option_ids"], entry["tokens"], strict=True) if [token] != right
    ]
    if n in ALIKE:
        if len(wrong) < 12:
            wrong.setdefault(version, sorted(others)[version % 3])
        chosen = wrong.get(version)
    else:
        chosen = None if n in QUICK or chance.random() < 0.7 else chance.choice(others)
    return right if chosen is None else [entry["tokens"][entry["option_ids"].index(chosen)]]


def _note(attempt: Attempt, device: str, at: dt.datetime) -> None:
    events = [
        NotedEvent(1, EventKind.OPENED),
        NotedEvent(2, EventKind.HIDDEN),
        NotedEvent(3, EventKind.PASTE, 0, {"chars": 20, "slot": 2}),
    ]
    note_events(
        attempt_public_id=attempt.public_id,
        employee_id=attempt.employee_id,
        source="page-0001",
        events=events,
        device=device,
        origin=Origin(address="10.1.2.3", agent="Mozilla/5.0 (Linux; Android 13)"),
        now=at,
    )
