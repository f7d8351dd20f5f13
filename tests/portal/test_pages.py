"""The learner's pages in a real browser, at 390 px: readable for everybody, in each theme and size."""

from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from certificates.actions.issue import issue_for_record
from common.clock import now
from notices.actions import send_notice
from tests.browser import browser, browser_context, browser_page  # noqa: F401
from tests.factories.certificates import CertifiedProgrammeFactory
from tests.factories.courses import CourseFactory, PolicySpeechFactory
from tests.factories.exams import make_exam
from tests.factories.people import EmployeeFactory, OrgUnitFactory
from tests.factories.training import ObligationFactory, ProgrammeFactory, TrainingRuleFactory, make_record
from training.actions.clearance import refresh_clearance
from training.models import RecordKind

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def employee():
    return EmployeeFactory(name="李秀英", assigned__unit=OrgUnitFactory(name="焊接班"))


@pytest.fixture
def task(employee):
    """A task of three lessons, an exam and on-site training, overdue; beside it a record and a certificate."""
    programme = ProgrammeFactory(
        course=CourseFactory(lessons=PolicySpeechFactory.create_batch(3)), exam=make_exam(), on_site=[8, 8]
    )
    obligation = ObligationFactory(rule=TrainingRuleFactory(programme=programme), employee=employee)
    refresh_clearance(employee_ids=[employee.pk], now=now())
    certified = CertifiedProgrammeFactory()
    record = make_record(
        employee, kind=RecordKind.PROGRAMME, programme=certified, title=certified.title, score_pct=Decimal(92)
    )
    issue_for_record(record_id=record.pk, now=now())
    send_notice(
        recipient_id=employee.user.pk, cause="x", title="新的培训任务", body="请按时完成", link="/", now=now()
    )
    return obligation


def path_of(name, task):
    component = task.programme.components.get(kind="exam")
    return {
        "home": reverse("portal:home"),
        "task": reverse("portal:task", args=[task.public_id]),
        "exam": reverse("portal:task-exam", args=[task.public_id, component.pk]),
        "me": reverse("portal:me"),
    }[name]


@pytest.mark.parametrize("size", ["normal", "large"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_shuts_anybody_out(browser_page, live_server, task, employee, theme, size):  # noqa: F811
    page = browser_page(user=employee.user)
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": live_server.url}
            for name, value in (("theme", theme), ("size", size))
        ]
    )
    for name in ("home", "task", "exam", "me"):
        page.goto(path_of(name, task))
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        expect(page.locator("html")).to_have_attribute("data-size", size)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{name} scrolls sideways by {overflow} px"


def test_every_target_is_large_enough_for_a_thumb(browser_page, task, employee):  # noqa: F811
    page = browser_page(user=employee.user)
    for name in ("home", "task", "exam", "me"):
        page.goto(path_of(name, task))
        small = page.evaluate(
            """() => [...document.querySelectorAll("main a.btn, main a.task, main button, nav a")]
                .map(element => [element.textContent.trim(), element.getBoundingClientRect()])
                .filter(([, box]) => box.height > 0 && (box.height < 44 || box.width < 44))
                .map(([text, box]) => `${text} ${box.width}x${box.height}`)"""
        )
        assert small == [], name


def test_one_tap_leads_from_home_into_the_lesson(browser_page, task, employee):  # noqa: F811
    page = browser_page(user=employee.user)
    page.goto("/")
    expect(page.get_by_role("heading", name="暂不可上岗")).to_be_visible()
    page.locator(".btn.primary").click()
    page.wait_for_url(f"**/learn/**?task={task.public_id}")
    expect(page.locator("h1")).to_contain_text("安全生产讲话")


def test_messages_are_read_with_one_button(browser_page, task, employee):  # noqa: F811
    page = browser_page(user=employee.user)
    page.goto("/")
    page.get_by_role("link", name="未读消息").click()
    expect(page.locator("#notices")).to_contain_text("新的培训任务")
    page.get_by_role("button", name="全部标为已读").click()
    expect(page.locator("#notices")).to_have_count(0)
