"""What editors and reviewers meet next: the lists they tick, the large button, where an answer leads."""

import datetime as dt

import pytest
import time_machine
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import RequestFactory
from django.urls import reverse
from wagtail.admin.action_menu import PageActionMenu

from courses.editing import say_what_follows
from courses.lesson_form import LessonForm
from courses.models import WarningCasePage
from people.models import Hazard
from portal.panels import today_lines
from tests.courses.test_review import NOW, act, shelf, staff, submit
from tests.factories.courses import WarningCaseFactory
from tests.factories.people import UserFactory
from training.queries.pushes import reviewed_to_push

__all__ = ["shelf", "staff"]
pytestmark = pytest.mark.django_db
OLD, NEW = "GB 6441-1986", "GB 6441-2025"


def offered(page):
    form_class = WarningCasePage.get_edit_handler().get_form_class()
    assert issubclass(form_class, LessonForm)
    form = form_class(instance=page, for_user=UserFactory(superuser=True))
    return [str(label) for _key, label in form.fields["hazards"].choices]


@time_machine.travel(NOW, tick=False)
def test_only_categories_in_force_are_offered_and_those_a_lesson_has():
    page = WarningCaseFactory()
    names = list(Hazard.objects.filter(standard_id=NEW).values_list("name", flat=True))
    assert offered(page) == names
    page.hazards.set([Hazard.objects.get(standard_id=OLD, name="触电")])
    page.save()
    assert offered(page) == [*names, f"触电（{OLD}）"]


@time_machine.travel(dt.datetime(2026, 6, 30, tzinfo=dt.UTC), tick=False)
def test_before_the_new_standard_is_in_force_the_old_one_is_offered():
    assert offered(WarningCaseFactory())[0] == Hazard.objects.filter(standard_id=OLD).first().name


def large_button(user, page):
    request = RequestFactory().get("/")
    request.user = user
    page = type(page).objects.get(pk=page.pk)
    return PageActionMenu(request, view="edit", page=page, locked_for_user=False).default_item.name


def test_the_large_button_is_the_next_step(client, staff, shelf):
    page = submit(client, staff["editor"], shelf=shelf)
    assert large_button(staff["officer"], page) == "approve"
    assert large_button(staff["lawyer"], page) == "action-save-draft"
    assert large_button(staff["editor"], WarningCaseFactory(live=False)) == "action-submit"
    assert large_button(staff["editor"], WarningCaseFactory()) == "action-save-draft"


def told(user, page):
    """Return where a reviewer is led after approving, and the messages shown."""
    request = RequestFactory().post("/", {"action-workflow-action": "1", "workflow-action-name": "approve"})
    request.user, request.session = user, {}
    request._messages = FallbackStorage(request)
    answer = say_what_follows(request, page)
    return answer and answer.url, " ".join(str(message) for message in request._messages)


def test_a_reviewer_is_told_what_follows_and_meets_no_refusal(client, staff, shelf):
    page = submit(client, staff["editor"], shelf=shelf)
    act(client, staff["officer"], page, "approve")
    place, said = told(staff["officer"], page)
    assert (place, "下一步：法务审核" in said) == (reverse("wagtailadmin_home"), True)
    act(client, staff["lawyer"], page, "approve")
    assert "已通过全部审核并发布" in told(staff["lawyer"], page)[1]
    assert told(UserFactory(superuser=True), page)[0] is None  # sees the shelf, and is led there by Wagtail


def reviewed_case(client, staff):
    case = WarningCaseFactory(live=False)
    case.save_revision()
    case.get_workflow().start(case, staff["editor"])
    act(client, staff["officer"], case, "approve")
    act(client, staff["lawyer"], case, "approve")
    return case


def test_the_editor_finds_what_was_approved_and_not_pushed(client, staff):
    editor, since = staff["editor"], NOW - dt.timedelta(days=30)
    assert not any("推送" in str(line.text) for line in today_lines(editor))
    case = reviewed_case(client, staff)
    (line,) = [line for line in today_lines(editor) if "推送" in str(line.text)]
    assert (line.count, line.link) == (1, reverse("training_office:push-add", args=[case.pk]))
    reviewed_case(client, staff)
    (line,) = [line for line in today_lines(editor) if "推送" in str(line.text)]
    assert (line.count, line.link) == (2, reverse("training_office:pushes"))
    assert reviewed_to_push(staff["officer"], since) == []
