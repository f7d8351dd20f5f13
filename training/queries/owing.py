"""Whose next step is a certain exam, for the rosters of sittings; for what an exam on paper was sat; who owes a lesson."""

from django.db.models import Exists, OuterRef

from courses.signals import LessonAsked
from exams.signals import Owing, OwingAsked
from training.models import Component, ComponentDone, ComponentKind, Obligation, ObligationState
from training.queries.purposes import PURPOSE_PREFIX


def owes_lesson(asked: LessonAsked) -> bool:
    """Tell whether something open asks a person for this very lesson, such as a pushed case. One statement."""
    lesson = Component.objects.filter(
        programme_id=OuterRef("programme_id"), kind=ComponentKind.LESSON, lesson_id=asked.lesson_id
    )
    open_now = Obligation.objects.filter(employee_id=asked.employee_id, state=ObligationState.OPEN)
    return open_now.filter(Exists(lesson)).exists()


def owing_of(asked: OwingAsked) -> list[Owing]:
    """Return whose next component is this exam, before work first, then by the day it is due. One statement.

    Who has something before it to finish is left out, unless all are asked for who lack the exam.
    """
    exam = Component.objects.filter(
        programme_id=OuterRef("programme_id"), kind=ComponentKind.EXAM, exam_id=asked.exam_id
    )
    waiting = exam.filter(
        ~Exists(ComponentDone.objects.filter(obligation=OuterRef(OuterRef("pk")), component=OuterRef("pk")))
    )
    if asked.only_next:
        earlier = Component.objects.filter(
            ~Exists(
                ComponentDone.objects.filter(
                    obligation=OuterRef(OuterRef(OuterRef("pk"))), component=OuterRef("pk")
                )
            ),
            programme_id=OuterRef("programme_id"),
            position__lt=OuterRef("position"),
        )
        waiting = waiting.filter(~Exists(earlier))
    owed = Obligation.objects.filter(Exists(waiting), state=ObligationState.OPEN)
    if asked.employee_ids is not None:
        owed = owed.filter(employee_id__in=asked.employee_ids)
    rows = owed.order_by("-before_work", "due_on", "pk").values_list(
        "employee_id", "public_id", "programme__title"
    )
    return [Owing(employee, f"{PURPOSE_PREFIX}{public_id}", title) for employee, public_id, title in rows]
