"""Badges: made, replaced, ended, and looks at them noted."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from access.errors import BadgeRefused
from access.models import Badge, BadgeLook, EndReason, GateAsks
from access.queries.badges import Look, badge_people
from common.signing import decrypt_text, encrypt_text, make_token, token_digest
from people.audit import record_audits
from people.models import Employee, User

KEPT_FOR = dt.timedelta(days=190)  # network logs: six months (docs/privacy.md)


def badge_url(badge: Badge) -> str:
    """Return the address in the badge's code."""
    return settings.PUBLIC_BASE_URL + reverse("access:badge", args=[decrypt_text(badge.code_encrypted)])


def _in_scope(people: Iterable[Employee], acting_user: User | None) -> list[int]:
    ids = sorted({person.pk for person in people})
    if acting_user is not None:
        allowed = set(badge_people(acting_user).filter(pk__in=ids).values_list("pk", flat=True))
        if allowed != set(ids):
            raise PermissionDenied
    return ids


@transaction.atomic
def issue_badges(*, people: Iterable[Employee], acting_user: User | None, now: dt.datetime) -> list[Badge]:
    """Make a badge for each of these people who has none; return the badges of all of them.

    Raises PermissionDenied if one of them is out of the user's scope or has left.
    """
    ids = _in_scope(people, acting_user)
    list(Employee.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    having = set(
        Badge.objects.filter(employee_id__in=ids, ended_at__isnull=True).values_list("employee_id", flat=True)
    )
    made = Badge.objects.bulk_create(
        [_new(pk, acting_user, now) for pk in ids if pk not in having], batch_size=500
    )
    record_audits(made, "access.badge.issue", acting_user)
    current = Badge.objects.filter(employee_id__in=ids, ended_at__isnull=True)
    return list(current.select_related("employee").order_by("employee__employee_no"))


def _new(employee_id: int, acting_user: User | None, now: dt.datetime) -> Badge:
    code = make_token()
    return Badge(
        employee_id=employee_id,
        code_digest=token_digest(code),
        code_encrypted=encrypt_text(code),
        issued_by=acting_user,
        issued_at=now,
    )


@transaction.atomic
def note_printed(*, badges: Sequence[Badge], acting_user: User | None, now: dt.datetime) -> None:
    """Note that these badges were printed, by whom, and when each was for the first time."""
    unprinted = Badge.objects.filter(pk__in=[badge.pk for badge in badges], printed_at__isnull=True)
    unprinted.update(printed_at=now)
    record_audits(badges, "access.badge.print", acting_user)


@transaction.atomic
def end_badge(
    *, employee: Employee, reason: str, replace: bool, acting_user: User | None, now: dt.datetime
) -> Badge | None:
    """End the badge a person has, at once; with `replace` make a new one, and return it.

    Raises BadgeRefused for a reason there is none of or a person without a badge, PermissionDenied.
    """
    if reason not in EndReason.values:
        raise BadgeRefused(_("请选择作废的原因。"))
    _in_scope([employee], acting_user)
    Employee.objects.select_for_update().get(pk=employee.pk)
    current = Badge.objects.filter(employee=employee, ended_at__isnull=True).first()
    if current is None:
        raise BadgeRefused(_("%(person)s 现在没有胸牌。") % {"person": str(employee)})
    current.ended_at, current.ended_by, current.end_reason = now, acting_user, reason
    current.save(update_fields=["ended_at", "ended_by", "end_reason"])
    record_audits([current], "access.badge.end", acting_user, {"reason": reason})
    if not replace:
        return None
    made = _new(employee.pk, acting_user, now)
    made.save()
    record_audits([made], "access.badge.issue", acting_user)
    return made


def note_look(*, look: Look, viewer: User | None, now: dt.datetime) -> BadgeLook:
    """Note that a badge was looked at, by whom if they signed in, and what was shown."""
    return BadgeLook.objects.create(
        badge=look.badge, viewer=viewer, shown=look.shown, was_cleared=look.is_cleared, looked_at=now
    )


def drop_old(*, now: dt.datetime) -> int:
    """Delete looks and counts older than 190 days; return how many rows. Scheduled each night."""
    looks, _each = BadgeLook.objects.filter(looked_at__lt=now - KEPT_FOR).delete()
    asks, _each = GateAsks.objects.filter(hour__lt=now - KEPT_FOR).delete()
    return looks + asks
