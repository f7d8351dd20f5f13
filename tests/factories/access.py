"""Gates, badges, places and addresses that are told."""

import datetime as dt
from typing import Any

from access.actions.badges import issue_badges
from access.actions.gates import register_gate
from access.models import AccessPlace, Badge, Gate, Hook
from common.signing import decrypt_text, encrypt_text
from people.models import Employee, OrgUnit
from tests.factories.people import org_path
from tests.factories.training import at

NOW = at("2026-11-22")


def make_gate(*units: OrgUnit, name: str = "东门", now: dt.datetime = NOW, **fields: Any) -> tuple[Gate, str]:
    """Register a gate for units; return it with its token."""
    fields = {"expires_on": dt.date(2027, 6, 30), **fields}
    return register_gate(name=name, units=units, acting_user=None, now=now, **fields)


def make_badge(employee: Employee, now: dt.datetime = NOW) -> tuple[Badge, str]:
    """Give somebody a badge; return it with its code."""
    (badge,) = issue_badges(people=[employee], acting_user=None, now=now)
    return badge, decrypt_text(badge.code_encrypted)


def make_hook(
    url: str, *units: OrgUnit, secret: str = "s" * 32, now: dt.datetime = NOW, **fields: Any
) -> Hook:
    """Have an address told, whatever it is."""
    hook = Hook.objects.create(
        name="门禁服务器", url=url, secret_encrypted=encrypt_text(secret), created_at=now, **fields
    )
    hook.units.set(units)
    return hook


def make_place(unit: OrgUnit | None = None, code: str = "TANK-1", **fields: Any) -> AccessPlace:
    """Make a place without conditions."""
    return AccessPlace.objects.create(code=code, name="储罐区", unit=unit or org_path("总厂"), **fields)
