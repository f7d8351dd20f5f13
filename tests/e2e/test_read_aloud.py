"""Reading a lesson aloud, with a voice that only writes down what it is told to say."""

import pytest
from playwright.sync_api import expect

from courses.models import StudyProgress
from tests.browser import browser, browser_context, browser_page
from tests.factories.courses import PolicySpeechFactory
from tests.factories.people import UserFactory

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# `finish()` lets the voice come to the end of what it was told last.
VOICE = """
class Utterance extends EventTarget { constructor(text) { super(); this.text = text; } }
const said = [];
const voices = [{ lang: "en-US", name: "en" }, { lang: "zh-CN", name: "zh" }];
const synthesis = { getVoices: () => voices, cancel() {}, speak(one) { said.push(one); } };
Object.defineProperty(window, "speechSynthesis", { value: synthesis });
Object.defineProperty(window, "SpeechSynthesisUtterance", { value: Utterance });
window.said = said;
window.finish = () => said.at(-1).dispatchEvent(new Event("end"));
"""
SILENT = "Object.defineProperty(window, 'speechSynthesis', { value: undefined });"


def last(page):
    return page.evaluate("(one => [one.text, one.lang, one.rate, one.voice?.name])(window.said.at(-1))")


@pytest.fixture
def lesson():
    return PolicySpeechFactory(
        summary="先检测。",
        body=[
            ("text", "<p>第一句。第二句！</p>"),
            ("heading", {"text": "第二节", "level": "2"}),
            ("text", "<p>末尾。</p>"),
        ],
    )


def test_reads_section_by_section_pauses_goes_on_and_ends(browser_page, lesson):
    page = browser_page(user=UserFactory())
    page.add_init_script(VOICE)
    page.goto(lesson.url)
    page.get_by_role("button", name="朗读", exact=True).focus()
    page.keyboard.press("Enter")
    heard = [last(page)]
    assert heard[0][1:] == ["zh-CN", 1, "zh"]
    expect(page.locator("[data-read-section]")).to_have_class("card stack tight is-read-aloud")
    for _ in range(2):
        page.evaluate("window.finish()")
        heard.append(last(page))
    assert [one[0] for one in heard] == ["要点", "先检测。", "第一句。"]
    expect(page.locator('[data-section="start"]')).to_have_class("part stack is-read-aloud")

    page.get_by_role("button", name="暂停朗读").press("Space")
    page.evaluate("window.finish()")
    assert last(page)[0] == "第一句。"
    page.get_by_label("语速").select_option("1.5")
    page.get_by_role("button", name="继续朗读").click()
    assert last(page)[:3] == ["第一句。", "zh-CN", 1.5]
    page.get_by_role("button", name="下一节").click()
    assert last(page)[0] == "第二节"
    for _ in range(2):
        page.evaluate("window.finish()")
    expect(page.locator(".is-read-aloud")).to_have_count(0)
    expect(page.locator("[data-read-status]")).to_have_text("读完了")
    expect(page.get_by_role("button", name="朗读", exact=True)).to_be_visible()
    assert not StudyProgress.objects.exists()


def test_a_browser_without_a_voice_shows_no_button(browser_page, lesson):
    page = browser_page(user=UserFactory())
    page.add_init_script(SILENT)
    page.goto(lesson.url)
    expect(page.get_by_role("heading", name="第二节")).to_be_visible()
    expect(page.locator("[data-read-aloud]")).to_be_hidden()
