import uuid

import pytest
from django.core.files.base import ContentFile

from tests.factories.jobs import JobFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory()


def page(client, job, **headers):
    return client.get(f"/jobs/{job.pk}/", headers=headers)


def test_requester_and_superuser_see_a_job_and_nobody_else(client, user):
    job = JobFactory(requested_by=user)
    assert page(client, job).status_code == 302
    for viewer, status in ((user, 200), (UserFactory(superuser=True), 200), (UserFactory(), 404)):
        client.force_login(viewer)
        assert page(client, job).status_code == status
        assert client.get(f"/jobs/{job.pk}/file/").status_code == 404
    assert client.get(f"/jobs/{uuid.uuid4()}/").status_code == 404


@pytest.mark.parametrize(
    ("state", "words", "polls"),
    [
        ("queued", "排队中", True),
        ("running", "进行中", True),
        ("done", "已完成", False),
        ("failed", "失败", False),
    ],
)
def test_page_polls_until_the_end(client, user, state, words, polls):
    client.force_login(user)
    job = JobFactory(requested_by=user, state=state, done=5, total=10)
    text = page(client, job).content.decode()
    assert words in text
    assert ("hx-get" in text) is polls
    part = page(client, job, **{"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert words in part


def test_the_way_on_is_shown_only_within_the_site(client, user):
    client.force_login(user)
    job = JobFactory(
        requested_by=user, state="done", result={"next_url": "/admin/x/", "next_label": "看比对"}
    )
    assert 'href="/admin/x/"' in page(client, job).content.decode()
    job = JobFactory(requested_by=user, state="done", result={"next_url": "//evil.example/"})
    assert "evil" not in page(client, job).content.decode()


def test_file_is_a_download_for_the_requester(client, user):
    job = JobFactory(requested_by=user, state="done")
    job.result_file.save("覆盖率.xlsx", ContentFile(b"data"))
    client.force_login(user)
    response = client.get(f"/jobs/{job.pk}/file/")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(response.streaming_content) == b"data"
    client.force_login(UserFactory())
    assert client.get(f"/jobs/{job.pk}/file/").status_code == 404


def test_page_takes_the_same_queries_for_poll_and_page(client, user, django_assert_max_num_queries):
    client.force_login(user)
    job = JobFactory(requested_by=user)
    page(client, job)
    with django_assert_max_num_queries(3):
        page(client, job, **{"HX-Request": "true"})
