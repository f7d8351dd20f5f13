"""The tree of the organisation in a real browser: by keyboard, on a phone, with four hundred units."""

import pytest

from people.models import OrgUnit
from tests.browser import browser, browser_context, browser_page
from tests.factories.people import UserFactory

__all__ = ["browser", "browser_context", "browser_page"]


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_four_hundred_units_open_and_close_by_keyboard_at_390_px(browser_page):
    root = OrgUnit.add_root(name="云山机械集团", kind="group")
    for shop_number in range(1, 25):
        root.refresh_from_db()
        shop = root.add_child(name=f"第{shop_number}综合加工装配车间", kind="workshop")
        OrgUnit.objects.filter(pk=shop.pk).update(numchild=16)
        OrgUnit.objects.bulk_create(
            [
                OrgUnit(
                    path=f"{shop.path}{number:04d}", depth=3, name=f"{shop_number}-{number}班", kind="team"
                )
                for number in range(1, 17)
            ]
        )
    page = browser_page(user=UserFactory(superuser=True))
    page.goto("/admin/people/units/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    team = page.get_by_role("link", name="1-1班", exact=True)
    assert not team.is_visible()

    branch = page.locator("summary", has_text="第1综合加工装配车间")
    branch.focus()
    page.keyboard.press("Enter")
    team.wait_for(state="visible")
    page.keyboard.press("Enter")
    team.wait_for(state="hidden")

    page.get_by_role("button", name="全部展开").focus()
    page.keyboard.press("Enter")
    assert page.locator(".unit-tree details:not([open])").count() == 0
    assert page.get_by_role("link", name="24-16班", exact=True).is_visible()
    page.get_by_role("button", name="全部收起").click()
    assert page.locator(".unit-tree details[open]").count() == 0
    heights = page.locator(".unit-tree > li > details > summary").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44

    page.get_by_role("searchbox", name="名称或编码").fill("24-16")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="24-16班", exact=True).click()
    page.get_by_text("云山机械集团/第24综合加工装配车间/24-16班").wait_for()
