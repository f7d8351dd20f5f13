"""Films from end to end: sent in parts over a network that breaks, encoded, played from segments and credited."""

import itertools
import re

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from playwright.sync_api import expect

from common.clock import now
from courses.actions.encodings import encode_film, request_encoding
from courses.films import inspect_film
from courses.models import Film, FilmUpload, PlaySession, StudyBeat, StudyProgress
from courses.views import uploads
from tests.browser import browser, browser_context, browser_page, play_until, wait_for_study
from tests.factories.courses import PolicySpeechFactory
from tests.factories.films import make_film
from tests.factories.people import EmployeeFactory, UserFactory

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PLAY = "video => { video.muted = true; return video.play().catch(() => {}); }"
# What a browser says that knows no HLS of its own.
NO_HLS = """
    const ask = HTMLMediaElement.prototype.canPlayType;
    HTMLMediaElement.prototype.canPlayType = function (kind) {
        return kind.includes("mpegurl") ? "" : ask.call(this, kind);
    };
"""


@pytest.fixture(scope="module")
def film_file(tmp_path_factory):
    return make_film(
        tmp_path_factory.mktemp("film") / "film.mp4", seconds=8, options=("-movflags", "+faststart")
    )


@pytest.fixture
def film(film_file):
    return encoded(film_file, "动火")


def encoded(path, title):
    facts = inspect_film(path)
    film = Film(
        title=title, type="video", duration=facts.duration_s, sha256=facts.sha256, width=160, height=90
    )
    film.file.save("film.mp4", ContentFile(path.read_bytes()))
    job = request_encoding(film=film, acting_user=None)
    assert encode_film(job=job, film_id=film.pk, now=now())["encoded"]
    return film


def opened(browser_context, lesson, *, own_hls):
    """Open a lesson as a learner whose browser knows HLS itself, or does not."""
    context = browser_context(user=EmployeeFactory().user)
    if not own_hls:
        context.add_init_script(NO_HLS)
    page = context.new_page()
    page.goto(lesson.url)
    expect(page.locator("[data-film-label]")).to_contain_text("已看 0 秒")
    wait_for_study(page)
    return page


both = pytest.mark.parametrize("own_hls", [True, False], ids=["native", "hls.js"])


@both
def test_a_film_plays_from_its_segments_and_is_credited(browser_context, film, own_hls):
    employee = EmployeeFactory()
    context = browser_context(user=employee.user)
    if not own_hls:
        context.add_init_script(NO_HLS)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(PolicySpeechFactory(film=film).url)
    expect(page.locator("[data-film-label]")).to_contain_text("已看 0 秒")
    wait_for_study(page)
    assert not [url for url in asked if "/films/via/" in url or "hls.light" in url]  # not before it is wanted
    video = page.locator("video[data-film]")
    video.evaluate(PLAY)
    page.wait_for_function("() => document.querySelector('video').currentTime > 2")
    # A jump is still taken back, and playing goes on.
    video.evaluate("video => { video.currentTime = 7.5; }")
    page.wait_for_function("() => document.querySelector('video').currentTime < 7")
    video.evaluate(PLAY)
    expect(page.locator("[data-film-done]")).to_be_visible()
    assert sum(url.endswith(".ts") for url in asked) >= 2, asked
    assert any("hls.light" in url for url in asked) is not own_hls
    with transaction.atomic():  # a last beat may still come: both figures of one moment
        watched = StudyProgress.objects.get().watched
        credited = sum(StudyBeat.objects.filter(part="film").values_list("credited_s", flat=True))
    assert watched[-1][1] >= 7
    assert credited == pytest.approx(sum(end - start for start, end in watched), abs=0.1)
    page.reload()  # seen once, it may be moved in freely, and at another speed
    page.get_by_label("播放速度").select_option("1.5")
    video.evaluate(PLAY)
    page.wait_for_function("() => document.querySelector('video').readyState >= 1")
    video.evaluate("video => { video.currentTime = 6.5; }")
    page.wait_for_function("() => document.querySelector('video').currentTime > 6.4")
    expect(video).to_have_js_property("playbackRate", 1.5)


@both
def test_a_film_half_watched_goes_on_where_it_stopped(browser_context, film, own_hls):
    page = opened(browser_context, PolicySpeechFactory(film=film), own_hls=own_hls)
    video = page.locator("video[data-film]")
    play_until(page, 3)
    expect(page.locator("[data-film-label]")).to_contain_text(re.compile("已看 [3-7] 秒"))
    seen = StudyProgress.objects.get().watched
    page.reload()
    expect(page.locator("[data-film-label]")).to_contain_text(re.compile("已看 [3-7] 秒"))
    video.evaluate(PLAY)
    expect(page.locator("[data-film-done]")).to_be_visible()
    later = StudyBeat.objects.filter(session=PlaySession.objects.latest("pk"), part="film").order_by("seq")
    assert later[0].from_s == pytest.approx(seen[-1][1], abs=0.6)  # nothing played again, nothing left out
    assert len(StudyProgress.objects.get().watched) == 1


def test_an_upload_outlives_a_break_of_the_network_and_a_page_loaded_anew(
    browser_page, film_file, monkeypatch
):
    size = film_file.stat().st_size
    monkeypatch.setattr(uploads, "PART_BYTES", -(-size // 10))
    page = browser_page(user=UserFactory(superuser=True))
    broken = {"from": 3}
    sent = itertools.count(1)

    def pass_on(route):
        is_part = route.request.method == "PATCH"
        if broken["from"] and (not is_part or next(sent) > broken["from"]):
            route.abort("internetdisconnected")
        else:
            route.continue_()

    page.route("**/films/upload/*/", pass_on)
    page.goto("/admin/media/video/add/")
    page.locator("#id_file").set_input_files(film_file)
    box = page.locator(".film-upload")
    expect(box).to_contain_text("网络断开")
    assert FilmUpload.objects.get().size == size
    page.reload()
    page.locator("#id_file").set_input_files(film_file)  # the same file again
    expect(box).to_contain_text("网络断开")
    page.locator("#id_title").fill("动火")
    page.get_by_role("button", name="上传", exact=True).click()  # before all of it is there
    expect(box).to_contain_text("传完后自动保存")
    broken["from"] = 0
    page.wait_for_url("**/admin/media/")
    with Film.objects.get().file.open("rb") as kept:
        assert kept.read() == film_file.read_bytes()
    assert not FilmUpload.objects.exists()


@pytest.mark.parametrize("parts_before", [0, 2])
def test_an_upload_whose_sign_in_ran_out_says_so_and_goes_on_later(
    browser_context, film_file, monkeypatch, parts_before
):
    monkeypatch.setattr(uploads, "PART_BYTES", -(-film_file.stat().st_size // 10))
    editor = UserFactory(superuser=True)
    context = browser_context(user=editor)
    signed_in = context.cookies()
    page = context.new_page()
    sent = itertools.count(1)

    def sign_out_after(route):
        if route.request.method == "PATCH" and next(sent) == parts_before:
            context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        route.continue_()

    page.route("**/films/upload/*/", sign_out_after)
    page.goto("/admin/media/video/add/")
    if not parts_before:
        context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("#id_file").set_input_files(film_file)
    box = page.locator(".film-upload")
    expect(box).to_contain_text("登录已过期")
    assert FilmUpload.objects.count() == (1 if parts_before else 0)
    context.add_cookies(signed_in)
    page.locator("#id_file").set_input_files([])
    page.locator("#id_file").set_input_files(film_file)
    expect(page.locator(".film-upload").filter(has_text="已传完")).to_be_visible()
    page.locator("#id_title").fill("动火")
    page.get_by_role("button", name="上传", exact=True).click()
    page.wait_for_url("**/admin/media/")
    with Film.objects.get().file.open("rb") as kept:
        assert kept.read() == film_file.read_bytes()
