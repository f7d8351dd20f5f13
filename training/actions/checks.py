"""What is signed by hand: a mentor's practical check of somebody, and a responsibility letter; and licences as proof."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.canonical import canonical_json
from people.audit import record_audit
from people.models import Employee, OrgUnit, User
from people.permissions import Capability
from people.queries import current_assignment, employee_of, employees_for
from training.actions.clearance import in_chunks
from training.actions.completion import finish_if_complete, lock_open_obligations, note_component_done
from training.actions.hand_signing import take_signature
from training.errors import CheckRefused
from training.models import (
    REFUTED,
    Assessor,
    Component,
    ComponentKind,
    LetterMark,
    LetterSignature,
    Licence,
    Obligation,
    ObligationState,
    PracticalCheck,
    PracticalCheckMark,
    TrainingRecord,
)
from training.queries.parts import openings_of
from training.seals import utc_text
from training.shapes import Evidence
from training.stages import DONE, LOCKED, SPARED


def record_practical_check(
    *,
    obligation: Obligation,
    component: Component,
    results: Sequence[bool],
    signature: str,
    typed_name: str = "",
    is_confirmed: bool = False,
    remark: str = "",
    acting_user: User,
    now: dt.datetime,
) -> PracticalCheck:
    """Record that a mentor watched a person do the work: one tick for each item of the list, signed by the mentor.

    With every item passed the component is done; otherwise the check stands in the file and another one follows.
    Raises CheckRefused naming the fault; PermissionDenied unless the user records training for that person. Locks:
    person, obligation.
    """
    if not employees_for(acting_user, Capability.RECORD_TRAINING).filter(pk=obligation.employee_id).exists():
        raise PermissionDenied
    mentor = employee_of(acting_user)
    if len(results) != len(component.checklist):
        raise CheckRefused(_("考核项目已变化：请刷新后重新考核。"))
    with transaction.atomic():
        locked = _its_turn(obligation, component, ComponentKind.PRACTICAL, now)
        _check_assessor(locked, component, mentor)
        signed_by, mark = take_signature(
            acting_user.name,
            signature=signature,
            typed_name=typed_name,
            is_confirmed=is_confirmed,
            refused=CheckRefused,
        )
        ticked = [[text, bool(result)] for text, result in zip(component.checklist, results, strict=True)]
        is_passed = all(results)
        # What is signed is what is kept: without this, nobody could work the digest out from the row.
        remark = remark.strip()
        mark_sha256 = hashlib.sha256(mark.encode()).hexdigest()
        check = PracticalCheck.objects.create(
            obligation=locked,
            component=component,
            results=ticked,
            is_passed=is_passed,
            remark=remark,
            mentor=mentor,
            signed_by=signed_by,
            signature_sha256=mark_sha256,
            sha256=check_digest(str(locked.public_id), ticked, remark, mark_sha256, now),
            checked_by=acting_user,
            checked_at=now,
        )
        PracticalCheckMark.objects.create(practical_check=check, mark=mark)
        record_audit(locked, "training.practical.check", acting_user, {"passed": is_passed})
        if is_passed:
            evidence: Evidence = {"kind": ComponentKind.PRACTICAL, "practical_check_id": check.pk}
            note_component_done(obligation=locked, component=component, evidence=evidence, now=now)
            finish_if_complete(obligation=locked, acting_user=acting_user, now=now)
    return check


def sign_letter(
    *,
    obligation: Obligation,
    component: Component,
    employee: Employee,
    signature: str,
    typed_name: str = "",
    is_confirmed: bool = False,
    device: str,
    now: dt.datetime,
) -> LetterSignature:
    """Take a person's signature under a responsibility letter, bound to its text; signing again returns what stands.

    Raises CheckRefused naming the fault; Obligation.DoesNotExist if it is somebody else's. Locks: person, obligation.
    """
    if obligation.employee_id != employee.pk:
        raise Obligation.DoesNotExist
    with transaction.atomic():
        known = LetterSignature.objects.filter(obligation_id=obligation.pk, component=component).first()
        if known is not None:
            return known
        locked = _its_turn(obligation, component, ComponentKind.LETTER, now)
        signed_by, mark = take_signature(
            employee.name,
            signature=signature,
            typed_name=typed_name,
            is_confirmed=is_confirmed,
            refused=CheckRefused,
        )
        mark_sha256 = hashlib.sha256(mark.encode()).hexdigest()
        letter = LetterSignature.objects.create(
            obligation=locked,
            component=component,
            employee=employee,
            body=component.body,
            signed_by=signed_by,
            signature_sha256=mark_sha256,
            sha256=letter_digest(component.body, mark_sha256, now),
            device=device[:64],
            signed_at=now,
        )
        LetterMark.objects.create(letter=letter, mark=mark)
        evidence: Evidence = {"kind": ComponentKind.LETTER, "letter_id": letter.pk}
        note_component_done(obligation=locked, component=component, evidence=evidence, now=now)
        finish_if_complete(obligation=locked, acting_user=None, now=now)
    return letter


def check_digest(
    obligation: str,
    results: Sequence[Sequence[str | bool]],
    remark: str,
    signature_sha256: str,
    checked_at: dt.datetime,
) -> str:
    """Return the digest the ledger vouches for: obligation, ticks, remark, signature and moment (hex)."""
    signed = {
        "obligation": obligation,
        "results": results,
        "remark": remark,
        "signature_sha256": signature_sha256,
        "signed_at": utc_text(checked_at),
    }
    return hashlib.sha256(canonical_json(signed)).hexdigest()


def letter_digest(body: str, signature_sha256: str, signed_at: dt.datetime) -> str:
    """Return the digest the ledger vouches for: text, signature and moment in canonical JSON (hex)."""
    signed = {"body": body, "signature_sha256": signature_sha256, "signed_at": utc_text(signed_at)}
    return hashlib.sha256(canonical_json(signed)).hexdigest()


def settle_licences(*, employee_ids: Iterable[int], now: dt.datetime) -> list[TrainingRecord]:
    """Note the external certificates these people hold where a programme asks for them, and close what is complete.

    A licence counts on the days it is valid, once its turn has come: not one whose review is overdue, nor one that
    the official query site refutes. Doing it twice changes nothing.
    """
    records: list[TrainingRecord] = []
    on = timezone.localdate(now)
    asked = Component.objects.filter(kind=ComponentKind.LICENCE)
    if not asked.exists():
        return records
    for chunk in in_chunks(employee_ids):
        with transaction.atomic():
            ids = Obligation.objects.filter(
                employee_id__in=chunk, state=ObligationState.OPEN, programme__in=asked.values("programme")
            ).values_list("pk", flat=True)
            locked = lock_open_obligations(ids, chunk) if ids else []
            order = openings_of(locked, on)
            held: dict[tuple[int, int], int] = {}
            good = Licence.objects.filter(
                Q(review_due_on__isnull=True) | Q(review_due_on__gte=on),
                employee_id__in=[item.employee_id for item in locked],
                valid_from__lte=on,
                valid_until__gte=on,
            ).exclude(checked_outcome__in=REFUTED)
            for pk, employee_id, kind in good.values_list("pk", "employee_id", "licence_type_id"):
                held[employee_id, kind] = pk
            components = list(asked.filter(programme__in={item.programme_id for item in locked}))
            for item in locked:
                for component in components:
                    licence = held.get((item.employee_id, component.licence_type_id or 0))
                    opening = order[item.pk].get(component.pk)
                    if licence is None or opening is None or opening.state in (DONE, SPARED, LOCKED):
                        continue
                    evidence: Evidence = {"kind": ComponentKind.LICENCE, "licence_id": licence}
                    note_component_done(obligation=item, component=component, evidence=evidence, now=now)
                    record = finish_if_complete(obligation=item, acting_user=None, now=now)
                    records += [record] if record else []
    return records


def _its_turn(obligation: Obligation, component: Component, kind: str, now: dt.datetime) -> Obligation:
    """Lock an obligation and return it if this component of it may be done now."""
    if component.kind != kind or component.programme_id != obligation.programme_id:
        raise Component.DoesNotExist
    locked = lock_open_obligations([obligation.pk], [obligation.employee_id])
    if not locked:
        raise CheckRefused(_("这项任务已经结束。"))
    opening = openings_of(locked, timezone.localdate(now))[obligation.pk][component.pk]
    values = {"title": component.title, "missing": opening.waits_for}
    if opening.state in (DONE, SPARED):
        raise CheckRefused(_("“%(title)s”已完成，不必再做。") % values)
    if opening.opens_on is not None:
        raise CheckRefused(
            _("“%(title)s”从 %(day)s 起开放。") % {**values, "day": date_format(opening.opens_on, "Y-m-d")}
        )
    if opening.state == LOCKED:
        raise CheckRefused(_("还不能进行“%(title)s”：请先完成“%(missing)s”。") % values)
    return locked[0]


def _check_assessor(obligation: Obligation, component: Component, mentor: Employee | None) -> None:
    """Refuse somebody who may not judge this stage: not oneself, and whom the stage names."""
    if mentor is not None and mentor.pk == obligation.employee_id:
        raise CheckRefused(_("不能考核自己：请由别人考核。"))
    asked = component.stage.assessor if component.stage else Assessor.ANYONE
    if asked in (Assessor.ANYONE, Assessor.TRAINER):
        return
    if mentor is None:
        raise CheckRefused(
            _("这一阶段由%(who)s考核：您的账号没有关联员工。") % {"who": Assessor(asked).label}
        )
    if asked == Assessor.SAFETY_MANAGER:
        stay = current_assignment(mentor.pk, timezone.localdate())
        is_right = stay is not None and stay.post.is_safety_manager
    elif asked == Assessor.UNIT_LEADER:
        stay = current_assignment(obligation.employee_id, timezone.localdate())
        above = OrgUnit.objects.filter(leader=mentor).values_list("path", flat=True)
        is_right = stay is not None and any(stay.unit.path.startswith(path) for path in above)
    else:
        is_right = True
    if not is_right:
        raise CheckRefused(_("这一阶段由%(who)s考核，请换人考核。") % {"who": Assessor(asked).label})
