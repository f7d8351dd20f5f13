"""Asking for one address as one person, and saying in a word what came of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.login import record_authentication
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client

from people.models import User
from tests.permissions.addresses import Address

WRITES = re.compile(r'\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)"?', re.IGNORECASE)
# How a visitor is known and when they came, not something they changed; Wagtail notes who has a form open.
BOOKKEEPING = frozenset(
    {"django_session", "wagtailadmin_editingsession", "wagtailadmin_formstate", "wagtailcore_apitoken"}
)


def word_for(response: HttpResponseBase, address: Address) -> str:
    """Return the table's word for an answer."""
    if response.status_code in (301, 302, 303):
        path = urlsplit(response["Location"]).path
        if path in ("/login/", "/admin/login/"):
            return "sign-in"
        # Wagtail's way of refusing: back to its first page with a message.
        return "403" if path == "/admin/" and address.is_office else "moved"
    return "page" if response.status_code == 200 else str(response.status_code)


@contextmanager
def noted_writes() -> Iterator[set[str]]:
    """Collect the tables written to."""
    tables: set[str] = set()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = WRITES.match(sql)
        if found and found[1] not in BOOKKEEPING:
            tables.add(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield tables


class Visitor:
    """Someone with a browser. What a visit does to the database is undone."""

    def __init__(self, user: User | None, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = Client(raise_request_exception=False, headers=headers)
        if user is not None:
            self.client.force_login(user)
            self._prove(user)

    def _prove(self, user: User) -> None:
        """Let the session have given its password just now: what asks for it again is not the question here."""
        session = self.client.session
        record_authentication(SimpleNamespace(session=session), user, "password")
        session.save()

    def visit(self, address: Address, method: str, values: dict[str, Any]) -> tuple[str, set[str]]:
        """Return the word for the answer and the tables that were written to."""
        url = address.url(values)
        query = {name[1:]: value for name, value in values.items() if name.startswith("?")}
        body = {name[1:]: value for name, value in values.items() if name.startswith("=")}
        if query:
            url += f"?{urlencode(query)}"
        kept = self.client.cookies.copy()
        if not address.is_office:
            cache.clear()  # how often somebody asked is another test's concern
        with transaction.atomic(), noted_writes() as tables:
            response = self.client.get(url) if method == "GET" else self.client.post(url, body)
            word = word_for(response, address)
            if getattr(response, "streaming", False):
                list(response)  # read to its end, so that the file behind it is closed
            transaction.set_rollback(True)
        self.client.cookies = kept
        return word, tables
