"""A lesson's text on a slow network: under 100 kB on the wire, nothing moves, pictures wait until they are near."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from common.clock import now
from courses.actions.pictures import store_picture
from portal.demo.lessons import read_lessons
from tests.browser import browser, browser_context, browser_page
from tests.factories.courses import OperatingRuleFactory
from tests.factories.people import EmployeeFactory, UserFactory

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    # Wagtail leaves the temporary file of a new rendition to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

MOST_BYTES = 100_000
SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def lesson():
    """The demo's longest lesson without film, with a real picture far below the first screen."""
    demo = max((one for one in read_lessons() if not one.film), key=lambda one: len(str(one.body)))
    data = io.BytesIO()
    Image.effect_noise((1600, 1200), 80).convert("RGB").save(data, "JPEG")
    picture = store_picture(
        data=data.getvalue(), file_name="noise.jpg", title="现场", acting_user=None, now=now()
    )
    shown = {"picture": picture, "caption": "现场照片"}
    body = [(kind, shown if kind == "picture" else value) for kind, value in demo.body]
    return OperatingRuleFactory(title=demo.title, body=[*body, ("picture", shown)])


def test_the_text_of_a_lesson_is_usable_under_100_kb_and_does_not_move(browser_page, lesson):
    page = browser_page(user=EmployeeFactory().user)
    bytes_of = {}

    def count(response):
        if response.request.resource_type not in {"image", "media", "font"}:
            bytes_of[response.url] = response.body()

    page.on("response", count)
    page.add_init_script(SHIFT)
    page.goto(lesson.url, wait_until="networkidle")
    expect(page.get_by_role("heading", name=lesson.title)).to_be_visible()
    page.remove_listener("response", count)
    kinds = {url.split("?")[0].rsplit(".", 1)[-1] for url in bytes_of}
    assert {"css", "js"} <= kinds  # what is counted is there: nothing came from a cache
    total = sum(map(len, bytes_of.values()))
    sizes = {url.rsplit("/", 2)[-1]: len(body) for url, body in bytes_of.items()}
    assert total < MOST_BYTES, sizes
    assert page.evaluate("window.shift") < 0.02

    pictures = page.locator("figure img")
    assert pictures.evaluate_all("all => all.every(one => one.loading === 'lazy' && one.width && one.height)")
    last = pictures.last
    before = last.evaluate("one => one.offsetHeight")
    last.scroll_into_view_if_needed()
    page.wait_for_function("() => [...document.images].at(-1).naturalWidth > 0")
    assert last.evaluate("one => one.offsetHeight") == before > 100
    assert page.evaluate("window.shift") < 0.02
    print(f"\n{total} bytes without compression: {sizes}")  # noqa: T201 - the figure, with -s


def test_large_type_fits_a_phone(browser_page, lesson, live_server):
    page = browser_page(user=UserFactory())
    page.context.add_cookies([{"name": "size", "value": "large", "url": live_server.url}])
    page.goto(lesson.url)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
