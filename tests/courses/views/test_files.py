import datetime as dt

import pytest
import time_machine
from django.contrib.auth import get_user
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from wagtail.models import PageViewRestriction

from common.clock import now
from courses.models import Film
from courses.queries import file_address, get_film_for
from people.actions.roles import grant_role
from people.models import Role
from tests.factories.courses import (
    FilmFactory,
    FilmSubtitleFactory,
    PolicySpeechFactory,
    learning_home,
)
from tests.factories.people import EmployeeFactory, OrgUnitFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def film():
    """A film with subtitles and a poster that no lesson shows yet."""
    film = FilmFactory()
    film.thumbnail.save("poster.jpg", ContentFile(b"jpeg"))
    FilmSubtitleFactory(film=film)
    return film


@pytest.fixture
def addresses(film):
    """What there is of a film; the film itself stands for the address somebody gets of it."""
    return [
        film,
        film.poster_url,
        reverse("courses:subtitles", args=[film.pk, "zh-hans"]),
    ]


@pytest.fixture
def learner(client):
    employee = EmployeeFactory()
    client.force_login(employee.user)
    return employee


def film_editor():
    """Give an account the editor's role, with the back-office rights that come with it."""
    user = UserFactory()
    grant_role(
        user=user,
        role=Role.EDITOR,
        unit=OrgUnitFactory(),
        starts_on=dt.date(2026, 1, 1),
        acting_user=None,
        now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    return user


def own_address(client, film):
    return file_address(film, get_user(client), now())


def statuses(client, addresses):
    found = []
    for address in addresses:
        response = client.get(own_address(client, address) if isinstance(address, Film) else address)
        found.append(response.status_code)
        if response.streaming:
            b"".join(response.streaming_content)
    return found


class TestWhoMaySeeAFilm:
    def test_people_who_are_signed_in_once_a_live_lesson_shows_it(self, client, learner, film, addresses):
        PolicySpeechFactory(film=film)
        assert statuses(client, addresses) == [200, 200, 200]

    def test_a_film_inside_the_text_of_a_live_lesson(self, client, learner, film, addresses):
        lesson = PolicySpeechFactory(body=[("film", {"film": film, "caption": ""})])
        assert statuses(client, addresses) == [200, 200, 200]
        lesson.unpublish()
        assert statuses(client, addresses) == [404, 404, 404]

    def test_nobody_else(self, client, film, addresses):
        PolicySpeechFactory(film=film)
        assert statuses(client, addresses) == [404, 404, 404]

    def test_not_while_no_lesson_shows_it(self, client, learner, film, addresses):
        assert statuses(client, addresses) == [404, 404, 404]

    def test_not_while_the_lesson_is_a_draft(self, client, learner, film, addresses):
        PolicySpeechFactory(film=film, live=False)
        assert statuses(client, addresses) == [404, 404, 404]

    def test_not_when_the_lesson_is_closed_to_them(self, client, learner, film, addresses):
        lesson = PolicySpeechFactory(film=film)
        restriction = PageViewRestriction.objects.create(
            page=lesson, restriction_type=PageViewRestriction.GROUPS
        )
        assert statuses(client, addresses) == [404, 404, 404]
        group = Group.objects.create(name="甲班")
        restriction.groups.add(group)
        learner.user.groups.add(group)
        assert statuses(client, addresses) == [200, 200, 200]

    def test_a_shared_password_opens_nothing(self, client, learner, film, addresses):
        PolicySpeechFactory(film=film)
        PageViewRestriction.objects.create(
            page=learning_home(), restriction_type=PageViewRestriction.PASSWORD, password="x"
        )
        assert statuses(client, addresses) == [404, 404, 404]

    def test_editors_of_films(self, client, film, addresses):
        client.force_login(film_editor())
        assert statuses(client, addresses) == [200, 200, 200]

    def test_not_an_account_that_was_closed(self, film):
        PolicySpeechFactory(film=film)
        user = UserFactory(is_active=False)
        with pytest.raises(type(film).DoesNotExist):
            get_film_for(user, film.pk)


class TestFilm:
    def test_is_sent_in_ranges(self, client, learner, film):
        PolicySpeechFactory(film=film)
        address = own_address(client, film)
        response = client.get(address, headers={"range": "bytes=0-1"})
        assert (response.status_code, b"".join(response.streaming_content)) == (206, film.title.encode()[:2])
        assert response["Content-Type"] == "video/mp4"
        assert client.get(address, headers={"range": "bytes=999999-"}).status_code == 416
        assert client.head(address).status_code == 200

    def test_the_address_in_the_page_is_one_persons_and_runs_out(self, client, film):
        lesson, first, second = PolicySpeechFactory(film=film), EmployeeFactory(), EmployeeFactory()
        with time_machine.travel(dt.datetime(2026, 11, 2, 8, 5, tzinfo=dt.UTC), tick=False) as clock:
            client.force_login(first.user)
            own = own_address(client, film)
            assert f'src="{own}"' in client.get(lesson.url).content.decode()
            clock.shift(60)
            assert own_address(client, film) == own  # what the browser kept of it is still good
            longer = own.replace("for=1", "for=2")
            for wrong in (film.url, f"{film.url}?for=", f"{own}0", longer, f"{film.url}?for=钥匙"):
                assert client.get(wrong).status_code == 403
            clock.shift(2 * 3600)
            assert client.get(own).status_code == 200
            clock.shift(3600)
            assert client.get(own).status_code == 403
            assert client.get(own_address(client, film)).status_code == 200
            client.force_login(second.user)
            other = own_address(client, film)
            assert client.get(other).status_code == 200
            client.force_login(first.user)
            assert client.get(other).status_code == 403

    def test_another_name_or_method_is_refused(self, client, learner, film):
        PolicySpeechFactory(film=film)
        assert client.get(reverse("courses:film", args=[film.pk, "old.mp4"])).status_code == 404
        assert client.post(own_address(client, film)).status_code == 405

    def test_a_language_without_subtitles_is_not_found(self, client, learner, film):
        PolicySpeechFactory(film=film)
        assert client.get(reverse("courses:subtitles", args=[film.pk, "en"])).status_code == 404

    def test_subtitles_are_webvtt_for_this_reader_alone(self, client, learner, film):
        PolicySpeechFactory(film=film)
        response = client.get(reverse("courses:subtitles", args=[film.pk, "zh-hans"]))
        assert response["Content-Type"] == "text/vtt; charset=utf-8"
        assert response["Cache-Control"] == "private, no-cache"
        assert response.content.decode() == film.subtitles.get().text

    def test_a_film_without_poster_has_none(self, client, learner):
        film = FilmFactory()
        PolicySpeechFactory(film=film)
        assert film.poster_url == ""
        assert client.get(reverse("courses:poster", args=[film.pk])).status_code == 404

    @pytest.mark.parametrize("lessons", [1, 3])
    def test_asking_costs_the_same_however_many_lessons_show_it(
        self, client, learner, film, lessons, django_assert_max_num_queries
    ):
        for _ in range(lessons):
            PolicySpeechFactory(film=film)
        with django_assert_max_num_queries(12):
            assert statuses(client, [film]) == [200]


class TestPicture:
    @pytest.fixture(autouse=True)
    def files(self):
        for name in (
            "images/a.jpg",
            "original_images/b.png",
            "images/c.svg",
            "media/film.jpg",
            "documents/d.pdf",
            "jobs/e.jpg",
            "x.jpg",
        ):
            default_storage.save(name, ContentFile(b"bytes"))

    @pytest.mark.parametrize(
        ("name", "content_type"), [("images/a.jpg", "image/jpeg"), ("original_images/b.png", "image/png")]
    )
    def test_pictures_are_sent_to_people_who_are_signed_in(self, client, learner, name, content_type):
        response = client.get(f"/media/{name}")
        assert (response.status_code, response["Content-Type"]) == (200, content_type)
        assert response["Cache-Control"] == "private, no-cache"
        assert b"".join(response.streaming_content) == b"bytes"

    def test_nobody_else(self, client):
        assert client.get("/media/images/a.jpg").status_code == 404

    @pytest.mark.parametrize(
        "name",
        [
            "images/none.jpg",
            "images/c.svg",
            "images/../media/film.jpg",
            "images/..%2fmedia/film.jpg",
            "images/%2e%2e/media/film.jpg",
            "images//a.jpg",
            "images/./a.jpg",
            "images\\..\\media\\film.jpg",
            "images/a.jpg%00.jpg",
            "/images/a.jpg",
            "media/film.jpg",
            "documents/d.pdf",
            "jobs/e.jpg",
            "x.jpg",
            "images",
        ],
    )
    def test_nothing_else_has_an_address(self, client, learner, name):
        assert client.get(f"/media/{name}").status_code == 404
