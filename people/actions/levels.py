"""Name the levels of the tree."""

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db import transaction

from people.audit import record_audit
from people.levels import FIRMS, KINDS, PRESETS
from people.models import LevelName, OrgUnit, User
from people.permissions import Capability, scope_for
from people.queries import own_level_names


@transaction.atomic
def save_level_names(
    *, names: Mapping[str, str], preset: str = "", acting_user: User | None, now: dt.datetime
) -> None:
    """Set what each kind of unit is called; a kind without a name goes back to the built-in one.

    `preset` (people.levels.PRESETS) says how names in HR lists end. Saving the same again changes nothing.
    Raises PermissionDenied unless `acting_user` (None: the system) manages the whole organisation, ValueError
    for an unknown kind or preset.
    """
    if acting_user is not None and not manages_all(acting_user):
        raise PermissionDenied
    if names.keys() - set(KINDS) or (preset and preset not in PRESETS):
        raise ValueError("unknown kind or preset")
    wanted = {kind: name.strip() for kind, name in names.items() if name.strip()}
    before, preset_before = own_level_names()
    if (wanted, preset) == (before, preset_before if before else ""):
        return
    LevelName.objects.exclude(kind__in=wanted).delete()
    for kind, name in wanted.items():
        row, _ = LevelName.objects.update_or_create(kind=kind, defaults={"name": name, "preset": preset})
        if before.get(kind) != name:
            record_audit(
                row,
                "people.levels.save",
                acting_user,
                {"before": {"name": before.get(kind)}, "after": {"name": name}, "at": now.isoformat()},
            )


def manages_all(user: User) -> bool:
    """Tell whether somebody manages the whole organisation, firms that only send people left aside."""
    scope = scope_for(user, Capability.MANAGE_ORGANISATION)
    if scope.everything:
        return True
    roots = OrgUnit.objects.filter(depth=1, closed_on=None).exclude(kind__in=FIRMS)
    return bool(scope) and all(scope.includes_path(path) for path in roots.values_list("path", flat=True))
