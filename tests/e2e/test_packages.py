"""SCORM packages in a real browser: they run without touching the site, report, and go on where they were left."""

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from courses.models import PackageReport, StudyRecord
from tests.browser import PATIENCE_MS, browser, browser_context, browser_page, wait_until_answered
from tests.factories.packages import FILES_12, FILES_2004, PackageLessonFactory, make_package
from tests.factories.people import EmployeeFactory

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def employee():
    return EmployeeFactory(name="王小明")


def open_package(page, lesson):
    page.goto(lesson.url)
    page.get_by_role("button", name="打开课件").click()
    return page.frame_locator("[data-package-frame] iframe")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "part", "left", "score"),
    [(FILES_12, "I1", "resume|page-3|答了一半", 90), (FILES_2004, "S1", "resume|slide-7", 80)],
    ids=["1.2", "2004"],
)
def test_left_half_way_and_finished_on_another_device(browser_page, employee, files, part, left, score):
    lesson = PackageLessonFactory(package=make_package(files, now=timezone.now()))
    page = browser_page(user=employee.user)
    frame = open_package(page, lesson)
    expect(frame.locator("#was")).to_contain_text("ab-initio")
    frame.get_by_role("button", name="稍后再学").click()
    expect(page.locator("[data-package-words]")).to_have_text("学习中")
    expect(page.get_by_role("button", name="我已学完并理解")).to_be_disabled()

    second = browser_page(user=employee.user)
    frame = open_package(second, lesson)
    expect(frame.locator("#was")).to_have_text(left)
    frame.locator("#right").click()
    expect(second.locator("[data-package-words]")).to_have_text(f"已完成，课件自测 {score} 分")
    second.get_by_role("button", name="我已学完并理解").click()
    expect(second.locator("[data-study-label]")).to_contain_text("记入学习凭证")
    record = StudyRecord.objects.get()
    assert record.package_result["parts"][part]["score_pct"] == score
    final = PackageReport.objects.filter(success="passed").last()
    assert final.credited_s <= (final.arrived_at - final.session.opened_at).total_seconds()


HOSTILE = """<!DOCTYPE html><html><head></head><body><ul id="log"></ul><script>
function tried(name, act) {
  var line = document.createElement("li");
  line.id = name;
  try { line.textContent = String(act()); } catch (error) { line.textContent = "refused"; }
  document.getElementById("log").append(line);
}
tried("document", function () { return parent.document.title; });
tried("top", function () { return top.document.cookie; });
tried("origin", function () { return self.origin; });
tried("cookie", function () { return "[" + document.cookie + "]"; });
tried("storage", function () { localStorage.setItem("a", "1"); return localStorage.getItem("a"); });
function later(name, promise) {
  promise.then(function () { tried(name, function () { return "done"; }); },
               function () { tried(name, function () { return "refused"; }); });
}
later("page", fetch("/me/"));
later("elsewhere", fetch("https://example.org/"));
later("own", fetch("own.json"));
top.postMessage({ anxue: "package", part: "I1", cmi: "x", final: true }, "*");
</script></body></html>"""


def test_a_hostile_package_reaches_nothing_of_the_site(browser, live_server, employee):
    files = {**FILES_12, "index.html": HOSTILE, "own.json": "{}"}
    lesson = PackageLessonFactory(package=make_package(files, now=timezone.now()))
    # A browser of its own: this package breaks the content policy, which the shared fixture takes for a fault.
    client = Client()
    client.force_login(employee.user)
    context = browser.new_context(base_url=live_server.url, locale="zh-CN")
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    context.set_default_timeout(PATIENCE_MS)
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    frame = open_package(page, lesson)
    expected = {
        "document": "refused",
        "top": "refused",
        "origin": "null",
        "cookie": "[]",
        "storage": "1",
        "page": "refused",
        "elsewhere": "refused",
        "own": "done",
    }
    for name, words in expected.items():
        expect(frame.locator(f"#{name}")).to_have_text(words)
    source = page.locator("[data-package-frame] iframe").get_attribute("src")
    # Opened by itself, without the frame around it, it is in the same box.
    alone = context.new_page()
    alone.goto(source)
    expect(alone.locator("#origin")).to_have_text("null")
    expect(alone.locator("#cookie")).to_have_text("[]")
    context.close()
    wait_until_answered(live_server)
    assert not PackageReport.objects.exists()
