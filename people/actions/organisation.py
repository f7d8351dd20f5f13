"""Make units and posts, by name where an HR list brings new ones."""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.core.exceptions import PermissionDenied
from django.db import transaction

from people.audit import record_audit
from people.models import OrgUnit, Post, UnitKind, User
from people.permissions import Capability, scope_for
from people.queries import unit_directory
from people.roster.places import split_path

_ENDINGS: tuple[tuple[tuple[str, ...], UnitKind], ...] = (
    (("集团", "集团公司"), UnitKind.GROUP),
    (("公司", "有限责任公司"), UnitKind.COMPANY),
    (("厂", "工厂", "矿"), UnitKind.PLANT),
    (("车间", "部", "科", "处", "室", "中心", "工段", "作业区"), UnitKind.WORKSHOP),
    (("班", "班组", "组", "队"), UnitKind.TEAM),
)
_BY_DEPTH = (UnitKind.COMPANY, UnitKind.WORKSHOP)


def guess_kind(name: str, depth: int) -> UnitKind:
    """Guess a unit's level from the end of its name, else from its depth in the tree (1 is a root)."""
    for endings, kind in _ENDINGS:
        if name.endswith(endings):
            return kind
    return _BY_DEPTH[depth - 1] if depth <= len(_BY_DEPTH) else UnitKind.TEAM


@transaction.atomic
def ensure_unit_path(
    *, path: str, kind: UnitKind | None = None, acting_user: User | None, now: dt.datetime
) -> OrgUnit:
    """Return the unit at a full path such as 总厂/一车间/甲班, making what is missing of it.

    `kind` is that of the last unit if it is made here; else it is guessed (`guess_kind`).

    Raises PermissionDenied if `acting_user` may not add units there, ValueError for an empty path.
    """
    name = "/".join(split_path(path))
    if not name:
        raise ValueError("an empty path names no unit")
    kinds = {name: kind} if kind else None
    ids = ensure_unit_paths(paths=[name], kinds=kinds, acting_user=acting_user, now=now)
    return OrgUnit.objects.get(pk=ids[name])


@transaction.atomic
def ensure_unit_paths(
    *,
    paths: Iterable[str],
    acting_user: User | None,
    now: dt.datetime,
    kinds: Mapping[str, UnitKind] | None = None,
) -> dict[str, int]:
    """Make the units missing on these full paths and return the id of every unit by full name.

    One query if nothing is missing. `kinds` says what a new unit of that full name is (a dispatch firm, a
    contractor) where it should not be guessed. Raises PermissionDenied if `acting_user` (None: the system) may not add a unit there.
    """
    directory = unit_directory()
    ids: dict[str, int] = {}
    for entry in directory.values():
        ids.setdefault(entry.full_name, entry.id)
    # Each unit after the one above it, else in the order given.
    wanted = dict.fromkeys(name for path in paths for name in _with_ancestors(path) if name not in ids)
    scope = scope_for(acting_user, Capability.MANAGE_ORGANISATION) if acting_user else None
    for name in wanted:
        above, _, own = name.rpartition("/")
        kind = (kinds or {}).get(name) or guess_kind(own, name.count("/") + 1)
        if not above:
            if scope is not None and not scope.everything:
                raise PermissionDenied(name)
            unit = OrgUnit.add_root(name=own, kind=kind)
        else:
            # Locked, so that two imports cannot give two children the same place in the tree.
            parent = OrgUnit.objects.select_for_update().get(pk=ids[above])
            if scope is not None and not scope.includes(parent):
                raise PermissionDenied(name)
            unit = parent.add_child(name=own, kind=kind)
        ids[name] = unit.pk
        record_audit(
            unit, "people.unit.create", acting_user, {"after": {"name": name}, "at": now.isoformat()}
        )
    return ids


def _with_ancestors(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


@transaction.atomic
def ensure_post(*, name: str, acting_user: User | None, now: dt.datetime) -> Post:
    """Return the post of this name, making it if there is none."""
    return Post.objects.get(pk=ensure_posts(names=[name], acting_user=acting_user, now=now)[name])


@transaction.atomic
def ensure_posts(*, names: Iterable[str], acting_user: User | None, now: dt.datetime) -> dict[str, int]:
    """Make the posts missing of these names and return the id of every post by name.

    Raises PermissionDenied if one is missing and `acting_user` may not manage the organisation anywhere.
    """
    ids = dict(Post.objects.values_list("name", "pk"))
    missing = sorted(set(names) - ids.keys())
    if missing and acting_user and not scope_for(acting_user, Capability.MANAGE_ORGANISATION):
        raise PermissionDenied(missing[0])
    for name in missing:
        post = Post.objects.create(name=name)
        ids[name] = post.pk
        record_audit(
            post, "people.post.create", acting_user, {"after": {"name": name}, "at": now.isoformat()}
        )
    return ids


@transaction.atomic
def save_unit(*, unit: OrgUnit, acting_user: User | None, now: dt.datetime) -> OrgUnit:
    """Save the changed particulars of a unit; its place in the tree stays. The caller has validated them.

    Raises PermissionDenied unless the unit lies in the scope of `acting_user` (None: the system).
    """
    if acting_user and not scope_for(acting_user, Capability.MANAGE_ORGANISATION).includes(unit):
        raise PermissionDenied(unit.name)
    fields = ["name", "code", "kind", "is_high_risk_for_hours", "is_listed_sector", "closed_on"]
    unit.save(update_fields=fields)
    record_audit(unit, "people.unit.save", acting_user, {"after": {"name": unit.name}, "at": now.isoformat()})
    return unit
