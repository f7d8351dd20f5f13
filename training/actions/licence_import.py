"""Many licences at once, from a workbook: what is right is saved, what is not is reported by row."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from people.audit import record_audits
from people.identity import mask_in_text
from people.models import Employee, LicenceType, User
from people.permissions import Capability
from people.queries import employees_for
from training.actions.clearance import in_chunks, refresh_clearance
from training.actions.licences import check_terms, take_back_check
from training.errors import LicenceRefused
from training.models import Licence
from training.shapes import LicenceRow, RowFault

_CHANGED = ("issuer", "valid_from", "valid_until", "review_due_on", "last_worked_on")
_SAVED = [*_CHANGED, "checked_outcome", "checked_at", "checked_by"]


@dataclass(slots=True)
class LicenceImport:
    """What a list came to. `faults` are the rows left out, each with the reason."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)


def import_licences(
    *,
    rows: Sequence[LicenceRow],
    faults: Sequence[RowFault] = (),
    acting_user: User,
    now: dt.datetime,
) -> LicenceImport:
    """Save the rows that can be; the same list again changes nothing.

    A licence is known by its kind and number. People outside the user's scope are unknown here; a number
    somebody else holds, and a number twice in the list, are faults. Empty optional cells change nothing. The number of statements does not
    grow with the rows but for chunks of a thousand.
    """
    today = timezone.localdate(now)
    done = LicenceImport(faults=list(faults))
    with transaction.atomic():
        numbers = {row.employee_no for row in rows}
        in_scope = employees_for(acting_user, Capability.MANAGE_TRAINING).filter(employee_no__in=numbers)
        ids = list(in_scope.values_list("pk", flat=True))
        people = {
            person.employee_no: person
            for chunk in in_chunks(ids)
            for person in Employee.objects.select_for_update().filter(pk__in=chunk).order_by("pk")
        }
        kinds = _kinds()
        known = {
            (licence.licence_type_id, licence.number): licence
            for licence in Licence.objects.filter(number__in={row.number.strip() for row in rows})
        }
        added: list[Licence] = []
        changed: list[Licence] = []
        seen: set[tuple[int, str]] = set()
        for row in rows:
            try:
                licence, is_new, is_changed = _taken(row, people, kinds, known, seen, today)
            except LicenceRefused as error:
                done.faults.append(RowFault(row.row, "", str(error)))
                continue
            if is_new:
                added.append(licence)
            elif is_changed:
                changed.append(licence)
            else:
                done.unchanged += 1
        Licence.objects.bulk_create(added, batch_size=500)
        Licence.objects.bulk_update(changed, _SAVED, batch_size=200)
        for licences, action in ((added, "training.licence.add"), (changed, "training.licence.change")):
            noted = [{"number": mask_in_text(one.number), "from": "list"} for one in licences]
            record_audits(licences, action, acting_user, each=noted)
        refresh_clearance(employee_ids={one.employee_id for one in [*added, *changed]}, now=now)
    done.added, done.changed = len(added), len(changed)
    done.faults.sort(key=lambda fault: fault.row)
    return done


def _kinds() -> dict[str, LicenceType]:
    """Return the kinds by code and by name; a name two kinds share names neither."""
    kinds = list(LicenceType.objects.all())
    names = [kind.name for kind in kinds]
    by_name = {kind.name: kind for kind in kinds if names.count(kind.name) == 1}
    return by_name | {kind.code: kind for kind in kinds}


def _taken(
    row: LicenceRow,
    people: dict[str, Employee],
    kinds: dict[str, LicenceType],
    known: dict[tuple[int, str], Licence],
    seen: set[tuple[int, str]],
    today: dt.date,
) -> tuple[Licence, bool, bool]:
    """Return the licence a row is about with its fields set, whether it is new, and whether it changed."""
    person, kind = people.get(row.employee_no), kinds.get(row.kind)
    if person is None:
        raise LicenceRefused(
            _("“%(column)s”%(value)s：您负责的范围内没有这个人，请核对工号。")
            % {"column": _("工号"), "value": row.employee_no}
        )
    if kind is None:
        raise LicenceRefused(
            _("“%(column)s”%(value)s：没有这种证件，请填证件种类的名称或编码。")
            % {"column": _("证件种类"), "value": row.kind}
        )
    number = row.number.strip()
    check_terms(
        person,
        kind,
        number,
        (row.valid_from, row.valid_until, row.review_due_on),
        (row.last_worked_on,),
        today,
    )
    if (kind.pk, number) in seen:
        raise LicenceRefused(
            _("证号 %(number)s 在表里出现了两次，请只留一行。") % {"number": mask_in_text(number)}
        )
    seen.add((kind.pk, number))
    licence = known.get((kind.pk, number))
    if licence is None:
        licence = Licence(employee=person, licence_type=kind, number=number)
    elif licence.employee_id != person.pk:
        raise LicenceRefused(
            _("证号 %(number)s（%(kind)s）已登记在别人名下，请核对证号。")
            % {"number": mask_in_text(number), "kind": kind.name}
        )
    is_new = licence.pk is None
    before = [getattr(licence, name) for name in _CHANGED]
    review_due_on = row.review_due_on or licence.review_due_on
    if review_due_on is not None and not row.valid_from <= review_due_on <= row.valid_until:
        review_due_on = None
    fields = {
        "licence_type_id": kind.pk,
        "number": number,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "review_due_on": review_due_on,
    }
    take_back_check(licence, fields)
    licence.valid_from, licence.valid_until = row.valid_from, row.valid_until
    licence.review_due_on = review_due_on
    licence.issuer = row.issuer or licence.issuer
    licence.last_worked_on = row.last_worked_on or licence.last_worked_on
    return licence, is_new, before != [getattr(licence, name) for name in _CHANGED]
