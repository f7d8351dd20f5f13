"""Read what identifies a person, as much of it as the reader may see."""

from dataclasses import dataclass

from common.signing import decrypt_text, keyed_digest
from people.identity import mask_id_number, mask_phone
from people.models import Employee
from people.permissions import Capability


@dataclass(frozen=True, slots=True)
class Particulars:
    """Telephone and identity number as one reader sees them; empty where there is none."""

    phone: str
    id_number: str


def id_number_of(employee: Employee) -> str:
    """Return the whole identity number, or an empty text. Callers mask it, or log who asked and why."""
    return decrypt_text(employee.id_number_encrypted) if employee.id_number_encrypted else ""


def particulars(employee: Employee, may: frozenset[Capability]) -> Particulars:
    """Return what a reader with these capabilities over the person sees. The table stands in docs/privacy.md.

    The telephone is whole for those who manage the person, who have to ring; masked for everyone else. The
    identity number is masked for everyone: it is uncovered by `people.actions.identity.reveal`, which keeps a log.
    """
    sees_phone = Capability.MANAGE_PEOPLE in may
    return Particulars(
        phone=employee.phone if sees_phone else mask_phone(employee.phone),
        id_number=mask_id_number(id_number_of(employee)),
    )


def particulars_mark(employee: Employee) -> str:
    """Return a digest of name, telephone and identity number, by which a form knows that they are unchanged."""
    held = (employee.name, employee.phone, employee.id_number_digest or "")
    return keyed_digest("people.particulars", repr(held))
