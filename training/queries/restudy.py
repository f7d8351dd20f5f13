"""What is to be studied again before a resit: everything of the programme that stands before the exam."""

from courses.queries import studied_again
from exams.signals import Restudied, RestudyAsked
from training.models import Component, Obligation
from training.queries.purposes import obligation_id_in
from training.queries.study import lessons_by_course


def restudy_of(asked: RestudyAsked) -> Restudied | None:
    """Return the lessons that wait for a second study, by title; None for an exam nobody took for an obligation.

    Four statements at most.
    """
    public_id = obligation_id_in(asked.purpose)
    if public_id is None:
        return None
    owed = Obligation.objects.filter(public_id=public_id, employee_id=asked.employee_id).first()
    if owed is None:
        return None
    components = list(Component.objects.filter(programme_id=owed.programme_id).select_related("lesson"))
    places = [each.position for each in components if each.exam_id == asked.exam_id]
    before = [each for each in components if places and each.position < min(places)]
    courses = lessons_by_course([each.course_id for each in before if each.course_id is not None])
    titles = {lesson.pk: lesson.title for lessons in courses.values() for lesson in lessons}
    titles |= {each.lesson.pk: each.lesson.title for each in before if each.lesson is not None}
    done = studied_again(asked.employee_id, titles, asked.since)
    return Restudied(missing=tuple(title for pk, title in titles.items() if pk not in done))
