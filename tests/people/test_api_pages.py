"""The API's page for readers and the tokens' pages in a real browser; no other host is asked."""

import os

import pytest

from tests.browser import browser, browser_context, browser_page  # noqa: F401
from tests.factories.api import make_token
from tests.factories.people import RoleGrantFactory, UserFactory, org_path

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SHOTS")


def shot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_description_page_works_offline(browser_page):  # noqa: F811
    page = browser_page()
    page.goto("/api/docs")
    page.get_by_text("/api/people", exact=True).first.wait_for()
    page.get_by_text("/api/people", exact=True).first.click()
    page.get_by_text("changed_since").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, "docs")


@pytest.mark.parametrize("width", [390, 1280])
def test_make_and_revoke_a_token(browser_page, width):  # noqa: F811
    unit = org_path("总厂")
    RoleGrantFactory(unit=unit, user=UserFactory(username="hr-system", name="人事系统"))
    make_token(unit=unit)
    page = browser_page(UserFactory(superuser=True), viewport={"width": width, "height": 900})
    page.goto("/admin/people/api-tokens/new/")
    page.get_by_label("账号").select_option(label="人事系统（hr-system）")
    page.get_by_label("用途").fill("集团人事系统")
    page.get_by_label("读取人员、组织和岗位").check()
    shot(page, f"create-{width}")
    page.get_by_role("button", name="创建").click()
    assert page.get_by_label("令牌").input_value().startswith("wagtail_")
    shot(page, f"created-{width}")
    page.get_by_role("link", name="回到接口令牌").click()
    row = page.get_by_role("row", name="集团人事系统")
    assert "有效" in row.inner_text()
    shot(page, f"list-{width}")
    row.get_by_role("button", name="作废").click()
    page.get_by_text("的令牌已作废").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
