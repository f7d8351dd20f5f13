"""The one way an action notes who did what: Wagtail's log, shown on each object's history."""

from collections.abc import Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import timezone
from wagtail.log_actions import log
from wagtail.models import ModelLogEntry


def record_audit(instance: Model, action: str, acting_user: Any, data: dict[str, Any] | None = None) -> None:
    """Note that `acting_user` (None: the system) did `action` to `instance`.

    `action` is a dotted code such as `people.role.grant`, made known by a room's `register_log_actions` hook;
    an unknown code raises ValidationError. `data` holds what changed as {"before": …, "after": …} and never
    an identity number, a password or a token.
    """
    log(instance=instance, action=action, user=acting_user, data=data or {})


def record_audits(
    instances: Sequence[Model], action: str, acting_user: Any, data: dict[str, Any] | None = None
) -> None:
    """Note the same action for many objects of one model in one statement."""
    if not instances:
        return
    kind = ContentType.objects.get_for_model(instances[0])
    at = timezone.now()
    ModelLogEntry.objects.bulk_create(
        [
            ModelLogEntry(
                content_type=kind,
                object_id=str(instance.pk),
                label=str(instance),
                action=action,
                timestamp=at,
                user=acting_user,
                data=data or {},
            )
            for instance in instances
        ],
        batch_size=1_000,
    )
