"""Practice and a test on the spot in a real browser."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from common import clock
from exams.actions.exams import RowDraft
from exams.models import PracticeAnswer, PracticeState, SpotCheck
from people.models import Role
from tests.browser import browser, browser_context, browser_page  # noqa: F401
from tests.exams.practising import practice_bank
from tests.factories.exams import make_exam, sit
from tests.factories.people import EmployeeFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_wrong_answer_comes_back_in_the_book_and_a_lost_network_loses_nothing(browser_page):  # noqa: F811
    person = EmployeeFactory(assigned__unit=org_path("东方公司/一厂"))
    topic = practice_bank(2).questions.first().topic
    page = browser_page(user=person.user)
    page.goto(reverse("exams:practice"))
    page.get_by_role("link", name=topic.name).click()
    expect(page.locator("#place")).to_have_text("第 1 / 2 题")
    # Neither key nor explanation is on the page before the answer.
    assert "先通风，再检测，后作业。" not in page.content()
    page.context.set_offline(True)
    now = page.locator(".practice-one.now")
    now.get_by_role("radio", name="先作业、再通风、后检测").check()
    now.get_by_role("button", name="看答案").click()
    expect(now.get_by_text("没有连上网络")).to_be_visible()
    page.context.set_offline(False)
    now.get_by_role("button", name="看答案").click()
    expect(now.get_by_role("heading", name="这题答错了，看看为什么")).to_be_focused()
    expect(now.get_by_text("先通风，再检测，后作业。")).to_be_visible()
    # On with the keyboard: the next question is there already.
    now.get_by_role("button", name="下一题").press("Enter")
    expect(page.locator("#place")).to_have_text("第 2 / 2 题")
    now.get_by_role("radio", name="先通风、再检测、后作业").check()
    now.get_by_role("button", name="看答案").click()
    expect(page.get_by_role("heading", name="答对了")).to_be_focused()
    page.get_by_role("button", name="看这一组的结果").click()
    expect(page.get_by_role("heading", name="这一组答了 2 题，答对 1 题。")).to_be_focused()
    page.goto(reverse("exams:practice-wrong"))
    expect(page.get_by_text("已答对 0 / 2 天")).to_be_visible()
    page.get_by_role("link", name="练错题").click()
    expect(page.locator("#place")).to_have_text("第 1 / 1 题")
    assert PracticeAnswer.objects.count() == 2
    assert PracticeState.objects.filter(employee=person, in_wrong_book=True).count() == 1


def test_a_worker_without_account_is_asked_on_the_spot(browser_page):  # noqa: F811
    plant = org_path("东方公司/一厂")
    inspector = RoleGrantFactory(
        user=UserFactory(), role=Role.SAFETY_OFFICER, unit=plant, starts_on=clock.today()
    ).user
    worker = EmployeeFactory(name="李四", user=None, assigned__unit=plant)
    rows = [RowDraft(kind="single_choice", count=4, points=Decimal(25))]
    exam = make_exam(practice_bank(4), rows)
    sit(exam, worker, right=True, now=clock.now() - dt.timedelta(days=30))
    office = browser_page(user=inspector)
    office.goto(reverse("exams_office:spot-start"))
    office.get_by_label("单位").select_option(label="　一厂")
    office.get_by_label("地点").fill("2 号釜平台")
    office.get_by_role("button", name="出二维码").click()
    expect(office.locator(".spot-code .qr")).to_be_visible()
    address = office.locator(".spot-address").text_content()
    phone = browser_page()
    phone.goto(address)
    phone.get_by_label("工号").fill(worker.employee_no)
    phone.get_by_label("姓名").fill("李四")
    phone.get_by_role("button", name="下一步").click()
    expect(phone.get_by_role("heading", name="请把工牌给检查人看")).to_be_visible()
    number = phone.locator(".fig").text_content()
    # The inspector's page shows the person by itself, with the same number.
    office.get_by_role("button", name=f"核对（数 {number}）").click()
    office.mouse.move(0, 0)  # what lies under the mouse is not exchanged
    expect(office.get_by_text("正在答")).to_be_visible()
    expect(phone.get_by_role("button", name="答完了，看结果")).to_be_visible()
    for question in phone.locator(".question").all():
        question.get_by_role("radio", name="先作业、再通风、后检测").check()
    phone.get_by_role("button", name="答完了，看结果").click()
    expect(phone.get_by_text("这些知识点比考试时低 100 分")).to_be_visible()
    expect(office.get_by_text("现在 0，考试时 100")).to_be_visible()
    office.get_by_role("link", name="看全部结果").click()
    expect(office.get_by_text("低 100")).to_be_visible()
    assert SpotCheck.objects.get().employee == worker
