"""A headless Chromium for browser tests: `from tests.browser import browser_page` makes the fixtures known.

Debian's Chromium is driven by Playwright's Python driver. A page talks to the live server of the same test
only; whatever it asks of another host is refused and fails the test.
"""

import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPConnection
from random import Random
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.test.testcases import FSFilesHandler
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PHONE = {"width": 390, "height": 844}
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]

PATIENCE_MS = 120_000  # two slow cores carry the whole suite: what is right may take its time
# SLUGGISH=7 plays the tests on a machine that takes its time, each time elsewhere: 7 is the lot it is drawn by.
SLUGGISH = os.environ.get("SLUGGISH", "")
SLUGGISH_ANSWER_S = 0.6
SLUGGISH_FACTOR = 6
QUIET_S = 60
IDLE_S = 3
IN_SILENCE = """() => {
    for (const name of ["visibilitychange", "pagehide"])
        window.addEventListener(name, (event) => event.stopImmediatePropagation(), { capture: true });
}"""
PLAY_UNTIL = """(video, seconds) => new Promise((paused) => {
    video.muted = true;
    video.addEventListener("timeupdate", function look() {
        if (video.currentTime <= seconds) return;
        video.removeEventListener("timeupdate", look);
        video.pause();
        paused();
    });
    video.play().catch(() => {});
})"""

expect.set_options(timeout=PATIENCE_MS)


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
        started = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS, timeout=PATIENCE_MS)
        yield started
        started.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


def made_sluggish(test: str, monkeypatch: pytest.MonkeyPatch) -> Random | None:
    """Let the live server think before each answer, files included, where SLUGGISH asks for it.

    What overtakes what on a slow machine is tried out this way; half of the answers come at once, as between two
    swaps of processes they do. Return what the time is drawn from, or None.
    """
    if not SLUGGISH:
        return None
    chance = Random(f"{SLUGGISH} {test}")
    at_once = FSFilesHandler.__call__

    def thinks_first(self: FSFilesHandler, *args: Any) -> Any:
        time.sleep(max(0.0, chance.uniform(-SLUGGISH_ANSWER_S, SLUGGISH_ANSWER_S)))
        return at_once(self, *args)

    monkeypatch.setattr(FSFilesHandler, "__call__", thinks_first)
    return chance


@pytest.fixture
def browser_context(
    browser: Browser, live_server: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that opens a browser of its own for an account: `browser_context(user=…)`.

    Fails the test when a page logs an error, breaks the content policy or asks for another host.
    """
    opened: list[BrowserContext] = []
    wrong: list[str] = []
    sluggish = made_sluggish(request.node.nodeid, monkeypatch)

    def open_context(user: Any = None, **options: Any) -> BrowserContext:
        options.setdefault("viewport", PHONE)
        # Nothing is measured on its way from one look to the next.
        options.setdefault("reduced_motion", "reduce")
        context = browser.new_context(
            base_url=live_server.url, locale="zh-CN", timezone_id="Asia/Shanghai", **options
        )
        context.set_default_timeout(PATIENCE_MS)
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
        if sluggish is not None:
            factor = sluggish.choice([1, SLUGGISH_FACTOR])
            context.on(
                "page",
                lambda page: context.new_cdp_session(page).send(
                    "Emulation.setCPUThrottlingRate", {"rate": factor}
                ),
            )
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()
    wait_until_answered(live_server)
    assert wrong == []


def wait_until_answered(live_server: Any) -> None:
    """Wait until the live server is done with what the closed browsers had asked of it, the last words included.

    Otherwise it would still write while the database is put back for the next test. The server lets in one after the
    other: once it has answered here, all that knocked before are in, too. A connection ends with its browser; one
    that stays and says nothing for IDLE_S (the browser keeps some for later) is left to itself.
    """
    knock = HTTPConnection(live_server.thread.host, live_server.thread.port, timeout=PATIENCE_MS / 1000)
    knock.request("GET", f"{settings.STATIC_URL}js/print.js", headers={"Connection": "close"})
    assert knock.getresponse().status == HTTPStatus.OK
    knock.close()
    deadline = time.monotonic() + QUIET_S
    idle_since = None
    while time.monotonic() < deadline:
        threads = [each for each in threading.enumerate() if "process_request_thread" in each.name]
        if not threads:
            return
        if not all(waits_for_a_request(each) for each in threads):
            idle_since = None
        elif idle_since is None:
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since > IDLE_S:
            return
        time.sleep(0.02)


def waits_for_a_request(thread: threading.Thread) -> bool:
    """Tell whether a thread of the live server only listens whether its connection asks for something more."""
    frame = sys._current_frames().get(thread.ident or 0)
    above = frame.f_back if frame is not None and frame.f_code.co_name == "readinto" else None
    return above is not None and above.f_code.co_name == "handle_one_request"


def leaves_in_silence(page: Page) -> None:
    """Let this page send nothing when it is closed or loaded anew, as one whose process was killed.

    What a page sends in its last moment gets past a route that stands in the server's place.
    """
    page.evaluate(IN_SILENCE)


def wait_for_scripts(page: Page) -> None:
    """Wait until the scripts of the page that is shown have run: before that nobody listens to what is done on it.

    `goto`, `reload` and `wait_for_url` wait for it by themselves. After a click that leads to another page its first
    words are seen earlier: wait for these, so that this is asked of the new page, and then for this.
    """
    page.wait_for_load_state("load")


def wait_for_study(page: Page) -> None:
    """Wait until the study session of a lesson's page is open: what its labels say was written before by the server."""
    expect(page.locator("[data-study][data-connected]")).to_be_attached()


def draw_signature(page: Page) -> None:
    """Draw a zigzag into the box, and see that it was taken down."""
    pad = page.locator("canvas")
    expect(pad).to_be_visible()
    wait_for_scripts(page)
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 60)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(box["x"] + 20 + step * 30, box["y"] + (20 if step % 2 else 90), steps=2)
    page.mouse.up()
    expect(page.locator("input[name=signature]")).to_have_value(re.compile("^M"))


def play_until(page: Page, seconds: float) -> None:
    """Play the page's film and pause it there, within the page: a slow machine asks too late where it is."""
    page.locator("video[data-film]").evaluate(PLAY_UNTIL, seconds)


@pytest.fixture
def browser_page(browser_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Return a function that opens a page at 390 px for an account: `browser_page(user=…)`."""

    def open_page(user: Any = None, **options: Any) -> Page:
        return browser_context(user, **options).new_page()

    return open_page
