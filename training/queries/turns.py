"""Whose turn it is with what is owed, and who that is by name: so that whoever reads a list knows whom to ring."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from people.models import RoleGrant
from people.permissions import Capability, roles_with, running_on
from training.models import HELD_KINDS, Assessor, Component, ComponentKind, Obligation
from training.queries.assessors import assessor_of
from training.queries.parts import components_by_programme, openings_of
from training.stages import LOCKED, NEXT

NAMED = 2  # people named on a line: whoever is nearest to the person's unit


class By(StrEnum):
    """Who has to do something next."""

    OWN = "own"  # the person
    TRAINER = "trainer"  # whoever records training held on site
    ASSESSOR = "assessor"  # whoever watches the person work
    OFFICE = "office"  # whoever registers licences
    TIME = "time"  # nobody: it opens on a day


_BY = {
    **dict.fromkeys(HELD_KINDS, By.TRAINER),
    ComponentKind.PRACTICAL: By.ASSESSOR,
    ComponentKind.LICENCE: By.OFFICE,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What is next of an obligation, and by whom."""

    by: By
    part: Component
    opens_on: dt.date | None = None

    def text(self, names: Sequence[str]) -> str:
        """Say it in a few words; `names` are those who may do it where it is not the person."""
        values = {  # "厂级安全教育：安全生产情况、规章制度…": what stands before the colon is its name.
            "part": self.part.title.partition("：")[0],
            "who": "、".join(names),
        }
        match self.by:
            case By.OWN:
                return _("轮到本人：%(part)s") % values
            case By.TIME:
                assert self.opens_on is not None
                return _("%(part)s：%(day)s 起开放") % {**values, "day": date_format(self.opens_on, "Y-m-d")}
            case By.TRAINER:
                known, unknown = _("轮到教员：%(part)s（%(who)s）"), _("轮到教员：%(part)s（还没有人能登记）")
            case By.ASSESSOR:
                known, unknown = self._assessed()
            case By.OFFICE:
                known, unknown = _("等证件登记：%(part)s（%(who)s）"), _("等证件登记：%(part)s")
        return (known if names else unknown) % values

    def _assessed(self) -> tuple[str, str]:
        """Return the texts for a practical check, with the names of those who may judge it and without any."""
        match assessor_of(self.part):
            case Assessor.MENTOR:
                return _("轮到师傅考核：%(part)s（%(who)s）"), _("轮到师傅考核：%(part)s（还没有合适的人）")
            case Assessor.SAFETY_MANAGER:
                return _("轮到安全管理人员考核：%(part)s（%(who)s）"), _(
                    "轮到安全管理人员考核：%(part)s（还没有合适的人）"
                )
            case Assessor.UNIT_LEADER:
                return _("轮到单位负责人考核：%(part)s（%(who)s）"), _(
                    "轮到单位负责人考核：%(part)s（还没有合适的人）"
                )
        return _("轮到现场考核：%(part)s（%(who)s）"), _("轮到现场考核：%(part)s（还没有合适的人）")


def turns_of(obligations: Collection[Obligation], on: dt.date) -> dict[int, Turn]:
    """Return what is next of each of these obligations on a day, by its id. Three queries for any number."""
    if not obligations:
        return {}
    components = components_by_programme(item.programme_id for item in obligations)
    order = openings_of(obligations, on)
    found: dict[int, Turn] = {}
    for item in obligations:
        for part in components[item.programme_id]:
            opening = order[item.pk][part.pk]
            if opening.state == NEXT:
                found[item.pk] = Turn(_BY.get(ComponentKind(part.kind), By.OWN), part)
                break
            if opening.state == LOCKED and opening.opens_on is not None:
                found[item.pk] = Turn(By.TIME, part, opening.opens_on)
                break
    return found


@dataclass(frozen=True, slots=True)
class Officers:
    """Who has a capability today, by the unit over which they have it."""

    held: tuple[tuple[str, str], ...]  # (path of the unit, name), the smallest unit first

    def over(self, path: str) -> tuple[str, ...]:
        """Return the names of those nearest to the unit at a path, no name twice."""
        names = (name for root, name in self.held if path and path.startswith(root))
        return tuple(dict.fromkeys(names))[:NAMED]


def officers_with(capability: Capability, on: dt.date) -> Officers:
    """Return who holds a role with this capability on a day. One query."""
    grants = RoleGrant.objects.filter(
        running_on(on), role__in=roles_with(capability), user__is_active=True
    ).values_list("unit__path", "user__name")
    return Officers(tuple(sorted(grants, key=lambda grant: (-len(grant[0]), grant[1]))))
