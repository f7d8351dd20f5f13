import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from certificates.actions.issue import issue_for_record
from common.devices import COOKIE
from exams.models import Attempt
from notices.actions import send_notice
from notices.queries import unread_notices
from people.models import Role
from tests.factories.certificates import CertifiedProgrammeFactory
from tests.factories.courses import CourseFactory, PolicySpeechFactory
from tests.factories.exams import make_exam
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.factories.training import (
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    make_record,
    prove_study,
)
from training.actions.clearance import refresh_clearance
from training.actions.completion import on_study_completed
from training.models import ComponentKind, RecordKind

NOW = dt.datetime(2026, 3, 3, 1, 0, tzinfo=dt.UTC)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_on_the_second_day")]


@pytest.fixture
def _on_the_second_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def employee():
    return EmployeeFactory(name="李秀英", assigned__unit=OrgUnitFactory(name="焊接班"))


@pytest.fixture
def learner(client, employee):
    client.force_login(employee.user)
    return client


@pytest.fixture
def lesson():
    return PolicySpeechFactory(title="先培训后上岗")


@pytest.fixture
def task(employee, lesson):
    return owe(employee, course=CourseFactory(lessons=[lesson]), exam=make_exam(), on_site=[8])


def owe(employee, **programme):
    rule = TrainingRuleFactory(programme=ProgrammeFactory(**programme))
    obligation = ObligationFactory(rule=rule, employee=employee)
    refresh_clearance(employee_ids=[employee.pk], now=NOW)
    return obligation


def study(obligation, lesson):
    event = prove_study(obligation.employee, lesson, completed_at=NOW)
    on_study_completed(event=event)


def component(obligation, kind=ComponentKind.EXAM):
    return obligation.programme.components.get(kind=kind)


def exam_url(obligation, name="portal:task-exam"):
    return reverse(name, args=[obligation.public_id, component(obligation).pk])


# Who sees what


@pytest.mark.parametrize("path", ["/", "/me/", "/tasks/6b0e4b4c-6f0e-4a43-8d3d-0b6b3f3c1c11/"])
def test_stranger_is_asked_to_sign_in(client, path):
    response = client.get(path)
    assert response.status_code == 302
    assert response.url.startswith(reverse("people:login"))


def test_account_without_a_person_is_told_so(client):
    client.force_login(UserFactory())
    response = client.get("/")
    assert response.status_code == 200
    assert "没有对应的员工档案" in response.text
    assert client.get("/me/").status_code == 200


def test_account_of_the_back_office_is_led_there(client):
    client.force_login(UserFactory(superuser=True))
    assert client.get("/").url == reverse("wagtailadmin_home")


@pytest.mark.parametrize("name", ["portal:task", "portal:task-exam", "portal:start-task-exam"])
def test_task_of_somebody_else_does_not_exist(client, task, name):
    client.force_login(EmployeeFactory().user)
    arguments = [task.public_id] if name == "portal:task" else [task.public_id, component(task).pk]
    method = client.post if name == "portal:start-task-exam" else client.get
    assert method(reverse(name, args=arguments)).status_code == 404
    assert not Attempt.objects.exists()


def test_those_responsible_do_not_sit_in_for_their_people(client, task, employee):
    officer = EmployeeFactory()
    RoleGrantFactory(user=officer.user, role=Role.HR_OFFICER, unit=employee.assignments.get().unit)
    client.force_login(officer.user)
    assert client.get(reverse("portal:task", args=[task.public_id])).status_code == 404
    assert client.post(exam_url(task, "portal:start-task-exam")).status_code == 404


def test_pages_of_a_person_are_kept_by_nobody(learner, task):
    for path in ("/", "/me/", reverse("portal:task", args=[task.public_id])):
        assert "no-store" in learner.get(path)["Cache-Control"]


# Home


def test_new_hire_is_blocked_with_reasons_and_one_thing_to_do(learner, task, lesson):
    text = learner.get("/").text
    assert "暂不可上岗" in text
    assert f"培训未完成：{task.programme.title}" in text
    assert text.count("btn primary") == 1
    assert f"{lesson.get_url()}?task={task.public_id}" in text
    assert "继续：先培训后上岗" in text
    assert "0/3" in text
    assert "焊接班" in text


def test_button_leads_to_the_exam_once_the_course_is_done(learner, task, lesson):
    study(task, lesson)
    text = learner.get("/").text
    assert text.count("btn primary") == 1
    assert exam_url(task) in text
    assert "1/3" in text


def test_task_that_waits_for_a_trainer_gives_way_to_one_the_learner_can_do(learner, employee, lesson):
    waiting = owe(employee, on_site=[8])
    own = owe(employee, course=CourseFactory(lessons=[lesson]))
    text = learner.get("/").text
    assert "等教员登记现场教育" in text
    assert text.count("btn primary") == 1
    assert f"?task={own.public_id}" in text
    assert f"?task={waiting.public_id}" not in text


def test_cleared_person_has_nothing_to_do(learner, employee):
    refresh_clearance(employee_ids=[employee.pk], now=NOW)
    text = learner.get("/").text
    assert "可以上岗" in text
    assert "没有要做的事" in text
    assert "btn primary" not in text


@pytest.mark.parametrize(("day", "is_late"), [(dt.date(2026, 3, 9), False), (dt.date(2026, 3, 10), True)])
def test_task_is_late_from_the_day_after_it_is_due(client, task, employee, day, is_late):
    assert task.due_on == dt.date(2026, 3, 9)
    with time_machine.travel(dt.datetime.combine(day, dt.time(1), dt.UTC), tick=False):
        client.force_login(employee.user)
        for path in ("/", reverse("portal:task", args=[task.public_id])):
            assert ("已逾期" in client.get(path).text) is is_late


def test_home_counts_hours_of_the_year_and_unread_messages(learner, employee):
    make_record(employee, hours=Decimal("8.5"))
    send_notice(recipient_id=employee.user.pk, cause="x", title="提醒", now=NOW)
    text = learner.get("/").text
    assert '<p class="fig">8.5</p>' in text
    assert "未读消息" in text


def queries_of(learner, path, django_assert_max_num_queries):
    learner.get(path)  # what is cached per process is read before counting
    with django_assert_max_num_queries(60) as counted:
        assert learner.get(path).status_code == 200
    return len(counted)


def test_home_asks_no_more_for_three_tasks_than_for_one(
    learner, employee, task, django_assert_max_num_queries
):
    one = queries_of(learner, "/", django_assert_max_num_queries)
    for _ in range(2):
        lessons = PolicySpeechFactory.create_batch(2)
        owe(employee, course=CourseFactory(lessons=lessons), exam=make_exam(), on_site=[8, 8])
    assert queries_of(learner, "/", django_assert_max_num_queries) == one


# A task


def test_task_shows_its_steps_and_why_it_is_owed(learner, task, lesson):
    text = learner.get(reverse("portal:task", args=[task.public_id])).text
    assert "先培训后上岗" in text
    assert "未学完" in text
    assert text.count("现在做") == 1
    assert text.count("前一项完成后开放") == 2
    assert "总局令第3号第十二条（条文待核对原文）" in text
    assert "已登记 0 / 8 学时" in text
    study(task, lesson)
    text = learner.get(reverse("portal:task", args=[task.public_id])).text
    assert "已学完" in text
    assert exam_url(task) in text


def test_task_asks_no_more_for_three_lessons_than_for_one(learner, employee, django_assert_max_num_queries):
    counts = set()
    for number in (1, 3):
        course = CourseFactory(lessons=PolicySpeechFactory.create_batch(number))
        path = reverse("portal:task", args=[owe(employee, course=course).public_id])
        counts.add(queries_of(learner, path, django_assert_max_num_queries))
    assert len(counts) == 1


def test_exam_waits_for_its_course(learner, task):
    text = learner.get(exam_url(task)).text
    assert "先学完前面的课程" in text
    assert "开始考试" not in text
    response = learner.post(exam_url(task, "portal:start-task-exam"), follow=True)
    assert response.redirect_chain == [(exam_url(task), 302)]
    assert "请先完成" in response.text
    assert not Attempt.objects.exists()


def test_exam_starts_on_this_device_and_goes_on_with_the_open_attempt(learner, task, lesson):
    study(task, lesson)
    assert "开始考试" in learner.get(exam_url(task)).text
    start = exam_url(task, "portal:start-task-exam")
    response = learner.post(start)
    attempt = Attempt.objects.get()
    assert response.url == reverse("exams:attempt", args=[attempt.public_id])
    assert attempt.device == learner.cookies[COOKIE].value
    assert learner.get(response.url).status_code == 200
    assert "继续作答" in learner.get(exam_url(task)).text
    assert learner.post(start).url == response.url
    assert Attempt.objects.count() == 1


def test_forged_device_cookie_is_replaced(learner, task, lesson):
    study(task, lesson)
    learner.cookies[COOKIE] = "x" * 3000
    learner.post(exam_url(task, "portal:start-task-exam"))
    assert 20 <= len(Attempt.objects.get().device) <= 64


@pytest.mark.parametrize("kind", [ComponentKind.COURSE, ComponentKind.ON_SITE])
def test_component_that_is_no_exam_has_no_exam_page(learner, task, kind):
    path = reverse("portal:task-exam", args=[task.public_id, component(task, kind).pk])
    assert learner.get(path).status_code == 404


def test_exam_of_another_task_is_not_reached_through_ones_own(learner, task, employee):
    other = owe(EmployeeFactory(), exam=make_exam(), course=None)
    path = reverse("portal:start-task-exam", args=[task.public_id, component(other).pk])
    assert learner.post(path).status_code == 404


def test_starting_needs_a_post(learner, task):
    assert learner.get(exam_url(task, "portal:start-task-exam")).status_code == 405


# Me


def test_me_shows_records_and_certificates(learner, employee):
    programme = CertifiedProgrammeFactory()
    record = make_record(
        employee,
        kind=RecordKind.PROGRAMME,
        programme=programme,
        title=programme.title,
        score_pct=Decimal("92.50"),
    )
    certificate = issue_for_record(record_id=record.pk, now=NOW)
    make_record(title="别人的记录")
    text = learner.get("/me/").text
    assert "92.5 分" in text
    assert certificate.number in text
    assert reverse("certificates:download", args=[certificate.public_id]) in text
    assert "别人的记录" not in text


def test_me_of_a_new_person_says_what_is_not_there_yet(learner):
    text = learner.get("/me/").text
    assert "还没有证书" in text
    assert "台账里还没有你的记录" in text


def test_me_asks_no_more_for_three_of_each_than_for_one(learner, employee, django_assert_max_num_queries):
    counts = set()
    for number in (1, 2):
        for index in range(number):
            programme = CertifiedProgrammeFactory()
            record = make_record(
                employee, kind=RecordKind.PROGRAMME, programme=programme, title=programme.title
            )
            issue_for_record(record_id=record.pk, now=NOW)
            send_notice(recipient_id=employee.user.pk, cause=f"{number}:{index}", title="提醒", now=NOW)
        counts.add(queries_of(learner, "/me/", django_assert_max_num_queries))
    assert len(counts) == 1


def test_messages_are_read_by_their_recipient_only(learner, employee):
    other = EmployeeFactory()
    for person in (employee, other):
        send_notice(recipient_id=person.user.pk, cause="x", title="<b>提醒</b>", link="/tasks/", now=NOW)
    assert "&lt;b&gt;提醒" in learner.get("/me/").text
    assert learner.get(reverse("portal:read-notices")).status_code == 405
    response = learner.post(reverse("portal:read-notices"), follow=True)
    assert response.redirect_chain == [(reverse("portal:me"), 302)]
    assert "提醒" not in response.text
    assert unread_notices(other.user.pk).count() == 1
