"""Remind of licences that run out: the holder, the leader of the unit, and those who look after it."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notices.actions import NoticeDraft, send_notices
from people.models import Assignment, AssignmentKind, EmploymentStatus, OrgUnit, RoleGrant
from people.permissions import Capability, roles_with, running_on
from training.models import Licence, LicenceReminder
from training.reminding import DAYS, FORGOTTEN_AFTER, LAPSED, reminder_due

NAMED = 10  # licences a message to an office lists; the rest is behind its link
# Those who can do something about it: HR, and who manages licences.
_OFFICE = roles_with(Capability.MANAGE_PEOPLE) | roles_with(Capability.MANAGE_TRAINING)
About = LicenceReminder.About


@dataclass(frozen=True, slots=True)
class Due:
    """One reminder: of which licence, about what, until when, and which step of it."""

    licence: Licence
    about: str
    deadline: dt.date
    days: int

    @property
    def key(self) -> tuple[int, str, dt.date, int]:
        """What makes it the same reminder."""
        return self.licence.pk, self.about, self.deadline, self.days

    def line(self) -> str:
        """Say it in one line, without the number of the licence."""
        values = {"person": str(self.licence.employee), "kind": self.licence.licence_type.name}
        return f"{values['person']} · {values['kind']} · {self.text()}"

    def text(self) -> str:
        """Say what runs out and when."""
        values = {"day": self.deadline.isoformat()}
        if self.about == About.REVIEW:
            return (
                _("逾期未复审（应于 %(day)s 前复审）") % values
                if self.days == LAPSED
                else _("须在 %(day)s 前复审") % values
            )
        return _("已过期（有效期至 %(day)s）") % values if self.days == LAPSED else _("%(day)s 到期") % values


def remind_of_licences(*, now: dt.datetime) -> int:
    """Send what is due today and was not said yet; return how many reminders there were.

    Each step of a deadline is said once (LicenceReminder): to the holder by itself, to the leader and the offices in
    one message a night. Scheduled each night; a second run says nothing.
    """
    today = timezone.localdate(now)
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        due = _due(today)
        if not due:
            return 0
        LicenceReminder.objects.bulk_create(
            [
                LicenceReminder(
                    licence=one.licence, about=one.about, deadline=one.deadline, days=one.days, made_at=now
                )
                for one in due
            ],
            batch_size=1_000,
        )
        send_notices(drafts=[*_to_holders(due), *_to_offices(due, today)], now=now)
    return len(due)


def _due(today: dt.date) -> list[Due]:
    window = (today - dt.timedelta(days=FORGOTTEN_AFTER), today + dt.timedelta(days=max(DAYS)))
    licences = list(
        Licence.objects.filter(Q(valid_until__range=window) | Q(review_due_on__range=window))
        .exclude(employee__status=EmploymentStatus.LEFT)
        .select_related("employee", "licence_type")
        .order_by("valid_until", "pk")
    )
    holders = {licence.employee_id for licence in licences}
    longest: dict[tuple[int, int], dt.date] = {}
    held = Licence.objects.filter(employee_id__in=holders)
    for person, kind, until in held.values_list("employee_id", "licence_type_id", "valid_until"):
        longest[person, kind] = max(until, longest.get((person, kind), until))
    said = set(
        LicenceReminder.objects.filter(licence__in=[licence.pk for licence in licences]).values_list(
            "licence_id", "about", "deadline", "days"
        )
    )
    found = []
    for licence in licences:
        if licence.valid_until < longest[licence.employee_id, licence.licence_type_id]:
            continue  # renewed already
        for about, deadline in ((About.VALIDITY, licence.valid_until), (About.REVIEW, licence.review_due_on)):
            step = reminder_due(deadline, today) if deadline else None
            if (
                deadline is None
                or step is None
                or (about == About.REVIEW and deadline == licence.valid_until)
            ):
                continue
            one = Due(licence, about, deadline, step)
            if one.key not in said:
                found.append(one)
    return found


def _to_holders(due: Iterable[Due]) -> list[NoticeDraft]:
    return [
        NoticeDraft(
            recipient_id=one.licence.employee.user_id,
            cause=f"licence:{one.licence.pk}:{one.about}:{one.deadline}:{one.days}",
            title=_("%(kind)s：%(what)s") % {"kind": one.licence.licence_type.name, "what": one.text()},
            body=_("过期或逾期未复审，当天起不能上岗。请尽早办理，并把新证交给人事或安全管理人员登记。"),
            link=reverse("portal:licences"),
        )
        for one in due
        if one.licence.employee.user_id is not None
    ]


def _to_offices(due: list[Due], today: dt.date) -> list[NoticeDraft]:
    """Return one message for each who answers for some of the holders. Four queries."""
    stays = Assignment.objects.filter(
        Q(ends_before__isnull=True) | Q(ends_before__gt=today),
        employee_id__in={one.licence.employee_id for one in due},
        kind=AssignmentKind.PRIMARY,
        starts_on__lte=today,
    )
    paths = dict(stays.values_list("employee_id", "unit__path"))
    step = OrgUnit.steplen
    above = {path[:end] for path in paths.values() for end in range(step, len(path) + 1, step)}
    led = OrgUnit.objects.filter(path__in=above, leader__user__isnull=False)
    leaders = dict(led.exclude(leader__status=EmploymentStatus.LEFT).values_list("path", "leader__user_id"))
    grants = list(
        RoleGrant.objects.filter(
            running_on(today), role__in=_OFFICE, unit__path__in=above, user__is_active=True
        ).values_list("unit__path", "user_id")
    )
    told: dict[int, list[Due]] = defaultdict(list)
    for one in due:
        path = paths.get(one.licence.employee_id, "")
        users = {user for start, user in grants if path.startswith(start)}
        nearest = next(
            (leaders[path[:end]] for end in range(len(path), 0, -step) if path[:end] in leaders), None
        )
        if nearest is not None:
            users.add(nearest)
        for user in users - {one.licence.employee.user_id}:
            told[user].append(one)
    return [_digest(user, of_user, today) for user, of_user in sorted(told.items())]


def _digest(user_id: int, due: list[Due], today: dt.date) -> NoticeDraft:
    said = hashlib.sha256(repr(sorted(one.key for one in due)).encode()).hexdigest()[:12]
    lines = [one.line() for one in due[:NAMED]]
    if len(due) > NAMED:
        lines.append(_("等共 %(count)d 项") % {"count": len(due)})
    return NoticeDraft(
        recipient_id=user_id,
        cause=f"licences:{today}:{said}",
        title=ngettext("%(count)d 张证件将到期或已失效", "%(count)d 张证件将到期或已失效", len(due))
        % {"count": len(due)},
        body="\n".join(lines),
        link=f"{reverse('training_office:licences')}?state=90",
    )
