"""What this room holds on one person: badges, looks at them, and what other systems were told."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.models import Badge, BadgeLook, Delivery
from people.models import Employee
from people.personal_data import Held, Provider, table


def _access(employee: Employee) -> list[Held]:
    return [
        table(
            "badges",
            _("胸牌"),
            Badge.objects.filter(employee=employee).order_by("issued_at"),
            {
                "issued_at": _("发放时间"),
                "printed_at": _("打印时间"),
                "ended_at": _("作废时间"),
                "end_reason": _("作废原因"),
            },
        ),
        table(
            "badge_looks",
            _("胸牌查看"),
            BadgeLook.objects.filter(badge__employee=employee).order_by("looked_at"),
            {
                "looked_at": _("时间"),
                "viewer__name": _("查看人"),
                "shown": _("看到的内容"),
                "was_cleared": _("当时可上岗"),
            },
        ),
        table(
            "clearance_told",
            _("上岗资格变更推送"),
            Delivery.objects.filter(employee=employee).order_by("pk"),
            {
                "happened_at": _("变更时间"),
                "is_cleared": _("可上岗"),
                "hook__name": _("推送给"),
                "state": _("状态"),
            },
        ),
    ]


PROVIDERS = (
    Provider(
        gettext_lazy("胸牌、查看记录、推送记录"),
        frozenset({"access.Badge", "access.BadgeLook", "access.Delivery"}),
        _access,
    ),
)
