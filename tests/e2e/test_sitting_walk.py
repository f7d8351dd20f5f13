"""A sitting as its two people live it: a ticket on a phone, the lobby, the bell, the paper, and the console."""

import datetime as dt
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from common.clock import now
from exams.actions.seat_tickets import issue_tickets
from exams.actions.sitting_prints import ticket_url
from exams.models import Attempt, AttemptState, PreparedPaper, SittingEvent
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.browser import browser, browser_context, browser_page
from tests.factories.exams import make_bank, make_exam
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory
from tests.factories.sittings import make_sitting

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
DESK = {"width": 1280, "height": 900}
PICTURES = os.environ.get("ANXUE_PICTURES")


def snap(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_a_ticket_leads_through_the_lobby_to_a_paper_that_the_console_shows(
    browser_page, live_server, settings
):
    settings.PUBLIC_BASE_URL = live_server.url
    unit = OrgUnitFactory(name="一车间")
    trainer = RoleGrantFactory(role=Role.TRAINER, unit=unit, user__name="王老师").user
    candidate = EmployeeFactory(name="高秀兰", assigned__unit=unit)
    other = EmployeeFactory(name="周大勇", assigned__unit=unit)
    exam = make_exam(make_bank(), only_in_sittings=True, title="岗前安全考试")
    sitting = make_sitting(
        exam, [candidate, other], unit=unit, acting_user=trainer, now=now() - dt.timedelta(minutes=20)
    )
    ticket = issue_tickets(sitting_id=sitting.pk, acting_user=trainer, now=now())[0]
    assert ticket.seat.employee == candidate

    console = browser_page(user=trainer, viewport=DESK)
    console.goto(f"/admin/exams/sittings/{sitting.pk}/")
    with console.expect_navigation():
        console.get_by_role("button", name="开门候考").click()
    expect(console.get_by_text("已开门候考").first).to_be_visible()
    run_pending_jobs()
    assert PreparedPaper.objects.count() == 2

    phone = browser_page()
    phone.goto(ticket_url(ticket.token))
    expect(phone.get_by_text("高秀兰")).to_be_visible()
    snap(phone, "ticket-390")
    phone.get_by_role("button", name="是我本人，进入考场").click()
    phone.wait_for_url(re.compile(r"/exam/sitting/"))
    expect(phone.get_by_role("timer")).to_contain_text("距开考还有")
    snap(phone, "lobby-390")
    # The session the ticket opened reaches nothing but this exam.
    lobby = phone.url
    assert phone.goto("/").status == 403
    phone.goto(lobby)
    second = browser_page()
    assert second.goto(ticket_url(ticket.token)).status == 410

    row = console.locator(".sitting-seats li", has_text="高秀兰")
    expect(row).to_contain_text("已到")
    # The list brings itself up to date, and would show it on the page that is being left.
    with console.expect_navigation():
        row.get_by_role("button", name="核对").click()
    expect(console.locator(".sitting-seats li", has_text="高秀兰")).to_contain_text("已核对")
    snap(console, "console-1280")
    with console.expect_navigation():
        console.get_by_role("button", name="宣布开考").click()

    begin = phone.get_by_role("button", name="开始答题")
    expect(begin).to_be_visible()
    snap(phone, "lobby-open-390")
    begin.click()
    phone.wait_for_url(re.compile(r"/exam/[0-9a-f-]{36}/$"))
    attempt = Attempt.objects.get()
    assert attempt.seed == PreparedPaper.objects.get(seat=ticket.seat).seed
    phone.locator("label.opt").first.click()
    expect(phone.locator("#state")).to_contain_text("已保存")
    expect(console.locator(".sitting-seats li", has_text="高秀兰")).to_contain_text("1/4")

    hand_in(phone)
    expect(console.locator(".sitting-seats li", has_text="高秀兰")).to_contain_text("已交卷")
    console.get_by_text("结束考试", exact=True).first.click()
    with console.expect_navigation():
        console.get_by_role("button", name="结束考试并收卷").click()
    expect(console.locator(".sitting-seats li", has_text="周大勇")).to_contain_text("缺考")
    snap(console, "console-ended-1280")
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.GRADED
    assert SittingEvent.objects.filter(sitting=sitting, kind="discarded").count() == 1


def hand_in(phone: Page) -> None:
    """Go to the overview of the paper and hand in."""
    phone.get_by_role("button", name="交卷").first.click()
    phone.get_by_role("button", name="确认交卷").click()
    phone.wait_for_url(re.compile(r"/result$"))
