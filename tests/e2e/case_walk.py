"""The way of a warning case from a Word file to a signed reflection, step by step, as people take it in a browser."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import PATIENCE_MS, draw_signature, wait_for_scripts, wait_for_study
from tests.e2e import material
from tests.e2e.walk import CONFIRM, Walk, read_through

REFLECTION = "我开车床。以后上机先摘手套、扎袖口，清铁屑先停机，用铁屑钩，看见别人戴手套就喊停。"
COUNT_CLICKS = """
addEventListener('click', event => {
  if (event.isTrusted && event.detail) localStorage.clicks = 1 + Number(localStorage.clicks || 0);
}, true);
"""


@dataclass
class Stopwatch:
    """How long each step took on this machine, and how often somebody had to click."""

    steps: list[tuple[str, float, int]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, page: Page) -> Iterator[None]:
        """Measure one step on one page."""
        before, begun = clicks_of(page), time.monotonic()
        yield
        self.steps.append((name, time.monotonic() - begun, clicks_of(page) - before))

    @property
    def seconds(self) -> float:
        """Return the time of all steps."""
        return sum(seconds for _name, seconds, _clicks in self.steps)

    @property
    def clicks(self) -> int:
        """Return the clicks of all steps."""
        return sum(clicks for _name, _seconds, clicks in self.steps)


def clicks_of(page: Page) -> int:
    """Return how often the person at this browser has clicked."""
    return int(page.evaluate("Number(localStorage.clicks || 0)"))


def signed_in_and_counted(walk: Walk, username: str) -> Page:
    """Sign in at a desk; clicks are counted from here."""
    page = walk.signed_in(username)
    page.context.add_init_script(COUNT_CLICKS)
    page.goto("/admin/")
    return page


def import_case(walk: Walk, page: Page, path: Path) -> None:
    """Upload the Word file, look at what was made of it, keep it as a draft, open it."""
    page.get_by_role("link", name="导入文档").click()
    page.set_input_files("input[name=documents]", str(path))
    page.get_by_label("警示案例").check()
    page.get_by_role("button", name="上传并预览").click()
    expect(page.get_by_text("一、事故经过").first).to_be_visible()
    walk.snap(page, "publish-1-import")
    page.get_by_role("button", name="把勾选的存为草稿").click()
    row = page.locator("tr", has_text=material.ACCIDENT_TITLE)
    row.get_by_role("link", name="编辑").click()
    expect(page.locator("#id_title")).to_have_value(material.ACCIDENT_TITLE)


def attach_film(walk: Walk, page: Page, film: Path) -> None:
    """Upload the film from within the case, and see it chosen."""
    wait_for_scripts(page)
    page.locator("#id_film-chooser .chooser__choose-button").first.click()
    modal = page.locator(".modal-content")
    modal.get_by_role("tab", name="上传视频").click()
    modal.locator("input[type=file]").first.set_input_files(str(film))
    expect(modal.locator("input[name$=-title]")).to_have_value(film.stem)
    expect(modal.get_by_text("已传完")).to_be_visible()
    walk.snap(page, "publish-2-film")
    modal.get_by_role("button", name="上传", exact=True).click()
    expect(page.locator("#id_film-title")).to_contain_text(film.stem)


def say_whom_it_is_for(walk: Walk, page: Page, hazard: str, equipment: str) -> None:
    """Tick the hazard and the equipment: what the push finds people by."""
    page.locator("#id_hazards").get_by_label(hazard, exact=True).check()
    page.locator("#id_work_features").get_by_label(equipment, exact=True).check()
    page.locator("#id_hazards").scroll_into_view_if_needed()
    walk.snap(page, "publish-3-audience")


def hand_in(page: Page) -> None:
    """Submit for review with the large button."""
    page.get_by_role("button", name="提交给安全与法务审核").click()
    expect(page.locator(".messages")).to_contain_text("已经提交进行审核")


def review(walk: Walk, username: str, result: str, picture: str = "") -> None:
    """Open what waits on the first page, approve it, and read what that led to."""
    page = walk.signed_in(username)
    page.goto("/admin/")
    page.get_by_role("link", name=material.ACCIDENT_TITLE).first.click()
    expect(page.locator("#id_title")).to_be_visible()
    wait_for_scripts(page)
    if picture:
        walk.snap(page, picture)
    page.get_by_role("button", name="批准", exact=True).click()
    expect(page.locator(".messages")).to_contain_text(result)
    expect(page.locator(".messages")).not_to_contain_text("没有权限")


def push(walk: Walk, page: Page) -> int:
    """Go from the first page to the people concerned and push, with a quiz and a reflection; return how many."""
    page.goto("/admin/")
    page.get_by_role("link", name="谁应学习").click()
    page.get_by_label("小测题库").select_option(index=1)
    button = page.get_by_role("button", name=re.compile("^推送给"))
    found = re.search(r"\d+", button.inner_text())
    assert found, "the button does not say how many people"
    walk.snap(page, "publish-5-push", full=True)
    button.click()
    expect(page.locator(".messages")).to_contain_text("已推送")
    return int(found.group())


def expect_curve(page: Page, owed: int, done: int) -> None:
    """Wait until the page of the push says that so many of so many have done it."""
    for _look in range(PATIENCE_MS // 1_000):
        page.reload()
        if page.get_by_text("正在分发").count() == 0 and page.get_by_text(f"共 {owed} 人").count():
            break
        page.wait_for_timeout(1_000)  # the queue is another process: people look again, too
    card = page.locator("main")
    expect(card).to_contain_text(f"共 {owed} 人")
    share = f"{100 * done / owed:.1f}%"
    expect(page.locator("svg.curve")).to_have_accessible_name(re.compile(re.escape(share)))


def learn(walk: Walk, page: Page) -> None:
    """Do what was pushed, on a phone: film and text, quiz, reflection with a signature."""
    page.goto("/")
    task = page.locator("a.task", has_text=material.ACCIDENT_TITLE)
    expect(task).to_be_visible()
    walk.snap(page, "publish-6-phone-task")
    task.click()
    page.get_by_role("link", name=f"继续：{material.ACCIDENT_TITLE}").click()
    expect(page.get_by_role("heading", name=material.ACCIDENT_TITLE, level=1)).to_be_visible()
    wait_for_scripts(page)
    wait_for_study(page)
    film = page.locator("video[data-film]")
    # The player may exchange the file for its stream just then, which ends the first attempt.
    begin = "video => { video.muted = true; return video.play().then(() => true, () => false); }"
    assert any(film.evaluate(begin) for _attempt in range(5))
    expect(film).to_have_js_property("ended", True)
    expect(page.locator("[data-film-done]")).to_be_visible()
    walk.snap(page, "publish-7-phone-case")
    read_through(page)
    page.get_by_role("button", name=CONFIRM).click()
    expect(page.locator("[data-study-label]")).to_contain_text("已学完")
    sit_quiz(page)
    write_reflection(walk, page)


def task_page(page: Page) -> None:
    """Open the pushed task anew from the first screen."""
    page.goto("/")
    page.locator("a.task", has_text=material.ACCIDENT_TITLE).click()


def sit_quiz(page: Page) -> None:
    """Answer every question of the small quiz right and hand in."""
    answers = material.right_answers()
    task_page(page)
    page.get_by_role("link", name=re.compile("^去考试")).click()
    page.get_by_role("button", name="开始考试").click()
    page.wait_for_url(re.compile(r"/exam/[0-9a-f-]{36}/$"))
    questions = page.locator("[data-slot]")
    count = questions.count()
    assert count
    for number in range(count):
        question = questions.nth(number)
        expect(question).to_be_visible()
        stem = question.locator(".stem").inner_text().strip()
        for option in question.locator("label.opt").all():
            if option.locator("span").inner_text().strip() in answers[stem]:
                option.click()
        expect(page.locator("#state")).to_contain_text("已保存")
        if number + 1 < count:
            page.get_by_role("button", name="下一题").click()
    page.locator("#hand-in").click()
    page.get_by_role("button", name="确认交卷").click()
    page.wait_for_url("**/result")  # loaded: a page that is still on its way there ends the next one's way
    expect(page.get_by_role("heading", name="合格", exact=True)).to_be_visible()


def write_reflection(walk: Walk, page: Page) -> None:
    """Write what applies to one's own post, sign it with a finger, hand it in."""
    task_page(page)
    page.get_by_role("link", name="写感悟并签字").click()
    expect(page.locator("canvas")).to_be_visible()
    page.get_by_label("我的感悟").fill(REFLECTION)
    draw_signature(page)
    walk.snap(page, "publish-8-phone-reflection")
    page.get_by_role("button", name="签字并提交").click()
    expect(page.get_by_text("已收到你的感悟和签名")).to_be_visible()
