"""Components become done, and with the last of them an obligation and a ledger row."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from courses.signals import StudyCompleted
from exams.signals import AttemptGraded
from notices.actions import send_notice
from people.models import Employee, User
from training.actions.clearance import refresh_clearance
from training.actions.evidence import programme_draft
from training.actions.ledger import add_record
from training.models import (
    Component,
    ComponentDone,
    ComponentKind,
    Obligation,
    ObligationState,
    TrainingRecord,
)
from training.queries.obligations import task_path
from training.queries.study import lessons_by_course, records_by_lesson
from training.shapes import Evidence

PURPOSE_PREFIX = "obligation:"


def purpose_of(obligation: Obligation) -> str:
    """Return the words under which an exam is taken for this obligation."""
    return f"{PURPOSE_PREFIX}{obligation.public_id}"


def obligation_id_in(purpose: str) -> UUID | None:
    """Return the public id of the obligation an exam was taken for, or None if it was for something else."""
    prefix, _sep, text = purpose.rpartition(PURPOSE_PREFIX)
    if prefix or not _sep:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def on_study_completed(*, event: StudyCompleted) -> list[TrainingRecord]:
    """Note the courses this completed lesson finishes, and close what is thereby complete.

    Hearing the event again does nothing. Returns the ledger rows written.
    """
    with transaction.atomic():
        obligations = list(
            lock_open_obligations(
                Obligation.objects.filter(
                    employee_id=event.employee_id,
                    programme__components__course__course_lessons__lesson_id=event.lesson_id,
                ).values_list("pk", flat=True),
                [event.employee_id],
            )
        )
        return settle_courses(obligations=obligations, now=event.completed_at)


def on_attempt_graded(*, event: AttemptGraded) -> TrainingRecord | None:
    """Note the exam component a passed attempt satisfies, and close the obligation if that was the last.

    An attempt that failed, was taken for something else, by someone else, or for an obligation already closed
    changes nothing; neither does hearing the event again.
    """
    public_id = obligation_id_in(event.purpose)
    if public_id is None or not event.passed:
        return None
    with transaction.atomic():
        obligations = lock_open_obligations(
            Obligation.objects.filter(public_id=public_id, employee_id=event.employee_id).values_list(
                "pk", flat=True
            ),
            [event.employee_id],
        )
        for obligation in obligations:
            component = obligation.programme.components.filter(
                kind=ComponentKind.EXAM, exam_id=event.exam_id
            ).first()
            if component is None:
                return None
            evidence: Evidence = {
                "kind": ComponentKind.EXAM,
                "attempt_id": event.attempt_id,
                "score_pct": str(event.score_pct),
            }
            note_component_done(
                obligation=obligation, component=component, evidence=evidence, now=event.marked_at
            )
            return finish_if_complete(obligation=obligation, acting_user=None, now=event.marked_at)
    return None


def lock_open_obligations(ids: Iterable[int], employee_ids: Iterable[int]) -> list[Obligation]:
    """Lock and return those of the obligations that are open, their people's rows first and in ascending order."""
    list(Employee.objects.select_for_update().filter(pk__in=set(employee_ids)).order_by("pk").values("pk"))
    return list(
        Obligation.objects.select_for_update(of=("self",))
        .filter(pk__in=list(ids), state=ObligationState.OPEN)
        .select_related("programme", "employee", "rule")
        .order_by("pk")
    )


def settle_courses(*, obligations: Sequence[Obligation], now: dt.datetime) -> list[TrainingRecord]:
    """Note every course of these open obligations whose lessons all have study records, and close what is complete.

    A lesson whose content was proved before counts: there is no second record of the same content to wait for.
    Five statements whatever the number of obligations, and a few more for each one that closes. Call it inside
    the transaction that locked or created the obligations.
    """
    components = _course_components({obligation.programme_id for obligation in obligations})
    if not components:
        return []
    lessons = lessons_by_course({component.course_id for component in components if component.course_id})
    records = records_by_lesson(
        {obligation.employee_id for obligation in obligations},
        {lesson.pk for course_lessons in lessons.values() for lesson in course_lessons},
    )
    by_programme: dict[int, list[Component]] = defaultdict(list)
    for component in components:
        by_programme[component.programme_id].append(component)
    already = set(
        ComponentDone.objects.filter(
            obligation__in=[obligation.pk for obligation in obligations] if records else []
        ).values_list("obligation_id", "component_id")
    )
    done: list[ComponentDone] = []
    touched: list[Obligation] = []
    for obligation in obligations:
        own = records.get(obligation.employee_id, {})
        news = [
            ComponentDone(
                obligation=obligation,
                component=component,
                evidence=_course_evidence([own[lesson.pk].pk for lesson in lessons[component.course_id]]),
                done_at=now,
            )
            for component in by_programme[obligation.programme_id]
            if (obligation.pk, component.pk) not in already
            and component.course_id is not None
            and lessons.get(component.course_id)
            and all(lesson.pk in own for lesson in lessons[component.course_id])
        ]
        if news:
            done += news
            touched.append(obligation)
    ComponentDone.objects.bulk_create(done)
    finished = (finish_if_complete(obligation=item, acting_user=None, now=now) for item in touched)
    return [record for record in finished if record is not None]


def _course_components(programme_ids: Iterable[int]) -> list[Component]:
    return list(Component.objects.filter(programme_id__in=programme_ids, kind=ComponentKind.COURSE))


def _course_evidence(study_record_ids: list[int]) -> Evidence:
    return {"kind": ComponentKind.COURSE, "study_record_ids": study_record_ids}


def note_component_done(
    *, obligation: Obligation, component: Component, evidence: Evidence, now: dt.datetime
) -> bool:
    """Note that a component of a locked obligation is satisfied; return False if it already was."""
    _done, created = ComponentDone.objects.get_or_create(
        obligation=obligation, component=component, defaults={"evidence": evidence, "done_at": now}
    )
    return created


def finish_if_complete(
    *, obligation: Obligation, acting_user: User | None, now: dt.datetime
) -> TrainingRecord | None:
    """Close a locked obligation whose components are all done: ledger row, notice, clearance.

    Returns the ledger row, or None while something is missing or if the obligation was closed before. The state
    changes by compare-and-swap, so that two last components at once make one row.
    """
    missing = obligation.programme.components.exclude(
        pk__in=ComponentDone.objects.filter(obligation=obligation).values("component_id")
    )
    if missing.exists():
        return None
    swapped = Obligation.objects.filter(pk=obligation.pk, state=ObligationState.OPEN).update(
        state=ObligationState.DONE, closed_at=now
    )
    if not swapped:
        return None
    obligation.state, obligation.closed_at = ObligationState.DONE, now
    record = add_record(draft=programme_draft(obligation), acting_user=acting_user, now=now)
    refresh_clearance(employee_ids=[obligation.employee_id], now=now)
    if obligation.employee.user_id is not None:
        with translation.override(settings.LANGUAGE_CODE):
            send_notice(
                recipient_id=obligation.employee.user_id,
                cause=f"obligation:{obligation.public_id}:done",
                title=(_("培训已完成：%(programme)s") % {"programme": obligation.programme.title})[:120],
                body=_("已记入培训台账第 %(seq)s 号。") % {"seq": record.seq},
                link=task_path(obligation),
                now=now,
            )
    return record
