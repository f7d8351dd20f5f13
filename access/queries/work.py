"""What this room adds to HR's page of the day: the badges to print."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.models import Badge
from access.permissions import BADGE_CAPABILITIES, joint_scope
from access.queries.badges import badge_people, unprinted
from people.models import Employee
from people.queries import with_last_place
from training.queries.desk import Act, Batch, Desk, SectionKind, WorkLine, WorkSection


def _to_print(desk: Desk) -> WorkSection:
    # Who had a badge stands at the gate without one: before those who are new, and these before the others.
    had = Exists(Badge.objects.filter(employee=OuterRef("pk")))
    found = unprinted(badge_people(desk.user)).order_by(had.desc(), "-hired_on", "-pk")
    sheets = reverse("access_office:badge-sheets")

    def lines(start: int, stop: int) -> list[WorkLine]:
        # In two steps: where everybody stands is looked up for those shown, not for all who are put in order.
        ids = list(found.values_list("pk", flat=True)[start:stop])
        known = with_last_place(Employee.objects.filter(pk__in=ids)).in_bulk()
        shown: list[Any] = [known[pk] for pk in ids if pk in known]
        badges = Badge.objects.filter(employee__in=[person.pk for person in shown]).order_by(
            "issued_at", "pk"
        )
        last = {badge.employee_id: badge for badge in badges}
        ended = {badge.employee_id: badge for badge in badges if badge.ended_at}
        return [
            WorkLine(
                who=str(person),
                link=desk.page_of(person, "#badge"),
                texts=(
                    " · ".join(filter(None, (person.last_unit_name, person.last_post_name))),
                    _why(last.get(person.pk), ended.get(person.pk)),
                ),
                acts=(Act(_("打印胸牌"), sheets, fields=(("employee", str(person.pk)),)),),
            )
            for person in shown
        ]

    return WorkSection(
        "badges",
        _("要打印的胸牌"),
        "must",
        _("在职、手里没有印好的胸牌的人：还没有发，或旧的已作废，或换发后还没有打印。打印后消失。"),
        found.count(),
        lines,
        batch=Batch(
            sheets,
            lambda n: ngettext("打印本页 %(n)s 人的胸牌", "打印本页 %(n)s 人的胸牌", n) % {"n": n},
        ),
        acts=(Act(_("成批打印"), reverse("access_office:badges") + "?state=unprinted"),),
    )


def _why(badge: Badge | None, ended: Badge | None) -> str:
    """Say why somebody has no badge on paper."""
    if badge is None:
        return _("还没有胸牌")
    if ended is None or ended.ended_at is None:
        return _("胸牌已发，还没有打印")
    values = {
        "day": date_format(localtime(ended.ended_at), "Y-m-d"),
        "reason": ended.get_end_reason_display(),
    }
    if badge.ended_at is None:
        return _("旧胸牌 %(day)s 作废（%(reason)s），新的还没有打印") % values
    return _("胸牌 %(day)s 作废（%(reason)s），没有新的") % values


SECTIONS = (
    SectionKind(
        "badges",
        order=85,
        is_shown=lambda desk: bool(joint_scope(desk.user, BADGE_CAPABILITIES)),
        build=_to_print,
    ),
)
