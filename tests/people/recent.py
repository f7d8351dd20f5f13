"""A browser in which somebody signed in just now, as views that ask for a fresh sign-in want it."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest

from people.models import User


def sign_in(client: Any, user: User) -> None:
    """Sign a test's browser in, and note that the person gave the password just now."""
    client.force_login(user)
    request = HttpRequest()
    request.session, request.user = client.session, user
    record_authentication(request, user, "password")
    request.session.save()
