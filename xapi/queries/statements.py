"""Find statements by what a client asks for."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from common.signing import same, token_digest
from xapi.models import Scope, Statement, StatementClient


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; empty and None ask for nothing. `after_pk` is where the last page ended."""

    agent_key: str = ""
    verb: str = ""
    activity: str = ""
    registration: uuid.UUID | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    ascending: bool = False
    limit: int = 100
    after_pk: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of statements, and the last one's key if there are more."""

    statements: list[Statement]
    more_after: int | None


def client_of(key: str, secret: str) -> StatementClient | None:
    """Return the client with this key and secret that is not revoked."""
    client = StatementClient.objects.filter(key=key[:64], revoked_at__isnull=True).first()
    digest = client.secret_digest if client else token_digest("nobody")
    return client if same(token_digest(secret), digest) and client else None


def readable_by(client: StatementClient) -> QuerySet[Statement]:
    """Return the statements a client may read: all, its own, or none."""
    statements = Statement.objects.order_by("pk")
    if client.may(Scope.READ):
        return statements
    return statements.filter(client=client) if client.may(Scope.READ_MINE) else statements.none()


def _voiding() -> Exists:
    # Only whoever brought a statement can void it.
    return Exists(
        Statement.objects.filter(voids=OuterRef("statement_id"), client=OuterRef("client")).order_by()
    )


def one_statement(client: StatementClient, statement_id: uuid.UUID, *, is_voided: bool) -> Statement | None:
    """Return one statement by its id, voided or not as asked."""
    found = readable_by(client).filter(statement_id=statement_id)
    return (found.filter(_voiding()) if is_voided else found.exclude(_voiding())).first()


def find_statements(client: StatementClient, wanted: Wanted) -> Found:
    """Return a page of statements that are not voided, newest first unless asked otherwise. One statement."""
    found = readable_by(client).exclude(_voiding())
    equal = {
        "agent_key": wanted.agent_key,
        "verb": wanted.verb,
        "activity": wanted.activity,
        "registration": wanted.registration,
        "stored_at__gt": wanted.since,
        "stored_at__lte": wanted.until,
    }
    found = found.filter(**{name: value for name, value in equal.items() if value})
    if wanted.after_pk is not None:
        found = found.filter(**{"pk__gt" if wanted.ascending else "pk__lt": wanted.after_pk})
    rows = list(found.order_by("pk" if wanted.ascending else "-pk")[: wanted.limit + 1])
    shown = rows[: wanted.limit]
    return Found(shown, shown[-1].pk if len(rows) > wanted.limit else None)
