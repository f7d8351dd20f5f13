"""Papers in a real browser: a row is told while it is typed, questions are put in order, marks go in by Enter."""

import datetime as dt

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from exams.actions.printing import print_papers
from exams.models import Attempt
from tests.browser import browser, browser_context, browser_page, wait_for_scripts  # noqa: F401
from tests.factories.exams import NOW, make_bank, make_exam
from tests.factories.people import EmployeeFactory, OrgUnitFactory, UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_from_a_blueprint_to_the_marks_of_an_exam_on_paper(browser_page):  # noqa: F811
    page = browser_page(user=UserFactory(superuser=True), viewport={"width": 390, "height": 844})
    exam = make_exam(make_bank(singles=5))
    page.goto(reverse("exams_office:exam-edit", args=[exam.pk]))
    page.locator("[name=rows-0-count]").fill("7")
    expect(page.locator("tr[data-advice].wrong")).to_contain_text("还差 2 题")
    page.locator("[name=rows-0-count]").fill("5")
    expect(page.locator("tr[data-advice]")).to_have_count(0)
    expect(page.locator("#paper-sum")).to_contain_text("共 7 题")
    page.get_by_role("link", name="预览一份试卷").click()
    phone = page.frame_locator("iframe.paper-phone")
    expect(phone.locator("fieldset.question")).to_have_count(4)

    fixed = make_exam(exam.bank, code="fixed", paper_source="fixed", is_open=False)
    page.goto(reverse("exams_office:exam-fixed", args=[fixed.pk]))
    for box in page.get_by_role("checkbox", name="S-").all()[:2]:
        box.check()
    page.get_by_role("button", name="把勾选的题加到试卷").click()
    page.get_by_role("button", name="第 1 题下移").press("Enter")
    expect(page.get_by_role("button", name="第 2 题上移")).to_be_focused()
    page.get_by_role("button", name="保存试卷").click()
    expect(page.get_by_text("试卷已保存，共 2 题")).to_be_visible()
    codes = [row.version.question.code for row in fixed.fixed_questions.order_by("position")]
    assert codes == ["S-1", "S-0"]

    unit = OrgUnitFactory()
    people = [EmployeeFactory(assigned__unit=unit, employee_no=f"A{n}", name=f"王{n}") for n in range(2)]
    made, _job = print_papers(exam=fixed, unit=unit, sat_on=dt.date(2026, 5, 11), acting_user=None, now=NOW)
    page.goto(reverse("exams_office:paper-marks", args=[made[0].public_id]))
    page.get_by_label("开考时间").fill("09:00")
    page.get_by_role("button", name="保存考试时间").click()
    expect(page.get_by_text("考试时间已登记")).to_be_visible()
    wait_for_scripts(page)
    page.get_by_label("王0 的总分").fill("10")
    page.get_by_label("王0 的总分").press("Enter")
    expect(page.get_by_label("王1 的总分")).to_be_focused()
    page.get_by_label("王1 的总分").fill("5")
    page.get_by_label("王1 的总分").press("Enter")
    expect(page.get_by_role("button", name="保存", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("存了 2 人的分")).to_be_visible()
    assert set(Attempt.objects.values_list("employee_id", flat=True)) == {person.pk for person in people}
