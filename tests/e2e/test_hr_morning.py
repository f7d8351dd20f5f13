"""A morning of HR: the page of the day is opened, one line of every kind is settled, and it is gone."""

import datetime as dt
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from common.clock import now, today
from people.actions.employment import hire, leave_post
from people.actions.roles import grant_role
from people.models import Employee, EventKind, Role, User
from tests.browser import browser, browser_context, draw_signature
from tests.factories.courses import CourseFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory, PostFactory, org_path
from tests.factories.training import (
    EmploymentEventFactory,
    LicenceFactory,
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
)
from training.actions.clearance import refresh_clearance
from training.models import Obligation, RecordSignature

__all__ = ["browser", "browser_context"]
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
TODAY = "/admin/training/today/"


@dataclass
class Works:
    """A works with one person of every kind the page of the day knows, and those who look after them."""

    hr: Employee
    safety: Employee
    trainer: Employee
    moved: Obligation


def officer(name: str, role: str, unit: Any) -> Employee:
    person = EmployeeFactory(name=name, assigned__unit=unit)
    assert person.user is not None
    grant_role(user=person.user, role=role, unit=unit, starts_on=today(), acting_user=None, now=now())
    return person


def owing(name: str, programme: Any, unit: Any, *, since: int, due: int, kind: str = "hired") -> Obligation:
    """Return what somebody owes since so many days, due in so many."""
    person = EmployeeFactory(name=name, assigned__unit=unit)
    day = today() - dt.timedelta(days=since)
    item = ObligationFactory(
        rule=TrainingRuleFactory(programme=programme),
        employee=person,
        event=EmploymentEventFactory(employee=person, kind=kind, effective_on=day),
        owed_from=day,
        due_on=today() + dt.timedelta(days=due),
    )
    refresh_clearance(employee_ids=[person.pk], now=now())
    return item


def lay_out_works() -> Works:
    plant, shop = org_path("总厂"), org_path("总厂/一车间")
    away = hire(
        employee_no="7001", name="孙立", unit=shop, post=PostFactory(name="钳工"),
        hired_on=today() - dt.timedelta(days=300), acting_user=None, now=now(),
    )  # fmt: skip
    leave_post(employee=away, effective_on=today() - dt.timedelta(days=20), acting_user=None, now=now())
    refresh_clearance(employee_ids=[away.pk], now=now())
    lesson = PolicySpeechFactory(title="先培训后上岗")
    online = ProgrammeFactory(title="岗前安全教育", course=CourseFactory(title="岗前课程", lessons=[lesson]))
    newcomer = owing("陈晓梅", online, shop, since=1, due=6)
    User.objects.filter(employee=newcomer.employee).update(password="!none")
    change = ProgrammeFactory(title="转岗安全教育", kind="job_change", on_site=[1])
    change.components.update(level="workshop", title="车间级安全教育")
    moved = owing("王建国", change, shop, since=3, due=5, kind=EventKind.TRANSFERRED)
    three_days = ProgrammeFactory(title="三级安全教育", on_site=[24])
    owing("李娜", three_days, shop, since=40, due=-20)
    owing("赵敏", three_days, shop, since=9, due=0)
    LicenceFactory(
        employee=EmployeeFactory(name="张强", assigned__unit=shop),
        valid_from=today() - dt.timedelta(days=900),
        valid_until=today() + dt.timedelta(days=10),
    )
    return Works(
        hr=officer("林静", Role.HR_OFFICER, plant),
        safety=officer("郭志强", Role.SAFETY_OFFICER, plant),
        trainer=officer("许文海", Role.TRAINER, plant),
        moved=moved,
    )


def snap(page: Page, name: str) -> None:
    """Take a picture for docs/hr-morning.md, if pictures are wanted."""
    folder = os.environ.get("ANXUE_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/hr-{name}.png")


def desk_of(browser_context: Any, user: Any, **options: Any) -> Page:
    """Open a browser for somebody; the first page of a run may take long on a busy machine."""
    page: Page = browser_context(user=user, **options).new_page()
    page.set_default_navigation_timeout(120_000)
    return page


def line(page: Page, section: str, who: str) -> Locator:
    """Return the line of somebody, or of something, in a section of the page of the day."""
    return page.locator(f"section[aria-labelledby={section}] .work-line", has_text=who)


def open_day(page: Page) -> None:
    page.goto(TODAY)
    expect(page.get_by_role("heading", name="今天要办的事").first).to_be_visible()


def ask(page: Page, section: str, who: str) -> None:
    """Ask from the line that training be put off by a week."""
    open_day(page)
    line(page, section, who).get_by_role("link", name=f"申请延期或豁免：{who}").click()
    page.get_by_label("申请什么").select_option("extension")
    page.get_by_label("理由").fill("住院，医院证明已收")
    page.get_by_label("豁免或延期到").fill((today() + dt.timedelta(days=7)).isoformat())
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("由另一位有权限的人审批后生效").first).to_be_visible()
    open_day(page)
    expect(line(page, section, who)).to_contain_text("申请已提交，等待审批")


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_morning_of_hr(browser_context: Any, live_server: Any, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    works = lay_out_works()

    # From the own first screen to the page of the day: everybody's number stands where the list says so.
    hr = desk_of(browser_context, works.hr.user, viewport=DESK)
    hr.goto("/")
    hr.get_by_role("link", name="进入管理后台").click()
    expect(hr.locator(".ax-today li", has_text="新入职")).to_contain_text("1")
    hr.get_by_role("link", name="逐条办理").click()
    expect(hr.get_by_role("heading", name=re.compile("新入职.*1 人", re.DOTALL))).to_be_visible()
    snap(hr, "1-day")

    # New: she cannot sign in yet.
    newcomer = line(hr, "new", "陈晓梅")
    expect(newcomer).to_contain_text("轮到本人：岗前课程（还没有登录凭条）")
    with hr.context.expect_page() as opened:
        newcomer.get_by_role("button", name="打印登录凭条").click()
    expect(opened.value.get_by_text("陈晓梅").first).to_be_visible()
    opened.value.close()
    open_day(hr)
    expect(newcomer).to_contain_text("凭条已发，还没登录")
    expect(newcomer.get_by_role("button")).to_have_count(0)

    # Blocked because away: he is back.
    line(hr, "blocked", "孙立").get_by_role("link", name="登记返岗").click()
    hr.get_by_role("button", name="下一步：看会产生什么").click()
    hr.get_by_role("button", name="确认保存").click()
    expect(hr.get_by_text("的返岗已登记").first).to_be_visible()
    snap(hr, "2-person")
    open_day(hr)
    expect(line(hr, "blocked", "离岗中")).to_have_count(0)

    # Late, and stuck: HR knows the reason and asks; another one decides.
    ask(hr, "late", "李娜")
    ask(hr, "stuck", "赵敏")
    expect(line(hr, "decide", "李娜")).to_contain_text("等 郭志强 审批")
    expect(line(hr, "moved", "王建国")).to_contain_text("轮到教员：车间级安全教育（许文海、郭志强）")

    safety = desk_of(browser_context, works.safety.user, viewport=DESK, color_scheme="dark")
    for who in ("李娜", "赵敏"):
        open_day(safety)
        line(safety, "decide", who).get_by_role("link", name="去审批").click()
        request = safety.locator("section.card", has_text=who)
        request.get_by_role("button", name="同意", exact=True).click()
        expect(safety.get_by_text("已审批").first).to_be_visible()
    open_day(safety)
    snap(safety, "3-safety")
    expect(safety.locator("#late, #stuck, #decide")).to_have_count(0)

    # A licence that runs out.
    line(safety, "licences", "张强").get_by_role("link", name="登记换证或复审").click()
    safety.get_by_role("link", name="修改证件").click()
    safety.get_by_label("有效期至").fill((today() + dt.timedelta(days=800)).isoformat())
    safety.get_by_role("button", name="保存").click()
    expect(safety.get_by_text("已保存 张强 的证件").first).to_be_visible()
    open_day(safety)
    expect(safety.locator("#licences")).to_have_count(0)

    teach_and_sign(browser_context, works, safety)

    # The card is printed once, then it is off the list.
    open_day(hr)
    expect(hr.locator("#moved")).to_have_count(0)
    link = line(hr, "print", "王建国").get_by_role("link", name="打印卡片").get_attribute("href")
    assert link is not None
    answer = hr.request.get(live_server.url + link)
    assert answer.headers["content-type"] == "application/pdf"
    open_day(hr)
    expect(hr.locator("#print")).to_have_count(0)


def teach_and_sign(browser_context: Any, works: Works, safety: Page) -> None:
    """Let the trainer record the moved person's training on the telephone, and the three sign."""
    phone = desk_of(browser_context, works.trainer.user, viewport=PHONE)
    open_day(phone)
    snap(phone, "4-trainer")
    line(phone, "moved", "王建国").get_by_role("link", name="登记现场教育").click()
    expect(phone.get_by_role("checkbox", name=re.compile("王建国"))).to_be_checked()
    expect(phone.get_by_label("教员")).to_have_value("许文海")
    phone.get_by_label("日期").fill((today() - dt.timedelta(days=1)).isoformat())
    phone.get_by_label("开始时间").fill("09:00")
    phone.get_by_label("结束时间").fill("10:00")
    phone.get_by_role("spinbutton", name="学时").fill("1")
    phone.get_by_label("地点").fill("车间会议室")
    phone.get_by_role("button", name="登记到培训台账").click()
    expect(phone.get_by_text("已登记 1 人").first).to_be_visible()

    open_day(phone)
    expect(phone.locator("#moved")).to_have_count(0)
    line(phone, "sign", "车间级安全教育").get_by_role("link", name="去签字").click()
    phone.get_by_role("link", name="在这台设备上签").click()
    draw_signature(phone)
    snap(phone, "5-sign")
    phone.get_by_role("button", name="本人签字").click()
    phone.get_by_role("link", name="我是教育人，签字").click()
    draw_signature(phone)
    phone.get_by_role("button", name="给 1 条记录签字").click()
    expect(phone.get_by_text("已签 1 条记录").first).to_be_visible()

    open_day(safety)
    line(safety, "sign", "车间级安全教育").get_by_role("link", name="去签字").click()
    safety.get_by_role("link", name="我是教育负责人，签字").click()
    draw_signature(safety)
    safety.get_by_role("button", name="给 1 条记录签字").click()
    expect(safety.get_by_text("已签 1 条记录").first).to_be_visible()
    open_day(safety)
    expect(safety.locator("#sign")).to_have_count(0)
    assert RecordSignature.objects.filter(record__employee=works.moved.employee).count() == 3
