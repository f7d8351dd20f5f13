"""The steps of the main job, as people take them in a browser. Each step asserts what its person would look for."""

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from portal.demo.organisation import DEMO_PASSWORD
from tests.browser import PATIENCE_MS, wait_for_scripts, wait_for_study
from tests.e2e import material

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
COURSE = "岗前安全教育（线上）"
CONFIRM = re.compile("^我已[读看]完并理解")


@dataclass
class Walk:
    """One walk: where the site is, and where pictures go (nowhere unless ANXUE_PICTURES names a folder)."""

    url: str
    browser: Browser
    pictures: Path | None = Path(os.environ["ANXUE_PICTURES"]) if "ANXUE_PICTURES" in os.environ else None

    def context(self, viewport: dict[str, int]) -> BrowserContext:
        """Open a browser of its own, as another person at another machine has."""
        context = self.browser.new_context(
            base_url=self.url,
            viewport=viewport,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            accept_downloads=True,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        return context

    def signed_in(self, username: str, viewport: dict[str, int] = DESK) -> Page:
        """Sign in with a demo account and return its page."""
        page = self.context(viewport).new_page()
        page.goto("/login/")
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(DEMO_PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url(lambda url: "/login/" not in url)
        return page

    def snap(self, page: Page, name: str, *, full: bool = False) -> None:
        """Take a picture for the README, if pictures are wanted."""
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(self.pictures / f"{name}.png"), full_page=full)


def publish(page: Page) -> None:
    """Open the editor's list of actions and publish."""
    wait_for_scripts(page)
    page.get_by_role("button", name="更多动作").click()
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("发布。")


def import_document(walk: Walk, page: Page, path: Path, kind: str, title: str) -> None:
    """Upload a Word file, look at its preview, keep it as a draft, and publish it."""
    page.goto("/admin/import-documents/")
    page.set_input_files("input[name=documents]", str(path))
    page.get_by_label(kind).check()
    page.get_by_role("button", name="上传并预览").click()
    expect(page.get_by_text(title).first).to_be_visible()
    walk.snap(page, "01-document-preview")
    page.get_by_role("button", name="把勾选的存为草稿").click()
    row = page.locator("tr", has_text=title)
    expect(row).to_contain_text("草稿")
    row.get_by_role("link", name="编辑").click()
    expect(page.locator("#id_title")).to_have_value(title)
    publish(page)


def choose(page: Page, opener: Locator, title: str) -> None:
    """Pick something by its title in one of Wagtail's choosers."""
    opener.click()
    modal = page.locator(".modal-content, [role=dialog]").last
    search = modal.locator("input[name=q]").first
    search.fill(title)
    modal.get_by_role("link", name=re.compile(re.escape(title))).first.click()
    expect(modal).to_be_hidden()


def publish_case(walk: Walk, page: Page, film: Path) -> None:
    """Put a film into the library and write the warning case that shows it."""
    page.goto("/admin/media/video/add/")
    page.locator("input[name=title]").fill(material.FILM_TITLE)
    page.set_input_files("input[name=file]", str(film))
    page.locator("main form [type=submit]").last.click()
    expect(page.locator(".messages")).to_contain_text(material.FILM_TITLE)
    page.goto("/admin/pages/")
    page.get_by_role("link", name="警示案例").first.wait_for()
    shelf = page.locator("td.title a", has_text="警示案例").first.get_attribute("href") or ""
    shelf_id = next(part for part in shelf.split("/") if part.isdigit())
    page.goto(f"/admin/pages/add/courses/warningcasepage/{shelf_id}/")
    page.locator("#id_title").fill(material.CASE_TITLE)
    summary = page.locator("#id_summary")
    summary.fill("戴着线手套清铁屑，手套被工件卷住。")
    page.locator("#id_for_my_post").fill("开车床不戴手套，清铁屑用钩子。")
    choose(page, page.locator("#id_film-chooser .chooser__choose-button"), material.FILM_TITLE)
    expect(page.locator("#id_film-title")).to_contain_text(material.FILM_TITLE)
    # A pause later the editor keeps the draft by itself. Published while that is under way, the page would be made
    # twice, and the second one refused for its address.
    # Seconds after a page was opened the editor begins to look for changes; what was typed before is none to it.
    for _ in range(8):
        summary.fill(summary.input_value().strip() + " " * (not summary.input_value().endswith(" ")))
        with contextlib.suppress(PlaywrightTimeout):
            page.wait_for_url("**/edit/", timeout=10_000)
            break
    expect(page).to_have_url(re.compile(r"/edit/$"))
    walk.snap(page, "02-case-editor")
    publish(page)


def make_course(walk: Walk, page: Page, lessons: list[str]) -> None:
    """Let the pre-job course consist of these lessons, and publish it."""
    page.goto("/admin/pages/")
    shelf = page.locator("td.title a", has_text="课程").first.get_attribute("href") or ""
    page.goto(shelf.replace("edit/", ""))
    page.locator("td.title a", has_text=COURSE).first.click()
    expect(page.locator("#id_title")).to_have_value(COURSE)
    wait_for_scripts(page)
    for number in range(4):
        page.locator(f"#id_course_lessons-{number}-DELETE-button").click()
    for number, title in enumerate(lessons, start=4):
        page.locator("#id_course_lessons-ADD").click()
        choose(
            page, page.locator(f"#id_course_lessons-{number}-lesson-chooser .chooser__choose-button"), title
        )
    walk.snap(page, "03-course-editor")
    publish(page)


def import_people(walk: Walk, page: Page, path: Path) -> str:
    """Upload the HR list, read the comparison, confirm, print the slips; return the new hire's link."""
    page.goto("/admin/people/import/")
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name="检查名单").click()
    expect(page.locator("main")).to_contain_text("高秀兰")
    expect(page.locator("main")).to_contain_text("周大勇")
    walk.snap(page, "04-people-comparison")
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_role("button", name="打印新员工的登录凭条")).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="打印新员工的登录凭条").click()
    slips = opened.value
    slips.wait_for_load_state()
    walk.snap(slips, "05-sign-in-slip")
    found = re.search(r"http[^\s]+/join/[\w-]+/", slips.locator("body").inner_text())
    assert found, "the slip shows no address"
    return found.group()


def open_account(walk: Walk, link: str) -> Page:
    """Open the slip's address on a phone, choose a password, arrive at the first screen."""
    page = walk.context(PHONE).new_page()
    page.goto(link)
    for field in page.locator("input[type=password]").all():
        field.fill("miao-miao-2026")
    page.get_by_role("button", name="保存密码并登录").click()
    expect(page.get_by_role("heading", name="暂不可上岗")).to_be_visible()
    walk.snap(page, "06-learner-home", full=True)
    return page


def study(walk: Walk, page: Page, titles: list[str]) -> None:
    """Read and watch each lesson to its end and confirm it."""
    for number, title in enumerate(titles, start=1):
        page.goto("/")
        page.get_by_role("link", name=re.compile("^继续：")).click()
        expect(page.get_by_role("heading", name=title).first).to_be_visible()
        wait_for_scripts(page)
        wait_for_study(page)
        film = page.locator("video")
        if film.count():
            film.evaluate("video => { video.muted = true; return video.play().catch(() => {}); }")
            walk.snap(page, f"07-lesson-{number}", full=True)
            expect(film).to_have_js_property("ended", True)
            expect(page.locator("[data-film-done]")).to_be_visible()
        else:
            walk.snap(page, f"07-lesson-{number}", full=True)
        read_through(page)
        page.get_by_role("button", name=CONFIRM).click()
        expect(page.locator("[data-study-label]")).to_contain_text("已学完")


def read_through(page: Page) -> None:
    """Hold each section in view until the server has seen enough of it."""
    confirm = page.get_by_role("button", name=CONFIRM)
    sections = page.locator("[data-section]")
    if not sections.count():
        expect(confirm).to_be_enabled()
        return
    for _round in range(40):
        for section in sections.all():
            section.scroll_into_view_if_needed()
            page.wait_for_timeout(1_500)  # reading takes time; that it does is what is proved
            if confirm.is_enabled():
                return
    raise AssertionError("the lesson could not be confirmed")


def sit_exam(walk: Walk, page: Page) -> None:
    """Sit the exam and answer every question right."""
    answers = material.right_answers()
    page.goto("/")
    page.get_by_role("link", name=re.compile("^去考试")).click()
    walk.snap(page, "08-exam-rules")
    page.get_by_role("button", name="开始考试").click()
    page.wait_for_url(re.compile(r"/exam/[0-9a-f-]{36}/$"))
    questions = page.locator("[data-slot]")
    count = questions.count()
    assert count == 10
    for number in range(count):
        question = questions.nth(number)
        expect(question).to_be_visible()
        stem = question.locator(".stem").inner_text().strip()
        for option in question.locator("label.opt").all():
            if option.locator("span").inner_text().strip() in answers[stem]:
                option.click()
        expect(page.locator("#state")).to_contain_text("已保存")
        if number == 2:
            walk.snap(page, "09-exam-question")
        if number + 1 < count:
            page.get_by_role("button", name="下一题").click()
    page.locator("#hand-in").click()
    page.get_by_role("button", name="确认交卷").click()
    page.wait_for_url("**/result")  # loaded: a page that is still on its way there ends the next one's way
    expect(page.get_by_role("heading", name="合格", exact=True)).to_be_visible()
    walk.snap(page, "10-exam-result")


def take_certificate(walk: Walk, page: Page) -> tuple[bytes, str]:
    """Download the certificate on the phone once it is made; return the PDF and its number."""
    page.goto("/me/")
    card = page.locator("section", has=page.get_by_role("heading", name="我的证书"))
    expect(card.get_by_role("link", name="PDF")).to_be_visible()
    number = card.locator(".num").first.inner_text().strip()
    walk.snap(page, "11-my-certificates")
    address = card.get_by_role("link", name="PDF").get_attribute("href") or ""
    for _attempt in range(PATIENCE_MS // 1_000):
        answer = page.request.get(address)
        if answer.headers["content-type"] == "application/pdf":
            return answer.body(), number
        assert answer.status == 202, answer.status
        page.wait_for_timeout(1_000)
    raise AssertionError("the queue did not make the certificate within two minutes")


def verify(walk: Walk, address: str, *, name: str, number: str) -> None:
    """Open what the QR code leads to, as anybody with the paper in hand would."""
    page = walk.context(PHONE).new_page()
    page.goto(address)
    for text in (name, number, "有效"):
        expect(page.locator("main")).to_contain_text(text)
    walk.snap(page, "12-verify", full=True)


def coverage_of(page: Page, unit: str, programme: str) -> tuple[int, int]:
    """Return (people owing, people done) of a unit for one programme, as HR's coverage page says."""
    page.goto("/admin/training/coverage/")
    page.locator("select[name=kind]").select_option(label=programme)
    page.get_by_role("button", name="查看").click()
    page.wait_for_url(re.compile("kind=[^&]+"))
    row = page.locator("tbody tr", has=page.get_by_role("link", name=unit, exact=True))
    expect(row).to_be_visible()
    cells = row.locator("td").all_inner_texts()
    return int(cells[2].replace(",", "")), int(cells[3].replace(",", ""))


def export_coverage(walk: Walk, page: Page, folder: Path) -> Path:
    """Export the coverage sheet and return where it was saved."""
    page.goto("/admin/training/coverage/")
    walk.snap(page, "13-coverage")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="导出 Excel").click()
    path = folder / "coverage.xlsx"
    waiting.value.save_as(path)
    return path
