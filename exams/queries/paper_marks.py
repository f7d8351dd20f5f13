"""Exams on paper whose marks are typed in: which somebody may enter, whose sheets, and where each stands."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localdate

from exams.double_entry import Entry, Standing, standing
from exams.models import Exam, PaperEntry, PaperScan, PaperTime, PrintedPaper
from people.models import Employee, User
from people.permissions import Capability, scope_for
from people.queries import assignments_on, employees_for


def printed_of(exam: Exam | None) -> QuerySet[PrintedPaper]:
    """Return the printed papers (of an exam), the newest first, each with `entered`: how many marks count."""
    found = PrintedPaper.objects.all() if exam is None else PrintedPaper.objects.filter(exam=exam)
    return (
        found.select_related("exam__bank", "unit")
        .annotate(entered=Count("results", filter=Q(results__attempt__isnull=False)))
        .order_by("-made_at", "-pk")
    )


def papers_to_enter(user: User) -> QuerySet[PrintedPaper]:
    """Return the printed papers of the units whose people's answers a user marks."""
    return printed_of(None).filter(scope_for(user, Capability.MARK_ATTEMPTS).q("unit__path")).defer("paper")


def get_paper_to_enter(user: User, public_id: uuid.UUID) -> PrintedPaper:
    """Return one of `papers_to_enter` with its paper; raise PrintedPaper.DoesNotExist for any other."""
    reach = scope_for(user, Capability.MARK_ATTEMPTS).q("unit__path")
    return PrintedPaper.objects.select_related("exam", "unit").filter(reach).get(public_id=public_id)


def markable(user: User) -> QuerySet[Employee]:
    """Return the people whose marks a user may type in: not their own."""
    return employees_for(user, Capability.MARK_ATTEMPTS).exclude(user_id=user.pk)


def time_of(printed: PrintedPaper) -> PaperTime | None:
    """Return when the paper was sat, as it was given last; None until somebody gave it."""
    return PaperTime.objects.filter(printed=printed).select_related("given_by").order_by("-pk").first()


def day_of(printed: PrintedPaper) -> dt.date:
    """Return the day a paper was sat, or the one it was printed for."""
    given = time_of(printed)
    return localdate(given.starts_at) if given else printed.sat_on


def people_of(user: User, printed: PrintedPaper, numbers: Collection[str] = ()) -> QuerySet[Employee]:
    """Return the people with these employee numbers; without numbers those of the unit on the day, and who has a sheet."""
    people = markable(user).order_by("employee_no")
    if numbers:
        return people.filter(employee_no__in=numbers)
    of_unit = assignments_on(printed.unit, day_of(printed)).order_by().values("employee_id")
    sheets = printed.results.values("employee_id")
    return people.filter(Q(pk__in=of_unit) | Q(pk__in=sheets))


def scan_for(user: User, printed: PrintedPaper, scan_id: int) -> PaperScan | None:
    """Return a scan of this paper if the user may type its person's marks in, else None."""
    return PaperScan.objects.filter(
        pk=scan_id, result__printed=printed, result__employee__in=markable(user).values("pk")
    ).first()


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One person on the page where marks are typed. `points` and `per_slot` are what counts, or what the reader typed.

    With a second entry wanted, what somebody else typed is not told.
    """

    employee: Any
    standing: Standing
    points: Decimal | None
    per_slot: tuple[str, ...]
    typed_by_me: bool
    by: str
    at: dt.datetime | None
    passed: bool | None
    scans: tuple[int, ...]


def sheet_rows(printed: PrintedPaper, people: Sequence[Employee], user: User) -> list[SheetRow]:
    """Return where the sheets of these people stand (three statements)."""
    ids = [person.pk for person in people]
    entries: dict[int, list[PaperEntry]] = {}
    found = PaperEntry.objects.filter(result__printed=printed, result__employee__in=ids)
    for entry in found.select_related("entered_by", "result").order_by("result_id", "number"):
        entries.setdefault(entry.result.employee_id, []).append(entry)
    scans: dict[int, list[int]] = {}
    stored = PaperScan.objects.filter(result__printed=printed, result__employee__in=ids).order_by("pk")
    for employee_id, pk in stored.values_list("result__employee_id", "pk"):
        scans.setdefault(employee_id, []).append(pk)
    passed = passed_of(printed, ids)
    return [
        _row(
            printed,
            person,
            entries.get(person.pk, []),
            user,
            passed.get(person.pk),
            tuple(scans.get(person.pk, ())),
        )
        for person in people
    ]


def passed_of(printed: PrintedPaper, employee_ids: Iterable[int]) -> dict[int, bool]:
    """Return, by employee id, whether the mark that counts passes (one statement)."""
    marks = (
        printed.results.filter(employee_id__in=list(employee_ids), attempt__isnull=False)
        .order_by("attempt__marks__number")
        .values_list("employee_id", "attempt__marks__passed")
    )
    return dict(marks)


def facts_of_entries(entries: Iterable[PaperEntry]) -> list[Entry]:
    """Return stored entries as the rules take them."""
    return [
        Entry(entry.entered_by_id, entry.points, tuple(entry.per_slot), entry.reason) for entry in entries
    ]


def _row(
    printed: PrintedPaper,
    person: Employee,
    entries: Sequence[PaperEntry],
    user: User,
    passed: bool | None,
    scans: tuple[int, ...],
) -> SheetRow:
    where, counting = standing(facts_of_entries(entries), second_entry=printed.second_entry)
    mine = [entry for entry in entries if entry.entered_by_id == user.pk]
    own = facts_of_entries(mine[-1:])
    shown = counting or (own[0] if own else None)
    last = entries[-1] if entries and counting else (mine[-1] if mine else None)
    return SheetRow(
        employee=person,
        standing=where,
        points=shown.points if shown else None,
        per_slot=shown.per_slot if shown else (),
        typed_by_me=bool(mine),
        by=str(last.entered_by) if last and last.entered_by else "",
        at=last.entered_at if last else None,
        passed=passed,
        scans=scans,
    )
