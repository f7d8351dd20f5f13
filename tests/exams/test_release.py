"""Who sees what of a result, and when: the rule as a table, and on the page."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from exams.queries import media_for, result_for_display
from exams.release import Released, released
from tests.factories.exams import NOW, make_attempt, make_exam, sit
from tests.factories.people import EmployeeFactory

FROM = NOW + dt.timedelta(days=1)
NOTHING = Released(score=False, topics=False, answers=False, from_=FROM)
SCORE = Released(score=True, topics=False, answers=False)
TOPICS = Released(score=True, topics=True, answers=False)
ALL = Released(score=True, topics=True, answers=True)
EARLY, LATE = FROM - dt.timedelta(seconds=1), FROM
WINDOW = {"release_when": "after_window", "results_from": FROM.isoformat()}


@pytest.mark.parametrize(
    ("policy", "now", "running", "passed", "left", "expected"),
    [
        # Papers from before there was a choice.
        ({}, NOW, False, False, 1, TOPICS),
        ({}, NOW, False, False, 0, ALL),
        ({}, NOW, False, True, 1, ALL),
        ({}, NOW, True, True, 0, TOPICS),
        ({"release_what": "when_over"}, NOW, False, False, 1, TOPICS),
        ({"release_what": "when_over"}, NOW, False, True, 3, ALL),
        ({"release_what": "explanations"}, NOW, False, False, 3, ALL),
        ({"release_what": "explanations"}, NOW, True, False, 3, TOPICS),
        ({"release_what": "score_only"}, NOW, False, True, 0, SCORE),
        ({"release_what": "score_only"}, NOW, False, False, 1, SCORE),
        (WINDOW, EARLY, False, True, 0, NOTHING),
        ({**WINDOW, "release_what": "explanations"}, EARLY, False, True, 0, NOTHING),
        (WINDOW, LATE, False, True, 0, ALL),
        (WINDOW, LATE, False, False, 1, TOPICS),
        ({**WINDOW, "release_what": "score_only"}, LATE, False, True, 0, SCORE),
        ({**WINDOW, "release_what": "explanations"}, LATE, False, False, 1, ALL),
    ],
)
def test_what_is_released(policy, now, running, passed, left, expected):
    assert released(policy, now=now, running=running, has_passed=passed, attempts_left=left) == expected


@pytest.mark.django_db
def test_the_server_keeps_back_what_the_paper_says_whatever_the_exam_says_later(time_machine):
    time_machine.move_to(NOW, tick=False)
    exam = make_exam(release_when="after_window", release_what="score_only", results_from=FROM)
    person = EmployeeFactory()
    attempt = sit(exam, person, right=True)
    exam.release_when, exam.release_what = "at_once", "explanations"
    exam.save()
    attempt = type(attempt).objects.select_related("exam").get(pk=attempt.pk)
    client = Client()
    client.force_login(person.user)
    page = client.get(reverse("exams:result", args=[attempt.public_id])).content.decode()
    assert "2026-05-12 09:00 公布" in page
    assert "合格线" not in page
    assert media_for(attempt, 1, attempt.device, NOW) is None
    shown = result_for_display(attempt, FROM)
    assert (shown.review, shown.restudy, shown.mark.passed) == ((), (), True)
    # A paper drawn after the change follows it.
    other = sit(exam, EmployeeFactory(), right=False)
    shown = result_for_display(type(other).objects.select_related("exam").get(pk=other.pk), NOW)
    assert len(shown.review) == 4


@pytest.mark.django_db
def test_an_open_attempt_has_no_result():
    assert result_for_display(make_attempt(), NOW) is None
