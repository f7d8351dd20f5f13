"""The training file of a person (一人一档): the registry rooms add sections to, and what this room says.

A room registers `DossierSection`s under the hook `dossier_sections` (in its `wagtail_hooks`), so that the file is
put together below and still holds what only the rooms above know. A section appears to readers with one of its
capabilities over the person, and all of them to the person.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks

from people.models import Employee
from people.permissions import Capability
from people.queries import employee_history

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HOOK = "dossier_sections"


@dataclass(frozen=True, slots=True)
class DossierTable:
    """What a section prints: a heading for each column, rows of texts, and a sentence below them."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class DossierSection:
    """One section of the file. `load` reads it in a number of statements that does not grow with the rows."""

    title: "StrOrPromise"
    order: int
    capabilities: frozenset[Capability]
    load: Callable[[Employee, dt.datetime], DossierTable] = field(repr=False)


def dossier_of(
    employee: Employee, now: dt.datetime, may: frozenset[Capability] | None
) -> list[tuple[str, DossierTable]]:
    """Return the titles and tables of a person's file as far as a reader may see them; None is the person."""
    sections: Iterable[DossierSection] = (section for hook in hooks.get_hooks(HOOK) for section in hook())
    return [
        (str(section.title), section.load(employee, now))
        for section in sorted(sections, key=lambda section: section.order)
        if may is None or section.capabilities & may
    ]


def day(value: dt.date | None) -> str:
    """Write a day, or nothing."""
    return value.isoformat() if value else ""


def _places(employee: Employee, now: dt.datetime) -> DossierTable:
    stays, events = employee_history(employee)
    told = {event.effective_on: event.get_kind_display() for event in events}
    return DossierTable(
        header=[_("起"), _("止（不含当日）"), _("单位"), _("岗位"), _("变动")],
        rows=[
            [
                day(stay.starts_on),
                day(stay.ends_before),
                stay.unit.name,
                stay.post.name,
                str(told.get(stay.starts_on, "")),
            ]
            for stay in stays
        ],
    )


SECTIONS = (DossierSection(gettext_lazy("任职与变动"), 10, frozenset({Capability.VIEW_PEOPLE}), _places),)
