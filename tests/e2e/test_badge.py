"""A lost badge: the foreman scans, sees why; the officer replaces it; the old one opens nothing."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from access.models import Badge
from common.clock import now
from people.models import Role
from tests.browser import browser, browser_context  # noqa: F401 - fixtures
from tests.factories.access import make_badge, make_gate, make_hook, make_place
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, org_path
from tests.factories.training import LicenceFactory, LicenceTypeFactory
from training.actions.clearance import refresh_clearance

PICTURES = os.environ.get("ANXUE_BADGE_PICTURES")


def picture(page: Page, name: str) -> None:
    """Take a picture if somebody wants to look."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_lost_badge_is_replaced(browser_context: Any) -> None:  # noqa: F811
    unit = org_path("总厂/一车间")
    post = PostFactory(name="焊工")
    post.demanded_licences.add(LicenceTypeFactory(off_post_months=6))
    worker = EmployeeFactory(employee_no="000777", name="欧阳建国", assigned__unit=unit, assigned__post=post)
    licence = LicenceFactory(employee=worker, valid_until=now().date() - dt.timedelta(days=3))
    refresh_clearance(employee_ids=[worker.pk], now=now())
    make_place(unit).demanded_licences.add(LicenceTypeFactory())
    gate, _token = make_gate(unit, now=now())
    hook = make_hook("https://gate.example/told", unit, now=now())
    hook.deliveries.create(
        employee=worker, is_cleared=False, happened_at=now(), next_try_at=now(), state="dead", tries=12,
        problem="HTTP 500",
    )  # fmt: skip
    _badge, code = make_badge(worker, now=now())
    foreman = RoleGrantFactory(role=Role.TEAM_LEADER, unit=unit).user
    officer = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user

    phone = browser_context(user=foreman).new_page()
    phone.goto(f"/b/{code}/")
    expect(phone.get_by_role("heading", name="不可上岗")).to_be_visible()
    expect(phone.get_by_text("证件已过期")).to_be_visible()
    picture(phone, "scan-390")
    phone.get_by_label("要进哪个场所？").select_option("TANK-1")
    phone.get_by_role("button", name="查看").click()
    expect(phone.get_by_text("场所：储罐区")).to_be_visible()

    office = browser_context(user=officer, viewport={"width": 1280, "height": 900}).new_page()
    office.goto(f"/admin/access/badges/{worker.public_id}/")
    office.get_by_label("作废原因").select_option("lost")
    office.get_by_role("button", name="作废现在的胸牌").click()
    expect(office.get_by_text("旧胸牌已作废")).to_be_visible()
    picture(office, "badge-1280")
    assert Badge.objects.filter(employee=worker).count() == 2

    phone.goto(f"/b/{code}/")
    expect(phone.get_by_role("heading", name="胸牌无效")).to_be_visible()
    picture(phone, "unknown-390")
    if PICTURES:
        look_around(browser_context, office, officer, worker, licence.pk)
    assert gate.pk


def look_around(open_context: Any, office: Page, officer: Any, worker: Any, licence_pk: int) -> None:
    """Take pictures of all pages, wide and narrow, in the dark and in English."""
    pages = {
        "badges": "/admin/access/badges/",
        "gates": "/admin/access/gates/",
        "hooks": "/admin/access/hooks/",
        "hook": "/admin/access/hooks/1/",
        "places": "/admin/access/places/",
        "place": "/admin/access/places/1/",
        "licences": "/admin/training/licences/",
        "missing": "/admin/training/licences/?state=missing",
        "licence": f"/admin/training/licences/{licence_pk}/",
        "licence-form": f"/admin/training/licences/{licence_pk}/edit/",
        "import": "/admin/training/licences/import/",
    }
    small = open_context(user=officer, color_scheme="dark").new_page()
    for name, address in pages.items():
        office.goto(address)
        picture(office, f"{name}-1280")
        small.goto(address)
        picture(small, f"{name}-390-dark")
    own = open_context(user=worker.user).new_page()
    for name, address in {"own-badge": "/me/badge/", "own-licences": "/me/licences/", "me": "/me/"}.items():
        own.goto(address)
        picture(own, f"{name}-390")
