"""Take statements in. They are evidence: nothing here touches an obligation, a record or a certificate."""

import copy
import datetime as dt
import hashlib
import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from common.signing import make_token, token_digest
from xapi.models import Scope, Statement, StatementClient
from xapi.statements import VERSION, VOIDED
from xapi.validation import BadStatement, agent_key, check_statement, read_time


class Conflict(Exception):
    """A statement of this id is there with other content. The text is the id."""


class NotYours(Exception):
    """A client would void what another brought. The text is the id."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client with its secret, which is shown this once."""

    client: StatementClient
    secret: str


def create_client(*, name: str, scopes: Sequence[str], now: dt.datetime) -> NewClient:
    """Make a client. Raises ValueError for a scope there is not, or none."""
    if not scopes or set(scopes) - set(Scope.values):
        raise ValueError(", ".join(Scope.values))
    secret = make_token()
    client = StatementClient.objects.create(
        name=name[:120],
        key=secrets.token_hex(12),
        secret_digest=token_digest(secret),
        scopes=sorted(set(scopes)),
        created_at=now,
    )
    return NewClient(client, secret)


def revoke_client(*, key: str, now: dt.datetime) -> bool:
    """End a client; return whether there was one to end. Its statements stay."""
    return bool(StatementClient.objects.filter(key=key, revoked_at__isnull=True).update(revoked_at=now))


def store_statements(
    *, client: StatementClient, statements: Sequence[Any], now: dt.datetime
) -> list[uuid.UUID]:
    """Keep statements, all or none, and return their ids in order.

    One that is there already with the same content is left as it is. Three statements, however many come.
    Raises: BadStatement, Conflict, NotYours.
    """
    rows = [_row(client, check_statement(one), now) for one in statements]
    ids = [row.statement_id for row in rows]
    if len(set(ids)) != len(ids):
        raise BadStatement("id: the same one twice in a batch")
    _refuse_foreign_voids(client, rows)
    for is_last_try in (False, True):
        try:
            with transaction.atomic():
                known = dict(
                    Statement.objects.filter(statement_id__in=ids).values_list(
                        "statement_id", "content_sha256"
                    )
                )
                for row in rows:
                    if known.get(row.statement_id, row.content_sha256) != row.content_sha256:
                        raise Conflict(str(row.statement_id))
                Statement.objects.bulk_create([row for row in rows if row.statement_id not in known])
            break
        except IntegrityError:
            # Another request brought one of them between the look and the insert: look again, once.
            if is_last_try:
                raise
    return ids


def _refuse_foreign_voids(client: StatementClient, rows: Sequence[Statement]) -> None:
    targets = Statement.objects.filter(statement_id__in=[row.voids for row in rows if row.voids])
    for target in targets:
        if target.client_id != client.pk:
            raise NotYours(str(target.statement_id))
        if target.voids is not None:
            raise BadStatement("object.id: a voiding statement cannot be voided")


def _row(client: StatementClient, given: dict[str, Any], now: dt.datetime) -> Statement:
    body = copy.deepcopy(given)
    content = {
        name: value for name, value in body.items() if name not in {"id", "stored", "authority", "version"}
    }
    body.setdefault("id", str(uuid.uuid4()))
    body["id"] = body["id"].lower()
    body.setdefault("version", VERSION)
    body.setdefault("timestamp", _written(now))
    body["stored"] = _written(now)
    # Who vouches for it is whoever signed in, whatever the statement says.
    body["authority"] = {
        "objectType": "Agent",
        "name": client.name,
        "account": {"homePage": settings.PUBLIC_BASE_URL, "name": f"xapi-client-{client.pk}"},
    }
    groups = body.get("context", {}).get("contextActivities", {})
    for name, found in groups.items():
        groups[name] = found if isinstance(found, list) else [found]
    target = body["object"]
    kind = target.get("objectType", "Activity")
    voids = uuid.UUID(target["id"]) if body["verb"]["id"] == VOIDED and kind == "StatementRef" else None
    registration = body.get("context", {}).get("registration")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Statement(
        statement_id=uuid.UUID(body["id"]),
        client=client,
        body=body,
        content_sha256=hashlib.sha256(text.encode()).hexdigest(),
        agent_key=agent_key(body["actor"]),
        verb=body["verb"]["id"],
        activity=target["id"] if kind == "Activity" else "",
        registration=uuid.UUID(registration) if registration else None,
        voids=voids,
        timestamp=read_time(body["timestamp"], "timestamp"),
        stored_at=now,
    )


def _written(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
