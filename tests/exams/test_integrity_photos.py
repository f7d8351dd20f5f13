import datetime as dt
import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate
from PIL import Image

from exams.actions.guards import GuardDraft, save_guard
from exams.actions.integrity_photos import delete_due_photos, erase_photos
from exams.models import AttemptPhoto, IdentityCheck, PhotoConsent, PhotoLook
from exams.personal_data import PROVIDERS
from exams.tasks import delete_exam_photos
from people.models import Role
from tests.factories.exams import NOW, make_attempt, make_exam, submit
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db
PHONE = "phone-0123456789abcdefgh"
SECRET = b"where-it-was-taken"


@pytest.fixture(autouse=True)
def _at_nine(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def attempt(unit):
    exam = make_exam()
    save_guard(
        exam=exam,
        draft=GuardDraft(photo_asked=True, photo_moments=2, photo_keep_days=10),
        acting_user=None,
    )
    return make_attempt(exam, employee=EmployeeFactory(assigned__unit=unit), device=PHONE)


@pytest.fixture
def client(attempt):
    client = Client()
    client.force_login(attempt.employee.user)
    client.cookies["device"] = PHONE
    return client


def office(role, unit):
    client = Client()
    client.force_login(
        RoleGrantFactory(user=UserFactory(), role=role, unit=unit, starts_on=dt.date(2026, 1, 1)).user
    )
    return client  # fmt: skip


def url(name, attempt):
    return reverse(f"exams:{name}", args=[attempt.public_id])


def jpeg():
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = SECRET.decode()
    Image.new("RGB", (640, 480), "#c9a58a").save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("me.jpg", out.getvalue(), "image/jpeg")


def agree(client, attempt, answer="agree"):
    return client.post(url("photo-consent", attempt), {"answer": answer})


def send(client, attempt, file=None):
    return client.post(url("photo", attempt), {"photo": file or jpeg()}, headers={"Accept": "application/json"})  # fmt: skip


def test_consent_is_asked_for_by_itself_and_kept_with_its_text(client, attempt):
    assert client.get(url("attempt", attempt)).url == url("photo-consent", attempt)
    page = client.get(url("photo-consent", attempt)).content.decode()
    assert "不做人脸识别" in page
    assert "10 天后自动删除" in page
    assert agree(client, attempt).url == url("attempt", attempt)
    consent = PhotoConsent.objects.get()
    assert (consent.agreed, consent.version, consent.given_at) == (True, 1, NOW)
    assert "请拍一张自己的照片" in client.get(url("attempt", attempt)).content.decode()
    assert client.post(url("photo-consent", attempt), {"answer": "?"}).status_code == 200


def test_moments_are_drawn_on_the_server_and_once(client, attempt):
    agree(client, attempt)
    agree(client, attempt)
    first, *later = AttemptPhoto.objects.order_by("number")
    assert first.due_at == NOW
    span = attempt.deadline_at - NOW
    assert len(later) == 2
    assert all(NOW + span * 0.1 <= photo.due_at <= NOW + span * 0.9 for photo in later)
    assert first.delete_on == localdate(attempt.deadline_at) + dt.timedelta(days=10)


def test_a_photograph_is_drawn_anew_and_taken_when_due(client, attempt, time_machine):
    assert send(client, attempt).status_code == 400, "nobody agreed"
    agree(client, attempt)
    assert send(client, attempt).status_code == 200
    photo = AttemptPhoto.objects.get(number=0)
    with photo.file.open("rb") as stored:
        data = stored.read()
    assert data.startswith(b"\xff\xd8")
    assert SECRET not in data
    assert len(photo.sha256) == 64
    assert "me" not in photo.file.name.split("/")[-1]
    assert send(client, attempt).status_code == 400, "nothing is due"
    ask = {"page": "page-0001", "events": []}
    events = url("events", attempt)
    assert client.post(events, ask, content_type="application/json").json()["photo"] == {"due": False}
    time_machine.move_to(AttemptPhoto.objects.get(number=1).due_at, tick=False)
    assert client.post(events, ask, content_type="application/json").json()["photo"] == {"due": True}
    assert send(client, attempt, ContentFile(b"<svg/>", "x.jpg")).status_code == 400
    assert client.post(url("photo", attempt), {"photo": jpeg()}).url == url("attempt", attempt)
    assert AttemptPhoto.objects.exclude(file="").count() == 2


def test_declining_leads_to_an_eye_and_taking_consent_back_deletes(client, attempt, unit):
    agree(client, attempt)
    send(client, attempt)
    agree(client, attempt, "decline")
    assert not AttemptPhoto.objects.exclude(file="").exists()
    page = client.get(url("attempt", attempt))
    assert page.status_code == 200
    assert "请拍一张" not in page.content.decode()
    reviewer = office(Role.SAFETY_OFFICER, unit)
    timeline = reverse("exams_office:attempt-timeline", args=[attempt.public_id])
    assert timeline in reviewer.get(reverse("exams_office:findings")).content.decode()
    assert "不同意拍照" in reviewer.get(timeline).content.decode()
    check = reverse("exams_office:attempt-identity", args=[attempt.public_id])
    assert reviewer.post(check, {}).status_code == 422
    assert reviewer.post(check, {"is_right": "yes", "note": "看过工作证"}).url == timeline
    assert IdentityCheck.objects.get().is_right
    assert office(Role.TRAINER, unit).post(check, {"is_right": "yes"}).status_code in (302, 403)
    assert IdentityCheck.objects.count() == 1
    assert timeline not in reviewer.get(reverse("exams_office:findings")).content.decode()


def test_only_reviewers_in_scope_look_and_each_look_is_noted(client, attempt, unit):
    agree(client, attempt)
    send(client, attempt)
    photo = AttemptPhoto.objects.get(number=0)
    look = reverse("exams_office:attempt-photo", args=[photo.public_id])
    reply = office(Role.EXAMINER, unit).post(look)
    assert (reply.status_code, reply["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in reply["Cache-Control"]
    assert PhotoLook.objects.get().looked_at == NOW
    assert office(Role.EXAMINER, OrgUnitFactory()).post(look).status_code == 404
    assert office(Role.EXAMINER, unit).get(look).status_code == 405
    for role in (Role.TRAINER, Role.HR_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR):
        assert office(role, unit).post(look).status_code == 302
    assert client.post(look).status_code == 302
    assert PhotoLook.objects.count() == 1
    tables = {held.name: held for provider in PROVIDERS for held in provider.held(attempt.employee)}
    assert len(tables["exam_photos"].files) == 1
    assert len(tables["exam_photo_looks"].rows) == len(tables["photo_consents"].rows) == 1


def test_photographs_go_on_their_day_and_with_the_person(
    client, attempt, time_machine, django_capture_on_commit_callbacks
):
    agree(client, attempt)
    send(client, attempt)
    photo = AttemptPhoto.objects.get(number=0)
    storage, name = photo.file.storage, photo.file.name
    assert delete_due_photos(now=NOW + dt.timedelta(days=9)) == 0
    assert storage.exists(name)
    time_machine.move_to(NOW + dt.timedelta(days=10), tick=False)
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_exam_photos() == {"deleted": 1}
    assert not storage.exists(name)
    photo.refresh_from_db()
    assert (photo.file.name, bool(photo.sha256), photo.deleted_at is not None) == ("", True, True)
    assert delete_exam_photos() == {"deleted": 0}
    erase_photos(attempt.employee, NOW)


def test_nothing_is_asked_where_the_exam_asks_for_nothing(client):
    plain = make_attempt(employee=EmployeeFactory(), device=PHONE)
    client.force_login(plain.employee.user)
    assert client.get(url("attempt", plain)).status_code == 200
    assert client.get(url("photo-consent", plain)).status_code == 404
    assert send(client, plain).status_code == 404


def test_a_closed_attempt_takes_no_photograph(client, attempt):
    agree(client, attempt)
    submit(attempt)
    assert send(client, attempt).status_code == 400
    assert agree(client, attempt).url == url("result", attempt)
