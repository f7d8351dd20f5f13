import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.http import Http404
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from common.delivery import Unsatisfiable, deliver, parse_range

BYTES = bytes(range(256)) * 4  # 1024


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=0-", (0, 1023)),
        ("bytes=100-199", (100, 199)),
        ("bytes=1000-9999", (1000, 1023)),
        ("bytes=-1", (1023, 1023)),
        ("bytes=-9999", (0, 1023)),
        ("Bytes = 5 - 6", (5, 6)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=+1-2", None),
        ("bytes=٣-٤", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("", None),
    ],
)
def test_parse_range(header, expected):
    assert parse_range(header, 1024) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=1024-", 1024), ("bytes=-0", 1024), ("bytes=0-0", 0)])
def test_parse_range_outside_the_file(header, size):
    with pytest.raises(Unsatisfiable):
        parse_range(header, size)


@given(st.text(alphabet="bytes=-, 0123456789x", max_size=20), st.integers(0, 50))
def test_parse_range_stays_inside_whatever_comes(header, size):
    try:
        found = parse_range(header, size)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found[0] <= found[1] < size


@pytest.fixture
def name():
    return default_storage.save("media/片子.mp4", ContentFile(BYTES))


def get(name, method="get", **headers):
    request = getattr(RequestFactory(), method)("/", headers=headers)
    return deliver(request, default_storage, name, content_type="video/mp4")


def content(response):
    return b"".join(response.streaming_content)


class TestDeliver:
    def test_the_whole_file(self, name):
        response = get(name)
        assert (response.status_code, content(response)) == (200, BYTES)
        assert response["Accept-Ranges"] == "bytes"
        assert response["Content-Length"] == "1024"
        assert response["Content-Type"] == "video/mp4"
        assert response["Cache-Control"] == "private, no-cache"
        assert "filename*=utf-8''" in response["Content-Disposition"]

    @pytest.mark.parametrize(
        ("asked", "sent", "said"),
        [
            ("bytes=0-0", BYTES[:1], "bytes 0-0/1024"),
            ("bytes=1000-", BYTES[1000:], "bytes 1000-1023/1024"),
            ("bytes=-24", BYTES[1000:], "bytes 1000-1023/1024"),
            ("bytes=10-19", BYTES[10:20], "bytes 10-19/1024"),
        ],
    )
    def test_a_part(self, name, asked, sent, said):
        response = get(name, range=asked)
        assert (response.status_code, content(response)) == (206, sent)
        assert (response["Content-Range"], response["Content-Length"]) == (said, str(len(sent)))

    def test_a_part_outside_the_file(self, name):
        response = get(name, range="bytes=2000-")
        assert (response.status_code, response["Content-Range"]) == (416, "bytes */1024")

    def test_head_sends_no_body(self, name):
        response = get(name, "head")
        assert (response.status_code, response.content, response["Content-Length"]) == (200, b"", "1024")
        assert get(name, "head", range="bytes=0-9").status_code == 206

    def test_a_known_file_is_not_sent_again(self, name):
        response = get(name, **{"if-none-match": get(name)["ETag"]})
        assert (response.status_code, response.content) == (304, b"")

    def test_if_range_of_another_file_sends_the_whole(self, name):
        etag = get(name)["ETag"]
        assert get(name, range="bytes=0-9", **{"if-range": etag}).status_code == 206
        assert get(name, range="bytes=0-9", **{"if-range": '"old"'}).status_code == 200

    def test_nginx_sends_it_when_told_to(self, name, settings):
        settings.X_ACCEL_REDIRECT = True
        response = get(name, range="bytes=0-9")
        assert response["X-Accel-Redirect"] == "/_protected/media/%E7%89%87%E5%AD%90.mp4"
        assert (response.status_code, response.content) == (200, b"")

    @pytest.mark.parametrize("bad", ["media/none.mp4", "media", "../../etc/passwd", "/etc/passwd", "a\0b"])
    def test_what_is_no_file_of_the_storage_is_not_found(self, name, bad):
        with pytest.raises(Http404):
            get(bad)

    def test_a_remote_storage_gives_a_signed_address(self):
        class Bucket(Storage):
            def url(self, name):
                return f"https://bucket.example/{name}?signature=1"

        response = deliver(RequestFactory().get("/"), Bucket(), "media/a.mp4")
        assert (response.status_code, response["Location"]) == (
            302,
            "https://bucket.example/media/a.mp4?signature=1",
        )
        assert response["Cache-Control"] == "private, no-store"
