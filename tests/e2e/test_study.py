"""Studying a lesson in a real browser: the page reports, the server counts."""

import hashlib
import hmac

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import expect

from courses.films import inspect_film
from courses.models import Film, FilmSubtitle, StudyBeat, StudyProgress, StudyRecord
from tests.browser import browser, browser_context, browser_page
from tests.factories.courses import PolicySpeechFactory
from tests.factories.films import make_film
from tests.factories.people import EmployeeFactory

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PLAY = "video => { video.muted = true; return video.play(); }"


@pytest.fixture(scope="module")
def film_file(tmp_path_factory):
    return make_film(
        tmp_path_factory.mktemp("film") / "film.mp4", seconds=8, options=("-movflags", "+faststart")
    )


@pytest.fixture
def film(film_file):
    facts = inspect_film(film_file)
    film = Film(
        title="动火", type="video", duration=facts.duration_s, sha256=facts.sha256, width=160, height=90
    )
    film.file.save("film.mp4", ContentFile(film_file.read_bytes()))
    FilmSubtitle.objects.create(film=film, text="WEBVTT\n\n00:00.000 --> 00:08.000\n先检测，再动火。\n")
    return film


@pytest.fixture
def employee():
    return EmployeeFactory()


def test_watching_and_reading_to_the_end(browser_page, employee, film):
    lesson = PolicySpeechFactory(film=film)
    page = browser_page(user=employee.user)
    page.goto(lesson.url)
    confirm = page.get_by_role("button", name="我已读完并理解")
    expect(confirm).to_be_disabled()
    video = page.locator("video[data-film]")
    video.evaluate(PLAY)
    expect(page.locator("[data-film-done]")).to_be_visible(timeout=20_000)
    assert page.evaluate("document.querySelector('video').textTracks[0].cues.length") == 1
    for section in page.locator("[data-section]").all():
        section.scroll_into_view_if_needed()
        expect(section.locator("[data-section-done]")).to_be_visible(timeout=10_000)
    expect(page.locator("[data-study-label]")).to_contain_text("正文已读 3 / 3 节")
    expect(confirm).to_be_enabled()
    confirm.click()
    expect(page.locator("[data-study-label]")).to_contain_text("记入学习凭证")
    record = StudyRecord.objects.get()
    assert (record.employee, record.lesson_id, record.read_s) == (employee, lesson.pk, 9)
    assert record.watched_s >= 7
    took = (record.completed_at - record.started_at).total_seconds()
    assert sum(StudyBeat.objects.values_list("credited_s", flat=True)) <= took
    page.reload()
    expect(page.locator("[data-study-label]")).to_contain_text("记入学习凭证")
    expect(confirm).to_be_hidden()


def test_a_jump_on_first_view_is_taken_back(browser_page, employee, film):
    page = browser_page(user=employee.user)
    page.goto(PolicySpeechFactory(film=film).url)
    expect(page.locator("[data-film-label]")).to_contain_text("已看 0 秒")
    page.locator("video[data-film]").evaluate("video => { video.currentTime = 7; }")
    expect(page.get_by_text("首次观看不能快进，已回到看到的位置。")).to_be_visible()
    page.wait_for_function("() => document.querySelector('video').currentTime < 1")
    assert StudyProgress.objects.get().watched == []


def test_speed_on_first_view_is_taken_back(browser_page, employee, film):
    page = browser_page(user=employee.user)
    page.goto(PolicySpeechFactory(film=film).url)
    expect(page.locator("[data-film-label]")).to_contain_text("已看 0 秒")
    page.locator("video[data-film]").evaluate("video => { video.playbackRate = 2; }")
    expect(page.get_by_text("首次观看请用正常速度。")).to_be_visible()
    assert page.evaluate("document.querySelector('video').playbackRate") == 1


def test_playing_goes_on_where_it_was_left(browser_page, employee, film):
    lesson = PolicySpeechFactory(film=film)
    page = browser_page(user=employee.user)
    page.goto(lesson.url)
    video = page.locator("video[data-film]")
    expect(page.locator("[data-film-label]")).to_contain_text("已看 0 秒")
    video.evaluate(PLAY)
    page.wait_for_function("() => document.querySelector('video').currentTime > 3")
    video.evaluate("video => video.pause()")
    expect(page.locator("[data-film-label]")).to_contain_text("已看 3 秒")
    page.reload()
    page.wait_for_function("() => document.querySelector('video').currentTime > 2.5")
    assert page.locator("svg.seen rect").count() == 1


def test_a_second_device_takes_over_and_the_first_can_take_it_back(browser_page, employee):
    lesson = PolicySpeechFactory()
    first, second = browser_page(user=employee.user), browser_page(user=employee.user)
    first.goto(lesson.url)
    expect(first.locator("[data-study-label]")).to_contain_text("正文已读")
    second.goto(lesson.url)
    expect(second.locator("[data-study-label]")).to_contain_text("正文已读")
    expect(first.get_by_text("您已在另一处打开课件")).to_be_visible(timeout=15_000)
    first.get_by_role("button", name="在这里继续学习").click()
    expect(first.get_by_text("您已在另一处打开课件")).to_be_hidden()
    expect(second.get_by_text("您已在另一处打开课件")).to_be_visible(timeout=15_000)


def test_a_break_of_the_network_is_told_and_made_up_for(browser_context, employee):
    context = browser_context(user=employee.user)
    page = context.new_page()
    page.goto(PolicySpeechFactory().url)
    expect(page.locator("[data-study-label]")).to_contain_text("正文已读 0 / 3 节")
    context.set_offline(True)
    expect(page.get_by_text("网络断开")).to_be_visible(timeout=15_000)
    context.set_offline(False)
    # What is said next depends on how much of the time the first beat back can be paid for.
    expect(page.get_by_text("网络断开")).to_be_hidden(timeout=15_000)
    expect(page.locator("[data-study-label]")).to_contain_text("正文已读 3 / 3 节", timeout=20_000)


@pytest.mark.parametrize("key", ["", "k", "a" * 64, "b" * 65, "钥匙"], ids=len)
def test_signatures_of_the_page_are_those_of_the_server(browser_page, key, employee):
    page = browser_page(user=employee.user)
    page.goto(PolicySpeechFactory().url)
    texts = ["", "abc", "x" * 55, "x" * 56, "x" * 64, "安全第一\n" * 40]
    signed = page.evaluate(
        """async ([key, texts]) => {
            const address = document.querySelector("script[src*=study]").src.replace("study", "hmac");
            const { hmacHex } = await import(address);
            return texts.map((text) => hmacHex(key, text));
        }""",
        [key, texts],
    )
    assert signed == [hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() for text in texts]
