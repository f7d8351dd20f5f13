"""Large files come in parts: in order, from one person, and whole before anything is made of them."""

import datetime as dt
import os
import wave

import pytest
from django.test import Client
from django.urls import reverse

from courses import uploads
from courses.actions.uploads import sweep_uploads
from courses.films import FilmLimits
from courses.models import Film, FilmUpload
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
PART = 10_000
FILE = {"name": "动火.mp4", "modified": 1_700_000_000_000}


@pytest.fixture
def editor(client):
    user = UserFactory(superuser=True)
    client.force_login(user)
    return user


def begin(client, size, **more):
    return client.post(reverse("courses_upload"), FILE | {"size": size} | more)


def address(number):
    return reverse("courses_upload_part", args=[number])


def send(client, number, offset, data):
    return client.generic(
        "PATCH",
        address(number),
        data,
        content_type="application/offset+octet-stream",
        headers={"upload-offset": str(offset)},
    )


def send_all(client, data, **more):
    """Send a file in parts and return its id."""
    number = begin(client, len(data), **more).json()["id"]
    for offset in range(0, len(data), PART):
        assert send(client, number, offset, data[offset : offset + PART]).status_code == 200
    return number


def save(client, number, kind="video", **more):
    fields = {"title": "动火", "tags": "", "upload": number} | more
    return client.post(reverse("wagtailmedia:add", args=[kind]), fields)


def test_a_film_in_parts_becomes_a_film(client, editor, films):
    data = (films / "good.mp4").read_bytes()
    number = send_all(client, data)
    assert save(client, number).status_code == 302
    film = Film.objects.get()
    with film.file.open("rb") as kept:
        assert kept.read() == data
    assert (film.filename[-4:], film.uploaded_by_user) == (".mp4", editor)
    assert film.duration == pytest.approx(3, abs=0.2)
    assert not FilmUpload.objects.exists()
    assert not list(uploads.part_path(editor.pk).parent.glob("*"))


def test_the_same_file_chosen_again_goes_on_where_it_stopped(client, editor):
    number = begin(client, 100).json()["id"]
    send(client, number, 0, b"x" * 60)
    assert begin(client, 100).json() == {"id": number, "offset": 60, "part": uploads.PART_BYTES}
    assert client.head(address(number))["Upload-Offset"] == "60"
    assert begin(client, 100, modified=5).json()["id"] != number  # changed since


def test_a_part_at_a_wrong_place_is_refused_and_told_the_right_one(client, editor):
    number = begin(client, 100).json()["id"]
    send(client, number, 0, b"x" * 60)
    for offset in (0, 59, 61):
        answer = send(client, number, offset, b"y" * 10)
        assert (answer.status_code, answer.json()["offset"]) == (409, 60)
    assert uploads.part_path(number).read_bytes() == b"x" * 60
    assert send(client, number, 60, b"y" * 41).status_code == 413  # longer than the file
    assert send(client, number, 60, b"y" * 40).json() == {"offset": 100}


def test_a_part_without_a_place_is_refused(client, editor):
    number = begin(client, 100).json()["id"]
    for offset in ("", "-1", "x", "9" * 30):
        assert send(client, number, offset, b"y").status_code == 400


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"size": FilmLimits().max_bytes + 1}, 413),
        ({"size": 0}, 400),
        ({"size": "viel"}, 400),
        ({"size": 10, "name": ""}, 400),
    ],
)
def test_what_cannot_be_taken_is_refused_before_a_byte_is_sent(client, editor, fields, status):
    answer = client.post(reverse("courses_upload"), FILE | fields)
    assert answer.status_code == status
    assert answer.json()["message"]
    assert not FilmUpload.objects.exists()


def test_a_full_disk_is_told(client, editor, monkeypatch):
    monkeypatch.setattr(uploads, "KEPT_FREE_BYTES", 10**18)
    answer = begin(client, 100)
    assert answer.status_code == 507
    assert "磁盘空间不足" in answer.json()["message"]


def test_one_person_has_few_unfinished_files(client, editor):
    for number in range(5):
        assert begin(client, 100, modified=number).status_code == 200
    assert begin(client, 100, modified=9).status_code == 409


def test_the_upload_of_somebody_else_is_not_there(client, editor, films):
    data = (films / "good.mp4").read_bytes()
    number = send_all(client, data)
    other = Client()
    other.force_login(UserFactory(superuser=True))
    assert send(other, number, len(data), b"").status_code == 404
    assert other.head(address(number)).status_code == 404
    assert other.delete(address(number)).status_code == 404
    assert "找不到这次上传" in save(other, number).content.decode()
    assert begin(other, len(data)).json()["id"] != number
    assert (Film.objects.count(), uploads.received(number)) == (0, len(data))


def test_people_who_do_not_edit_films_upload_nothing(client):
    client.force_login(EmployeeFactory().user)
    assert begin(client, 100).status_code in (302, 403)
    assert not FilmUpload.objects.exists()


@pytest.mark.parametrize("number", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_form_that_names_no_upload_is_refused(client, editor, number):
    assert "找不到这次上传" in save(client, number).content.decode()


def test_a_file_that_is_not_whole_or_no_film_becomes_nothing(client, editor, films):
    data = (films / "good.mp4").read_bytes()
    number = begin(client, len(data)).json()["id"]
    send(client, number, 0, data[: len(data) // 2])
    assert "还没有传完" in save(client, number).content.decode()
    lost = begin(client, 7, name="没了.mp4").json()["id"]  # its part file was never written, or is lost
    assert "还没有传完" in save(client, lost).content.decode()
    wrong = send_all(client, (films / "text.mp4").read_bytes(), name="文字.mp4")
    assert "不是 MP4 影片" in save(client, wrong).content.decode()
    assert uploads.received(wrong) == 0
    assert Film.objects.count() == 0


def test_a_form_with_another_mistake_keeps_the_film(client, editor, films):
    number = send_all(client, (films / "good.mp4").read_bytes())
    again = save(client, number, title="").content.decode()
    assert f'data-upload-id="{number}"' in again
    assert save(client, number).status_code == 302
    assert Film.objects.count() == 1


def test_a_recording_in_parts_becomes_a_sound(client, editor, tmp_path):
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\0" * 8000)
    number = send_all(client, path.read_bytes(), name="录音.mp3")
    assert save(client, number, kind="audio").status_code == 302
    film = Film.objects.get()
    assert (film.type, film.filename[-4:], film.duration) == ("audio", ".wav", 1.0)  # by what is in it
    answer = client.get(film.url)
    assert answer["Content-Type"] == "audio/wav"
    b"".join(answer)


def test_giving_up_leaves_nothing(client, editor):
    number = send_all(client, b"x" * 100)
    assert client.delete(address(number)).status_code == 204
    assert (FilmUpload.objects.count(), uploads.received(number)) == (0, 0)
    assert client.delete(address(number)).status_code == 404


def test_what_nobody_went_on_with_is_swept_after_two_days(client, editor):
    number = send_all(client, b"x" * 100)
    stray = uploads.part_path("11111111-1111-1111-1111-111111111111")
    stray.write_bytes(b"x")
    now = dt.datetime.now(dt.UTC)
    os.utime(stray, (now.timestamp(), now.timestamp()))  # a file's time is not the tests' otherwise
    assert sweep_uploads(now=now) == 0
    assert sweep_uploads(now=now + dt.timedelta(days=2, hours=1)) == 2
    assert (uploads.received(number), stray.exists()) == (0, False)
