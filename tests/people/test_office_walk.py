"""HR's pages in a real browser: both languages, a phone and a desk, long names, by keyboard alone."""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from common.clock import now, today
from common.signing import encrypt_text
from people.actions.holds import place_hold
from people.actions.kiosks import register_kiosk
from people.models import Employee, RetentionRule, Role
from people.queries import full_name_of
from tests.browser import browser, browser_context, browser_page, wait_for_scripts
from tests.factories.api import make_token
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory, org_path
from tests.people.recent import sign_in

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SHOTS")  # a folder for pictures of every page, for whoever wants to look
MANY = int(os.environ.get("PEOPLE", "12"))
LONG = "云山机械集团有限公司第三综合加工装配与热处理车间（含危险化学品仓库及污水处理站）夜班甲组"
PAGES = (
    "",
    "units/",
    "units/add/",
    "units/levels/",
    "units/{unit}/",
    "units/{unit}/edit/",
    "units/{unit}/leader/",
    "units/{unit}/move/",
    "units/{unit}/close/",
    "units/{unit}/stays/",
    "posts/{post}/archive/",
    "new/",
    "{person}/",
    "{person}/change/transfer/",
    "{person}/change/second/",
    "{person}/change/leave/",
    "{person}/particulars/",
    "{person}/photo/",
    "{person}/reveal/",
    "{person}/copy/",
    "import/",
    "export/",
    "directories/",
    "directories/add/wecom/",
    "roles/",
    "roles/grant/",
    "roles/review/",
    "roles/changes/",
    "kiosks/",
    "second-factor/",
    "accesses/",
    "retention/",
    "retention/{rule}/",
    "holds/",
    "api-tokens/",
    "api-tokens/new/",
)
AXE = {"resultTypes": ["violations"], "rules": {"nested-interactive": {"enabled": False}}}
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What cannot be reached with Tab though a mouse can use it.
UNREACHED = """() => [...document.querySelectorAll("#main a[href], #main button, #main input, #main select")]
    .filter(item => item.type !== "hidden" && !item.disabled && item.checkVisibility() && item.tabIndex < 0)
    .map(item => item.outerHTML.slice(0, 120))"""
FOCUS = """() => {
    const item = document.activeElement, box = item.getBoundingClientRect(), style = getComputedStyle(item);
    return {
        name: item.tagName + " " + (item.textContent.trim() || item.name || "").slice(0, 30),
        seen: box.width > 0 && box.height > 0,
        marked: style.outlineStyle !== "none" || style.boxShadow !== "none",
    };
}"""


@pytest.fixture
def world():
    """An organisation with a very long name and many people, and one of everything."""
    unit = org_path(f"云山集团/{LONG}")
    post = PostFactory(name="危险化学品罐区巡检及应急处置操作岗位")
    for number in range(MANY):
        EmployeeFactory(name=f"王{number}", phone="13800000000", assigned__unit=unit, assigned__post=post)
    person = EmployeeFactory(
        name="阿卜杜热合曼·买买提艾力·图尔荪江",
        employee_no="W" * 20,
        id_number_encrypted=encrypt_text("11010519491231002X"),
        assigned__unit=unit,
        assigned__post=post,
    )
    RoleGrantFactory(unit=unit, role=Role.HR_OFFICER, user=UserFactory(name="人事"))
    register_kiosk(name="三车间门口", unit=unit, acting_user=None, now=now())
    place_hold(kind="unit", reason="事故调查", starts_on=today(), unit=unit, acting_user=None, now=now())
    make_token(unit=unit)
    spare = PostFactory(name="备用岗位")
    return {
        "unit": unit.pk,
        "post": spare.pk,
        "person": person.public_id,
        "rule": RetentionRule.objects.first().pk,
    }


def office(browser_page, live_server, language, **options):
    """Open a page of somebody who may see everything, in a language."""
    client = Client()
    sign_in(client, UserFactory(superuser=True))
    page = browser_page(**options)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    for name, value in ((settings.SESSION_COOKIE_NAME, session), (settings.LANGUAGE_COOKIE_NAME, language)):
        page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    return page


def show(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def flaws_of(page):
    """Return what axe calls serious or worse on the page but for the frame around it, which is Wagtail's.

    Left out: the lines of the tree of units are links within what folds them. The keyboard reaches both.
    """
    if not page.locator("#main").count():
        return [f"no main part: {page.title()}"]
    found = Axe().run(page, context="#main", options=AXE).response["violations"]
    return [
        (one["id"], [node["html"][:160] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width"), [("zh-hans", 390), ("en", 390), ("en", 1280)])
def test_every_page_fits_and_is_sound(browser_page, live_server, world, language, width):
    dark = language == "en" and width == 390
    size = {"viewport": {"width": width, "height": 900}, "color_scheme": "dark" if dark else "light"}
    page = office(browser_page, live_server, language, **size)
    wrong = {}
    for number, address in enumerate(PAGES):
        answer = page.goto("/admin/people/" + address.format(**world))
        flaws = [] if answer.status == 200 else [answer.status]
        sideways = page.evaluate(SIDEWAYS)
        flaws += [f"{sideways} px too wide"] if sideways > 0 else []
        show(page, f"{language}-{width}-{number:02d}")
        flaws += page.evaluate(UNREACHED)
        # What axe finds hardly depends on the language; contrast is the harder to keep in the dark.
        flaws += flaws_of(page) if dark else []
        if flaws:
            wrong[address] = flaws
    assert wrong == {}, wrong


def walk_to(page, locator):
    """Press Tab until something has the focus; everything on the way must be seen to have it."""
    for _ in range(250):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert not focus["seen"] or focus["marked"], focus["name"]
        if locator.evaluate("item => item === document.activeElement"):
            return
    raise AssertionError(f"never reached: {locator}")


def fill_and_save(page, **values):
    """Fill a form of employment by keyboard, read what it would do, and save it."""
    for name, value in values.items():
        walk_to(page, page.locator(f"#id_{name}"))
        page.keyboard.type(value)
    for is_seen in (0, 1):
        # The button that saves comes with what would follow.
        expect(page.locator(".hr-consequences")).to_have_count(is_seen)
        wait_for_scripts(page)
        walk_to(page, page.locator("form.hr-form button[type=submit]"))
        page.keyboard.press("Enter")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_somebody_is_hired_and_transferred_by_keyboard_alone(browser_page, live_server, language):
    home, host = org_path("总厂/一车间"), org_path("总厂/二车间")
    PostFactory(name="电工")
    page = office(browser_page, live_server, language)
    page.goto("/admin/people/")
    walk_to(page, page.locator("#main a[href='/admin/people/new/']"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/new/")
    fill_and_save(page, employee_no="900001", name="张三", unit=full_name_of(home), post="电工")
    page.wait_for_url(re.compile(r"/admin/people/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("张三")
    person = Employee.objects.get(employee_no="900001")
    walk_to(page, page.locator(f"#main a[href='/admin/people/{person.public_id}/change/transfer/']"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/transfer/")
    fill_and_save(page, unit=full_name_of(host), post="电工")
    page.wait_for_url(f"**/people/{person.public_id}/")
    assert page.evaluate(SIDEWAYS) <= 0
    assert person.assignments.latest("pk").unit == host
