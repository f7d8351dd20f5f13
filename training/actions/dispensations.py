"""Waivers, extensions and recognised training: asked for by one person, decided by another, and then carried out."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from people.audit import record_audit
from people.models import User
from people.permissions import Capability
from people.queries import employees_for
from training.actions.clearance import in_chunks, refresh_clearance
from training.actions.completion import finish_if_complete, lock_open_obligations, note_component_done
from training.actions.past_obligations import keep_past
from training.actions.waivers import waived_until
from training.errors import DispensationRefused
from training.models import (
    Component,
    ComponentDone,
    ComponentKind,
    Dispensation,
    DispensationDecision,
    DispensationKind,
    Obligation,
    ObligationState,
)
from training.permissions import ASKS_DISPENSATIONS
from training.shapes import Evidence

MAX_DAYS = 366  # of a waiver or an extension: what lasts longer is a matter for the rules
MAX_FILE = 20 * 1024 * 1024
# What nobody can have done elsewhere: whoever works here is shown, tried and signs here.
NOT_RECOGNISED = (ComponentKind.PRACTICAL, ComponentKind.LETTER, ComponentKind.HOURS)


def ask_dispensation(
    *,
    obligation: Obligation,
    kind: str,
    reason: str,
    until: dt.date | None = None,
    component: Component | None = None,
    hours: Decimal = Decimal(0),
    held_on: dt.date | None = None,
    evidence: "File[Any] | None" = None,
    acting_user: User | None,
    now: dt.datetime,
) -> Dispensation:
    """Ask that an obligation be waived, put off, or partly settled by earlier training. Nothing changes yet.

    A waiver and an extension name the last day (`until`), a recognition the component, its hours, its day and the
    evidence. Raises DispensationRefused naming the fault; PermissionDenied unless the user manages training or
    employment of the person. Practical checks, letters and gathered hours cannot be recognised.
    """
    _check_scope(obligation, acting_user, ASKS_DISPENSATIONS)
    today = timezone.localdate(now)
    problem = _problem(obligation, kind, reason, until, component, hours, held_on, evidence, today)
    if problem:
        raise DispensationRefused(problem)
    is_recognition = kind == DispensationKind.RECOGNITION
    with transaction.atomic():
        if not lock_open_obligations([obligation.pk], [obligation.employee_id]):
            raise DispensationRefused(_("这项任务已经结束，不需要申请。"))
        if Dispensation.objects.filter(obligation=obligation, kind=kind, component=component, decision=None):
            raise DispensationRefused(_("同样的申请正在等待审批：请先审批，再申请。"))
        request = Dispensation(
            obligation=obligation,
            kind=kind,
            reason=reason.strip(),
            until=None if is_recognition else until,
            due_before=obligation.due_on,
            component=component if is_recognition else None,
            hours=hours if is_recognition else Decimal(0),
            held_on=held_on if is_recognition else None,
            requested_by=acting_user,
            requested_at=now,
        )
        if evidence is not None:
            digest = hashlib.sha256()
            for piece in evidence.chunks():
                digest.update(piece)
            request.evidence = evidence
            request.evidence_name = (evidence.name or "")[-120:]
            request.evidence_sha256 = digest.hexdigest()
        request.save()
        record_audit(obligation, "training.dispensation.ask", acting_user, {"kind": kind})
    return request


def _check_scope(
    obligation: Obligation, acting_user: User | None, capabilities: Iterable[Capability]
) -> None:
    """Raise PermissionDenied unless the user has one of these capabilities over the person (None: the system)."""
    if acting_user is not None and not any(
        employees_for(acting_user, capability).filter(pk=obligation.employee_id).exists()
        for capability in capabilities
    ):
        raise PermissionDenied


def _problem(
    obligation: Obligation,
    kind: str,
    reason: str,
    until: dt.date | None,
    component: Component | None,
    hours: Decimal,
    held_on: dt.date | None,
    evidence: "File[Any] | None",
    today: dt.date,
) -> str:
    if not reason.strip():
        return _("请写明理由。")
    if kind != DispensationKind.RECOGNITION:
        if until is None or until < today:
            return _("请选择截止日期，不能早于今天。")
        if (until - today).days > MAX_DAYS:
            return _("最长一年：更长的情况请修改规则。")
        if kind == DispensationKind.EXTENSION and until <= obligation.due_on:
            day = date_format(obligation.due_on, "Y-m-d")
            return _("延期后的日期须晚于原截止日 %(day)s。") % {"day": day}
        return ""
    return _recognition_problem(obligation, component, hours, held_on, evidence, today)


def _recognition_problem(
    obligation: Obligation,
    component: Component | None,
    hours: Decimal,
    held_on: dt.date | None,
    evidence: "File[Any] | None",
    today: dt.date,
) -> str:
    if component is None or component.programme_id != obligation.programme_id:
        return _("请选择要认定的环节。")
    if component.kind in NOT_RECOGNISED:
        return _("“%(title)s”须在本单位完成，不能认定。") % {"title": component.title}
    if ComponentDone.objects.filter(obligation=obligation, component=component).exists():
        return _("“%(title)s”已完成，不需要认定。") % {"title": component.title}
    if held_on is None or held_on > today:
        return _("请填写培训日期，不能晚于今天。")
    if hours < component.hours:
        return _("“%(title)s”须 %(hours)s 学时，认定学时不足的不能代替。") % {
            "title": component.title,
            "hours": f"{component.hours.normalize():f}",
        }
    if evidence is None:
        return _("请上传证明材料（证书、培训记录等）。")
    return _("文件超过 20 MB，请压缩后上传。") if (evidence.size or 0) > MAX_FILE else ""


def decide_dispensation(
    *,
    dispensation: Dispensation,
    is_approved: bool,
    note: str = "",
    acting_user: User | None,
    now: dt.datetime,
) -> DispensationDecision:
    """Approve or refuse a request, and carry out what was approved. Deciding again returns what stands.

    Raises DispensationRefused if the same person asked, the obligation has ended meanwhile, or a refusal gives no
    reason; PermissionDenied outside the scope. Locks: person, obligation.
    """
    obligation = dispensation.obligation
    _check_scope(obligation, acting_user, (Capability.MANAGE_TRAINING,))
    if acting_user is not None and acting_user.pk == dispensation.requested_by_id:
        raise DispensationRefused(_("申请和审批不能是同一人：请由另一位有权限的人审批。"))
    if not is_approved and not note.strip():
        raise DispensationRefused(_("不同意时请写明原因。"))
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        locked = lock_open_obligations([obligation.pk], [obligation.employee_id])
        known = DispensationDecision.objects.filter(dispensation=dispensation).first()
        if known is not None:
            return known
        if is_approved and not locked:
            raise DispensationRefused(_("这项任务已经结束，不能再批准。"))
        if is_approved and dispensation.until and dispensation.until < timezone.localdate(now):
            raise DispensationRefused(_("申请的日期已过，不能再批准：请不同意，需要的话重新申请。"))
        decision = DispensationDecision.objects.create(
            dispensation=dispensation,
            is_approved=is_approved,
            note=note.strip(),
            decided_by=acting_user,
            decided_at=now,
        )
        record_audit(
            obligation,
            "training.dispensation.decide",
            acting_user,
            {"kind": dispensation.kind, "ok": is_approved},
        )
        if is_approved:
            _carry_out(dispensation, locked[0], acting_user, now)
            refresh_clearance(employee_ids=[obligation.employee_id], now=now)
    return decision


def _carry_out(
    dispensation: Dispensation, obligation: Obligation, acting_user: User | None, now: dt.datetime
) -> None:
    if dispensation.kind == DispensationKind.RECOGNITION:
        component = dispensation.component
        assert component is not None
        evidence: Evidence = {"kind": component.kind, "dispensation_ids": [dispensation.pk]}
        note_component_done(obligation=obligation, component=component, evidence=evidence, now=now)
        finish_if_complete(obligation=obligation, acting_user=acting_user, now=now)
        return
    until = dispensation.until
    assert until is not None
    if dispensation.kind == DispensationKind.EXTENSION:
        keep_past(obligation_ids=[obligation.pk], now=now)
        obligation.due_on = max(until, obligation.due_on)
        obligation.save(update_fields=["due_on"])
        return
    Obligation.objects.filter(pk=obligation.pk).update(**waived_until(until), closed_at=now)


def end_waivers(*, now: dt.datetime) -> int:
    """Let what was waived be owed again from the day the waiver has run out; return how many. Scheduled nightly."""
    over = Obligation.objects.filter(state=ObligationState.WAIVED, waived_before__lte=timezone.localdate(now))
    ended = 0
    for chunk in in_chunks(over.values_list("employee_id", flat=True)):
        with transaction.atomic():
            ended += over.filter(employee_id__in=chunk).update(
                state=ObligationState.OPEN, closed_at=None, waived_before=None, close_reason=""
            )
            refresh_clearance(employee_ids=chunk, now=now)
    return ended
