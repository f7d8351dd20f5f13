"""Subtitles edited beside the film, the name over it, and exam questions read aloud, in a real browser."""

from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from courses.actions.subtitles import save_subtitles
from courses.models import Film, FilmSubtitle, PlayerSettings, StudyProgress
from exams.actions.exams import RowDraft
from exams.models import AnswerStep
from tests.browser import browser, browser_context, browser_page, wait_for_study
from tests.courses.views.test_files import film_editor
from tests.e2e.test_read_aloud import VOICE
from tests.factories.courses import PolicySpeechFactory
from tests.factories.exams import make_attempt, make_bank, make_exam
from tests.factories.films import make_film
from tests.factories.people import EmployeeFactory

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n先检测。\n\n00:00:03.000 --> 00:00:05.000\n再动火。\n"
HOSTILE = "<img src=x onerror=\"document.title='hit'\"> --> & 完"


@pytest.fixture(scope="module")
def film_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_film(path, seconds=8, options=("-movflags", "+faststart"))


@pytest.fixture
def film(film_file):
    film = Film(title="动火", type="video", duration=8.0, sha256="a" * 64, width=160, height=90)
    film.file.save("film.mp4", ContentFile(film_file.read_bytes()))
    FilmSubtitle.objects.create(film=film, text=VTT, label="中文")
    return film


@pytest.fixture
def editor(browser_page, film):
    page = browser_page(user=film_editor())
    page.goto(f"/admin/films/{film.pk}/subtitles/zh-hans/")
    expect(page.locator(".cue")).to_have_count(2)
    return page


def state(page):
    return page.locator("[data-state]")


class TestTheEditor:
    def test_by_keyboard_and_the_server_says_it_is_kept(self, editor, film):
        words = editor.locator(".cue textarea")
        words.nth(1).fill("再动火，留人看火。")
        expect(state(editor)).to_have_text("有改动，还没有保存")
        editor.keyboard.press("Alt+Enter")
        expect(words).to_have_count(3)
        expect(words.nth(2)).to_be_focused()
        editor.keyboard.insert_text(HOSTILE)
        editor.locator("video").evaluate(
            "film => new Promise(done => { film.onseeked = done; film.currentTime = 7.5; })"
        )
        editor.keyboard.press("Alt+2")
        expect(editor.locator("[data-end]").nth(2)).to_have_value("00:00:07.500")
        editor.keyboard.press("Control+s")
        expect(state(editor)).to_have_text("已保存为第 2 版。")
        kept = FilmSubtitle.objects.get(film=film)
        assert kept.text.count("-->") == 3
        assert "00:00:05.000 --> 00:00:07.500\n&lt;img src=x" in kept.text
        editor.reload()
        expect(editor.locator(".cue textarea").nth(2)).to_have_value(HOSTILE)
        assert editor.title() != "hit"

    def test_split_join_delete_and_take_back(self, editor):
        row = editor.locator(".cue").first
        row.get_by_role("button", name="在光标处拆开").click()
        expect(editor.locator(".cue")).to_have_count(3)
        expect(editor.locator("[data-end]").first).to_have_value("00:00:01.000")
        row.get_by_role("button", name="并入下一条").click()
        expect(editor.locator(".cue")).to_have_count(2)
        row.get_by_role("button", name="删除").click()
        expect(editor.locator(".cue")).to_have_count(1)
        editor.get_by_role("button", name="撤销增删").click()
        expect(editor.locator(".cue")).to_have_count(2)

    def test_what_is_wrong_stands_at_its_cue(self, editor, film):
        editor.locator("[data-start]").nth(1).fill("00:01.500")
        editor.get_by_role("button", name="保存", exact=True).first.click()
        expect(editor.locator(".cue").nth(1).locator("[data-fault]")).to_contain_text("与上一条重叠")
        expect(editor.locator("[data-start]").nth(1)).to_be_focused()
        assert FilmSubtitle.objects.get(film=film).text == VTT

    def test_somebody_else_saved_and_the_network_went(self, editor, film):
        save_subtitles(
            film=film,
            language="zh-hans",
            text=VTT.replace("检测", "通风"),
            acting_user=None,
            now=timezone.now(),
        )
        words = editor.locator(".cue textarea").first
        words.fill("我写的")
        editor.keyboard.press("Control+s")
        expect(editor.locator("[data-conflict]")).to_be_visible()
        expect(words).to_have_value("我写的")
        editor.context.set_offline(True)
        editor.get_by_role("button", name="用我写的代替").click()
        expect(state(editor)).to_contain_text("没有保存")
        editor.context.set_offline(False)
        # Left without saving: what was typed is still on this device.
        editor.once("dialog", lambda dialog: dialog.accept())
        editor.reload()
        editor.get_by_role("button", name="恢复").click()
        expect(words).to_have_value("我写的")
        editor.keyboard.press("Control+s")
        editor.get_by_role("button", name="保存", exact=True).first.click()
        expect(editor.locator("[data-conflict]")).to_be_visible()
        editor.get_by_role("button", name="用我写的代替").click()
        expect(state(editor)).to_have_text("已保存为第 3 版。")
        assert "我写的" in FilmSubtitle.objects.get(film=film).text


class TestThePlayer:
    @pytest.fixture
    def employee(self):
        return EmployeeFactory(name="高秀兰", employee_no="A20269001")

    def watch(self, page, film):
        page.goto(PolicySpeechFactory(film=film).url)
        return page.locator("video[data-film]")

    def test_the_name_moves_lets_clicks_through_and_stays_in_full_screen(self, browser_page, employee, film):
        PlayerSettings.objects.create(pk=PlayerSettings.ONLY, has_name_mark=True)
        page = browser_page(user=employee.user)
        page.clock.install()
        video = self.watch(page, film)
        mark = page.locator("[data-name-mark]")
        expect(mark).to_have_text("高秀兰 9001")
        expect(mark).to_have_class("at-0")
        page.clock.run_for(8500)
        expect(mark).not_to_have_class("at-0")
        hit = "mark => { const r = mark.getBoundingClientRect(); return document.elementFromPoint(r.x + 2, r.y + 2).tagName; }"
        assert mark.evaluate(hit) == "VIDEO"
        assert mark.locator("..").get_attribute("aria-hidden") == "true"
        assert "nofullscreen" in video.get_attribute("controlslist")
        page.get_by_role("button", name="全屏", exact=True).click()
        page.wait_for_function(
            "() => document.fullscreenElement?.contains(document.querySelector('[data-name-mark]'))"
        )
        page.get_by_role("button", name="退出全屏").click()
        page.wait_for_function("() => document.fullscreenElement === null")

    def test_speed_and_picture_in_picture_wait_for_the_first_view(self, browser_page, employee, film):
        page = browser_page(user=employee.user)
        video = self.watch(page, film)
        expect(page.locator("[data-name-mark]")).to_have_count(0)
        wait_for_study(page)
        expect(page.get_by_label("播放速度")).to_be_hidden()
        forbidden = "film => [film.disablePictureInPicture, film.disableRemotePlayback]"
        assert video.evaluate(forbidden) == [True, True]
        StudyProgress.objects.update(watched=[[0.0, 8.0]])
        page.reload()
        page.get_by_label("播放速度").select_option("2")
        assert video.evaluate(forbidden) == [False, False]
        assert video.evaluate("film => film.playbackRate") == 2
        video.evaluate("film => { film.playbackRate = 4; }")
        page.wait_for_function("() => document.querySelector('video').playbackRate === 2")
        page.get_by_role("button", name="大字幕").click()
        expect(page.locator("[data-player]")).to_have_class("player stack tight big-subtitles")


def test_questions_of_an_exam_are_read_aloud_and_answers_still_kept(browser_page):
    rows = [RowDraft(kind="single_choice", count=2, points=Decimal(10))]
    exam = make_exam(make_bank(), rows)
    attempt = make_attempt(exam, employee=EmployeeFactory(), device="", now=timezone.now())
    page = browser_page(user=attempt.employee.user)
    page.add_init_script(VOICE)
    page.goto(reverse("exams:attempt", args=[attempt.public_id]))
    expect(page.locator("#state")).to_contain_text("可以作答")
    stem = page.locator(".question.now .stem").inner_text()
    page.get_by_role("button", name="朗读本题").press("Enter")
    assert page.evaluate("window.said.at(-1).text") in stem
    for _breath in range(9):
        if "A，" in page.evaluate("window.said.at(-1).text"):
            break
        page.evaluate("window.finish()")
    first_option = page.locator(".question.now .opt span").first.inner_text()
    assert page.evaluate("window.said.at(-1).text").startswith(f"A，{first_option}"[:20])
    # Choosing while it reads is kept as ever, and turning the page ends the reading.
    page.locator(".question.now .opt").first.click()
    expect(page.locator("#state")).to_contain_text("已保存")
    expect(page.get_by_role("button", name="停止朗读")).to_be_visible()
    page.get_by_role("button", name="下一题").click()
    expect(page.get_by_role("button", name="朗读本题")).to_be_visible()
    said = page.evaluate("window.said.length")
    page.evaluate("window.finish()")
    assert page.evaluate("window.said.length") == said
    assert AnswerStep.objects.filter(attempt=attempt).count() == 1
