"""The back office's forms in a real browser."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from exams.models import AnswerKey
from tests.browser import browser, browser_context, browser_page  # noqa: F401
from tests.factories.exams import make_bank, make_exam, question
from tests.factories.people import UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser_page):  # noqa: F811
    return browser_page(user=UserFactory(superuser=True), viewport={"width": 1280, "height": 900})


def test_a_question_is_previewed_on_a_phone_and_saved(page):
    bank = make_bank()
    stored = question(bank, "S-0")
    page.goto(reverse("exams_office:question-edit", args=[stored.pk]))
    preview = page.frame_locator("iframe[name=preview]")
    expect(preview.locator(".stem")).to_contain_text("作业顺序")
    page.locator("[name=stem]").fill("下面哪句话对？")
    page.get_by_role("button", name="预览").click()
    expect(preview.locator(".stem")).to_have_text("下面哪句话对？")
    expect(page.locator("[name=option_0]")).to_be_visible()
    page.locator("[name=kind]").select_option("true_false")
    expect(page.locator("[name=option_0]")).to_be_hidden()
    page.locator("[name=judgement][value=true]").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("第 2 版")).to_be_visible()
    stored.refresh_from_db()
    assert AnswerKey.objects.get(version=stored.current_version).correct == ["true"]


def test_a_row_is_added_and_named_when_it_cannot_be_met(page):
    exam = make_exam()
    page.goto(reverse("exams_office:exam-edit", args=[exam.pk]))
    page.get_by_role("button", name="再加一行").click()
    page.locator("[name=rows-6-kind]").select_option("true_false")
    page.locator("[name=rows-6-count]").fill("9")
    page.locator("[name=rows-6-points]").fill("5")
    page.get_by_role("button", name="保存").click()
    # Not what the page has said meanwhile by itself, while it was typed.
    expect(page.locator("tr.wrong:not([data-advice])")).to_contain_text("第 4 行")
    page.locator("[name=rows-6-count]").fill("1")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存")).to_be_visible()
    assert exam.blueprint_rows.count() == 4
