"""Pushing a case: the fact and its programme at once, the obligations of everyone concerned in the background."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.rows import insert_rows
from courses.models import LessonPage
from courses.queries import can_read, pinned_content
from exams.models import Bank
from jobs.models import Job
from jobs.queue import enqueue
from notices.actions import NoticeDraft, send_notices
from people.audit import record_audit
from people.models import Employee, EmploymentEvent, EmploymentStatus, OrgUnit, User
from people.permissions import Capability, Scope, scope_for
from training.actions.clearance import CHUNK, in_chunks
from training.actions.completion import settle_courses
from training.actions.push_quiz import make_quiz
from training.actions.waivers import UNFINISHED
from training.errors import PushRefused
from training.models import (
    CasePush,
    Component,
    ComponentKind,
    Obligation,
    ObligationState,
    Programme,
    ProgrammeKind,
    PushEnd,
)
from training.queries.obligations import explain, task_path
from training.queries.pushes import (
    as_criteria,
    concerned_people,
    criteria_for,
    may_end,
    post_facts,
)

TASK = "training.tasks.spread_push"
MAX_DAYS = 365
DEFAULT_MIN_CHARS = 30


@dataclass(frozen=True, slots=True)
class Quiz:
    """The short test of a push: so many questions drawn from a bank."""

    bank: Bank
    questions: int


def units_to_push(user: User | None, units: Sequence[OrgUnit]) -> list[OrgUnit]:
    """Return the units a push is limited to: those chosen, or the user's whole part of the tree (none: everywhere).

    Raises PermissionDenied where the user may not push.
    """
    scope = scope_for(user, Capability.PUSH_CASES) if user is not None else Scope(everything=True)
    if not scope or not all(scope.includes(unit) for unit in units):
        raise PermissionDenied
    if units or scope.everything:
        return list(units)
    return list(OrgUnit.objects.filter(path__in=scope.paths).order_by("path"))


def push_case(
    *,
    lesson: LessonPage,
    due_on: dt.date,
    units: Sequence[OrgUnit] = (),
    employment_types: Collection[str] = (),
    reflection_min_chars: int | None = DEFAULT_MIN_CHARS,
    quiz: Quiz | None = None,
    key: uuid.UUID | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> CasePush:
    """Push a lesson to the people whose posts it concerns, within `units` and `employment_types` (empty: all).

    Writes the push with its criteria and edition and the programme (study, quiz, reflection), and queues the job
    that makes everyone owe it. `key` becomes the public id: the same key again returns the push that is there.
    Raises PushRefused if nothing or nobody is concerned, the lesson is not published or the deadline is no day of
    the coming year; PermissionDenied outside the user's scope.
    """
    chosen = units_to_push(acting_user, units)
    if acting_user is not None and not can_read(acting_user, lesson):
        raise PermissionDenied
    key = key or uuid.uuid4()
    today = timezone.localdate(now)
    with transaction.atomic():
        # Everybody who pushes this lesson passes here one after another, so that one key makes one push.
        LessonPage.objects.select_for_update(of=("self",)).get(pk=lesson.pk)
        known = CasePush.objects.filter(public_id=key, lesson_id=lesson.pk).first()
        if known is not None:
            return known
        stored = criteria_for(lesson, chosen, employment_types)
        _check(lesson, due_on, today)
        criteria, facts = as_criteria(stored), post_facts()
        if criteria.is_empty:
            raise PushRefused(
                _("“%(title)s”没有标注危险因素、设备作业或岗位，无法判断谁应学习：请先在内容里标注并发布。")
                % {"title": lesson.title}
            )
        people = concerned_people(criteria, facts, today)
        if not people:
            raise PushRefused(
                _("所选范围内没有人的岗位与“%(title)s”有关：请放宽单位或用工形式，或核对岗位的危险因素。")
                % {"title": lesson.title}
            )
        pinned = pinned_content(lesson)
        push = CasePush.objects.create(
            public_id=key,
            lesson_id=lesson.pk,
            lesson_title=lesson.title,
            revision_id=pinned.revision_id,
            content_sha256=pinned.content_sha256,
            programme=_programme(lesson, key, quiz, reflection_min_chars, acting_user),
            criteria=stored,
            due_on=due_on,
            due_days=max((due_on - today).days, 1),
            reflection_min_chars=reflection_min_chars,
            pushed_by=acting_user,
            pushed_at=now,
        )
        push.units.set(chosen)
        record_audit(push, "training.push.add", acting_user, {"people": len(people), "due_on": str(due_on)})
        enqueue(
            TASK,
            title=(_("推送案例：%(title)s") % {"title": lesson.title})[:200],
            params={"push_id": push.pk},
            requested_by=acting_user,
            total=len(people),
        )
    return push


def _check(lesson: LessonPage, due_on: dt.date, today: dt.date) -> None:
    if not lesson.live:
        raise PushRefused(_("“%(title)s”还没有发布，不能推送：请先发布。") % {"title": lesson.title})
    if not today <= due_on <= today + dt.timedelta(days=MAX_DAYS):
        raise PushRefused(_("截止日须在今天之后的一年以内，请重新选择。"))


def _programme(
    lesson: LessonPage, key: uuid.UUID, quiz: Quiz | None, min_chars: int | None, acting_user: User | None
) -> Programme:
    """Create what the push consists of: the lesson, the quiz, the reflection, in this order."""
    with translation.override(settings.LANGUAGE_CODE):
        title = (_("案例学习：%(title)s") % {"title": lesson.title})[:120]
        programme = Programme.objects.create(code=f"push-{key}", title=title, kind=ProgrammeKind.CASE)
        parts = [Component(kind=ComponentKind.LESSON, title=lesson.title[:120], lesson_id=lesson.pk)]
        if quiz is not None:
            exam = make_quiz(
                code=f"push-{key.hex[:32]}",
                title=(_("小测：%(title)s") % {"title": lesson.title})[:120],
                bank=quiz.bank,
                questions=quiz.questions,
                acting_user=acting_user,
            )
            parts.append(Component(kind=ComponentKind.EXAM, title=exam.title, exam=exam))
        if min_chars is not None:
            parts.append(Component(kind=ComponentKind.REFLECTION, title=_("签字感悟：对我的岗位意味着什么")))
    for position, part in enumerate(parts, start=1):
        part.programme, part.position = programme, position
    Component.objects.bulk_create(parts)
    return programme


def spread_push(
    *, push: CasePush, now: dt.datetime, report: Callable[[int, int], None] = lambda _done, _total: None
) -> int:
    """Make everyone a push concerns owe it, a thousand people to a transaction; return how many newly do.

    Running it again adds who is missing and nobody twice; a push that has ended takes nobody in. The statements
    grow with the number of chunks. `report` is told how many of how many are through.
    """
    if PushEnd.objects.filter(push=push).exists():
        return 0
    people = concerned_people(as_criteria(push.criteria), post_facts(), timezone.localdate(now))
    ids = [person.employee_id for person in people]
    made = through = 0
    for chunk in in_chunks(ids, CHUNK):
        with transaction.atomic():
            made += len(take_in(push=push, employee_ids=chunk, events={}, now=now))
        through += len(chunk)
        report(through, len(ids))
    return made


def take_in(
    *,
    push: CasePush,
    employee_ids: Collection[int],
    events: dict[int, EmploymentEvent],
    now: dt.datetime,
) -> list[Obligation]:
    """Make these people, who are concerned, owe a push, unless they do, did, or were let off; return what is new.

    `events` (by employee) says what brought somebody into a concerned post: who was let off when leaving such a
    post owes it anew when coming back. Call it inside a transaction. Locks: the people's rows, ascending.
    """
    employees = {
        employee.pk: employee
        for employee in Employee.objects.select_for_update()
        .filter(pk__in=employee_ids)
        .exclude(status=EmploymentStatus.LEFT)
        .order_by("pk")
    }
    owed: dict[int, set[str]] = {}
    for employee_id, state in Obligation.objects.filter(
        programme_id=push.programme_id, employee_id__in=employees
    ).values_list("employee_id", "state"):
        owed.setdefault(employee_id, set()).add(state)
    today = timezone.localdate(now)
    due_on = max(push.due_on, today + dt.timedelta(days=push.due_days)) if events else push.due_on
    created: list[Obligation] = []
    for employee in employees.values():
        event, states = events.get(employee.pk), owed.get(employee.pk, set())
        if states - {ObligationState.CANCELLED} or (states and event is None):
            continue
        created.append(
            Obligation(
                employee=employee,
                programme_id=push.programme_id,
                push=push,
                event=event,
                cause=f"push:{push.public_id}" + (f":{event.pk.hex}" if states and event else ""),
                before_work=False,
                owed_from=today,
                due_on=max(due_on, today),
                created_at=now,
            )
        )
    insert_rows(created)
    _tell(push, created, now)
    settle_courses(obligations=created, now=now)
    return created


def _tell(push: CasePush, created: Sequence[Obligation], now: dt.datetime) -> None:
    programme = push.programme
    texts: dict[tuple[dt.date, object], str] = {}
    drafts: list[NoticeDraft] = []
    with translation.override(settings.LANGUAGE_CODE):
        for obligation in created:
            obligation.programme = programme
            kind = obligation.event.kind if obligation.event else ""
            text = texts.setdefault((obligation.due_on, kind), explain(obligation))
            if obligation.employee.user_id is not None:
                drafts.append(
                    NoticeDraft(
                        recipient_id=obligation.employee.user_id,
                        cause=f"obligation:{obligation.public_id}:created",
                        title=(_("请学习：%(title)s") % {"title": push.lesson_title})[:120],
                        body=text,
                        link=task_path(obligation),
                    )
                )
    send_notices(drafts=drafts, now=now)


def end_push(
    *, push: CasePush, reason: str, withdraw: bool, acting_user: User | None, now: dt.datetime
) -> PushEnd:
    """End a push: nobody is taken in any more. With `withdraw` what is still owed is cancelled, too.

    Raises PushRefused without a reason or if it has ended; PermissionDenied unless the user may push to everyone
    it was for. One statement for all obligations.
    """
    if acting_user is not None and not may_end(acting_user, push):
        raise PermissionDenied
    reason = reason.strip()
    if not reason:
        raise PushRefused(_("请写明结束推送的原因。"))
    with transaction.atomic():
        CasePush.objects.select_for_update(of=("self",)).get(pk=push.pk)
        if PushEnd.objects.filter(push=push).exists():
            raise PushRefused(_("“%(title)s”的推送已经结束，请刷新页面。") % {"title": push.lesson_title})
        end = PushEnd.objects.create(
            push=push, is_withdrawn=withdraw, reason=reason[:200], ended_by=acting_user, ended_at=now
        )
        if withdraw:
            with translation.override(settings.LANGUAGE_CODE):
                why = (_("推送已撤回：%(reason)s") % {"reason": reason})[:200]
            Obligation.objects.filter(push=push, state__in=UNFINISHED).update(
                state=ObligationState.CANCELLED, closed_at=now, close_reason=why, waived_before=None
            )
        record_audit(push, "training.push.end", acting_user, {"reason": reason, "withdrawn": withdraw})
    return end


def job_of(push: CasePush) -> Job | None:
    """Return the job that spreads a push."""
    return Job.objects.filter(task=TASK, params__push_id=push.pk).first()
