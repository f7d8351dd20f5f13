"""Recording on-site training: several people at once, hour by hour, against the usual ways of making it up."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.text import plain_number
from people.models import User
from people.permissions import Capability
from people.queries import employees_for
from training.actions.completion import finish_if_complete, lock_open_obligations, note_component_done
from training.actions.ledger import RecordDraft, add_records
from training.errors import OnSiteRefused
from training.models import (
    Component,
    ComponentDone,
    ComponentKind,
    Obligation,
    RecordKind,
    TrainingRecord,
)
from training.queries.obligations import effective_records, hours_held
from training.shapes import Evidence

MAX_HOURS_PER_DAY = Decimal(8)  # 学时 a person can be taught in one day: practice, no clause sets it


@dataclass(frozen=True, slots=True)
class _Session:
    """What was held: when (local day and times), how long, where, by whom."""

    component: Component
    held_from: dt.datetime
    held_to: dt.datetime
    hours: Decimal
    place: str
    trainer_name: str


def record_on_site_training(
    *,
    obligations: Sequence[Obligation],
    component: Component,
    held_from: dt.datetime,
    held_to: dt.datetime,
    hours: Decimal,
    place: str,
    trainer_name: str,
    acting_user: User | None,
    now: dt.datetime,
) -> list[TrainingRecord]:
    """Record one on-site training of several people for one component, a ledger row for each.

    `hours` are 学时 of settings.CREDIT_HOUR_MINUTES; they must fit between the two times, which lie on one local
    day and not in the future. Nobody is taught twice at once or more than 8 学时 a day. When the hours held for
    the component reach what it asks for, it is done, and with the last one the obligation.
    All or nothing. Returns the on-site rows. Locks: the people's rows, then their obligations, then the ledger.
    Raises OnSiteRefused naming every fault and person; PermissionDenied if someone is outside the scope.
    Source: order 3 art. 14 to 16 and 22; the checks are those of the fabrication guard (docs/domain).
    """
    session = _Session(component, held_from, held_to, hours, place.strip(), trainer_name.strip())
    problems = _session_problems(session, now)
    if not obligations:
        problems.append(_("没有选择人员：请勾选参加本次培训的人。"))
    if problems:
        raise OnSiteRefused(problems)
    people = {obligation.employee_id for obligation in obligations}
    _check_scope(people, acting_user)
    with transaction.atomic():
        locked = lock_open_obligations([obligation.pk for obligation in obligations], people)
        problems = _people_problems(session, obligations, locked)
        if problems:
            raise OnSiteRefused(problems)
        records = add_records(
            drafts=[_draft(session, obligation) for obligation in locked], acting_user=acting_user, now=now
        )
        _settle(session, locked, acting_user, now)
    return records


def _check_scope(people: set[int], acting_user: User | None) -> None:
    if acting_user is None:
        return
    allowed = employees_for(acting_user, Capability.RECORD_TRAINING).filter(pk__in=people).count()
    if allowed != len(people):
        raise PermissionDenied


def _session_problems(session: _Session, now: dt.datetime) -> list[str]:
    problems: list[str] = []
    if session.component.kind != ComponentKind.ON_SITE:
        problems.append(_("“%(title)s”不是现场教育环节，不能登记学时。") % {"title": session.component.title})
    if not session.place:
        problems.append(_("请填写培训地点。"))
    if not session.trainer_name:
        problems.append(_("请填写教员姓名。"))
    if session.held_to <= session.held_from:
        problems.append(_("结束时间须晚于开始时间，请核对。"))
        return problems
    if session.held_to > now:
        problems.append(_("培训还没有结束：只能登记已经完成的现场教育。"))
    if timezone.localdate(session.held_from) != timezone.localdate(session.held_to):
        problems.append(_("开始和结束不在同一天：跨天的培训请按天分别登记。"))
    minutes = Decimal(int((session.held_to - session.held_from).total_seconds())) / 60
    needed = session.hours * settings.CREDIT_HOUR_MINUTES
    if session.hours <= 0:
        problems.append(_("学时须大于 0。"))
    elif needed > minutes:
        problems.append(
            _("%(hours)s 学时需要 %(needed)s 分钟，登记的时段只有 %(minutes)s 分钟：请核对时间或学时。")
            % {
                "hours": plain_number(session.hours),
                "needed": plain_number(needed),
                "minutes": plain_number(minutes),
            }
        )
    return problems


def _people_problems(
    session: _Session, asked: Sequence[Obligation], locked: Sequence[Obligation]
) -> list[str]:
    """Return what stands against recording this session for these people, naming each of them."""
    problems: list[str] = []
    open_ids = {obligation.pk for obligation in locked}
    problems += [
        _("%(name)s 的培训任务已结束，请刷新名单后重新登记。") % {"name": str(obligation.employee)}
        for obligation in asked
        if obligation.pk not in open_ids
    ]
    problems += [
        _("%(name)s 的任务“%(programme)s”不含环节“%(title)s”。")
        % {
            "name": str(item.employee),
            "programme": item.programme.title,
            "title": session.component.title,
        }
        for item in locked
        if item.programme_id != session.component.programme_id
    ]
    if len({obligation.employee_id for obligation in locked}) != len(locked):
        problems.append(_("名单里有人被选了两次，请刷新名单后重新登记。"))
    return problems or _order_problems(session, locked) + _time_problems(session, locked)


def _order_problems(session: _Session, locked: Sequence[Obligation]) -> list[str]:
    """Return who has the component already, or has an earlier one still before them."""
    done: dict[int, set[int]] = defaultdict(set)
    for obligation_id, component_id in ComponentDone.objects.filter(obligation__in=locked).values_list(
        "obligation_id", "component_id"
    ):
        done[obligation_id].add(component_id)
    before = list(
        Component.objects.filter(
            programme_id=session.component.programme_id, position__lt=session.component.position
        ).order_by("position")
    )
    problems: list[str] = []
    for obligation in locked:
        values = {"name": str(obligation.employee), "title": session.component.title}
        if session.component.pk in done[obligation.pk]:
            problems.append(_("%(name)s 的“%(title)s”已完成，不必再登记。") % values)
            continue
        missing = next((item for item in before if item.pk not in done[obligation.pk]), None)
        if missing is not None:
            problems.append(
                _("%(name)s 还不能登记“%(title)s”：请先完成“%(missing)s”。")
                % {**values, "missing": missing.title}
            )
    return problems


def _time_problems(session: _Session, locked: Sequence[Obligation]) -> list[str]:
    """Return who was somewhere else at that time, or would be taught too long on that day."""
    day = timezone.localdate(session.held_from)
    start = timezone.make_aware(dt.datetime.combine(day, dt.time.min))
    end = timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min))
    held: dict[int, list[TrainingRecord]] = defaultdict(list)
    for record in TrainingRecord.objects.filter(
        employee__in=[obligation.employee_id for obligation in locked],
        component__kind=ComponentKind.ON_SITE,
        corrected_by__isnull=True,
        started_at__lt=end,
        completed_at__gt=start,
    ).order_by("started_at"):
        held[record.employee_id].append(record)
    problems: list[str] = []
    for obligation in locked:
        name = str(obligation.employee)
        own = held[obligation.employee_id]
        problems += [
            _("%(name)s 在 %(span)s 已有现场教育记录（台账第 %(seq)s 号“%(title)s”），时间重叠，不能登记。")
            % {"name": name, "span": _span(record), "seq": record.seq, "title": record.title}
            for record in own
            if record.started_at < session.held_to and record.completed_at > session.held_from
        ]
        total = session.hours + sum((record.hours for record in own), Decimal(0))
        if total > MAX_HOURS_PER_DAY:
            problems.append(
                _("%(name)s 当天现场教育将达 %(total)s 学时，超过每天 %(limit)s 学时的上限，不能登记。")
                % {"name": name, "total": plain_number(total), "limit": plain_number(MAX_HOURS_PER_DAY)}
            )
    return problems


def _span(record: TrainingRecord) -> str:
    start, end = timezone.localtime(record.started_at), timezone.localtime(record.completed_at)
    return f"{date_format(start, 'Y-m-d H:i')}–{date_format(end, 'H:i')}"


def _draft(session: _Session, obligation: Obligation) -> RecordDraft:
    component = session.component
    return RecordDraft(
        employee=obligation.employee,
        kind=RecordKind.ON_SITE,
        programme=obligation.programme,
        obligation=obligation,
        component=component,
        title=component.title,
        content=[
            {
                "kind": "on_site",
                "title": component.title,
                "revision_id": None,
                "sha256": "",
                "level": component.level,
            }
        ],
        hours=session.hours,
        started_at=session.held_from,
        completed_at=session.held_to,
        trainer_name=session.trainer_name,
        place=session.place,
    )


def _settle(
    session: _Session, locked: Sequence[Obligation], acting_user: User | None, now: dt.datetime
) -> None:
    """Note the component as done for everyone whose hours are complete, and close what is thereby complete."""
    held = hours_held([obligation.pk for obligation in locked], session.component)
    for obligation in locked:
        if held.get(obligation.pk, Decimal(0)) < session.component.hours:
            continue
        evidence: Evidence = {
            "kind": ComponentKind.ON_SITE,
            "training_record_ids": list(
                effective_records([obligation.pk])
                .filter(component=session.component)
                .values_list("pk", flat=True)
            ),
        }
        note_component_done(obligation=obligation, component=session.component, evidence=evidence, now=now)
        finish_if_complete(obligation=obligation, acting_user=acting_user, now=now)
