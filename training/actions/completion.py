"""Components become done, and with the last of them an obligation and a ledger row."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from courses.signals import StudyCompleted
from exams.signals import AttemptGraded
from notices.actions import send_notice
from people.audit import record_audit
from people.models import Employee, User
from training.actions.clearance import refresh_clearance
from training.actions.evidence import programme_draft
from training.actions.ledger import add_record
from training.models import (
    Component,
    ComponentDone,
    ComponentKind,
    ComponentTakenBack,
    Licence,
    Obligation,
    ObligationState,
    TrainingRecord,
    Trigger,
)
from training.queries.obligations import task_path
from training.queries.parts import components_by_programme, done_days, part_of
from training.queries.purposes import PURPOSE_PREFIX, obligation_id_in
from training.queries.study import lessons_by_course, proofs_of_pushes, proves, records_by_lesson
from training.queries.voids import standing_row
from training.shapes import Evidence
from training.stages import is_complete


def purpose_of(obligation: Obligation) -> str:
    """Return the words under which an exam is taken for this obligation."""
    return f"{PURPOSE_PREFIX}{obligation.public_id}"


def on_study_completed(*, event: StudyCompleted) -> list[TrainingRecord]:
    """Note the courses this completed lesson finishes, and close what is thereby complete.

    Hearing the event again does nothing. Returns the ledger rows written.
    """
    with transaction.atomic():
        obligations = list(
            lock_open_obligations(
                Obligation.objects.filter(
                    Q(programme__components__course__course_lessons__lesson_id=event.lesson_id)
                    | Q(programme__components__lesson_id=event.lesson_id),
                    employee_id=event.employee_id,
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
        .select_related("programme", "employee", "rule", "push")
        .order_by("pk")
    )


def settle_courses(*, obligations: Sequence[Obligation], now: dt.datetime) -> list[TrainingRecord]:
    """Note every course and pushed lesson these open obligations have proof of, and close what is complete.

    A lesson whose content was proved before counts: there is no second record of the same content to wait for.
    Five statements whatever the number of obligations, and a few more for each one that closes. Call it inside
    the transaction that locked or created the obligations.
    """
    components = _study_components({obligation.programme_id for obligation in obligations})
    if not components:
        return []
    news = _proved_courses(obligations, [one for one in components if one.kind == ComponentKind.COURSE], now)
    news += _proved_lessons(obligations, [one for one in components if one.kind == ComponentKind.LESSON], now)
    already = set(
        ComponentDone.objects.filter(obligation__in=[done.obligation_id for done in news]).values_list(
            "obligation_id", "component_id"
        )
    )
    news = [done for done in news if (done.obligation_id, done.component_id) not in already]
    ComponentDone.objects.bulk_create(news)
    touched = {done.obligation_id for done in news}
    finished = (
        finish_if_complete(obligation=item, acting_user=None, now=now)
        for item in obligations
        if item.pk in touched
    )
    return [record for record in finished if record is not None]


def _proved_courses(
    obligations: Sequence[Obligation], components: Sequence[Component], now: dt.datetime
) -> list[ComponentDone]:
    """Return the courses all of whose lessons are proved, not yet saved."""
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
    done: list[ComponentDone] = []
    for obligation in obligations:
        own = records.get(obligation.employee_id, {})
        done += [
            ComponentDone(
                obligation=obligation,
                component=component,
                evidence=_study_evidence(
                    component.kind, [own[lesson.pk].pk for lesson in lessons[component.course_id]]
                ),
                done_at=now,
            )
            for component in by_programme[obligation.programme_id]
            if component.course_id is not None
            and lessons.get(component.course_id)
            and all(proves(own.get(lesson.pk), lesson) for lesson in lessons[component.course_id])
        ]
    return done


def _proved_lessons(
    obligations: Sequence[Obligation], components: Sequence[Component], now: dt.datetime
) -> list[ComponentDone]:
    """Return the pushed lessons that are proved, not yet saved."""
    if not components:
        return []
    proofs = proofs_of_pushes({obligation.employee_id for obligation in obligations}, components)
    by_programme = {component.programme_id: component for component in components}
    return [
        ComponentDone(
            obligation=obligation,
            component=by_programme[obligation.programme_id],
            evidence=_study_evidence(
                ComponentKind.LESSON, [proofs[obligation.employee_id, obligation.programme_id]]
            ),
            done_at=now,
        )
        for obligation in obligations
        if (obligation.employee_id, obligation.programme_id) in proofs
    ]


def _study_components(programme_ids: Iterable[int]) -> list[Component]:
    kinds = (ComponentKind.COURSE, ComponentKind.LESSON)
    return list(Component.objects.filter(programme_id__in=programme_ids, kind__in=kinds))


def _study_evidence(kind: str, study_record_ids: list[int]) -> Evidence:
    return {"kind": kind, "study_record_ids": study_record_ids}


def note_component_done(
    *, obligation: Obligation, component: Component, evidence: Evidence, now: dt.datetime
) -> bool:
    """Note that a component of a locked obligation is satisfied; return False if it already was."""
    number = 1
    if component.kind == ComponentKind.EXAM:  # nothing else is ever taken back
        number += ComponentTakenBack.objects.filter(
            done__obligation=obligation, done__component=component
        ).count()
    _done, created = ComponentDone.objects.get_or_create(
        obligation=obligation,
        component=component,
        number=number,
        defaults={"evidence": evidence, "done_at": now},
    )
    return created


def _note_reassessed(obligation: Obligation, acting_user: User | None, now: dt.datetime) -> None:
    """Note on the licences of a post that their holder passed the practical check a return to it asked for.

    It is what the months off the work ask for: without the note somebody who passed would stay blocked.
    """
    rule, event = obligation.rule, obligation.event
    if rule is None or rule.trigger != Trigger.RETURNED or not rule.licence_family:
        return
    if event is None or event.to_post is None:
        return
    if not obligation.programme.components.filter(kind=ComponentKind.PRACTICAL).exists():
        return
    day = timezone.localdate(now)
    kinds = event.to_post.demanded_licences.filter(family=rule.licence_family)
    held = Licence.objects.filter(employee_id=obligation.employee_id, licence_type__in=kinds)
    for licence in held.filter(Q(reassessed_on=None) | Q(reassessed_on__lt=day)):
        licence.reassessed_on = day
        licence.save(update_fields=["reassessed_on"])
        noted = {"reassessed_on": day.isoformat()}
        record_audit(licence, "training.licence.change", acting_user, noted)


def finish_if_complete(
    *, obligation: Obligation, acting_user: User | None, now: dt.datetime
) -> TrainingRecord | None:
    """Close a locked obligation whose components are all done: ledger row, notice, clearance.

    Returns the ledger row, or None while something is missing or if the obligation was closed before. The state
    changes by compare-and-swap, so that two last components at once make one row.
    """
    parts = [
        part_of(item) for item in components_by_programme([obligation.programme_id])[obligation.programme_id]
    ]
    if not is_complete(parts, done_days([obligation.pk])[obligation.pk]):
        return None
    swapped = Obligation.objects.filter(pk=obligation.pk, state=ObligationState.OPEN).update(
        state=ObligationState.DONE, closed_at=now
    )
    if not swapped:
        return None
    obligation.state, obligation.closed_at = ObligationState.DONE, now
    with translation.override(settings.LANGUAGE_CODE):
        # Only what was written over before may have a row already.
        again = standing_row(obligation.pk) if obligation.stands_since is not None else None
        draft = programme_draft(obligation, again=again)
    record = add_record(draft=draft, acting_user=acting_user, now=now)
    _note_reassessed(obligation, acting_user, now)
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
