"""Tell other systems who lost or regained clearance: noted with the change, sent until it arrives."""

import datetime as dt
from collections.abc import Iterable

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from access.actions.gates import check_units
from access.errors import HookRefused
from access.models import Delivery, DeliveryState, Hook
from access.outbound import NotAllowed, NotDelivered, addresses_of, check_url, send, signature
from access.queries.hooks import concerned_hooks
from common.canonical import canonical_json
from common.signing import decrypt_text, encrypt_text, make_token
from jobs.models import Job, JobState
from jobs.queue import enqueue
from people.audit import record_audit
from people.models import OrgUnit, User
from training.signals import ClearanceShift

TASK = "access.tasks.send_deliveries"
BATCH, BATCHES = 20, 25
LEASE = dt.timedelta(minutes=10)
MOST_TRIES = 12  # 1, 2, 4 … minutes, at most six hours: some two days in all
LONGEST_WAIT = dt.timedelta(hours=6)
log = structlog.get_logger("anxue.access")


@transaction.atomic
def create_hook(
    *,
    name: str,
    url: str,
    units: Iterable[OrgUnit],
    on_loss: bool,
    on_gain: bool,
    acting_user: User | None,
    now: dt.datetime,
) -> tuple[Hook, str]:
    """Have an address told about the people of units; return it with its secret, shown this once.

    Raises HookRefused for an address that is not https or leads into a network that is not allowed, or if nothing
    is to be told; PermissionDenied out of scope.
    """
    chosen = check_units(units, acting_user)
    if not (on_loss or on_gain):
        raise HookRefused(_("请至少选择一种通知。"))
    _check(url)
    secret = make_token()
    hook = Hook.objects.create(
        name=name,
        url=url,
        secret_encrypted=encrypt_text(secret),
        on_loss=on_loss,
        on_gain=on_gain,
        created_by=acting_user,
        created_at=now,
    )
    hook.units.set(chosen)
    after = {"url": url, "units": [unit.name for unit in chosen]}
    record_audit(hook, "access.hook.create", acting_user, {"after": after})
    return hook, secret


def _check(url: str) -> None:
    try:
        host, port, _path = check_url(url)
        addresses_of(host, port, settings.WEBHOOK_NETWORKS)
    except NotAllowed as error:
        raise HookRefused(
            _("地址不能用：只能是 https 地址，且不能指向内网。内网系统请由管理员在 WEBHOOK_NETWORKS 里放行。")
        ) from error
    except NotDelivered:
        return  # the name may come to be known later; each delivery looks it up and checks it anew


@transaction.atomic
def end_hook(*, hook: Hook, acting_user: User | None, now: dt.datetime) -> bool:
    """Tell an address nothing more; return whether it was told until now. Raises PermissionDenied."""
    check_units(hook.units.all(), acting_user)
    ended = Hook.objects.filter(pk=hook.pk, ended_at__isnull=True).update(ended_at=now)
    if ended:
        record_audit(hook, "access.hook.end", acting_user, {"at": now.isoformat()})
    return bool(ended)


def note_shifts(*, shifts: Iterable[ClearanceShift], now: dt.datetime) -> int:
    """Write what is to be told of answers that turned over; return how many messages.

    Called inside the transaction of the change, so that both are kept or neither. Somebody new who is not cleared yet
    has lost nothing. One query while nobody is to be told.
    """
    turned = [one for one in shifts if one.is_cleared or one.was_cleared]
    if not turned:
        return 0
    rows = [
        Delivery(
            hook_id=hook_id,
            employee_id=shift.employee_id,
            is_cleared=shift.is_cleared,
            happened_at=now,
            next_try_at=now,
        )
        for shift, hook_id in concerned_hooks(turned, localdate(now))
    ]
    if not rows:
        return 0
    Delivery.objects.bulk_create(rows, batch_size=500)
    # At once, and not with the next minute; one job in the queue is enough for all that is waiting.
    if not Job.objects.filter(task=TASK, state=JobState.QUEUED).exists():
        enqueue(TASK, title=_("推送上岗资格变更"), params={})
    return len(rows)


@transaction.atomic
def resend(*, delivery: Delivery, acting_user: User | None, now: dt.datetime) -> bool:
    """Send a message that was given up once more, from the beginning. Raises PermissionDenied."""
    check_units(delivery.hook.units.all(), acting_user)
    again = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.DEAD).update(
        state=DeliveryState.WAITING, tries=0, next_try_at=now, problem=""
    )
    if again:
        record_audit(delivery.hook, "access.hook.resend", acting_user, {"event": str(delivery.event_id)})
    return bool(again)


def send_due(*, now: dt.datetime) -> int:
    """Send what is due; return how many messages arrived. HTTP runs outside any transaction."""
    sent = 0
    for _round in range(BATCHES):
        due = _claim(now)
        if not due:
            break
        sent += sum(_send(one, now) for one in due)
    return sent


def _claim(now: dt.datetime) -> list[Delivery]:
    """Take messages for this run; another run leaves them alone until the lease is over."""
    with transaction.atomic():
        waiting = Delivery.objects.select_for_update().filter(
            state=DeliveryState.WAITING, next_try_at__lte=now
        )
        ids = list(waiting.order_by("next_try_at", "pk").values_list("pk", flat=True)[:BATCH])
        Delivery.objects.filter(pk__in=ids).update(next_try_at=now + LEASE, tries=F("tries") + 1)
    due = Delivery.objects.filter(pk__in=ids).select_related("hook", "employee")
    return list(due.order_by("pk"))


def message_of(delivery: Delivery) -> bytes:
    """Return the body of a message: the number and the state, and nothing else about the person."""
    return canonical_json(
        {
            "id": delivery.pk,
            "event": str(delivery.event_id),
            "type": "clearance.regained" if delivery.is_cleared else "clearance.lost",
            "employee_no": delivery.employee.employee_no,
            "cleared": delivery.is_cleared,
            "at": delivery.happened_at.isoformat(timespec="seconds"),
        }
    )


def _send(delivery: Delivery, now: dt.datetime) -> bool:
    own = Delivery.objects.filter(pk=delivery.pk)
    if delivery.hook.ended_at is not None:
        own.update(state=DeliveryState.DEAD, problem="ended")
        return False
    body = message_of(delivery)
    stamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "AnXue",
        "X-AnXue-Event": str(delivery.event_id),
        "X-AnXue-Timestamp": str(stamp),
        "X-AnXue-Signature": f"v1={signature(decrypt_text(delivery.hook.secret_encrypted), stamp, body)}",
    }
    try:
        send(
            delivery.hook.url,
            body,
            headers,
            networks=settings.WEBHOOK_NETWORKS,
            ca_file=settings.WEBHOOK_CA_FILE,
        )
    except (NotAllowed, NotDelivered) as error:
        _postpone(delivery, str(error), now)
        return False
    own.update(state=DeliveryState.SENT, sent_at=now, problem="")
    return True


def _postpone(delivery: Delivery, problem: str, now: dt.datetime) -> None:
    """Try again later, ever less often; after the twelfth time give up and leave it to the office."""
    wait = min(dt.timedelta(minutes=2 ** (delivery.tries - 1)), LONGEST_WAIT)
    is_over = delivery.tries >= MOST_TRIES
    Delivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.DEAD if is_over else DeliveryState.WAITING,
        next_try_at=now + wait,
        problem=problem.replace("\x00", "")[:200],
    )
    log.warning("hook_not_delivered", hook=delivery.hook_id, tries=delivery.tries, problem=problem)
