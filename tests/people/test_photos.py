"""Photographs: drawn anew, sent to those who may see the person, deleted with their file."""

import base64
import datetime as dt
import io

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageFile

from people.actions.photos import delete_photo, save_photo
from people.actions.roles import grant_role
from people.importers.photos import draw_anew
from people.models import EmployeePhoto
from tests.factories.people import EmployeeFactory, UserFactory, org_path

NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def picture(size=(900, 1200), kind="JPEG", exif=True):
    out = io.BytesIO()
    image = Image.new("RGB", size, (200, 30, 30))
    tags = Image.Exif()
    tags[0x010F] = "SecretCamera"
    tags[0x0112] = 6  # lies on its side
    image.save(out, kind, **({"exif": tags} if exif else {}))
    return out.getvalue()


def drawn(tmp_path, data):
    path = tmp_path / "upload"
    path.write_bytes(data)
    return draw_anew(str(path))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_only_upright_pixels_remain(tmp_path, kind):
    data = base64.b64decode(drawn(tmp_path, picture(kind=kind))["jpeg"])
    assert b"SecretCamera" not in data
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        assert image.size == (600, 450)  # turned by its tag, then fitted
        assert not image.getexif()


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", "not_an_image"),
        (b"GIF89a" + b"\0" * 100, "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
        (picture()[:2000], "not_an_image"),
        (picture((199, 400)), "too_small"),
        (picture((8000, 7000), "PNG", exif=False), "too_many_pixels"),
    ],
)
def test_what_is_no_photograph_is_refused(tmp_path, data, flaw, monkeypatch):
    # WeasyPrint lets Pillow read torn files in its process; the child that draws anew has no WeasyPrint.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    assert drawn(tmp_path, data) == {"flaw": flaw}


def with_role(role="hr_officer", unit="总厂"):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=TODAY, acting_user=None, now=NOW)
    return user


def upload(client, employee, data):
    file = SimpleUploadedFile("我.jpg", data)
    return client.post(f"/admin/people/{employee.public_id}/photo/", {"photo": file})


@pytest.mark.django_db
def test_upload_replace_show_and_delete(client, django_capture_on_commit_callbacks):
    employee = EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    client.force_login(with_role())
    assert upload(client, employee, picture()).status_code == 302
    first = EmployeePhoto.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        assert upload(client, employee, picture((1200, 900))).status_code == 302
    second = EmployeePhoto.objects.get()
    assert not default_storage.exists(first.file.name)
    assert employee.employee_no not in second.file.name
    address = f"/admin/people/{employee.public_id}/photo.jpg"
    assert address in client.get(f"/admin/people/{employee.public_id}/").content.decode()
    sent = client.get(address)
    assert sent["Content-Type"] == "image/jpeg"
    assert "private" in sent["Cache-Control"]
    assert b"".join(sent.streaming_content) == second.file.read()
    second.file.close()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/admin/people/{employee.public_id}/photo/", {"delete": "1"})
    assert not EmployeePhoto.objects.exists()
    assert not default_storage.exists(second.file.name)
    assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_a_bad_file_is_named_and_nothing_kept(client):
    employee = EmployeeFactory(assigned__unit=org_path("总厂"))
    client.force_login(with_role())
    response = upload(client, employee, b"MZ not a picture")
    assert response.status_code == 422
    assert "请换一张" in response.content.decode()
    assert not EmployeePhoto.objects.exists()


@pytest.mark.django_db
def test_who_may_see_and_change_it(client):
    employee = EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    hr = with_role()
    save_photo(employee=employee, jpeg=picture(), acting_user=hr, now=NOW)
    address = f"/admin/people/{employee.public_id}/photo.jpg"
    for user, status in (
        (hr, 200),
        (with_role("team_leader", "总厂/一车间"), 200),
        (with_role("team_leader", "总厂/二车间"), 404),
        (with_role("editor"), 404),
        (EmployeeFactory().user, 302),
    ):
        client.force_login(user)
        response = client.get(address)
        assert response.status_code == status, user
        if status == 200:
            b"".join(response.streaming_content)
    client.force_login(employee.user)
    assert b"".join(client.get("/me/data/photo/").streaming_content)
    client.force_login(EmployeeFactory().user)
    assert client.get("/me/data/photo/").status_code == 404
    client.force_login(hr)
    assert client.get("/me/data/photo/").status_code == 404
    client.logout()
    assert client.get(address).status_code == 302
    assert client.get("/me/data/photo/").status_code == 302
    leader = with_role("team_leader", "总厂/一车间")
    client.force_login(leader)
    assert upload(client, employee, picture()).status_code == 404
    with pytest.raises(PermissionDenied):
        save_photo(employee=employee, jpeg=b"", acting_user=leader, now=NOW)
    with pytest.raises(PermissionDenied):
        delete_photo(employee=employee, acting_user=leader, now=NOW)


@pytest.mark.django_db
def test_the_person_takes_the_own_photograph_off(client):
    employee = EmployeeFactory(assigned__unit=org_path("总厂"))
    save_photo(employee=employee, jpeg=picture(), acting_user=with_role(), now=NOW)
    client.force_login(employee.user)
    assert client.post("/me/data/", {"delete_photo": "1"}).status_code == 302
    assert not EmployeePhoto.objects.exists()
    assert delete_photo(employee=employee, acting_user=employee.user, now=NOW) is False
