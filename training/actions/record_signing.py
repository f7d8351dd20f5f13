"""Signing ledger rows by hand. A signature is bound to the row's hash, the device and the time."""

import datetime as dt
import hashlib
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from common.canonical import canonical_json
from people.models import Employee, User
from people.permissions import Capability
from people.queries import employees_for
from training.actions.hand_signing import take_signature
from training.errors import SigningRefused
from training.models import (
    RecordSalt,
    RecordSignature,
    RecordSignatureMark,
    SignedBy,
    SignerRole,
    TrainingRecord,
)
from training.queries.record_signing import on_site_rows
from training.seals import utc_text


def sign_records(
    *,
    record_ids: Sequence[int],
    role: str,
    signer: Employee,
    signature: str = "",
    typed_name: str = "",
    is_confirmed: bool = False,
    device: str,
    acting_user: User | None,
    now: dt.datetime,
) -> list[RecordSignature]:
    """Put a person's signature under on-site rows of the ledger; a trainer signs a whole session at once.

    The trainee signs the own rows: on the own phone, or on that of somebody who records training for them and
    passes it round (`acting_user` is then not the signer's account). The trainer signs the rows that name them; who
    answers for the level signs with the right to record training for all of these people, and never for oneself.
    A row signed in this role already keeps its signature. Returns the new ones.
    Raises SigningRefused if nothing is signed or a row is not this person's to sign; TrainingRecord.DoesNotExist
    for rows outside the reach of the account. Locks: the rows.
    """
    with transaction.atomic():
        records = list(
            on_site_rows()
            .select_for_update(of=("self",), no_key=True)
            .filter(pk__in=record_ids)
            .select_related("employee")
            .order_by("seq")
        )
        if not records or len(records) != len(set(record_ids)):
            raise TrainingRecord.DoesNotExist
        _check_right(records, SignerRole(role), signer, acting_user)
        signed_by, mark = take_signature(
            signer.name,
            signature=signature,
            typed_name=typed_name,
            is_confirmed=is_confirmed,
            refused=SigningRefused,
        )
        signed = set(
            RecordSignature.objects.filter(record__in=records, role=role).values_list("record_id", flat=True)
        )
        handed_by = acting_user if acting_user is not None and acting_user.pk != signer.user_id else None
        made = RecordSignature.objects.bulk_create(
            _signature(record, role, signer, signed_by, mark, device[:64], handed_by, now)
            for record in records
            if record.pk not in signed
        )
        RecordSignatureMark.objects.bulk_create(
            RecordSignatureMark(signature=each, mark=mark) for each in made
        )
    return made


def _signature(
    record: TrainingRecord,
    role: str,
    signer: Employee,
    signed_by: SignedBy,
    mark: str,
    device: str,
    handed_by: User | None,
    now: dt.datetime,
) -> RecordSignature:
    mark_sha256 = hashlib.sha256(mark.encode()).hexdigest()
    return RecordSignature(
        record=record,
        role=role,
        signer=signer,
        signed_by=signed_by,
        signature_sha256=mark_sha256,
        sha256=digest_of(record.leaf_hash, role, str(signer.public_id), mark_sha256, device, now),
        device=device,
        handed_by=handed_by,
        signed_at=now,
    )


def digest_of(
    leaf_hash: str, role: str, signer: str, signature_sha256: str, device: str, signed_at: dt.datetime
) -> str:
    """Return what a signature is known by: row, role, signer, ink, device and moment in canonical JSON (hex)."""
    signed = {
        "leaf_hash": leaf_hash,
        "role": role,
        "signer": signer,
        "signature_sha256": signature_sha256,
        "device": device,
        "signed_at": utc_text(signed_at),
    }
    return hashlib.sha256(canonical_json(signed)).hexdigest()


def _check_right(
    records: Sequence[TrainingRecord], role: SignerRole, signer: Employee, acting_user: User | None
) -> None:
    """Raise unless these rows are the signer's to sign in this role, and the account may put them before them."""
    own_account = acting_user is not None and acting_user.pk == signer.user_id
    people = {record.employee_id for record in records}
    if acting_user is not None and not (own_account and role != SignerRole.RESPONSIBLE):
        in_reach = employees_for(acting_user, Capability.RECORD_TRAINING).filter(pk__in=people).count()
        if in_reach != len(people):
            raise TrainingRecord.DoesNotExist
    if role == SignerRole.TRAINEE:
        if people != {signer.pk}:
            raise TrainingRecord.DoesNotExist
        return
    if acting_user is not None and not own_account:
        raise SigningRefused(_("教育人和教育负责人要用自己的账号签字。"))
    if signer.pk in people:
        raise SigningRefused(_("名单里有你自己：不能既是受教育人，又以教育人或负责人的身份签字。"))
    if role == SignerRole.TRAINER:
        _check_trainer(records, signer)


def _check_trainer(records: Sequence[TrainingRecord], signer: Employee) -> None:
    known = dict(
        RecordSalt.objects.filter(record__in=records, field=RecordSalt.Field.TRAINER).values_list(
            "record_id", "employee_id"
        )
    )
    for record in records:
        trainer_id = known.get(record.pk)
        if trainer_id != signer.pk and (trainer_id is not None or record.trainer_name != signer.name):
            raise SigningRefused(
                _("台账第 %(seq)s 号登记的教员是“%(trainer)s”，请由本人签字；登记错了，先更正记录。")
                % {"seq": record.seq, "trainer": record.trainer_name}
            )
