"""The pages of signing in, of one's own account and of the shared tablet, in a browser."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from common.clock import now
from common.signing import encrypt_text
from people.actions.kiosks import register_kiosk, revoke_kiosk, set_kiosk_pin
from people.actions.roles import ensure_role_group
from people.actions.sign_in import MAX_FAILURES, note_failure
from people.models import Role
from tests.browser import browser, browser_context, browser_page, wait_for_scripts  # noqa: F401
from tests.factories.people import PASSWORD, EmployeeFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PIN = "270591"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TABLET = {"width": 1024, "height": 768}
SCREEN = {"width": 1280, "height": 900}


def code_now(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def look(page, *, is_own=True):
    """Check what no page may do: shut anybody out, scroll sideways, or offer targets too small to hit."""
    if is_own:
        found = Axe().run(page)
        assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{page.url} scrolls sideways by {overflow} px"
    small = page.evaluate(
        """() => [...document.querySelectorAll("main .btn, .kiosk-bar .btn")]
            .map(element => [element.textContent.trim(), element.getBoundingClientRect()])
            .filter(([, box]) => box.height > 0 && (box.height < 44 || box.width < 44))
            .map(([text]) => text)"""
    )
    assert small == []


def sign_in(page, user, path="/"):
    page.goto(f"/login/?next={path}")
    page.get_by_label("工号、手机号或账号").fill(user.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


@pytest.fixture
def officer(settings):
    """Return an HR officer who must give a second factor."""
    settings.MFA_REQUIRED = True
    user = EmployeeFactory(assigned__unit=org_path("总厂/一车间")).user
    for role in (Role.HR_OFFICER, Role.ADMINISTRATOR):
        RoleGrantFactory(user=user, role=role, unit=org_path("总厂"))
        user.groups.add(ensure_role_group(role))
    return user


@pytest.fixture
def _providers(settings):
    app = {"client_id": "a", "secret": "s", "settings": {"tenant": "a"}}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "wecom": {"APPS": [app | {"name": "企业微信"}]},
        "feishu": {"APPS": [app | {"name": "飞书"}]},
    }


@pytest.mark.usefixtures("_providers")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_doors(browser_page, live_server, theme):  # noqa: F811
    page = browser_page()
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    page.goto("/login/")
    expect(page.get_by_role("link", name="用企业微信登录")).to_be_visible()
    look(page)
    user = EmployeeFactory().user
    for _ in range(MAX_FAILURES):
        note_failure(user.username, now())
    sign_in(page, user)
    expect(page.get_by_role("alert")).to_contain_text("15 分钟内不能登录")
    look(page)
    page.goto("/account/via/feishu/login/callback/?error=access_denied")
    expect(page.get_by_role("heading", level=1)).to_contain_text("没有成功")
    look(page)


def test_officer_sets_up_a_second_factor_by_keyboard(browser_page, officer):  # noqa: F811
    page = browser_page()
    sign_in(page, officer, "/admin/people/kiosks/")
    expect(page.get_by_role("heading", level=1)).to_have_text("开通两步验证")
    look(page)
    page.wait_for_function("() => document.querySelector('.qr img').naturalWidth > 100")
    secret = page.locator("code.key").inner_text()
    page.get_by_label("验证器显示的 6 位数字").fill(code_now(secret))
    page.keyboard.press("Enter")
    expect(page.locator(".codes li")).to_have_count(10)
    look(page)
    page.get_by_role("link", name="已经保存好，继续").click()
    expect(page).to_have_url(re.compile("/admin/people/kiosks/$"))
    page.goto("/account/")
    look(page)
    page.goto("/account/sessions/")
    expect(page.get_by_text("就是这台")).to_have_count(1)
    look(page)


def test_officer_is_asked_for_the_code_and_may_trust_the_browser(browser_page, officer):  # noqa: F811
    Authenticator.objects.create(user=officer, type="totp", data={"secret": encrypt_text(SECRET)})
    page = browser_page()
    sign_in(page, officer, "/me/")
    expect(page.get_by_role("heading", level=1)).to_have_text("两步验证")
    look(page)
    page.get_by_label("验证码或备用码").fill(code_now(SECRET))
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("信任这台设备？")
    look(page)
    page.get_by_role("button", name="信任，下次不用验证码").click()
    page.wait_for_url("**/me/")
    with page.expect_navigation():
        page.get_by_role("button", name="退出登录").click()
    sign_in(page, officer, "/me/")
    page.wait_for_url("**/me/")


@pytest.mark.parametrize("viewport", [{"width": 390, "height": 844}, SCREEN], ids=["phone", "screen"])
def test_office_pages(browser_page, officer, settings, viewport):  # noqa: F811
    settings.MFA_REQUIRED = False
    lost = EmployeeFactory(name="李师傅", assigned__unit=org_path("总厂/一车间")).user
    Authenticator.objects.create(user=lost, type="totp", data={"secret": encrypt_text(SECRET)})
    page = browser_page(viewport=viewport)
    sign_in(page, officer, "/admin/people/kiosks/")
    page.get_by_label("名称").fill("一车间门口")
    page.get_by_label("部门").select_option(label="总厂/一车间")
    page.get_by_role("button", name="登记一台平板").click()
    expect(page.get_by_alt_text("登记二维码")).to_be_visible()
    expect(page.get_by_text("等待在平板上打开")).to_be_visible()
    look(page, is_own=False)
    page.goto("/admin/people/second-factor/")
    look(page, is_own=False)
    page.get_by_role("button", name="重置").click()
    expect(page.get_by_text("已重置 李师傅 的两步验证")).to_be_visible()


def test_tablet_from_pairing_to_leaving(browser_page):  # noqa: F811
    employee = EmployeeFactory(name="张伟", assigned__unit=org_path("总厂/一车间/甲班"))
    set_kiosk_pin(employee=employee, pin=PIN, acting_user=None, now=now())
    _, token = register_kiosk(
        name="一车间门口", unit=org_path("总厂/一车间"), acting_user=UserFactory(superuser=True), now=now()
    )
    page = browser_page(viewport=TABLET)
    page.goto("/kiosk/")
    look(page)
    page.goto(f"/kiosk/pair/{token}/")
    look(page)
    page.get_by_role("button", name="就是这台，登记").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("刷工牌，或输入工号")
    look(page)
    wait_for_scripts(page)
    # A scanner types the number of the badge and Enter.
    page.keyboard.type(employee.employee_no)
    page.keyboard.press("Enter")
    expect(page.get_by_label("6 位登录码")).to_be_focused()
    for digit in "111112":
        page.get_by_role("button", name=digit, exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("工号或登录码不对")
    wait_for_scripts(page)
    look(page)
    for digit in PIN:
        page.get_by_role("button", name=digit, exact=True).click()
    expect(page.get_by_text("张伟").first).to_be_visible()
    expect(page.get_by_role("timer")).not_to_be_empty()
    look(page)
    page.goto("/me/")
    look(page)
    page.goto("/password/")
    expect(page.get_by_role("heading", level=1)).to_have_text("共用平板上不能打开这一页")
    look(page)
    page.get_by_role("button", name="结束并退出").click()
    expect(page.get_by_label("工号")).to_have_value("")
    page.go_back()
    expect(page.get_by_text("张伟")).to_have_count(0)


def test_tablet_leaves_by_itself_when_nobody_touches_it(browser_page):  # noqa: F811
    employee = EmployeeFactory(assigned__unit=org_path("总厂"))
    set_kiosk_pin(employee=employee, pin=PIN, acting_user=None, now=now())
    kiosk, token = register_kiosk(name="门口", unit=org_path("总厂"), acting_user=None, now=now())
    page = browser_page(viewport=TABLET)
    page.clock.install()
    page.goto(f"/kiosk/pair/{token}/")
    page.get_by_role("button", name="就是这台，登记").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("刷工牌，或输入工号")
    wait_for_scripts(page)
    page.get_by_label("工号").fill(employee.employee_no)
    page.get_by_label("6 位登录码").fill(PIN)
    timer, fresh = page.get_by_role("timer"), re.compile(r"3:00|2:5\d")
    expect(timer).to_have_text(fresh)
    page.clock.run_for(60_000)
    expect(timer).to_have_text(re.compile(r"2:00|1:\d\d"))
    page.mouse.click(200, 400)
    expect(timer).to_have_text(fresh)
    revoke_kiosk(kiosk=kiosk, acting_user=None, now=now())
    page.clock.run_for(155_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("这台设备没有登记为共用平板")
