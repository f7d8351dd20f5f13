"""Make units and posts, by name where an HR list brings new ones."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction

from people.actions.stays import chunks
from people.actions.unit_rows import NewUnit, add_units, lock_tree, place_new
from people.audit import record_audit, record_audits
from people.levels import guess_kind
from people.models import OrgUnit, Post, UnitKind, User
from people.permissions import Capability, Scope, scope_for
from people.queries import UnitEntry, own_level_names, unit_directory
from people.roster.places import split_path


@transaction.atomic
def ensure_unit_path(
    *, path: str, kind: UnitKind | None = None, acting_user: User | None, now: dt.datetime
) -> OrgUnit:
    """Return the unit at a full path such as 总厂/一车间/甲班, making what is missing of it.

    `kind` is that of the last unit if it is made here; else it is guessed (`people.levels.guess_kind`).

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
    contractor) where it should not be guessed. Raises PermissionDenied if `acting_user` (None: the
    system) may not add a unit there. Locks: the roots of the tree, if anything is missing.
    """
    wanted = list(dict.fromkeys(name for path in paths for name in _with_ancestors(path)))
    known = _first_of_each_name()
    if all(name in known for name in wanted):
        return _ids(known)
    # Read again under the lock, so that two imports do not make the same unit, or two in the same place.
    lock_tree()
    known = _first_of_each_name()
    missing = [name for name in wanted if name not in known]
    scope = scope_for(acting_user, Capability.MANAGE_ORGANISATION) if acting_user else None
    labels, preset = own_level_names()
    new: list[NewUnit] = []
    for name in missing:
        above, _, own = name.rpartition("/")
        kind = (kinds or {}).get(name) or guess_kind(own, name.count("/") + 1, labels, preset)
        if scope is not None and not _may_add_below(scope, above, known):
            raise PermissionDenied(name)
        new.append(NewUnit(name, above, own, kind))
    made = add_units(new, {name: entry.path for name, entry in known.items()})
    in_tree = _by_id([known[unit.above].id for unit in new if unit.above in known])
    parents = {name: in_tree[entry.id] for name, entry in known.items() if entry.id in in_tree} | made
    place_new(
        [(made[unit.full_name], parents[unit.above] if unit.above else None) for unit in new],
        acting_user=acting_user,
        now=now,
    )
    record_audits(
        list(made.values()),
        "people.unit.create",
        acting_user,
        each=[{"after": {"name": name}, "at": now.isoformat()} for name in made],
    )
    return _ids(known) | {name: unit.pk for name, unit in made.items()}


def _first_of_each_name() -> dict[str, UnitEntry]:
    """Return the units by full name; of two with the same one, the first of the tree. One query."""
    known: dict[str, UnitEntry] = {}
    for entry in unit_directory().values():
        known.setdefault(entry.full_name, entry)
    return known


def _ids(known: Mapping[str, UnitEntry]) -> dict[str, int]:
    return {name: entry.id for name, entry in known.items()}


def _by_id(ids: Sequence[int]) -> dict[int, OrgUnit]:
    found: dict[int, OrgUnit] = {}
    for piece in chunks(list(dict.fromkeys(ids))):
        found |= OrgUnit.objects.in_bulk(piece)
    return found


def _may_add_below(scope: Scope, above: str, known: Mapping[str, UnitEntry]) -> bool:
    """Tell whether a scope covers the nearest unit there is above a new one; at the top it must cover all."""
    while above and above not in known:
        above = above.rpartition("/")[0]
    return scope.includes_path(known[above].path) if above else scope.everything


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
