"""Tell our facts to a configured learning record store: each once, however often the way there breaks.

Off unless XAPI_LRS_URL is set. A fact is noted first, sent later, and marked when the other side has it; the ids
of its statements are made from the fact, so that a batch sent twice is taken once.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import requests
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from xapi.models import FactSource, SentFact
from xapi.queries.facts import Told, told, untold
from xapi.statements import VERSION

log = structlog.get_logger("anxue.xapi")
NOTED_AT_ONCE = 1_000
BATCH = 50  # facts in one request
BATCHES = 20  # in one run, which comes every minute
LEASE = dt.timedelta(minutes=10)
TIMEOUT_S = 20
LONGEST_WAIT = dt.timedelta(hours=6)


class Refused(Exception):
    """The other side will not take these statements as they are: sending them again changes nothing."""


class Unreachable(Exception):
    """The other side did not answer, or not now: worth another try later."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What a run did."""

    noted: int
    sent: int
    failed: int


def send_facts(*, now: dt.datetime) -> Sending:
    """Note new facts and send what is due. HTTP runs outside any transaction; nothing is done while off."""
    if not settings.XAPI_LRS_URL:
        return Sending(0, 0, 0)
    noted = sum(_note(source, now) for source in FactSource.values)
    sent = failed = 0
    for _round in range(BATCHES):
        due = _claim(now)
        if not due:
            break
        gone, left = _send(due, now)
        sent, failed = sent + gone, failed + left
        if left and not gone:
            break  # the other side is down: the rest waits for the next run
    if noted or sent or failed:
        log.info("xapi_sent", noted=noted, sent=sent, failed=failed)
    return Sending(noted, sent, failed)


def _note(source: str, now: dt.datetime) -> int:
    ids = list(untold(source, now, settings.XAPI_SINCE)[:NOTED_AT_ONCE])
    rows = [SentFact(source=source, fact_id=pk, noted_at=now, next_try_at=now) for pk in ids]
    SentFact.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _claim(now: dt.datetime) -> list[SentFact]:
    """Take the facts that are due for this run; another run leaves them alone until the lease is over."""
    with transaction.atomic():
        due = list(
            SentFact.objects.select_for_update()
            .filter(sent_at__isnull=True, next_try_at__lte=now)
            .order_by("next_try_at", "pk")[:BATCH]
        )
        SentFact.objects.filter(pk__in=[one.pk for one in due]).update(
            next_try_at=now + LEASE, tries=F("tries") + 1
        )
    return due


def _send(due: Sequence[SentFact], now: dt.datetime) -> tuple[int, int]:
    by_source = defaultdict(list)
    for one in due:
        by_source[one.source].append(one)
    sent = failed = 0
    for source, rows in by_source.items():
        facts = told(source, [row.fact_id for row in rows])
        gone, left = _send_facts({row.fact_id: row for row in rows}, facts, now)
        sent, failed = sent + gone, failed + left
    return sent, failed


def _send_facts(rows: dict[int, SentFact], facts: Sequence[Told], now: dt.datetime) -> tuple[int, int]:
    """Send facts together; where the other side refuses the batch, one by one, so that one does not hold all."""
    try:
        _post(facts)
    except Unreachable as error:
        return 0, _postpone(list(rows.values()), str(error), now)
    except Refused as error:
        if len(facts) <= 1:
            return 0, _postpone(list(rows.values()), str(error), now)
        sent = failed = 0
        for fact in facts:
            gone, left = _send_facts({fact.fact_id: rows[fact.fact_id]}, [fact], now)
            sent, failed = sent + gone, failed + left
        return sent, failed
    SentFact.objects.filter(pk__in=[row.pk for row in rows.values()]).update(sent_at=now, problem="")
    return len(rows), 0


def _post(facts: Sequence[Told]) -> None:
    statements = [statement for fact in facts for statement in fact.statements]
    if not statements:
        return
    try:
        answer = requests.post(
            f"{settings.XAPI_LRS_URL.rstrip('/')}/statements",
            json=statements,
            auth=(settings.XAPI_LRS_KEY, settings.XAPI_LRS_SECRET),
            headers={"X-Experience-API-Version": VERSION},
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise Unreachable(type(error).__name__) from error
    if answer.status_code in (200, 204):
        return
    # 409: it has a statement of this id. Alone that means it is there; in a batch the others are still to be told.
    if answer.status_code == 409 and len(facts) == 1:
        return
    if answer.status_code in (400, 409, 413):
        raise Refused(f"{answer.status_code} {answer.text[:200]}")
    raise Unreachable(f"{answer.status_code}")


def _postpone(rows: Sequence[SentFact], problem: str, now: dt.datetime) -> int:
    """Try again later, ever less often: after 1, 2, 4 … minutes, at most every six hours."""
    for row in rows:
        wait = min(dt.timedelta(minutes=2 ** min(row.tries, 12)), LONGEST_WAIT)
        SentFact.objects.filter(pk=row.pk).update(
            next_try_at=now + wait, problem=problem.replace("\x00", "")[:300]
        )
    return len(rows)
