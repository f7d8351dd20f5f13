"""The pages of pushes and of the four gates: what they show, to whom, and what they do."""

import datetime as dt
import io
import uuid

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from courses.signals import study_completed
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.factories.exams import make_bank
from tests.factories.people import EmployeeFactory, RoleGrantFactory, UserFactory, org_path
from tests.factories.training import (
    REFLECTION,
    at,
    make_case,
    post_with,
    prove_study,
    push_to_all,
)
from training.actions.gates import open_case_file
from training.models import CasePush, GateEntry, Obligation, ObligationState
from training.wagtail_hooks import offer_push

pytestmark = pytest.mark.django_db
NOW = at("2026-06-01", "10:00")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def team():
    return org_path("总厂/一车间/甲班")


@pytest.fixture
def post():
    return post_with("机械伤害试验", name="冲压工")


@pytest.fixture
def case():
    return make_case(["机械伤害试验"], title="手被卷入")


def worker(team, post, **fields):
    return EmployeeFactory(assigned__unit=team, assigned__post=post, **fields)


def sign_in(client, role, path="总厂"):
    user = RoleGrantFactory(role=role, unit=org_path(path)).user
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(user)
    return user


def address(name, *args):
    return reverse(f"training_office:{name}", args=args)


def asked(**changes):
    return {
        "key": str(uuid.uuid4()), "days": "5", "asks_reflection": "on", "min_chars": "20", "do": "push", **changes
    }  # fmt: skip


def test_the_form_shows_who_before_anything_is_saved(client, case, team, post):
    sign_in(client, Role.EDITOR)
    worker(team, post, name="李秀英")
    page = client.get(address("push-add", case.pk)).content.decode()
    assert "推送给 1 人" in page
    assert "冲压工" in page
    assert "李秀英" not in page
    narrowed = asked(do="preview", units=[org_path("总厂/二车间").pk])
    assert "没有人的岗位" in client.post(address("push-add", case.pk), narrowed).content.decode()
    assert not CasePush.objects.exists()


def test_pushing_from_the_form(client, case, team, post):
    sign_in(client, Role.SAFETY_OFFICER)
    worker(team, post)
    given = asked(units=[team.pk], employment_types=["own"], bank=make_bank().pk, questions="2")
    first = client.post(address("push-add", case.pk), given)
    again = client.post(address("push-add", case.pk), given)
    push = CasePush.objects.get()
    assert first.url == again.url == address("push", push.public_id)
    assert (push.due_on, push.reflection_min_chars) == (dt.date(2026, 6, 6), 20)
    assert push.programme.components.count() == 3
    assert "正在分发" in client.get(first.url).content.decode()
    run_pending_jobs()
    page = client.get(first.url).content.decode()
    assert "正在分发" not in page
    assert "0.0" in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"days": ""}, "请填写几日内完成"),
        ({"due_on": "2026-05-01"}, "截止日须在"),
        ({"units": ["0"]}, "只能选择您负责范围内"),
        ({"employment_types": ["x"]}, ""),
    ],
)
def test_what_the_form_refuses(client, case, team, post, changes, message):
    sign_in(client, Role.SAFETY_OFFICER)
    worker(team, post)
    answer = client.post(address("push-add", case.pk), asked(**changes))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not CasePush.objects.exists()


def test_a_draft_or_another_kind_of_page_is_not_found(client, case):
    sign_in(client, Role.SAFETY_OFFICER)
    case.unpublish()
    assert client.get(address("push-add", case.pk)).status_code == 404
    assert client.get(address("push-add", case.get_parent().pk)).status_code == 404


def test_publishing_offers_the_push_and_so_does_the_page_on_any_later_day(client, rf, case):
    request = rf.post("/")
    request.user = UserFactory(superuser=True)
    request.session = {}
    request._messages = FallbackStorage(request)
    offer_push(request, case)
    offer_push(request, case.get_parent())
    (offered,) = list(request._messages)
    assert address("push-add", case.pk) in str(offered)
    client.force_login(request.user)
    page = client.get(reverse("wagtailadmin_pages:edit", args=[case.pk])).content.decode()
    assert address("push-add", case.pk) in page


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


@pytest.mark.parametrize("name", ["push", "push-people", "push-export"])
def test_one_and_three_people_cost_the_same(client, case, team, post, name):
    sign_in(client, Role.SAFETY_OFFICER)
    worker(team, post)
    one = queries(client, address(name, push_to_all(case, now=NOW).public_id))
    CasePush.objects.count()
    for _ in range(2):
        worker(team, post)
    three = queries(client, address(name, push_to_all(case, now=NOW).public_id))
    assert one == three


def test_names_are_for_those_who_answer_for_the_people(client, case, team, post):
    worker(team, post, name="李秀英")
    worker(org_path("总厂/二车间"), post, name="张三丰")
    push = push_to_all(case, now=NOW)
    sign_in(client, Role.TEAM_LEADER, "总厂/一车间")
    page = client.get(address("push-people", push.public_id)).content.decode()
    assert "李秀英" in page
    assert "张三丰" not in page
    assert (
        client.get(address("push", push.public_id), {"unit": org_path("总厂/二车间").pk}).status_code == 404
    )
    assert client.get(address("push", push.public_id), {"unit": "x"}).status_code == 404
    book = load_workbook(io.BytesIO(client.get(address("push-export", push.public_id)).content))
    assert book.sheetnames == ["覆盖", "曲线", "名单"]
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "李秀英" in cells
    assert "张三丰" not in cells
    assert any("导出于" in cell for cell in cells)


def test_an_editor_sees_numbers_and_no_names(client, case, team, post):
    worker(team, post, name="李秀英")
    push = push_to_all(case, now=NOW)
    sign_in(client, Role.EDITOR)
    assert "名单" not in client.get(address("push", push.public_id)).content.decode()
    book = load_workbook(io.BytesIO(client.get(address("push-export", push.public_id)).content))
    assert book.sheetnames == ["覆盖", "曲线"]


def test_ending_asks_for_a_reason(client, case, team, post):
    worker(team, post)
    push = push_to_all(case, now=NOW)
    sign_in(client, Role.SAFETY_OFFICER)
    client.post(address("push-end", push.public_id), {"reason": ""})
    assert not hasattr(CasePush.objects.get(), "end")
    client.post(address("push-end", push.public_id), {"reason": "推错了", "withdraw": "on"})
    assert Obligation.objects.get().state == ObligationState.CANCELLED
    page = client.get(address("push", push.public_id)).content.decode()
    assert "已撤回" in page
    assert "推错了" in page


def test_the_learner_meets_the_case_at_home_and_signs(client, case, team, post):
    person = worker(team, post, name="李秀英")
    push = push_to_all(case, now=NOW, days=3)
    obligation = Obligation.objects.get()
    client.force_login(person.user)
    home = client.get("/").content.decode()
    assert "案例学习：手被卷入" in home
    assert "还剩 3 天" in home
    page = reverse("portal:task-reflection", args=[obligation.public_id])
    assert "先做完前面的" in client.get(page).content.decode()
    event = prove_study(person, case, NOW, sha256=push.content_sha256)
    study_completed.send(sender=None, event=event)
    refused = client.post(page, {"text": "短", "typed_name": "李秀英", "is_confirmed": "1"})
    assert refused.status_code == 422
    assert "短</textarea>" in refused.content.decode()
    signed = {"text": REFLECTION, "typed_name": "李秀英", "is_confirmed": "1"}
    assert client.post(page, signed).url == reverse("portal:task", args=[obligation.public_id])
    assert client.post(page, signed).status_code == 302
    obligation.refresh_from_db()
    assert obligation.state == ObligationState.DONE
    assert REFLECTION in client.get(reverse("portal:task", args=[obligation.public_id])).content.decode()


def test_nobody_signs_the_task_of_a_colleague(client, case, team, post):
    worker(team, post)
    push_to_all(case, now=NOW)
    client.force_login(EmployeeFactory().user)
    page = reverse("portal:task-reflection", args=[Obligation.objects.get().public_id])
    assert client.get(page).status_code == 404
    assert client.post(page, {"text": REFLECTION}).status_code == 404


class TestGatePages:
    def test_from_opening_to_the_refusal_that_names_who_is_missing(self, client, case, team, post):
        sign_in(client, Role.SAFETY_OFFICER)
        worker(team, post, name="李秀英")
        push_to_all(case, now=NOW)
        opened = client.post(address("case-files"), {"lesson": case.pk, "unit": org_path("总厂").pk})
        page = client.get(opened.url).content.decode()
        assert "还有 1 名有关人员未受到教育" in page
        public_id = opened.url.strip("/").rpartition("/")[2]
        gate = address("case-file-gate", public_id, "education")
        refused = client.post(gate, {"act": "close", "text": "都学了"})
        assert refused.status_code == 422
        assert "李秀英" in refused.content.decode()
        assert not GateEntry.objects.exists()

    def test_material_is_kept_and_sent_as_a_download(self, client, case):
        user = sign_in(client, Role.SAFETY_OFFICER)
        found = open_case_file(lesson=case, unit=org_path("总厂"), acting_user=None, now=NOW)
        file = SimpleUploadedFile("报告.pdf", b"%PDF-1.7 x")
        given = {"act": "note", "text": "现场勘查", "file": file}
        assert client.post(address("case-file-gate", found.public_id, "cause"), given).status_code == 302
        entry = GateEntry.objects.get()
        assert entry.recorded_by == user
        sent = client.get(address("gate-material", found.public_id, entry.pk))
        assert b"".join(sent.streaming_content) == b"%PDF-1.7 x"
        assert sent["Content-Disposition"].startswith("attachment")
        sign_in(client, Role.SAFETY_OFFICER, "分厂")
        assert client.get(address("gate-material", found.public_id, entry.pk)).status_code == 404

    def test_the_list_costs_the_same_for_one_and_three_files(self, client):
        sign_in(client, Role.SAFETY_OFFICER)
        cases = [make_case([]) for _ in range(3)]
        open_case_file(lesson=cases[0], unit=org_path("总厂"), acting_user=None, now=NOW)
        one = queries(client, address("case-files"))
        for case in cases[1:]:
            open_case_file(lesson=case, unit=org_path("总厂"), acting_user=None, now=NOW)
        assert queries(client, address("case-files")) == one

    @pytest.mark.parametrize("gate", ["nothing", "whole"])
    def test_a_gate_that_is_none_and_a_note_on_the_whole_are_refused(self, client, case, gate):
        sign_in(client, Role.SAFETY_OFFICER)
        found = open_case_file(lesson=case, unit=org_path("总厂"), acting_user=None, now=NOW)
        answer = client.post(address("case-file-gate", found.public_id, gate), {"act": "note", "text": "x"})
        assert answer.status_code == (404 if gate == "nothing" else 422)
