"""A headless Chromium for browser tests: `from tests.browser import browser_page` makes the fixtures known.

Debian's Chromium is driven by Playwright's Python driver. A page talks to the live server of the same test
only; whatever it asks of another host is refused and fails the test.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PHONE = {"width": 390, "height": 844}
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]


def chromium() -> str:
    """Return where the browser is; CHROMIUM names another one."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "no Chromium: install it (apt-get install chromium) or set CHROMIUM"
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one browser for the tests of a module.

    Playwright's driver keeps an event loop running in this thread, in which Django would refuse its
    database; the tests' own code is not asynchronous, so that guard is lifted meanwhile.
    """
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield started
        started.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def browser_context(browser: Browser, live_server: Any) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that opens a browser of its own for an account: `browser_context(user=…)`.

    Fails the test when a page logs an error, breaks the content policy or asks for another host.
    """
    opened: list[BrowserContext] = []
    wrong: list[str] = []

    def open_context(user: Any = None, **options: Any) -> BrowserContext:
        options.setdefault("viewport", PHONE)
        context = browser.new_context(
            base_url=live_server.url, locale="zh-CN", timezone_id="Asia/Shanghai", **options
        )
        context.set_default_timeout(10_000)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on(
            "console",
            lambda message: wrong.append(message.text) if "Content Security" in message.text else None,
        )
        context.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((live_server.url, "data:", "blob:"))
                else wrong.append(request.url)
            ),
        )
        if user is not None:
            client = Client()
            client.force_login(user)
            context.add_cookies(
                [
                    {
                        "name": settings.SESSION_COOKIE_NAME,
                        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                        "url": live_server.url,
                    }
                ]
            )
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()
    assert wrong == []


@pytest.fixture
def browser_page(browser_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Return a function that opens a page at 390 px for an account: `browser_page(user=…)`."""

    def open_page(user: Any = None, **options: Any) -> Page:
        return browser_context(user, **options).new_page()

    return open_page
