"""Reads about case files: the four gates, what was recorded at each, and who concerned is not educated yet."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q, QuerySet

from people.models import Employee, User
from people.permissions import Capability, Scope, scope_for
from people.queries import Span, counts_under, with_last_place
from training.models import (
    CaseFile,
    CasePush,
    Gate,
    GateAct,
    GateEntry,
    Obligation,
    ObligationState,
)
from training.queries.pushes import as_criteria, concerned_stays, criteria_for, post_facts


@dataclass(frozen=True, slots=True)
class GateView:
    """A gate with its entries, and whether it is closed."""

    gate: str
    label: str
    is_closed: bool
    entries: tuple[GateEntry, ...]


def case_files_for(user: User | AnonymousUser) -> QuerySet[CaseFile]:
    """Return the case files of units in the part of the tree `user` answers for, the latest first."""
    scope = seen_scope(user)
    files = CaseFile.objects.select_related("unit", "lesson", "opened_by").order_by("-opened_at", "-pk")
    return files.filter(scope.q("unit__path"))


def get_case_file_for(user: User | AnonymousUser, public_id: UUID | str) -> CaseFile:
    """Return a case file in the user's scope; raise CaseFile.DoesNotExist otherwise."""
    return case_files_for(user).get(public_id=public_id)


def entry_with_file(case_file: CaseFile, entry_id: int) -> GateEntry | None:
    """Return an entry of a case file that carries evidence, or None; the file was fetched with its reader."""
    return GateEntry.objects.filter(case_file=case_file, pk=entry_id).exclude(file="").first()


def seen_scope(user: User | AnonymousUser) -> Scope:
    """Return the part of the tree whose case files `user` sees: what they may see the people of."""
    return scope_for(user, Capability.VIEW_COVERAGE)


def is_closed(entries: Sequence[GateEntry]) -> bool:
    """Tell from the entries of one gate (or of the whole), in their order, whether it is closed."""
    last = next((entry for entry in reversed(entries) if entry.act != GateAct.NOTE), None)
    return last is not None and last.act == GateAct.CLOSE


def gates_of(case_file: CaseFile) -> tuple[tuple[GateView, ...], GateView]:
    """Return the four gates in their order, and the file as a whole. One query."""
    return gates_by_file([case_file])[case_file.pk]


def gates_by_file(case_files: Iterable[CaseFile]) -> dict[int, tuple[tuple[GateView, ...], GateView]]:
    """Return the gates of many files by their ids, as `gates_of`. One query for any number."""
    ids = [case_file.pk for case_file in case_files]
    entries: dict[tuple[int, str], list[GateEntry]] = defaultdict(list)
    for entry in GateEntry.objects.filter(case_file__in=ids).select_related("recorded_by").order_by("seq"):
        entries[entry.case_file_id, entry.gate].append(entry)
    found: dict[int, tuple[tuple[GateView, ...], GateView]] = {}
    for pk in ids:
        *gates, whole = (
            GateView(gate, str(label), is_closed(entries[pk, gate]), tuple(entries[pk, gate]))
            for gate, label in [*Gate.choices, ("", "")]
        )
        found[pk] = tuple(gates), whole
    return found


def pushes_of(case_file: CaseFile) -> QuerySet[CasePush]:
    """Return the pushes of the file's lesson, withdrawn ones left out."""
    return CasePush.objects.filter(lesson_id=case_file.lesson_id).exclude(end__is_withdrawn=True)


def uneducated(case_file: CaseFile, on: dt.date) -> QuerySet[Employee]:
    """Return who is concerned in the file's unit and has not been educated, with their last places.

    Concerned is everyone of the unit who stands today in a post the lesson concerns, pushed to or not, and everyone
    who stood there when a push of the lesson became theirs and still owes it. Educated is whoever has done such a push.
    """
    lesson = case_file.lesson.specific
    criteria = as_criteria(criteria_for(lesson, [case_file.unit], ()))
    stays = concerned_stays(criteria, post_facts(), on)
    pushed = Obligation.objects.filter(push__in=pushes_of(case_file).values("pk"))
    done = pushed.filter(state=ObligationState.DONE)
    stay = "employee__assignments__"
    # Where they stood when it became owed: who moved away since, or is away, was concerned all the same.
    stood = Q(**{f"{stay}starts_on__lte": F("owed_from")}) & (
        Q(**{f"{stay}ends_before__isnull": True}) | Q(**{f"{stay}ends_before__gt": F("owed_from")})
    )
    under = counts_under(Span(subtrees=(case_file.unit.path,)), stay)
    owing = pushed.filter(stood, under, state=ObligationState.OPEN)
    people = Employee.objects.filter(pk__in=stays.values("employee_id")) | Employee.objects.filter(
        pk__in=owing.values("employee_id")
    )
    return with_last_place(people.exclude(pk__in=done.values("employee_id"))).order_by("employee_no")
