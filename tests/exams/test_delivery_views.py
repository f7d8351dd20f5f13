"""What candidates are shown of windows, pauses and one-way papers, and the pages of invigilators."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from exams.actions.deadlines import pause_attempts, resume_attempts
from exams.models import Attempt, AttemptChange, AttemptState, Exam, ExtraTimeGrant
from exams.passwords import password_fits
from people.models import Role
from tests.exams.saving import statements, stored
from tests.factories.exams import NOW, answer, make_attempt, make_bank, make_exam, question, right_response
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db
PHONE = "phone-0123456789abcdefgh"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _at_nine(time_machine):
    time_machine.move_to(NOW, tick=False)


def client_of(user, device=PHONE):
    client = Client()
    client.force_login(user)
    client.cookies["device"] = device
    return client


def own(name, attempt):
    return reverse(f"exams:{name}", args=[attempt.public_id])


def sitter(exam=None, **more):
    attempt = make_attempt(exam or make_exam(), employee=EmployeeFactory(), device=PHONE, **more)
    return attempt, client_of(attempt.employee.user)


# Candidates


def test_the_rules_are_told_before_the_start():
    exam = make_exam(
        opens_at=NOW,
        closes_at=NOW + 20 * MINUTE,
        late_after_s=600,
        navigation="one_way",
        take_over="released",
        password="安全第1",
    )
    employee = EmployeeFactory()
    ExtraTimeGrant.objects.create(employee=employee, extra_pct=50, reason="手伤", granted_at=NOW)
    client = client_of(employee.user)
    text = client.get(reverse("exams:start", args=[exam.code])).content.decode()
    for told in (
        "2026-05-11 09:00 到 09:20",
        "09:10 以后不能再入场",
        "45 分钟，从点“开始”算起",
        "其中 15 分钟是给你的加时",
        "现在开始只能答到 09:35",
        "只能往前",
        "须监考人员放行",
        "考试口令",
    ):
        assert told in text
    assert exam.password_hash not in text
    reply = client.post(reverse("exams:start", args=[exam.code]), {"password": "安全"})
    assert (reply.status_code, "口令不对" in reply.content.decode()) == (409, True)
    client.post(reverse("exams:start", args=[exam.code]), {"password": "安全第1"})
    assert Attempt.objects.get().deadline_at == NOW + 35 * MINUTE


def test_before_the_window_and_outside_the_network_the_page_says_what_to_do(settings):
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    exam = make_exam(opens_at=NOW + MINUTE, networks=["10.20.0.0/16"])
    client = client_of(EmployeeFactory().user)
    address = reverse("exams:start", args=[exam.code])
    text = client.get(address).content.decode()
    assert "2026-05-11 09:01 开考" in text
    assert "开始考试</button>" not in text.replace("\n", "")
    Exam.objects.update(opens_at=None)
    assert "指定的网络" in client.get(address).content.decode()
    # What the client writes there is not believed beyond the proxy.
    forged = {"X-Forwarded-For": "10.20.1.1, 203.0.113.9"}
    assert client.post(address, headers=forged).status_code == 409
    assert client.post(address, headers={"X-Forwarded-For": "10.20.1.1"}).status_code == 302


def test_a_paused_attempt_shows_no_paper_and_the_page_hears_of_it():
    attempt, client = sitter()
    assert statements(lambda: client.get(own("standing", attempt))) <= 3
    told = client.get(own("standing", attempt)).json()
    assert (told["state"], told["paused"], told["moved"]) == ("open", False, False)
    pause_attempts(exam=attempt.exam, reason="停电", acting_user=None, now=NOW)
    assert client.get(own("standing", attempt)).json()["paused"]
    page = client.get(own("attempt", attempt)).content.decode()
    assert "考试已暂停" in page
    assert "停电" in page
    assert "作业顺序" not in page
    assert client.get(reverse("exams:media", args=[attempt.public_id, 1])).status_code == 404
    step = {"steps": [{"slot": 1, "seq": 1, "response": right_response(attempt, 1)}]}
    for name in ("save", "submit"):
        reply = client.post(own(name, attempt), step, content_type="application/json")
        assert (reply.status_code, reply.json()["error"]) == (409, "paused")
    assert stored(attempt) == {}
    resume_attempts(exam=attempt.exam, reason="来电", acting_user=None, now=NOW)
    assert client.post(own("save", attempt), step, content_type="application/json").status_code == 200
    assert client_of(EmployeeFactory().user).get(own("standing", attempt)).status_code == 404
    assert client_of(attempt.employee.user, "x" * 24).get(own("standing", attempt)).json()["moved"]


def test_a_one_way_paper_leaves_the_server_question_by_question():
    attempt, client = sitter(make_exam(navigation="one_way"))

    def tokens_of(slot):
        return attempt.paper["slots"][slot - 1]["tokens"]

    page = client.get(own("attempt", attempt)).content.decode()
    assert all(token in page for token in tokens_of(1))
    assert not any(token in page for slot in (2, 3, 4) for token in tokens_of(slot))
    # Without JavaScript: the form goes on with the answer.
    right = right_response(attempt, 1)
    assert client.post(own("next", attempt), {"slot": "1", "q1": right}).status_code == 302
    page = client.get(own("attempt", attempt)).content.decode()
    assert "第 2 / 4 题" in page
    assert not any(token in page for token in tokens_of(1))
    # A stale page changes nothing: neither the answer that was left nor the present one.
    answer(attempt, {2: right_response(attempt, 2)}, seq=5)
    client.post(own("next", attempt), {"slot": "1", "q1": []})
    client.post(own("save", attempt), {"slot": "1", "q1": []})
    assert stored(attempt) == {1: right, 2: right_response(attempt, 2)}
    late = {"slot": 2, "steps": [{"slot": 1, "seq": 9, "response": []}]}
    reply = client.post(own("next", attempt), late, content_type="application/json")
    assert (reply.status_code, reply.json()["error"]) == (409, "slot_left")
    reply = client.post(own("next", attempt), {"slot": 2, "steps": []}, content_type="application/json")
    assert reply.json()["slot"] == 3
    for body in ({"slot": "2"}, {"slot": True}, [], {}):
        reply = client.post(own("next", attempt), body, content_type="application/json")
        assert reply.status_code == 400
    client.post(own("submit", attempt), {"slot": "3", "q3": right_response(attempt, 3)})
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.GRADED
    assert stored(attempt).keys() == {1, 2, 3}


def test_a_second_device_waits_for_the_invigilator_where_the_exam_says_so():
    attempt, _client = sitter(make_exam(take_over="released"))
    second = client_of(attempt.employee.user, "tablet-0123456789abcdefg")
    assert "监考人员放行" in second.get(own("attempt", attempt)).content.decode()
    reply = second.post(own("take-over", attempt), follow=True)
    assert "举手" in reply.content.decode()
    attempt.refresh_from_db()
    assert attempt.device == PHONE


# Invigilators


@pytest.fixture
def unit():
    return OrgUnitFactory()


def staff(unit, role):
    user = RoleGrantFactory(user=UserFactory(), role=role, unit=unit).user
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    return client_of(user), user


def office(name, *args):
    return reverse(f"exams_office:{name}", args=args)


def test_an_invigilator_sees_and_handles_those_in_their_care(unit, django_assert_max_num_queries):
    exam = make_exam()
    mine = [make_attempt(exam, employee=EmployeeFactory(assigned__unit=unit)) for _ in range(3)]
    other = make_attempt(exam)
    answer(mine[0], {1: right_response(mine[0], 1), 2: right_response(mine[0], 2)})
    answer(mine[0], {2: []}, seq=2)
    client, trainer = staff(unit, Role.TRAINER)
    client.get("/admin/")  # the day's first request joins the groups of the roles
    assert "3 人在考" in client.get(office("running")).content.decode()
    with django_assert_max_num_queries(30):
        reply = client.get(office("exam-running", exam.pk))
    rows = {row.pk: row.answered for row in reply.context["page"]}
    assert rows == {mine[0].pk: 1, mine[1].pk: 0, mine[2].pk: 0}
    address = office("exam-running", exam.pk)
    given = {"action": "extend", "whom": "chosen", "minutes": "10", "reason": "网络故障"}
    assert client.post(address, given).status_code == 422  # nobody is ticked
    assert client.post(address, {**given, "reason": ""}).status_code == 422
    reply = client.post(address, {**given, "attempts": [mine[0].pk, other.pk]}, follow=True)
    assert "给 1 人延长了时间" in reply.content.decode()
    assert AttemptChange.objects.get().made_by == trainer
    reply = client.post(address, {"action": "pause", "whom": "all", "reason": "停电"}, follow=True)
    assert "暂停了 3 人的考试" in reply.content.decode()
    assert Attempt.objects.filter(paused_at__isnull=False).count() == 3
    reply = client.post(
        address, {"action": "resume", "whom": "chosen", "reason": "x", "attempts": [other.pk]}
    )
    assert AttemptChange.objects.filter(kind="resumed").count() == 0
    client.post(address, {"action": "release", "whom": "all", "reason": "换手机"})
    assert Attempt.objects.filter(device="").count() == 3
    # Elsewhere there is nothing to see, and other roles see no such page.
    far, _user = staff(OrgUnitFactory(), Role.TRAINER)
    far.get("/admin/")
    assert far.get(address).status_code == 404
    assert far.get(office("running")).status_code == 200
    writer, _user = staff(unit, Role.QUESTION_WRITER)
    assert writer.get(address).status_code == 302


def test_extra_time_is_granted_and_withdrawn(unit):
    person, stranger = EmployeeFactory(assigned__unit=unit), EmployeeFactory()
    attempt = make_attempt(employee=person)
    client, user = staff(unit, Role.SAFETY_OFFICER)
    given = {"employee_no": person.employee_no, "extra_pct": "25", "reason": "手伤", "running_too": "on"}
    assert client.post(office("extra-time"), {**given, "extra_pct": ""}).status_code == 422
    assert (
        client.post(office("extra-time"), {**given, "employee_no": stranger.employee_no}).status_code == 422
    )
    assert client.post(office("extra-time"), given).status_code == 302
    grant = ExtraTimeGrant.objects.get()
    assert (grant.employee, grant.granted_by, grant.exam) == (person, user, None)
    before = attempt.deadline_at
    attempt.refresh_from_db()
    assert attempt.deadline_at == before + dt.timedelta(seconds=450)
    far, _user = staff(OrgUnitFactory(), Role.TRAINER)
    assert far.post(office("extra-time-withdraw", grant.pk)).status_code == 404
    client.post(office("extra-time-withdraw", grant.pk))
    grant.refresh_from_db()
    assert grant.withdrawn_at == NOW
    assert "手伤" not in client.get(office("extra-time")).content.decode()


def test_the_exam_form_folds_what_is_unusual_and_keeps_the_password(unit):
    bank = make_bank()
    bank.owner = unit
    bank.save()
    exam = make_exam(bank, opens_at=NOW, password="旧口令")
    client, _user = staff(unit, Role.EXAMINER)
    form = client.get(office("exam-edit", exam.pk)).context
    opened = {str(part["title"]): part["open"] for part in form["sections"]}
    assert opened["开考时间"]
    assert not opened["补考"]
    fields = form["form"]
    typed = {name: fields[name].value() for name in fields.fields}
    typed = {name: value for name, value in typed.items() if str(value) not in ("None", "False", "")}
    typed["opens_at"] = "2026-05-11T09:00"
    rows = _rows(form["rows"])
    changes = {
        "closes_at": "2026-05-11T10:00",
        "late_after_min": "15",
        "window_end": "keep",
        "networks": "10.20.3.4/16\n2001:db8::1",
        "resit_cap_pct": "80",
        "navigation": "one_way",
        "question_order": "written",
    }
    reply = client.post(office("exam-edit", exam.pk), {**typed, **rows, **changes})
    assert reply.status_code == 302
    exam.refresh_from_db()
    assert (exam.closes_at, exam.late_after_s, exam.window_cuts) == (NOW + 60 * MINUTE, 900, False)
    assert exam.networks == ["10.20.0.0/16", "2001:db8::1/128"]
    assert (exam.navigation, exam.question_order, exam.resit_cap_pct) == ("one_way", "written", 80)
    assert password_fits("旧口令", exam.password_hash)
    client.post(office("exam-edit", exam.pk), {**typed, **rows, "no_password": "on"})
    exam.refresh_from_db()
    assert exam.password_hash == ""
    wrong = {"closes_at": "2026-05-11T08:00", "networks": "考场", "resit_cap_pct": "10"}
    errors = client.post(office("exam-edit", exam.pk), {**typed, **rows, **wrong}).context["form"].errors
    assert errors.keys() == {"closes_at", "networks", "resit_cap_pct"}
    assert question(bank, "S-0")


def _rows(formset):
    count = len(formset.initial_forms)
    found = {"rows-TOTAL_FORMS": count, "rows-INITIAL_FORMS": count}
    for form in formset.initial_forms:
        found |= {f"{form.prefix}-{name}": form[name].value() for name in form.fields}
    return {key: value for key, value in found.items() if str(value) not in ("None", "False", "")}
