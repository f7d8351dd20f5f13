"""The kinds of licences that ship with the site, put in beside what a site has already."""

from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import PermissionDenied
from django.db import transaction

from people.audit import record_audit
from people.models import LicenceType, User
from people.permissions import Capability, allows_everywhere

CATALOGUE = Path(__file__).resolve().parent.parent / "data" / "licence_types.yaml"
_TERMS = ("category", "issuing_body", "valid_months", "review_months", "off_post_months")


def read_catalogue() -> list[dict[str, Any]]:
    """Return the kinds of the catalogue as fields of LicenceType."""
    read = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    kinds = []
    for kind in read["kinds"]:
        family = read["families"][kind["family"]]
        kinds.append(
            {
                "code": kind["code"],
                "name": kind["name"],
                "family": kind["family"],
                "category": kind["category"],
                "issuing_body": family["issuing_body"],
                "valid_months": family.get("valid_months"),
                "review_months": family.get("review_months"),
                "off_post_months": family.get("off_post_months"),
                "legal_basis": family["basis"],
                "basis_verified": family["verified"],
            }
        )
    return kinds


@transaction.atomic
def load_licence_types(*, acting_user: User | None) -> tuple[int, int]:
    """Add the kinds that are missing and fill empty fields of the others; return how many were added and filled.

    What somebody entered stays as it is, so the second call does nothing. Raises PermissionDenied unless the
    user looks after posts everywhere: kinds of licences belong to no unit.
    """
    if acting_user is not None and not allows_everywhere(acting_user, Capability.MANAGE_ORGANISATION):
        raise PermissionDenied
    known = {kind.code: kind for kind in LicenceType.objects.select_for_update()}
    added = filled = 0
    for fields in read_catalogue():
        kind = known.get(fields["code"])
        if kind is None:
            kind = LicenceType.objects.create(**fields)
            added += 1
        else:
            empty = [name for name in _TERMS if getattr(kind, name) in ("", None) and fields[name]]
            # Terms somebody set are the site's own: a kind with any of them is left alone.
            if not empty or any(getattr(kind, name) for name in _TERMS):
                continue
            for name in empty:
                setattr(kind, name, fields[name])
            kind.save(update_fields=empty)
            filled += 1
        record_audit(kind, "people.licence_type.save", acting_user)
    return added, filled
