"""The office's pages of papers and sittings: sound for assistive technology, on a telephone in the dark."""

import datetime as dt

import pytest

from common.clock import now
from tests.browser import browser, browser_context, browser_page
from tests.factories.exams import make_bank, make_exam
from tests.factories.people import EmployeeFactory, OrgUnitFactory, UserFactory
from tests.factories.sittings import make_sitting
from tests.people.test_office_walk import SIDEWAYS, UNREACHED, flaws_of, office

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PAGES = (
    "papers/",
    "papers/add/",
    "papers/{exam}/",
    "papers/{exam}/preview/",
    "papers/{exam}/fixed/",
    "papers/{exam}/forms/",
    "papers/{exam}/print/",
    "papers/{exam}/analysis/",
    "papers/{exam}/regrade/",
    "papers/{exam}/running/",
    "papers/{exam}/guard/",
    "sheets/",
    "sittings/",
    "sittings/add/",
    "sittings/{sitting}/",
    "sittings/{sitting}/edit/",
    "sittings/{sitting}/roster/",
)


def test_pages_of_papers_and_sittings_are_sound(browser_page, live_server):
    unit = OrgUnitFactory(name="一车间")
    exam = make_exam(make_bank(), only_in_sittings=True, title="岗前安全考试")
    sitting = make_sitting(
        exam, [EmployeeFactory(name="高秀兰", assigned__unit=unit)], unit=unit,
        acting_user=UserFactory(superuser=True), now=now() - dt.timedelta(minutes=20),
    )  # fmt: skip
    page = office(
        browser_page, live_server, "zh-hans", viewport={"width": 390, "height": 900}, color_scheme="dark"
    )
    wrong = {}
    for address in PAGES:
        answer = page.goto("/admin/exams/" + address.format(exam=exam.pk, sitting=sitting.pk))
        flaws = [] if answer.status == 200 else [answer.status]
        sideways = page.evaluate(SIDEWAYS)
        flaws += [f"{sideways} px too wide"] if sideways > 0 else []
        # What is hidden from everybody is what Enter presses in a form of several buttons.
        flaws += [item for item in page.evaluate(UNREACHED) if "aria-hidden" not in item]
        flaws += flaws_of(page)
        if flaws:
            wrong[address] = flaws
    assert wrong == {}, wrong
