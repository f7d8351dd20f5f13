import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import ModelLogEntry

from courses.models import FilmQuestion, PlayerSettings
from courses.queries.films import name_mark
from tests.courses.views.test_files import film_editor
from tests.factories.courses import FilmFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
GOOD = {
    "at_s": "0:12.5",
    "stem": "动火前先做什么？",
    "option_0": "先检测",
    "right_0": "on",
    "option_1": "先点火",
    "explanation": "先检测，再动火。",
}


@pytest.fixture
def editor(client):
    user = film_editor()
    client.force_login(user)
    return user


@pytest.fixture
def film():
    return FilmFactory(duration=90)


def url(name, film, *more):
    return reverse(f"courses_film_question{name}", args=[film.pk, *more])


def question_of(film, **more):
    options = [{"text": "甲", "is_right": True}, {"text": "乙", "is_right": False}]
    return FilmQuestion.objects.create(film=film, **{"at_s": 30, "stem": "问", "options": options, **more})


def test_add_list_change(client, editor, film):
    assert client.post(url("_add", film), GOOD).status_code == 302
    question = FilmQuestion.objects.get()
    assert (question.at_s, question.options[0]) == (12.5, {"text": "先检测", "is_right": True})
    page = client.get(url("s", film)).content.decode()
    assert "0:12.5" in page
    assert "✓ 先检测" in page
    form = client.get(url("_edit", film, question.pk)).content.decode()
    assert 'value="0:12.5"' in form
    client.post(url("_edit", film, question.pk), {**GOOD, "at_s": "70", "stem": "改了"})
    question.refresh_from_db()
    assert (question.at_s, question.stem) == (70, "改了")
    assert ModelLogEntry.objects.filter(action="courses.film_question.save").count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at_s": "abc"}, "时刻写法不对"),
        ({"at_s": "2:00"}, "时刻须在影片之内：0:01 到 1:30"),
        ({"at_s": "0"}, "时刻须在影片之内"),
        ({"option_1": ""}, "至少写两个选项"),
        ({"option_1": "先检测"}, "有两个选项一样"),
        ({"right_0": ""}, "没有勾正确答案"),
        ({"right_1": "on"}, "所有选项都勾了正确"),
        ({"right_3": "on"}, "却没有写选项"),
        ({"stem": ""}, "error-message"),
    ],
)
def test_what_is_wrong_is_named(client, editor, film, change, words):
    response = client.post(url("_add", film), {**GOOD, **change})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not FilmQuestion.objects.exists()


def test_retired_and_restored_and_both_twice(client, editor, film):
    question = question_of(film)
    for value, is_retired in (("1", True), ("1", True), ("0", False), ("0", False)):
        client.post(url("_retire", film, question.pk), {"retire": value})
        question.refresh_from_db()
        assert (question.retired_at is not None) == is_retired
    logged = ModelLogEntry.objects.filter(action__startswith="courses.").order_by("pk")
    assert [entry.action for entry in logged] == [
        "courses.film_question.retire",
        "courses.film_question.restore",
    ]


def test_the_preview_shows_what_is_typed_as_words(client, editor, film):
    assert "点“预览”" in client.get(url("_preview", film)).content.decode()
    page = client.post(url("_preview", film), {"stem": "<script>x</script>", "option_0": "甲"})
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "&lt;script&gt;x" in page.content.decode()
    assert not FilmQuestion.objects.exists()


def test_another_films_question_is_not_found(client, editor, film):
    other = question_of(FilmFactory(duration=90))
    assert client.get(url("_edit", film, other.pk)).status_code == 404
    assert client.post(url("_retire", film, other.pk), {"retire": "1"}).status_code == 404


def test_nobody_else_gets_in(client, film):
    for user in (EmployeeFactory().user, UserFactory()):
        client.force_login(user)
        for address in (url("s", film), url("_add", film), reverse("courses_player_settings")):
            assert client.get(address).status_code in {302, 403}
            assert client.post(address, GOOD | {"has_name_mark": "on"}).status_code in {302, 403, 405}
    assert not FilmQuestion.objects.exists()
    assert not PlayerSettings.objects.exists()


def test_the_list_asks_no_statement_per_question(client, editor, film):
    counts = []
    for at_s in (30, 40, 50):
        question_of(film, at_s=at_s)
        client.get(url("s", film))
        with CaptureQueriesContext(connection) as asked:
            client.get(url("s", film))
        counts.append(len(asked))
    assert counts[0] == counts[2]


class TestTheName:
    def test_is_off_until_switched_on(self, client, editor, film):
        employee = EmployeeFactory(name="高秀兰", employee_no="A20269001")
        lesson = PolicySpeechFactory(film=film)
        assert name_mark(employee.user) == ""
        settings = reverse("courses_player_settings")
        for _twice in range(2):
            client.post(settings, {"has_name_mark": "on"})
        assert ModelLogEntry.objects.filter(action="courses.player.save").count() == 1
        assert name_mark(employee.user) == "高秀兰 9001"
        client.force_login(employee.user)
        page = client.get(lesson.url).content.decode()
        assert "高秀兰 9001" in page
        assert "nofullscreen" in page
        client.force_login(editor)
        client.post(settings, {})
        assert name_mark(employee.user) == ""

    def test_a_name_is_text(self, client, film):
        PlayerSettings.objects.create(pk=PlayerSettings.ONLY, has_name_mark=True)
        employee = EmployeeFactory(name="<b>高</b>")
        client.force_login(employee.user)
        page = client.get(PolicySpeechFactory(film=film).url).content.decode()
        assert "&lt;b&gt;高" in page
