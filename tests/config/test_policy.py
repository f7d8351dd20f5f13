import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from config.context_processors import display_preferences
from config.middleware import ContentSecurityPolicyMiddleware
from tests.factories.people import UserFactory

HEADER = "Content-Security-Policy"


def directives(response):
    parts = (part.split() for part in response[HEADER].split(";") if part.strip())
    return {name: set(values) for name, *values in parts}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/health/", "/no-such-page/", "/admin-but-not-quite/"])
def test_public_pages_allow_nothing_inline_and_nobody_else(client, path):
    policy = directives(client.get(path))
    for name in ("default-src", "script-src", "style-src", "base-uri", "form-action", "frame-ancestors"):
        assert policy[name] == {"'self'"}, name
    assert policy["img-src"] == {"'self'", "data:"}
    assert policy["object-src"] == {"'none'"}
    assert "unsafe" not in client.get(path)[HEADER]


@pytest.mark.django_db
def test_back_office_may_run_the_inline_scripts_wagtail_has(client):
    client.force_login(UserFactory(superuser=True))
    policy = directives(client.get(reverse("wagtailadmin_home")))
    assert policy["script-src"] == policy["style-src"] == {"'self'", "'unsafe-inline'"}
    assert policy["img-src"] == {"'self'", "data:", "blob:"}
    assert policy["object-src"] == {"'none'"}
    assert policy["default-src"] == {"'self'"}


def test_policy_a_response_brings_itself_stays():
    response = HttpResponse(headers={HEADER: "default-src 'none'"})
    answered = ContentSecurityPolicyMiddleware(lambda request: response)(
        RequestFactory().get("/documents/1/a.pdf")
    )
    assert answered[HEADER] == "default-src 'none'"


@pytest.mark.django_db
def test_other_security_headers_are_sent(client):
    response = client.get("/login/")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("cookies", "size", "theme"),
    [
        ({}, "normal", "auto"),
        ({"size": "large", "theme": "dark"}, "large", "dark"),
        ({"size": "LARGE", "theme": "light"}, "normal", "light"),
        ({"size": '"><script>', "theme": "auto; evil"}, "normal", "auto"),
        ({"size": "", "theme": ""}, "normal", "auto"),
    ],
)
def test_display_choices_are_known_ones(cookies, size, theme):
    request = RequestFactory().get("/")
    request.COOKIES.update(cookies)
    assert display_preferences(request) == {"display_size": size, "display_theme": theme}
