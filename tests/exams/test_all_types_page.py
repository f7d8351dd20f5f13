"""Every question type in a real browser, at 390 px: by touch, by keyboard alone, after a reload."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from exams.models import AttemptState
from exams.queries import latest_steps
from tests.browser import browser, browser_context, browser_page  # noqa: F401
from tests.factories.exams import DRAFTS, make_attempt, make_exam_of_all_types, right_response
from tests.factories.people import EmployeeFactory

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"已保存 \d\d:\d\d:\d\d")
SLOTS = {kind: slot for slot, kind in enumerate(DRAFTS, start=1)}


@pytest.fixture
def attempt():
    exam = make_exam_of_all_types(attempts_allowed=1)
    return make_attempt(exam, employee=EmployeeFactory(), device="", now=timezone.now())


@pytest.fixture
def page(browser_page, attempt):  # noqa: F811
    page = browser_page(user=attempt.employee.user)
    page.goto(reverse("exams:attempt", args=[attempt.public_id]))
    expect(page.locator("#state")).to_contain_text("可以作答")
    return page


def stored(attempt):
    return {slot: response for slot, (_seq, response) in latest_steps(attempt.pk).items()}


def turn_to(page, kind):
    page.locator("#sheet button").nth(SLOTS[kind] - 1).click()
    return page.locator(f"#q{SLOTS[kind]}")


def saved(page):
    expect(page.locator("#state")).to_have_text(SAVED)


def touch_targets(page):
    return page.evaluate(
        """() => [...document.querySelectorAll('.question.now :is(button, select, textarea, input, label.opt)')]
        .filter((each) => each.offsetParent && !each.closest('[hidden]') && !each.closest('label.opt input'))
        .filter((each) => each.getBoundingClientRect().height < 44)
        .map((each) => each.outerHTML.slice(0, 90))"""
    )


def test_answer_every_type_by_touch(page, attempt):
    right = {kind: right_response(attempt, slot) for kind, slot in SLOTS.items()}
    for kind in ("single_choice", "multiple_choice", "true_false"):
        question = turn_to(page, kind)
        for token in right[kind]:
            question.locator("label.opt", has=page.locator(f"input[value='{token}']")).click()
    question = turn_to(page, "fill_in")
    question.get_by_label("第 1 空").fill("安全带")
    question.get_by_label("第 2 空").fill("２米")
    question = turn_to(page, "ordering")
    put_in_order(question, page)
    question = turn_to(page, "matching")
    for place, token in enumerate(right["matching"]):
        question.locator("select").nth(place).select_option(token)
    question = turn_to(page, "hazard_spotting")
    tap(question, 0.2, 0.25)
    tap(question, 0.95, 0.05)
    question.get_by_role("button", name="去掉标记 2").click()
    tap(question, 0.7, 0.65)
    expect(question.get_by_role("status")).to_contain_text("已标 2 处")
    for kind in ("short_answer", "case_analysis"):
        turn_to(page, kind).locator("textarea").fill("先停电，\n再检查。")
    for kind in DRAFTS:
        turn_to(page, kind)
        assert touch_targets(page) == [], kind
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), kind
        # The page colours of the whole site are looked at elsewhere; here: names, roles, order.
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert not [each["id"] for each in found], (kind, found)
    saved(page)
    kept = stored(attempt)
    for kind in ("single_choice", "multiple_choice", "true_false", "ordering", "matching"):
        assert sorted(kept[SLOTS[kind]]) == sorted(right[kind])
    assert kept[SLOTS["ordering"]] == right["ordering"]
    assert kept[SLOTS["fill_in"]] == ["安全带", "２米"]
    assert len(kept[SLOTS["hazard_spotting"]]) == 2
    assert kept[SLOTS["case_analysis"]] == ["先停电，\n再检查。"]
    # All of it is there again after a reload.
    page.reload()
    expect(page.locator("#state")).to_contain_text("可以作答")
    expect(page.locator("#sheet .done")).to_have_count(len(DRAFTS))
    expect(turn_to(page, "hazard_spotting").locator(".spot-list li")).to_have_count(2)
    expect(turn_to(page, "ordering").locator("li span").first).to_have_text("停电")
    page.get_by_role("button", name="交卷", exact=True).click()
    page.get_by_role("button", name="确认交卷").click()
    page.wait_for_url("**/result")
    expect(page.locator("main")).to_contain_text("有的题要由阅卷人评分")
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.MARKING


def put_in_order(question, page):
    """Bring the steps into their order with the buttons, from the top."""
    wanted = ["停电", "验电", "装设接地线", "挂牌上锁"]
    for place, text in enumerate(wanted):
        for _ in range(len(wanted)):
            if question.locator("li span").all_text_contents()[place] == text:
                break
            question.get_by_role("button", name=f"把“{text}”上移").click()
    expect(question.locator("li span")).to_have_text(wanted)
    confirm = question.get_by_role("button", name="就按这个顺序")
    if confirm.is_visible():
        confirm.click()


def tap(question, x, y):
    stage = question.locator(".spot-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    stage.click(position={"x": box["width"] * x, "y": box["height"] * y})


def test_answer_the_new_types_by_keyboard_alone(page, attempt):
    keys = page.keyboard

    def tab_to(selector):
        for _ in range(80):
            keys.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    def go_on():
        tab_to("#next")
        keys.press("Enter")

    for _ in range(3):
        go_on()
    tab_to("#q4 input")
    keys.type("安全绳")
    keys.press("Tab")
    keys.type("2")
    go_on()
    tab_to("#q5 button[data-step]")
    keys.press("Enter")
    # The moved step keeps the focus: it can be moved on at once.
    assert page.evaluate("document.activeElement.matches('#q5 button[data-step]')")
    go_on()
    for _ in range(3):
        tab_to("#q6 select")
        keys.press("ArrowDown")
    go_on()
    tab_to("#q7 .spot-pad")
    for key in ["ArrowLeft"] * 6 + ["ArrowUp"] * 5:
        keys.press(key)
    expect(page.locator("#q7").get_by_role("status")).to_contain_text("光标在横 20%，竖 25%")
    keys.press("Enter")
    for key in ["ArrowRight"] * 10 + ["ArrowDown"] * 8 + ["Shift+ArrowRight"]:
        keys.press(key)
    keys.press("Space")
    expect(page.locator("#q7 .spot-list li")).to_have_count(2)
    go_on()
    tab_to("#q8 textarea")
    keys.type("清理可燃物")
    go_on()
    saved(page)
    kept = stored(attempt)
    assert kept[4] == ["安全绳", "2"]
    assert len(kept[5]) == 4
    assert len([token for token in kept[6] if token]) == 3
    assert kept[7] == ["2000,2500", "7100,6500"]
    assert kept[8] == ["清理可燃物"]


def test_without_the_script_the_picture_has_a_numbered_grid(browser_page, attempt):  # noqa: F811
    page = browser_page(user=attempt.employee.user, java_script_enabled=False)
    page.goto(reverse("exams:attempt", args=[attempt.public_id]))
    page.locator("#q7 .spot-row label", has_text=re.compile(r"^\s*2\s*$")).locator("input").check()
    page.locator("#q5 select").first.select_option(index=1)
    with page.expect_navigation():
        page.get_by_role("button", name="保存").click()
    expect(page.locator("#q7 input[value='c2-1']")).to_be_checked()
    kept = stored(attempt)
    assert kept[7] == ["c2-1"]
    assert len(kept[5][0]) > 1
    assert kept[5][1:] == ["", "", ""]
