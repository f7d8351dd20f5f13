"""The one way an action notes who did what: Wagtail's log, shown on each object's history."""

from typing import Any

from django.db.models import Model
from wagtail.log_actions import log


def record_audit(instance: Model, action: str, acting_user: Any, data: dict[str, Any] | None = None) -> None:
    """Note that `acting_user` (None: the system) did `action` to `instance`.

    `action` is a dotted code such as `people.role.grant`, made known by a room's `register_log_actions` hook;
    an unknown code raises ValidationError. `data` holds what changed as {"before": …, "after": …} and never
    an identity number, a password or a token.
    """
    log(instance=instance, action=action, user=acting_user, data=data or {})
