"""Marking in a real browser, by keyboard alone."""

import datetime as dt

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from common import clock
from exams.models import GivenMark
from people.models import Role
from tests.browser import browser, browser_context, browser_page  # noqa: F401
from tests.exams.test_marking_queue import written_exam
from tests.factories.exams import answer, make_attempt, submit
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_two_answers_are_marked_by_keyboard_one_after_the_other(browser_page):  # noqa: F811
    unit = OrgUnitFactory()
    exam = written_exam(unit)
    at = clock.now()
    for text in ("先清理可燃物", "监护人到场"):
        attempt = make_attempt(exam, employee=EmployeeFactory(assigned__unit=unit), now=at)
        answer(attempt, {1: [text]}, now=at)
        submit(attempt, now=at)
    grant = RoleGrantFactory(
        user=UserFactory(), role=Role.MARKER, unit=unit, starts_on=at.date() - dt.timedelta(days=1)
    )
    page = browser_page(user=grant.user)
    page.goto(reverse("exams_office:marking"))
    page.get_by_role("button", name="开始评").click()
    expect(page.get_by_text("先清理可燃物")).to_be_visible()
    expect(page.locator("[name=point_0]")).to_be_focused()
    page.keyboard.press("Alt+M")
    expect(page.locator("[name=point_1]")).to_be_focused()
    page.keyboard.type("10")
    expect(page.locator("#total")).to_have_text("70% · 7 / 10")
    page.keyboard.press("Enter")
    expect(page.get_by_text("监护人到场", exact=True).first).to_be_visible()
    expect(page.get_by_text("已评完 1 / 2")).to_be_visible()
    expect(page.locator("[name=point_0]")).to_be_focused()
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    page.keyboard.type("40")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("没有等着评分的答案")).to_be_visible()
    assert [mark.per_point for mark in GivenMark.objects.order_by("pk")] == [[60, 10], [0, 40]]
