"""Calls with an idempotency key: done once, answered the same each time."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction

from people.errors import KeyReused
from people.models import ApiGrant, ApiReply

KEPT_FOR = dt.timedelta(days=7)
Answer = tuple[int, dict[str, Any], bool]  # status, body, and whether it is final


@transaction.atomic
def answer_once(
    *, grant: ApiGrant, key: str, request_sha256: str, answer: Callable[[], Answer], now: dt.datetime
) -> tuple[int, dict[str, Any], bool]:
    """Return status and body of a call, and whether it is an earlier call's answer that is repeated.

    `answer` runs inside this transaction, so that what it does and the answer kept commit together. An
    answer that is not final (nothing was done) is not kept: the same key may try again. Answers are kept for
    KEPT_FOR. Locks: the row of the key, so that of two calls at once the second waits and repeats the first.
    Raises KeyReused if the key came with another request, and whatever `answer` raises.
    """
    ApiReply.objects.filter(grant=grant, created_at__lt=now - KEPT_FOR).delete()
    ApiReply.objects.get_or_create(
        grant=grant, key=key, defaults={"request_sha256": request_sha256, "created_at": now}
    )
    reply = ApiReply.objects.select_for_update().get(grant=grant, key=key)
    if reply.request_sha256 != request_sha256:
        raise KeyReused(key)
    if reply.status:
        return reply.status, reply.body, True
    status, body, is_final = answer()
    if is_final:
        reply.status, reply.body = status, body
        reply.save(update_fields=["status", "body"])
    else:
        reply.delete()
    return status, body, False
