"""The signed list of who may pass, for gates that lose their network."""

import datetime as dt
import json
import zlib
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from access.errors import ListRefused
from access.models import Gate, SignedList
from access.passlists import delta_payload, digest_of, full_payload, heading
from access.queries.passlists import entries_of
from common.canonical import canonical_json
from common.signatures import CLEARANCE_LIST, NoSigningKey, sign

KEPT = 20  # versions of each gate, so that a gate that was away for a while still gets the difference
FRESH_S = 30  # a list asked for again so soon is the same
# What is signed begins with this, so that a signature over a list can be taken for nothing else.
SIGNED_PREFIX = b"anxue-clearance-list/1\n"


def signed_list(*, gate: Gate, since: int = 0, now: dt.datetime) -> dict[str, Any]:
    """Return the gate's list as it stands, or what changed since a version, signed; `payload`, `key`, `signature`.

    A version that is no longer kept, or was keyed otherwise, is answered with the whole list. While nothing changes
    the version stays, until half of its time is over. Raises ListRefused without a key to sign with.
    """
    with transaction.atomic():
        latest = _refreshed(Gate.objects.select_for_update().get(pk=gate.pk), now)
        before = (
            SignedList.objects.filter(gate=gate, version=since, key_by=latest.key_by).first()
            if since and since <= latest.version
            else None
        )
    after = _opened(latest)
    head = heading(
        site=settings.PUBLIC_BASE_URL,
        gate=gate.pk,
        version=latest.version,
        key_by=latest.key_by,
        created_at=latest.created_at,
        expires_at=latest.expires_at,
        count=latest.count,
    )
    payload = (
        full_payload(after, head) if before is None else delta_payload(_opened(before), after, since, head)
    )
    text = canonical_json(payload)
    try:
        key, signature = sign(SIGNED_PREFIX + text, CLEARANCE_LIST)
    except NoSigningKey as error:
        raise ListRefused(_("没有签名密钥：请在环境变量 LEDGER_KEYS 里把能签名的密钥放在第一位。")) from error
    return {"payload": text.decode(), "key": key, "signature": signature}


def _refreshed(gate: Gate, now: dt.datetime) -> SignedList:
    """Return the newest version, made anew if the facts, the key or the time ask for it. The gate is locked."""
    latest = SignedList.objects.filter(gate=gate).order_by("-version").first()
    is_young = latest is not None and latest.key_by == gate.key_by and now < _half_time(latest)
    if latest is not None and is_young and (now - latest.checked_at).total_seconds() < FRESH_S:
        return latest
    paths = list(gate.units.values_list("path", flat=True))
    entries = entries_of(paths, gate.key_by, localdate(now))
    sha256 = digest_of(entries)
    if latest is not None and is_young and latest.sha256 == sha256:
        SignedList.objects.filter(pk=latest.pk).update(checked_at=now)
        return latest
    made = SignedList.objects.create(
        gate=gate,
        version=latest.version + 1 if latest else 1,
        key_by=gate.key_by,
        count=len(entries),
        sha256=sha256,
        entries=zlib.compress(json.dumps(entries, separators=(",", ":")).encode()),
        created_at=now,
        expires_at=now + dt.timedelta(hours=gate.list_hours),
        checked_at=now,
    )
    SignedList.objects.filter(gate=gate, version__lte=made.version - KEPT).delete()
    return made


def _half_time(made: SignedList) -> dt.datetime:
    return made.created_at + (made.expires_at - made.created_at) / 2


def _opened(made: SignedList) -> dict[str, str]:
    entries: dict[str, str] = json.loads(zlib.decompress(made.entries))
    return entries
