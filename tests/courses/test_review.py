"""From a draft to a published page: submitted, sent back with a reason, changed, approved twice, in its time."""

import datetime as dt
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.urls import reverse
from wagtail.models import Comment, Workflow, WorkflowState

from courses.actions.review import LEGAL_GROUP, WORKFLOW, ensure_review_workflow
from courses.actions.shelves import ensure_shelves
from courses.models import OperatingRulePage, PolicySpeechPage, ReviewTask, WarningCasePage
from courses.tasks import publish_scheduled
from people.actions.roles import grant_role
from people.models import Role
from tests.courses.test_editing import speech_form
from tests.factories.courses import (
    CourseFactory,
    FilmFactory,
    OperatingRuleFactory,
    PolicySpeechFactory,
    WarningCaseFactory,
    simple_body,
)
from tests.factories.people import OrgUnitFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


def person(role=None, **fields):
    user = UserFactory(**fields)
    if role:
        unit = OrgUnitFactory()
        grant_role(user=user, role=role, unit=unit, starts_on=dt.date(2020, 1, 1), acting_user=None, now=NOW)
    return user


@pytest.fixture
def shelf():
    return ensure_shelves(acting_user=None, now=NOW)["speeches"]


@pytest.fixture
def staff(shelf):
    """An editor who may not publish, a safety officer and a lawyer."""
    ensure_review_workflow(required=True, acting_user=None, now=NOW)
    lawyer = person()
    lawyer.groups.add(Group.objects.get(name=LEGAL_GROUP))
    return {"editor": person(Role.EDITOR), "officer": person(Role.SAFETY_OFFICER), "lawyer": lawyer}


def act(client, user, page, action, comment=""):
    """Do what a reviewer does in the dialogue, and return the answer."""
    client.force_login(user)
    state = page.current_workflow_task_state
    address = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, action, state.pk])
    answer = client.post(address, {"comment": comment}, headers={"x-requested-with": "XMLHttpRequest"})
    page.refresh_from_db()
    return answer


def submit(client, user, page=None, shelf=None, **fields):
    client.force_login(user)
    address = (
        reverse("wagtailadmin_pages:edit", args=[page.pk])
        if page
        else reverse("wagtailadmin_pages:add", args=["courses", "policyspeechpage", shelf.pk])
    )
    form = {
        **speech_form(**fields),
        "action-submit": "1",
        "comments-TOTAL_FORMS": 0,
        "comments-INITIAL_FORMS": 0,
    }
    assert client.post(address, form).status_code == 302
    return PolicySpeechPage.objects.get(slug="xin-jianghua")


def test_from_submission_to_publication(client, staff, shelf):
    editor, officer, lawyer = staff["editor"], staff["officer"], staff["lawyer"]
    assert not shelf.permissions_for_user(editor).can_publish_subpage()
    page = submit(client, editor, shelf=shelf)
    state = page.current_workflow_state
    assert (page.live, str(page.current_workflow_task), state.status) == (False, "安全审核", "in_progress")

    client.force_login(officer)
    assert page.title in client.get(reverse("wagtailadmin_home")).content.decode()
    assert client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).status_code == 200
    # Not the lawyer's turn, nor ever the editor's own.
    for stranger in (lawyer, editor):
        act(client, stranger, page, "approve")
        assert str(page.current_workflow_task) == "安全审核"

    # Sent back: not without a reason.
    answer = act(client, officer, page, "reject")
    assert "请写明要改什么" in answer.json()["html"]
    act(client, officer, page, "reject", "第二段的数字与通报不符")
    assert page.current_workflow_state.status == WorkflowState.STATUS_NEEDS_CHANGES
    client.force_login(editor)
    shown = client.get(reverse("wagtailadmin_pages:workflow_history_detail", args=[page.pk, state.pk]))
    assert "第二段的数字与通报不符" in shown.content.decode()

    # Changed, submitted again, approved by both.
    page = submit(client, editor, page, speaker="李明（更正）")
    act(client, officer, page, "approve", "已核对")
    assert (page.live, str(page.current_workflow_task)) == (False, "法务审核")
    act(client, officer, page, "approve")
    assert not page.live
    act(client, lawyer, page, "approve", "同意发布")
    page = PolicySpeechPage.objects.get(pk=page.pk)
    assert (page.live, page.speaker) == (True, "李明（更正）")
    state.refresh_from_db()
    assert state.status == WorkflowState.STATUS_APPROVED
    assert set(state.task_states.values_list("comment", flat=True)) >= {"已核对", "同意发布"}


def test_nobody_approves_what_they_submitted(client, staff, shelf):
    officer = staff["officer"]
    grant_role(
        user=officer,
        role=Role.EDITOR,
        unit=OrgUnitFactory(),
        starts_on=dt.date(2020, 1, 1),
        acting_user=None,
        now=NOW,
    )
    page = submit(client, officer, shelf=shelf)
    act(client, officer, page, "approve")
    assert str(page.current_workflow_task) == "安全审核"
    act(client, person(Role.SAFETY_OFFICER), page, "approve")
    assert str(page.current_workflow_task) == "法务审核"


class TestSettingUp:
    def test_it_comes_with_the_library_and_is_made_once(self, shelf):
        first = shelf.get_workflow()
        assert first.name == WORKFLOW
        assert ensure_review_workflow(acting_user=None, now=NOW) == first
        assert Workflow.objects.filter(name=WORKFLOW).count() == 1
        assert [str(task) for task in first.tasks] == ["安全审核", "法务审核"]
        assert ReviewTask.objects.count() == 2

    def test_editors_publish_until_review_is_required(self, shelf):
        def may_publish(user):
            return shelf.permissions_for_user(type(user).objects.get(pk=user.pk)).can_publish_subpage()

        editor = person(Role.EDITOR)
        assert may_publish(editor)
        call_command("ensure_content_review", "--required", stdout=StringIO())
        person(Role.EDITOR)  # a new grant does not bring publishing back
        assert not may_publish(editor)
        assert shelf.permissions_for_user(editor).can_add_subpage()
        call_command("ensure_content_review", stdout=StringIO())
        assert not may_publish(editor)
        call_command("ensure_content_review", "--optional", stdout=StringIO())
        assert may_publish(editor)

    def test_without_a_library_it_says_what_to_do(self):
        with pytest.raises(CommandError, match="还没有学习首页"):
            call_command("ensure_content_review")


@pytest.mark.parametrize("factory", [PolicySpeechFactory, CourseFactory])
def test_a_page_is_published_and_taken_down_in_its_time(factory):
    with time_machine.travel(NOW, tick=False):
        page = factory(live=False)
        page.go_live_at, page.expire_at = NOW + dt.timedelta(hours=1), NOW + dt.timedelta(hours=3)
        page.save_revision().publish()
        publish_scheduled()
        page.refresh_from_db()
        assert not page.live
    for hours, live in ((2, True), (2, True), (4, False)):
        with time_machine.travel(NOW + dt.timedelta(hours=hours), tick=False):
            publish_scheduled()
        page.refresh_from_db()
        assert page.live is live


CHANGES = [
    (PolicySpeechFactory, {"speaker": "王芳", "study_points": "先检测", "spoken_on": dt.date(2026, 1, 2)}),
    (WarningCaseFactory, {"deaths": 3, "direct_causes": "未检测", "content_warning": "含现场画面"}),
    (OperatingRuleFactory, {"edition": "B/2", "forbidden_acts": "戴手套操作"}),
]


@pytest.mark.parametrize(("factory", "fields"), CHANGES)
def test_versions_are_compared_field_by_field(client, factory, fields):
    client.force_login(UserFactory(superuser=True))
    page = factory()
    first = page.latest_revision
    table = {
        "columns": [{"type": "text", "heading": "项目"}],
        "rows": [{"values": ["油位"]}],
        "caption": "",
    }
    page.film, page.body = (
        FilmFactory(title="新影片"),
        [
            *simple_body(text="改过的一段。"),
            ("callout", {"sign": "stop", "text": "禁止带病运转"}),
            ("steps", {"title": "", "steps": [{"text": "停机挂牌", "ppe": ["helmet"], "stop_point": ""}]}),
        ],
    )
    page.body.append(("table", page.body.stream_block.child_blocks["table"].to_python(table)))
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision()
    address = reverse("wagtailadmin_pages:revisions_compare", args=[page.pk, first.pk, "latest"])
    html = client.get(address).content.decode()
    for name in (*fields, "film", "body"):
        assert str(page._meta.get_field(name).verbose_name) in html
    for words in ("禁止带病运转", "停机挂牌", "改过的一段"):
        assert words in html


def test_comments_are_kept_with_the_field_they_are_about(client):
    editor = UserFactory(superuser=True)
    client.force_login(editor)
    page = PolicySpeechFactory(live=False, slug="xin-jianghua")
    form = speech_form() | {
        "comments-TOTAL_FORMS": 1,
        "comments-INITIAL_FORMS": 0,
        "comments-0-text": "日期请核对",
        "comments-0-contentpath": "speaker",
        "comments-0-position": "",
        "comments-0-id": "",
        "comments-0-replies-TOTAL_FORMS": 0,
        "comments-0-replies-INITIAL_FORMS": 0,
    }
    assert client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), form).status_code in (200, 302)
    assert Comment.objects.get().text == "日期请核对"


@pytest.mark.parametrize("model", [PolicySpeechPage, WarningCasePage, OperatingRulePage])
def test_the_phone_comes_first_in_the_preview(model):
    page = model()
    assert page.default_preview_size == "phone"
    assert [size["device_width"] for size in page.preview_sizes] == [390, 768, 1280]


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        ("", ('data-theme="light"', 'data-size="normal"')),
        ("dark", ('data-theme="dark"',)),
        ("large", ('data-size="large"',)),
    ],
)
@pytest.mark.parametrize("factory", [PolicySpeechFactory, CourseFactory])
def test_the_preview_shows_both_modes(factory, mode, shown):
    page = factory(live=False)
    html = page.make_preview_request(preview_mode=mode).render().content.decode()
    assert all(words in html for words in shown)
