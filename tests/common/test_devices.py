import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from common.devices import COOKIE, device_of, remember_device


def request_with(cookie=None):
    request = RequestFactory().get("/")
    if cookie is not None:
        request.COOKIES[COOKIE] = cookie
    return request


def test_new_device_gets_a_name_and_keeps_it():
    request, response = request_with(), HttpResponse()
    name = device_of(request)
    assert device_of(request) == name
    remember_device(request, response)
    cookie = response.cookies[COOKIE]
    assert cookie.value == name
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert device_of(request_with(cookie.value)) == name


def test_known_device_is_not_named_again():
    request, response = request_with("a" * 24), HttpResponse()
    assert device_of(request) == "a" * 24
    remember_device(request, response)
    assert COOKIE not in response.cookies


@pytest.mark.parametrize("forged", ["", "short", "x" * 65, "a" * 23 + "\n", "a" * 30 + ";", "手" * 24])
def test_value_of_another_shape_is_replaced(forged):
    name = device_of(request_with(forged))
    assert name != forged
    assert 20 <= len(name) <= 64
