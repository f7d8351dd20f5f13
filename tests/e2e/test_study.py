"""Studying a lesson in a real browser: the page reports, the server counts."""

import hashlib
import hmac
import re

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import expect

from courses.films import inspect_film
from courses.models import Film, FilmQuestion, FilmSubtitle, StudyBeat, StudyCheck, StudyProgress, StudyRecord
from tests.browser import browser, browser_context, browser_page, play_until, wait_for_study
from tests.courses.test_editions import publish, study, with_new_line
from tests.factories.courses import OperatingRuleFactory, PolicySpeechFactory
from tests.factories.films import make_film
from tests.factories.people import EmployeeFactory

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PLAY = "video => { video.muted = true; return video.play().catch(() => {}); }"


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
    wait_for_study(page)
    page.evaluate(
        "() => document.addEventListener('study:shown', (event) => { window.told = event.detail; })"
    )
    video = page.locator("video[data-film]")
    video.evaluate(PLAY)
    expect(page.locator("[data-film-done]")).to_be_visible()
    page.wait_for_function("() => document.querySelector('video').textTracks[0].cues?.length === 1")
    for section in page.locator("[data-section]").all():
        section.scroll_into_view_if_needed()
        expect(section.locator("[data-section-done]")).to_be_visible()
    expect(page.locator("[data-study-label]")).to_contain_text("正文已读 3 / 3 节")
    expect(confirm).to_be_enabled()
    confirm.click()
    expect(page.locator("[data-study-label]")).to_contain_text("记入学习凭证")
    # The answer to a report sent before the confirmation may come after the confirmation's.
    late = "{ ...window.told, completed: '' }"
    page.evaluate(f"() => document.dispatchEvent(new CustomEvent('study:reported', {{ detail: {late} }}))")
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
    wait_for_study(page)
    page.locator("video[data-film]").evaluate("video => { video.currentTime = 7; }")
    expect(page.get_by_text("首次观看不能快进，已回到看到的位置。")).to_be_visible()
    page.wait_for_function("() => document.querySelector('video').currentTime < 1")
    assert StudyProgress.objects.get().watched == []


def test_speed_on_first_view_is_taken_back(browser_page, employee, film):
    page = browser_page(user=employee.user)
    page.goto(PolicySpeechFactory(film=film).url)
    expect(page.locator("[data-film-label]")).to_contain_text("已看 0 秒")
    wait_for_study(page)
    page.locator("video[data-film]").evaluate("video => { video.playbackRate = 2; }")
    expect(page.get_by_text("首次观看请用正常速度。")).to_be_visible()
    assert page.evaluate("document.querySelector('video').playbackRate") == 1


def test_playing_goes_on_where_it_was_left(browser_page, employee, film):
    lesson = PolicySpeechFactory(film=film)
    page = browser_page(user=employee.user)
    page.goto(lesson.url)
    expect(page.locator("[data-film-label]")).to_contain_text("已看 0 秒")
    wait_for_study(page)
    play_until(page, 3)
    expect(page.locator("[data-film-label]")).to_contain_text(re.compile("已看 [3-7] 秒"))
    page.reload()
    page.wait_for_function("() => document.querySelector('video').currentTime > 2.5")
    expect(page.locator("svg.seen rect")).to_have_count(1)


def test_a_second_device_takes_over_and_the_first_can_take_it_back(browser_page, employee):
    # Long enough to be read all the while: a page that has nothing more to report is told nothing either.
    lesson = PolicySpeechFactory(body=[("text", f"<p>{'先检测，再动火。' * 500}</p>")])
    first, second = browser_page(user=employee.user), browser_page(user=employee.user)
    first.goto(lesson.url)
    wait_for_study(first)
    expect(first.locator("[data-study-label]")).to_contain_text("正文已读")
    second.goto(lesson.url)
    wait_for_study(second)
    expect(second.locator("[data-study-label]")).to_contain_text("正文已读")
    expect(first.get_by_text("您已在另一处打开课件")).to_be_visible()
    first.get_by_role("button", name="在这里继续学习").click()
    expect(first.get_by_text("您已在另一处打开课件")).to_be_hidden()
    expect(second.get_by_text("您已在另一处打开课件")).to_be_visible()


def test_a_break_of_the_network_is_told_and_made_up_for(browser_context, employee):
    context = browser_context(user=employee.user)
    page = context.new_page()
    held, gone = [], []

    def hold(route):
        if gone:
            route.continue_()
        else:
            held.append(route)  # on a slow machine all would be read before the network goes

    page.route("**/beat", hold)
    page.goto(PolicySpeechFactory().url)
    wait_for_study(page)
    expect(page.locator("[data-study-label]")).to_contain_text("正文已读 0 / 3 节")
    context.set_offline(True)
    gone.append("网络")
    for route in held:
        route.continue_()
    expect(page.get_by_text("网络断开")).to_be_visible()
    context.set_offline(False)
    # What is said next depends on how much of the time the first beat back can be paid for.
    expect(page.get_by_text("网络断开")).to_be_hidden()
    expect(page.locator("[data-study-label]")).to_contain_text("正文已读 3 / 3 节")


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


@pytest.fixture
def long_film(tmp_path_factory):
    """A film of 61 s, the shortest that asks; one picture a second keeps it small."""
    path = make_film(
        tmp_path_factory.mktemp("long") / "film.mp4",
        seconds=61,
        options=("-r", "2", "-movflags", "+faststart"),
    )
    facts = inspect_film(path)
    film = Film(
        title="受限空间", type="video", duration=facts.duration_s, sha256=facts.sha256, width=160, height=90
    )
    film.file.save("long.mp4", ContentFile(path.read_bytes()))
    return film


def test_the_film_stops_and_asks_what_it_has_just_shown(browser_page, employee, long_film):
    FilmQuestion.objects.create(
        film=long_film,
        at_s=0.5,
        stem="进入受限空间以前先做什么？",
        options=[{"text": "先进去看看", "is_right": False}, {"text": "先通风、再检测", "is_right": True}],
        explanation="先通风、再检测、后作业。",
    )
    lesson = PolicySpeechFactory(film=long_film)
    page = browser_page(user=employee.user)
    page.goto(lesson.url)
    expect(page.locator("[data-film-label]")).to_contain_text("已看 0 秒")
    wait_for_study(page)
    # Due after two seconds instead of half a minute: the moment itself is proved elsewhere.
    StudyProgress.objects.update(attention={"asked": 0, "due_s": 2.0, "stake": []})
    page.locator("video[data-film]").evaluate(PLAY)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.querySelector('video').paused")
    assert page.locator("label", has_text="先通风、再检测").bounding_box()["height"] >= 44
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    page.get_by_label("先进去看看").check()
    page.get_by_role("button", name="继续看").click()
    expect(dialog.get_by_text("不对，再想想，还可以答一次。")).to_be_visible()
    page.reload()  # a killed tab does not lose the question
    expect(dialog).to_be_visible()
    page.get_by_label("先通风、再检测").check()
    # The film goes on, and what is said of its next seconds may take the explanation away: nobody answers them.
    page.route("**/beat", lambda route: None)
    page.get_by_role("button", name="继续看").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("先通风、再检测、后作业。")).to_be_visible()
    check = StudyCheck.objects.get()
    assert (check.outcome, check.tries, check.taken_back) == ("answered", 1, [])
    assert StudyProgress.objects.get().watched[0][1] >= 2


def test_seeking_back_shows_again_and_earns_nothing_twice(browser_page, employee, film):
    page = browser_page(user=employee.user)
    page.goto(PolicySpeechFactory(film=film).url)
    wait_for_study(page)
    play_until(page, 3)
    expect(page.locator("[data-film-label]")).to_contain_text(re.compile("已看 [3-7] 秒"))
    page.locator("video[data-film]").evaluate("video => { video.currentTime = 0.5; }")
    page.wait_for_function("() => !document.querySelector('video').seeking")
    with page.expect_response(lambda answer: "part=film" in (answer.request.post_data or "")):
        play_until(page, 2)
    first, *_, again = StudyBeat.objects.filter(part="film").order_by("seq")
    assert first.from_s < 0.5 <= again.from_s < 1.5
    (seen,) = StudyProgress.objects.get().watched
    assert sum(StudyBeat.objects.filter(part="film").values_list("credited_s", flat=True)) == pytest.approx(
        seen[1] - seen[0], abs=0.1
    )


def test_a_minute_without_network_loses_no_film_and_earns_no_more_than_the_clock(
    browser_context, employee, film
):
    page = browser_context(user=employee.user).new_page()
    page.clock.install()  # the minute passes for the page alone
    lesson = PolicySpeechFactory(film=film)
    page.goto(lesson.url)
    wait_for_study(page)
    video = page.locator("video[data-film]")
    # How much of a film a browser holds is its own choice: the film still comes, what is told of it does not arrive.
    page.route("**/study/**", lambda route: route.abort("internetdisconnected"))
    play_until(page, 6)
    expect(page.get_by_text("网络断开")).to_be_visible()
    told = StudyBeat.objects.filter(part="film").count()
    page.clock.run_for(60_000)
    expect(page.get_by_text("网络断开")).to_be_visible()
    assert StudyBeat.objects.filter(part="film").count() == told
    page.unroute("**/study/**")
    page.clock.run_for(5_000)
    expect(page.get_by_text("网络断开")).to_be_hidden()
    expect(page.locator("[data-film-label]")).to_contain_text(re.compile("已看 [6-8] 秒"))
    video.evaluate(PLAY)
    expect(page.locator("[data-film-done]")).to_be_visible()
    progress = StudyProgress.objects.get()
    last = StudyBeat.objects.latest("arrived_at")
    earned = sum(StudyBeat.objects.values_list("credited_s", flat=True))
    assert earned <= (last.arrived_at - progress.started_at).total_seconds()


def test_a_film_of_the_last_edition_is_free_and_asks_for_nothing(browser_page, employee, film):
    rule = OperatingRuleFactory(film=film)
    study(employee, rule)
    publish(rule, body=with_new_line())
    page = browser_page(user=employee.user)
    page.goto(rule.url)
    wait_for_study(page)
    expect(page.get_by_role("heading", name="和你上次学的有什么不同")).to_be_visible()
    expect(page.get_by_text("首次观看不能快进")).to_be_hidden()
    page.get_by_label("播放速度").select_option("2")
    play_until(page, 2)
    expect(page.locator("video[data-film]")).to_have_js_property("playbackRate", 2)
    section = page.locator("[data-section=s2]")
    section.scroll_into_view_if_needed()
    expect(section.locator("[data-section-done]")).to_be_visible()
    expect(page.locator("[data-message-box]")).to_be_hidden()
    assert not StudyBeat.objects.filter(verdict="unknown_part").exists()
    page.get_by_role("button", name="我已读完并理解").click()
    expect(page.locator("[data-study-label]")).to_contain_text("记入学习凭证")
    assert StudyRecord.objects.count() == 2
