"""Recording on-site training: several people at once, hour by hour, against the usual ways of making it up."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.text import plain_number
from people.models import Employee, User
from people.permissions import Capability
from people.queries import employee_of, employees_for
from training.actions.completion import finish_if_complete, lock_open_obligations, note_component_done
from training.actions.hours import settle_hours
from training.actions.ledger import RecordDraft, add_records
from training.errors import OnSiteRefused
from training.hours import hours_twice
from training.models import (
    HELD_KINDS,
    Component,
    Obligation,
    RecordKind,
    TrainingRecord,
)
from training.queries.counted_study import CountedStudy, counted_study
from training.queries.figures import load_figures
from training.queries.obligations import effective_records, hours_held
from training.queries.parts import openings_of
from training.shapes import Evidence
from training.stages import DONE, LOCKED, SPARED


@dataclass(frozen=True, slots=True)
class _Session:
    """What was held: when (local day and times), how long, where, by whom."""

    component: Component
    held_from: dt.datetime
    held_to: dt.datetime
    hours: Decimal
    place: str
    trainer_name: str
    scores: Mapping[int, Decimal]  # out of 100, by obligation


def record_on_site_training(
    *,
    obligations: Sequence[Obligation],
    component: Component,
    held_from: dt.datetime,
    held_to: dt.datetime,
    hours: Decimal,
    place: str,
    trainer_name: str,
    scores: Mapping[int, Decimal] | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> list[TrainingRecord]:
    """Record one on-site training of several people for one component, a ledger row for each.

    `hours` are 学时 of as many minutes as they had on that day (training.figures); they must fit between the two
    times, which lie on one local day and not in the future. Nobody is taught twice at once, or more hours a day
    than the house and the programme allow. When the hours held for
    the component reach what it asks for, it is done, and with the last one the obligation. Where the component has a
    pass mark, `scores` (0 to 100, by the obligation's id) are asked of those whose hours this completes: below the
    mark the row stands in the ledger as failed, its hours do not count, and the training is held again.
    All or nothing. Returns the on-site rows. Locks: the people's rows, then their obligations, then the ledger.
    Raises OnSiteRefused naming every fault and person; PermissionDenied if someone is outside the scope.
    Source: order 3 art. 14 to 16 and 22; the checks are those of the fabrication guard (docs/domain).
    """
    session = _Session(
        component, held_from, held_to, hours, place.strip(), trainer_name.strip(), scores or {}
    )
    problems = _session_problems(session, now)
    if not obligations:
        problems.append(_("没有选择人员：请勾选参加本次培训的人。"))
    if problems:
        raise OnSiteRefused(problems)
    people = {obligation.employee_id for obligation in obligations}
    _check_scope(people, acting_user)
    # Whoever records a session under the own name is its trainer; any other name is only a name.
    recorder = employee_of(acting_user) if acting_user else None
    trainer = recorder if recorder and recorder.name == session.trainer_name else None
    with transaction.atomic():
        locked = lock_open_obligations([obligation.pk for obligation in obligations], people)
        problems = _people_problems(session, obligations, locked)
        if problems:
            raise OnSiteRefused(problems)
        records = add_records(
            drafts=[_draft(session, obligation, trainer) for obligation in locked],
            acting_user=acting_user,
            now=now,
        )
        _settle(session, locked, acting_user, now)
        settle_hours(employee_ids=people, now=now)
    return records


def _check_scope(people: set[int], acting_user: User | None) -> None:
    if acting_user is None:
        return
    allowed = employees_for(acting_user, Capability.RECORD_TRAINING).filter(pk__in=people).count()
    if allowed != len(people):
        raise PermissionDenied


def _session_problems(session: _Session, now: dt.datetime) -> list[str]:
    problems: list[str] = []
    if session.component.kind not in HELD_KINDS:
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
    needed = session.hours * load_figures().hour_minutes(timezone.localdate(session.held_from))
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
    return problems or _order_problems(session, locked) + _time_problems(session, locked) + _score_problems(
        session, locked
    )


def _score_problems(session: _Session, locked: Sequence[Obligation]) -> list[str]:
    """Return whose score is missing or cannot be, where the component has a pass mark."""
    component = session.component
    if component.pass_mark is None:
        if session.scores:
            return [_("“%(title)s”不打分：请去掉成绩。") % {"title": component.title}]
        return []
    held = hours_held([obligation.pk for obligation in locked], component)
    problems: list[str] = []
    for obligation in locked:
        score = session.scores.get(obligation.pk)
        values = {
            "name": str(obligation.employee),
            "title": component.title,
            "mark": component.pass_mark,
        }
        if score is not None and not 0 <= score <= 100:
            problems.append(_("%(name)s 的成绩须在 0 到 100 分之间。") % values)
        elif score is None and held.get(obligation.pk, Decimal(0)) + session.hours >= component.hours:
            problems.append(
                _("%(name)s 这次学满“%(title)s”，还没有成绩：请填写考核成绩（%(mark)s 分合格）。") % values
            )
    return problems


def _order_problems(session: _Session, locked: Sequence[Obligation]) -> list[str]:
    """Return who has the component already, or has an earlier one or days of spacing still before them."""
    order = openings_of(locked, timezone.localdate(session.held_from))
    problems: list[str] = []
    for obligation in locked:
        values = {"name": str(obligation.employee), "title": session.component.title}
        opening = order[obligation.pk][session.component.pk]
        if opening.state in (DONE, SPARED):
            problems.append(_("%(name)s 的“%(title)s”已完成，不必再登记。") % values)
        elif opening.opens_on is not None:
            day = date_format(opening.opens_on, "Y-m-d")
            problems.append(
                _("%(name)s 的“%(title)s”从 %(day)s 起才能进行：与上一阶段须有间隔。")
                % {**values, "day": day}
            )
        elif opening.state == LOCKED:
            problems.append(
                _("%(name)s 还不能登记“%(title)s”：请先完成“%(missing)s”。")
                % {**values, "missing": opening.waits_for}
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
        component__kind__in=HELD_KINDS,
        corrected_by__isnull=True,
        started_at__lt=end,
        completed_at__gt=start,
    ).order_by("started_at"):
        held[record.employee_id].append(record)
    figures = load_figures()
    house, minutes = figures.ceiling(day), figures.hour_minutes(day)
    limit = min(house, session.component.programme.daily_hours or house)
    window = (session.held_from, session.held_to)
    studied = counted_study({obligation.employee_id: (window,) for obligation in locked})
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
        if total > limit:
            problems.append(
                _("%(name)s 当天现场教育将达 %(total)s 学时，超过每天 %(limit)s 学时的上限，不能登记。")
                % {"name": name, "total": plain_number(total), "limit": plain_number(limit)}
            )
        problems += _counted_problems(session, name, studied.get(obligation.employee_id, ()), minutes)
    return problems


def _counted_problems(
    session: _Session, name: str, studied: Sequence[CountedStudy], minutes: Decimal
) -> list[str]:
    """Return why the hours do not fit beside study of that time which was counted for something settled.

    What was settled stays settled, and nobody has two hours in one: so a person decides before the class is entered.
    Study in a break does no harm; what matters is whether the rest of the time is enough.
    """
    own = ((session.held_from, session.held_to),)
    twice = hours_twice(session.hours, own, [span for one in studied for span in one.times], minutes)
    if not twice:
        return []
    problems: list[str] = []
    for one in studied:
        values = {
            "name": name,
            "study": _clock_span(one.times[0][0], max(end for _start, end in one.times)),
            "title": one.title,
            "held": _clock_span(session.held_from, session.held_to),
            "hours": plain_number(session.hours),
            "seq": one.seq,
        }
        problems.append(
            _(
                "%(name)s 在 %(study)s 线上学习了“%(title)s”，已计学时，"
                "登记的 %(held)s 除去这段时间不足 %(hours)s 学时；同一时间不能计两次。"
            )
            % values
            + " "
            + (
                _("请登记真实的时间和学时；时间无误的，先更正台账第 %(seq)s 号，或不登记此人。") % values
                if one.seq is not None
                else _("请登记真实的时间和学时，或不登记此人。")
            )
        )
    return problems


def _span(record: TrainingRecord) -> str:
    return _clock_span(record.started_at, record.completed_at)


def _clock_span(started_at: dt.datetime, ended_at: dt.datetime) -> str:
    start, end = timezone.localtime(started_at), timezone.localtime(ended_at)
    return f"{date_format(start, 'Y-m-d H:i')}–{date_format(end, 'H:i')}"


def _draft(session: _Session, obligation: Obligation, trainer: Employee | None) -> RecordDraft:
    component = session.component
    score = session.scores.get(obligation.pk)
    return RecordDraft(
        score_pct=score,
        passed=score is None or score >= (component.pass_mark or 0),
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
        trainer=trainer,
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
            "kind": session.component.kind,
            "training_record_ids": list(
                effective_records([obligation.pk])
                .filter(component=session.component)
                .values_list("pk", flat=True)
            ),
        }
        if obligation.pk in session.scores:
            evidence["score_pct"] = str(session.scores[obligation.pk])
        note_component_done(obligation=obligation, component=session.component, evidence=evidence, now=now)
        finish_if_complete(obligation=obligation, acting_user=acting_user, now=now)
