"""Violations, accidents, changes and campaigns: the fact at once, the obligations of everyone concerned with it."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.rows import insert_rows
from jobs.queue import enqueue
from notices.actions import send_notices
from people.audit import record_audit
from people.models import Employee, EmploymentStatus, OrgUnit, Post, User
from people.permissions import Capability, allows, allows_everywhere
from people.queries import employees_for
from training import rules
from training.actions.clearance import CHUNK, in_chunks, refresh_clearance
from training.actions.completion import settle_courses
from training.actions.obligations import notices_of
from training.actions.waivers import UNFINISHED
from training.errors import OccurrenceRefused
from training.models import (
    Obligation,
    ObligationState,
    Occurrence,
    OccurrenceKind,
    OccurrenceWithdrawal,
    Programme,
)
from training.queries.occurrences import is_withdrawn, people_concerned, places_of, repeats_of
from training.queries.rulebook import Rulebook, load_rulebook

TASK = "training.tasks.spread_occurrence"


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whom an occurrence concerns: these people, or everyone in these units (and below) and posts."""

    employees: Sequence[Employee] = ()
    units: Sequence[OrgUnit] = ()
    posts: Sequence[Post] = ()


def record_occurrence(
    *,
    kind: str,
    title: str,
    happened_on: dt.date,
    concerned: Concerned,
    detail: str = "",
    programme: Programme | None = None,
    starts_on: dt.date | None = None,
    key: uuid.UUID | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> Occurrence:
    """Record what happened, and make everyone concerned owe what the rules for it ask (many: in the background).

    `starts_on` is the day from which the training is owed: today, if none is given. `key` becomes the public id;
    the same key again returns what is there. Raises OccurrenceRefused naming the fault; PermissionDenied unless the
    user manages the training of all these people and units, or everywhere where neither is named.
    """
    today = timezone.localdate(now)
    _check_scope(acting_user, concerned)
    problem = _problem(kind, title, happened_on, concerned, today)
    if problem:
        raise OccurrenceRefused(problem)
    key = key or uuid.uuid4()
    with transaction.atomic():
        occurrence, created = Occurrence.objects.get_or_create(
            public_id=key,
            defaults={
                "kind": kind,
                "title": title.strip(),
                "detail": detail.strip(),
                "happened_on": happened_on,
                "starts_on": starts_on or today,
                "programme": programme,
                "recorded_by": acting_user,
                "recorded_at": now,
            },
        )
        if not created:
            return occurrence
        occurrence.employees.set(concerned.employees)
        occurrence.units.set(concerned.units)
        occurrence.posts.set(concerned.posts)
        record_audit(occurrence, "training.occurrence.add", acting_user, {"kind": kind})
        ids = people_concerned(occurrence)
        if not ids:
            raise OccurrenceRefused(_("所选单位和岗位今天没有人：请核对单位、岗位或改选人员。"))
        if len(ids) > CHUNK:
            enqueue(
                TASK,
                title=(_("安排教育：%(title)s") % {"title": occurrence.title})[:200],
                params={"occurrence_id": occurrence.pk},
                requested_by=acting_user,
                total=len(ids),
            )
        else:
            spread_occurrence(occurrence=occurrence, now=now)
    return occurrence


def _check_scope(acting_user: User | None, concerned: Concerned) -> None:
    if acting_user is None:
        return
    manages = Capability.MANAGE_TRAINING
    people = [employee.pk for employee in concerned.employees]
    if employees_for(acting_user, manages).filter(pk__in=people).count() != len(set(people)):
        raise PermissionDenied
    if not all(allows(acting_user, manages, unit) for unit in concerned.units):
        raise PermissionDenied
    if not people and not concerned.units and not allows_everywhere(acting_user, manages):
        raise PermissionDenied


def _problem(kind: str, title: str, happened_on: dt.date, concerned: Concerned, today: dt.date) -> str:
    if not title.strip():
        return _("请写明事由。")
    if happened_on > today and kind not in (OccurrenceKind.FOUR_NEW, OccurrenceKind.CAMPAIGN):
        return _("发生日期不能晚于今天。")
    if not concerned.employees and not concerned.units and not concerned.posts:
        return _("没有说明涉及谁：请选择人员、单位或岗位。")
    if kind == OccurrenceKind.FOUR_NEW and not concerned.employees and not concerned.posts:
        return _("四新变更须选择涉及的岗位（或人员）。")
    return ""


def spread_occurrence(
    *, occurrence: Occurrence, now: dt.datetime, report: Callable[[int, int], None] | None = None
) -> int:
    """Make everyone concerned owe what the rules of the occurrence's day ask; return how many obligations are new.

    Doing it again changes nothing. Locks: the employees' rows, ascending, a thousand to a transaction.
    """
    if is_withdrawn(occurrence):
        return 0
    book = load_rulebook()
    ids, made = people_concerned(occurrence), 0
    for index, chunk in enumerate(in_chunks(ids)):
        made += _spread(occurrence, chunk, book, now)
        if report is not None:
            report(min((index + 1) * CHUNK, len(ids)), len(ids))
    return made


def _spread(occurrence: Occurrence, ids: Collection[int], book: Rulebook, now: dt.datetime) -> int:
    cause = f"{occurrence.kind}:{occurrence.public_id}"
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        people = Employee.objects.select_for_update().filter(pk__in=ids).order_by("pk").only("user_id")
        employees = {employee.pk: employee for employee in people.exclude(status=EmploymentStatus.LEFT)}
        places = places_of(occurrence, employees, book)
        repeats = repeats_of(occurrence, employees)
        known = defaultdict(set)
        for employee_id, programme_id in Obligation.objects.filter(
            employee_id__in=employees, cause=cause
        ).values_list("employee_id", "programme_id"):
            known[employee_id].add(programme_id)
        created = []
        for employee_id, place in places.items():
            facts = replace(
                place,
                cause=cause,
                kind=occurrence.kind,
                effective_on=occurrence.starts_on,
                repeats=repeats.get(employee_id, 0),
            )
            for spec in rules.obligations_for(facts, book.rules):
                programme = _programme(occurrence, spec, book)
                if programme.pk in known[employee_id]:
                    continue
                known[employee_id].add(programme.pk)
                created.append(
                    Obligation(
                        employee_id=employee_id,
                        programme=programme,
                        rule=book.models[spec.rule_id],
                        occurrence=occurrence,
                        cause=cause,
                        before_work=spec.before_work,
                        blocks_overdue=spec.blocks_overdue,
                        owed_from=spec.owed_from,
                        due_on=spec.due_on,
                        created_at=now,
                    )
                )
        insert_rows(created)
        send_notices(drafts=notices_of(created, employees), now=now)
        settle_courses(obligations=created, now=now)
        refresh_clearance(employee_ids=[item.employee_id for item in created], now=now)
    return len(created)


def _programme(occurrence: Occurrence, spec: rules.ObligationSpec, book: Rulebook) -> Programme:
    """Return the programme of the occurrence, if it names one and the rule is about just this kind."""
    if occurrence.programme is not None and book.facts[spec.rule_id].trigger == occurrence.kind:
        return occurrence.programme
    return book.programmes[spec.programme_id]


def withdraw_occurrence(
    *, occurrence: Occurrence, reason: str, acting_user: User | None, now: dt.datetime
) -> OccurrenceWithdrawal:
    """Take back an occurrence entered by mistake: what it made owed and is still open is cancelled.

    A second call returns what stands. Raises OccurrenceRefused without a reason; PermissionDenied as for recording.
    """
    concerned = Concerned(
        list(occurrence.employees.all()), list(occurrence.units.all()), list(occurrence.posts.all())
    )
    _check_scope(acting_user, concerned)
    if not reason.strip():
        raise OccurrenceRefused(_("请写明撤回的原因。"))
    with transaction.atomic():
        Occurrence.objects.select_for_update().get(pk=occurrence.pk)
        withdrawal, created = OccurrenceWithdrawal.objects.get_or_create(
            occurrence=occurrence,
            defaults={"reason": reason.strip(), "recorded_by": acting_user, "recorded_at": now},
        )
        if created:
            record_audit(occurrence, "training.occurrence.withdraw", acting_user, {"reason": reason})
            with translation.override(settings.LANGUAGE_CODE):
                why = _("登记有误，已撤回")
            opened = Obligation.objects.filter(occurrence=occurrence, state__in=UNFINISHED)
            people = list(opened.values_list("employee_id", flat=True))
            opened.update(
                state=ObligationState.CANCELLED, closed_at=now, close_reason=why, waived_before=None
            )
            refresh_clearance(employee_ids=people, now=now)
    return withdrawal
