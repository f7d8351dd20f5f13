"""What is noted around the answering, in a real browser; and the office's pages about it, on a phone and a desk."""

import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from common.clock import now, today
from exams.actions.guards import GuardDraft, save_guard
from exams.actions.integrity_findings import search_exam
from exams.models import AttemptPhoto, Finding, IntegrityEvent
from people.models import Role
from tests.browser import PATIENCE_MS, browser, browser_context, browser_page, wait_for_scripts
from tests.exams.suspicious import suspicious_exam
from tests.exams.test_integrity_photos import jpeg
from tests.factories.exams import make_attempt, make_exam, wrong_response
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SHOTS")  # a folder for pictures of every page, for whoever wants to look
AXE = {"resultTypes": ["violations"]}
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def shot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def problems(page):
    found = Axe().run(page, options=AXE).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def noted(page, attempt, *kinds):
    """Wait until these events are stored; each look lets the page work on."""
    for _try in range(PATIENCE_MS // 500):
        found = set(IntegrityEvent.objects.filter(attempt=attempt).values_list("kind", flat=True))
        if found >= set(kinds):
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{kinds} were not noted, only {found}")


def test_answering_is_watched_and_never_held_up(browser_page):
    exam = make_exam()
    save_guard(exam=exam, draft=GuardDraft(photo_asked=True, photo_moments=0), acting_user=None)
    attempt = make_attempt(exam, employee=EmployeeFactory(), device="", now=now())
    page = browser_page(user=attempt.employee.user)
    page.goto(reverse("exams:attempt", args=[attempt.public_id]))
    expect(page.get_by_role("heading", name="可以给你拍照吗？")).to_be_visible()
    assert problems(page) == []
    shot(page, "consent")
    page.get_by_role("button", name="同意拍照").click()
    expect(page.locator("#photo")).to_be_visible()
    expect(page.locator("#state")).to_contain_text("可以作答")
    wait_for_scripts(page)
    assert problems(page) == []
    shot(page, "attempt")
    page.set_input_files(
        "#photo input[type=file]", {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": jpeg().read()}
    )
    page.get_by_role("button", name="发送照片").click()
    expect(page.locator("#photo")).to_be_hidden()
    assert AttemptPhoto.objects.get().taken_at
    noted(page, attempt, "opened")
    page.evaluate("document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: new DataTransfer()}))")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    noted(page, attempt, "opened", "paste", "print")
    page.route("**/events", lambda route: route.abort())
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.locator("#q1 label.opt", has=page.locator(f"input[value='{wrong_response(attempt, 1)[0]}']")).click()
    expect(page.locator("#state")).to_have_text(re.compile(r"已保存 \d\d:\d\d:\d\d"))
    page.unroute("**/events")
    page.reload()
    expect(page.locator("#state")).to_contain_text("可以作答")
    noted(page, attempt, "reloaded")
    page.get_by_role("button", name="交卷", exact=True).click()
    page.get_by_role("button", name="确认交卷").click()
    page.wait_for_url("**/result")


@pytest.fixture
def office_pages():
    unit = OrgUnitFactory()
    exam = suspicious_exam(unit, people=8, now=now())
    search_exam(exam_id=exam.pk, now=now())
    user = UserFactory()
    for role in (Role.EXAMINER, Role.SAFETY_OFFICER):
        RoleGrantFactory(user=user, role=role, unit=unit, starts_on=today())
    attempt = exam.attempts.order_by("pk").first()
    found = {finding.kind: finding.pk for finding in Finding.objects.all()}
    return user, {
        "findings": reverse("exams_office:findings"),
        "timeline": reverse("exams_office:attempt-timeline", args=[attempt.public_id]),
        "similar": reverse("exams_office:finding", args=[found["similar_answers"]]),
        "timing": reverse("exams_office:finding", args=[found["similar_timing"]]),
        "fast": reverse("exams_office:finding", args=[found["too_fast"]]),
        "guard": reverse("exams_office:exam-guard", args=[exam.pk]),
    }


def test_findings_are_decided_by_keyboard_on_a_phone_and_read_on_a_desk(
    browser_context, office_pages, live_server
):
    user, pages = office_pages
    phone = browser_context(user=user, color_scheme="dark").new_page()
    desk = browser_context(user=user, viewport={"width": 1280, "height": 900}).new_page()
    # The one reads Chinese in the dark, the other English in the light.
    desk.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url}])
    for name, address in pages.items():
        for page, at in ((phone, "390"), (desk, "1280")):
            page.goto(address)
            expect(page.locator("#main")).to_be_visible()
            shot(page, f"{name}-{at}")
            assert problems(page) == [], (name, at)
            assert page.evaluate(SIDEWAYS) <= 0, (name, at)
    phone.goto(pages["similar"])
    choice = phone.get_by_role("radio", name="排除：有正当的解释")
    choice.focus()
    phone.keyboard.press("Space")
    phone.keyboard.press("Tab")
    phone.keyboard.type("同班同教材，已核对")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    expect(phone.get_by_text("同班同教材，已核对")).to_be_visible()
    assert Finding.objects.get(kind="similar_answers").state == "cleared"
