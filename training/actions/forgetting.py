"""What training forgets of a person: salts and signatures with the name, the number within licence numbers."""

import datetime as dt
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.timezone import localdate

from people.audit import record_audit
from people.erasing import Eraser
from people.identity import mask_in_text
from people.models import Employee, Erasable, ErasedItem
from people.queries.retention import is_held
from training.commitments import NAMES_JOINED_BY
from training.models import (
    ForgottenText,
    LetterMark,
    Licence,
    PracticalCheckMark,
    RecordSalt,
    RecordSignatureMark,
    ReflectionSignature,
)
from training.queries.hand_signed import checks_by, letters_by


def forget_salts(employee: Employee, now: dt.datetime) -> None:
    """Delete the salts that open what ledger rows say of a person: as the one trained, and as the trainer.

    A trainer is known for certain where the platform knew the account; otherwise the name alone is compared,
    and only if nobody else here bears it. The rows, their hashes and every figure drawn from them stay; that
    the text was erased is noted, so that a salt taken away by stealth is told from it.
    Source: ADR 4, reliability case E11.
    """
    own = Q(record__employee=employee, field__in=[RecordSalt.Field.PERSON, RecordSalt.Field.REASON])
    taught = Q(field=RecordSalt.Field.TRAINER) & _as_trainer(employee)
    salts = RecordSalt.objects.filter(own | taught)
    ForgottenText.objects.bulk_create(
        [
            ForgottenText(record_id=record_id, field=field, forgotten_at=now)
            for record_id, field in salts.values_list("record_id", "field")
        ],
        ignore_conflicts=True,
    )
    salts.delete()


def _as_trainer(employee: Employee) -> Q:
    """Return which trainers' salts are about a person. The names are those known before the erasure."""
    names = {employee.name}
    if employee.user is not None:
        names.add(employee.user.name)
    for text in RecordSalt.objects.filter(field=RecordSalt.Field.PERSON, employee=employee).values_list(
        "text", flat=True
    ):
        names.add(text.partition("\n")[2])
    others = Employee.objects.filter(name__in=names).exclude(pk=employee.pk)
    names -= {"", *others.values_list("name", flat=True)}
    named = Q(pk__in=())
    for name in names:
        named |= Q(text__contains=name)
    # A row of a whole programme names several trainers in one text: it goes if one of them is this person.
    unknown = RecordSalt.objects.filter(named, field=RecordSalt.Field.TRAINER, employee__isnull=True)
    found = [pk for pk, text in unknown.values_list("pk", "text") if names & set(text.split(NAMES_JOINED_BY))]
    return Q(employee=employee) | Q(pk__in=found)


def forget_signatures(employee: Employee, now: dt.datetime) -> None:
    """Delete a person's signatures, which show the name; what they vouch for, time and digest stay."""
    ReflectionSignature.objects.filter(reflection__employee=employee).delete()
    RecordSignatureMark.objects.filter(signature__signer=employee).delete()
    LetterMark.objects.filter(letter__in=letters_by(employee)).delete()
    PracticalCheckMark.objects.filter(practical_check__in=checks_by(employee)).delete()


@transaction.atomic
def forget_left_signatures(*, now: dt.datetime) -> tuple[int, int]:
    """Delete the ink under letters and checks that erasures of names left behind while it lay in those rows.

    Two people decided each erasure; this ends it, for what was signed before it. Ink of people under a hold stays.
    Returns how many people's ink went and how many people's a hold keeps; again, it finds only the latter. Locks
    the people.
    """
    names = ErasedItem.objects.filter(what=Erasable.NAME)
    erased_at = dict(names.values_list("employee").annotate(Max("erased_at")))
    forgotten = held = 0
    for employee in Employee.objects.select_for_update(of=("self",)).filter(pk__in=erased_at).order_by("pk"):
        until = erased_at[employee.pk]
        letters = LetterMark.objects.filter(letter__in=letters_by(employee).filter(signed_at__lte=until))
        checks = PracticalCheckMark.objects.filter(
            practical_check__in=checks_by(employee).filter(checked_at__lte=until)
        )
        if not letters.exists() and not checks.exists():
            continue
        if is_held(employee.pk, localdate(now)):
            held += 1
            continue
        letters.delete()
        checks.delete()
        record_audit(employee, "training.signatures.forget", None, {"signed_until": until.isoformat()})
        forgotten += 1
    return forgotten, held


def forget_licence_numbers(employee: Employee, now: dt.datetime) -> None:
    """Mask the identity number that a special-operation licence has for its number; the licence stays."""
    for licence in Licence.objects.filter(employee=employee):
        masked = mask_in_text(licence.number)
        if masked != licence.number:
            # With the row's own number behind it: two masked ones may be alike, and must not clash.
            licence.number = f"{masked}#{licence.pk}"
            licence.save(update_fields=["number"])


def forget_scans(employee: Employee, now: dt.datetime) -> None:
    """Delete the scans of a person's licences, which show the identity number and the face; the licences stay."""
    storage: Any = Licence._meta.get_field("scan").storage  # type: ignore[union-attr]
    names = list(Licence.objects.filter(employee=employee).exclude(scan="").values_list("scan", flat=True))
    Licence.objects.filter(employee=employee).exclude(scan="").update(scan="", scan_sha256="")
    for name in names:
        # After the commit: a file that is gone cannot come back with a rollback.
        transaction.on_commit(partial(storage.delete, name))


ERASERS = (
    Eraser(Erasable.NAME, forget_salts),
    Eraser(Erasable.NAME, forget_signatures),
    Eraser(Erasable.ID_NUMBER, forget_licence_numbers),
    Eraser(Erasable.ID_NUMBER, forget_scans),
)
