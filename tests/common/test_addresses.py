"""Which address a request comes from. Whether a token works from there is tested with the API."""

import pytest

from common.addresses import client_address, in_ranges, is_address

LOCAL = ["127.0.0.0/8", "unix"]


@pytest.mark.parametrize(
    ("proxies", "address", "forwarded", "found"),
    [
        ([], "10.0.0.1", "1.1.1.1", "10.0.0.1"),
        ([], "", "1.1.1.1", ""),
        (LOCAL, "10.0.0.1", "1.1.1.1", "10.0.0.1"),
        (LOCAL, "127.0.0.1", "", "127.0.0.1"),
        (LOCAL, "127.0.0.1", "9.9.9.9, 1.1.1.1", "1.1.1.1"),
        (LOCAL, "127.0.0.1", "9.9.9.9, 1.1.1.1, 127.0.0.2", "1.1.1.1"),
        (LOCAL, "127.0.0.1", "9.9.9.9, <script>", "127.0.0.1"),
        (LOCAL, "", "9.9.9.9, 1.1.1.1", "1.1.1.1"),
        (["127.0.0.0/8"], "", "1.1.1.1", ""),
        (["::1/128"], "::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_a_forwarded_address_is_believed_only_from_a_proxy(rf, settings, proxies, address, forwarded, found):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == found


def test_what_is_no_address():
    assert is_address("::1")
    assert not is_address("unix")
    assert not in_ranges("unix", ["0.0.0.0/0"])
