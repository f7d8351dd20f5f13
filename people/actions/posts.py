"""Posts, what they are exposed to, and what they demand."""

from collections.abc import Iterable, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction

from people.audit import record_audit
from people.models import Hazard, LicenceType, Post, User
from people.permissions import Capability, scope_for


def _require_organisation(acting_user: User | None) -> None:
    # Posts and licence types belong to no unit, so only who manages the whole organisation may change them.
    if acting_user is not None and not scope_for(acting_user, Capability.MANAGE_ORGANISATION):
        raise PermissionDenied


@transaction.atomic
def save_hazards(*, standard: str, names: Sequence[str]) -> dict[str, Hazard]:
    """Make sure every accident category of a standard is there; return them by name."""
    known = {hazard.name: hazard for hazard in Hazard.objects.filter(standard=standard)}
    for number, name in enumerate(names, start=1):
        if name not in known:
            known[name] = Hazard.objects.create(standard=standard, name=name, code=f"{standard}-{number:02d}")
    return known


@transaction.atomic
def save_licence_type(
    *, code: str, name: str, family: str, legal_basis: str, acting_user: User | None
) -> LicenceType:
    """Create or change a licence type, found by its code. Raises PermissionDenied."""
    _require_organisation(acting_user)
    kind, created = LicenceType.objects.get_or_create(
        code=code, defaults={"name": name, "family": family, "legal_basis": legal_basis}
    )
    if not created and (kind.name, kind.family, kind.legal_basis) != (name, family, legal_basis):
        kind.name, kind.family, kind.legal_basis = name, family, legal_basis
        kind.save(update_fields=["name", "family", "legal_basis"])
    record_audit(kind, "people.licence_type.save", acting_user)
    return kind


@transaction.atomic
def save_post(
    *,
    name: str,
    hazards: Iterable[Hazard] = (),
    demanded_licences: Iterable[LicenceType] = (),
    is_principal: bool = False,
    is_safety_manager: bool = False,
    acting_user: User | None,
) -> Post:
    """Create or change a post, found by its name, with its hazards and the licences it demands.

    Raises PermissionDenied. Whoever changes the demands of a post in use refreshes clearance afterwards.
    """
    _require_organisation(acting_user)
    post, created = Post.objects.get_or_create(
        name=name, defaults={"is_principal": is_principal, "is_safety_manager": is_safety_manager}
    )
    if not created:
        post.is_principal, post.is_safety_manager = is_principal, is_safety_manager
        post.save(update_fields=["is_principal", "is_safety_manager"])
    post.hazards.set(hazards)
    post.demanded_licences.set(demanded_licences)
    record_audit(post, "people.post.save", acting_user)
    return post
