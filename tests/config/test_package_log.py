"""A ticket in an address opens a file: it stands in no log."""

from django.test import RequestFactory
from django.urls import resolve

from config.middleware import RequestLogMiddleware


def test_the_ticket_of_a_package_is_not_logged():
    request = RequestFactory().get("/packages/SECRET:1/index.html")
    request.resolver_match = resolve(request.path)
    assert RequestLogMiddleware.format_request(request) == "GET /packages/<str:ticket>/<path:path>"
