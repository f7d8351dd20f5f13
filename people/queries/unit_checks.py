"""What stands against closing a unit, each in a sentence that names it and the cure."""

import datetime as dt

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.models import Assignment, Employee, EmploymentStatus, OrgUnit
from people.queries.employees import with_last_place
from people.queries.trees import FIRM_OF_PERSON, FIRM_OF_STAY
from people.signals import UnitClosing, unit_closing

NAMED = 3  # how many are named before the rest is only counted


def closing_obstacles(unit: OrgUnit, closed_on: dt.date) -> list[str]:
    """Return what still depends on a unit from a day on; empty: it may be closed. Four queries of this room."""
    found = [_people(unit, closed_on), _away(unit), _children(unit, closed_on)]
    for _receiver, sentences in unit_closing.send(sender=OrgUnit, event=UnitClosing(unit.pk, closed_on)):
        found += list(sentences or ())
    return [sentence for sentence in found if sentence]


def _named(names: list[str], total: int) -> str:
    return "、".join(names[:NAMED]) + ("…" if total > NAMED else "")


def _people(unit: OrgUnit, closed_on: dt.date) -> str:
    stays = (
        Assignment.objects.filter(Q(unit=unit) | Q(**{FIRM_OF_STAY: unit}))
        .filter(Q(ends_before=None) | Q(ends_before__gt=closed_on))
        .order_by("employee__employee_no")
    )
    people = dict.fromkeys(stays.values_list("employee__name", "employee__employee_no"))
    if not people:
        return ""
    return ngettext(
        "%(day)s 起还有 %(n)s 人在这里任职（%(who)s），请先办理转岗或离职",
        "%(day)s 起还有 %(n)s 人在这里任职（%(who)s），请先办理转岗或离职",
        len(people),
    ) % {
        "day": closed_on.isoformat(),
        "n": len(people),
        "who": _named([f"{name} {number}" for name, number in people], len(people)),
    }


def _away(unit: OrgUnit) -> str:
    """People away have no stay now, but come back to their last place."""
    away = with_last_place(Employee.objects.filter(status=EmploymentStatus.AWAY)).filter(
        Q(last_unit_path=unit.path) | Q(**{FIRM_OF_PERSON: unit})
    )
    names = [f"{person.name} {person.employee_no}" for person in away.order_by("employee_no")]
    if not names:
        return ""
    return ngettext(
        "还有 %(n)s 名离岗人员属于这里（%(who)s），请先办理返岗并转岗，或离职",
        "还有 %(n)s 名离岗人员属于这里（%(who)s），请先办理返岗并转岗，或离职",
        len(names),
    ) % {"n": len(names), "who": _named(names, len(names))}


def _children(unit: OrgUnit, closed_on: dt.date) -> str:
    children = unit.get_children().filter(Q(closed_on=None) | Q(closed_on__gt=closed_on))
    names = list(children.values_list("name", flat=True))
    if not names:
        return ""
    return _("还有下级单位（%(names)s），请先撤销它们或调整到别处") % {"names": _named(names, len(names))}
