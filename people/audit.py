"""The one way an action notes who did what: Wagtail's log, shown on each object's history; and how to read it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import timezone
from django.utils.functional import LazyObject
from wagtail.log_actions import log
from wagtail.models import ModelLogEntry


def record_audit(instance: Model, action: str, acting_user: Any, data: dict[str, Any] | None = None) -> None:
    """Note that `acting_user` (None: the system) did `action` to `instance`.

    `action` is a dotted code such as `people.role.grant`, made known by a room's `register_log_actions` hook;
    an unknown code raises ValidationError. `data` holds what changed as {"before": …, "after": …} and never
    an identity number, a password or a token.
    """
    if isinstance(instance, LazyObject):
        # `request.user` is one. Wagtail goes by the type, finds no log for it and says nothing.
        instance.pk  # noqa: B018 - makes it look up what it stands for
        instance = instance._wrapped
    log(instance=instance, action=action, user=acting_user, data=data or {})


def entries_since(action: str, since: dt.datetime) -> list[tuple[str, dict[str, Any], dt.datetime]]:
    """Return what was noted under an action since a moment: (object id, data, when). One query."""
    entries = ModelLogEntry.objects.filter(action=action, timestamp__gte=since)
    return list(entries.values_list("object_id", "data", "timestamp"))


def record_audits(
    instances: Sequence[Model],
    action: str,
    acting_user: Any,
    data: dict[str, Any] | None = None,
    *,
    each: Sequence[dict[str, Any]] | None = None,
) -> None:
    """Note the same action for many objects of one model, one statement per thousand.

    `data` goes with all of them, or `each` holds what goes with each one.
    """
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
                data=own,
            )
            for instance, own in zip(instances, each or [data or {}] * len(instances), strict=True)
        ],
        batch_size=1_000,
    )
