"""Writing the training ledger: rows are added, never changed."""

import datetime as dt
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from common.canonical import canonical_json
from people.models import Employee, User
from people.permissions import Capability
from people.queries import employees_for
from training import merkle
from training.commitments import commit_person, commit_text, person_text, subject_of
from training.errors import CorrectionRefused
from training.models import (
    Component,
    LedgerHead,
    Obligation,
    Programme,
    RecordKind,
    RecordSalt,
    TrainingRecord,
)
from training.seals import utc_text
from training.shapes import ContentItem, RecordPayload
from training.signals import TrainingRecordAdded, training_record_added

PAYLOAD_FORMAT = 2
SALT_BYTES = 32
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class RecordDraft:
    """A ledger row to be added. `hours` are 学时 as long as they were that day, `score_pct` is 0 to 100."""

    employee: Employee
    kind: str
    title: str
    hours: Decimal
    started_at: dt.datetime
    completed_at: dt.datetime
    content: list[ContentItem] = field(default_factory=list)
    score_pct: Decimal | None = None
    passed: bool = True
    programme: Programme | None = None
    obligation: Obligation | None = None
    component: Component | None = None
    trainer_name: str = ""
    trainer: Employee | None = None  # who the trainer is, where that is certain
    place: str = ""
    reason: str = ""
    corrects: TrainingRecord | None = None


def add_record(*, draft: RecordDraft, acting_user: User | None, now: dt.datetime) -> TrainingRecord:
    """Add one row to the ledger and announce it. See `add_records`."""
    return add_records(drafts=[draft], acting_user=acting_user, now=now)[0]


def add_records(
    *, drafts: Sequence[RecordDraft], acting_user: User | None, now: dt.datetime
) -> list[TrainingRecord]:
    """Add rows to the ledger with consecutive numbers and announce each.

    Locks: the ledger's head row until commit, so that numbers have no gap and no duplicate whatever runs
    beside it; a rollback gives the numbers back. Sends training_record_added.
    Source: Work Safety Law art. 28 (time, content, participants, result); ADR 4.
    """
    if not drafts:
        return []
    with transaction.atomic():
        head = lock_head()
        prepared = [
            _prepare(draft, head.last_seq + offset, acting_user, now)
            for offset, draft in enumerate(drafts, start=1)
        ]
        records = TrainingRecord.objects.bulk_create([record for record, _salts in prepared])
        salts = []
        for record, (_record, opening) in zip(records, prepared, strict=True):
            for salt in opening:
                salt.record = record
                salts.append(salt)
        RecordSalt.objects.bulk_create(salts)
        head.last_seq += len(drafts)
        head.save(update_fields=["last_seq"])
        for record in records:
            training_record_added.send(
                sender=TrainingRecord,
                event=TrainingRecordAdded(
                    record_id=record.pk,
                    employee_id=record.employee_id,
                    programme_id=record.programme_id,
                    kind=record.kind,
                    recorded_at=record.recorded_at,
                ),
            )
    return records


def lock_head() -> LedgerHead:
    """Lock the ledger against other writers until the transaction ends."""
    return LedgerHead.objects.select_for_update().get()


def _prepare(
    draft: RecordDraft, seq: int, acting_user: User | None, now: dt.datetime
) -> tuple[TrainingRecord, list[RecordSalt]]:
    salts = _salts(draft)
    said = payload_of(
        draft,
        seq=seq,
        committed={salt.field: _committed(draft, salt) for salt in salts},
        recorded_by=acting_user.pk if acting_user else None,
        now=now,
    )
    payload = canonical_json(said)
    record = TrainingRecord(
        seq=seq,
        employee=draft.employee,
        kind=draft.kind,
        programme=draft.programme,
        obligation=draft.obligation,
        component=draft.component,
        title=draft.title,
        hours=draft.hours.quantize(_CENT),
        score_pct=None if draft.score_pct is None else draft.score_pct.quantize(_CENT),
        passed=draft.passed,
        started_at=draft.started_at,
        completed_at=draft.completed_at,
        place=draft.place,
        corrects=draft.corrects,
        payload=payload.decode(),
        leaf_hash=merkle.leaf_hash(payload).hex(),
        recorded_by=acting_user,
        recorded_at=now,
    )
    record.trainer_name = draft.trainer_name
    return record, salts


def _salts(draft: RecordDraft) -> list[RecordSalt]:
    """Return a salt for everything the row must not say in clear."""
    person = draft.employee
    texts: list[tuple[str, str, Employee | None]] = [
        (RecordSalt.Field.PERSON, person_text(person.employee_no, person.name), person),
        (RecordSalt.Field.TRAINER, draft.trainer_name, draft.trainer),
        (RecordSalt.Field.REASON, draft.reason, person),
    ]
    return [
        RecordSalt(field=field, value=secrets.token_hex(SALT_BYTES), text=text, employee=about)
        for field, text, about in texts
        if text
    ]


def _committed(draft: RecordDraft, salt: RecordSalt) -> str:
    if salt.field == RecordSalt.Field.PERSON:
        return commit_person(salt.value, draft.employee.public_id, salt.text)
    return commit_text(salt.value, salt.field, salt.text)


def payload_of(
    draft: RecordDraft,
    *,
    seq: int,
    committed: Mapping[str, str],
    recorded_by: int | None,
    now: dt.datetime,
) -> RecordPayload:
    """Return what the row says in the form that is hashed: decimals with two places and UTC times as text.

    `committed` holds the commitments by RecordSalt.Field.
    """
    return {
        "format": PAYLOAD_FORMAT,
        "seq": seq,
        "kind": str(draft.kind),
        "person": committed[RecordSalt.Field.PERSON],
        "subject": subject_of(draft.employee.public_id, seq),
        "programme": draft.programme.code if draft.programme else "",
        "component": draft.component.pk if draft.component else None,
        "title": draft.title,
        "content": draft.content,
        "started_at": utc_text(draft.started_at),
        "completed_at": utc_text(draft.completed_at),
        "hours": str(draft.hours.quantize(_CENT)),
        "score_pct": None if draft.score_pct is None else str(draft.score_pct.quantize(_CENT)),
        "passed": draft.passed,
        "trainer": committed.get(RecordSalt.Field.TRAINER, ""),
        "place": draft.place,
        "obligation": str(draft.obligation.public_id) if draft.obligation else None,
        "reason": committed.get(RecordSalt.Field.REASON, ""),
        "corrects_seq": draft.corrects.seq if draft.corrects else None,
        "recorded_by": recorded_by,
        "recorded_at": utc_text(now),
    }


def correct_record(
    *,
    record: TrainingRecord,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
    **changes: Any,
) -> TrainingRecord:
    """Add a row that says what `record` should have said, and name the old one.

    `changes` may name title, hours, score_pct, passed, started_at, completed_at, trainer_name and place;
    everything else is carried over. The old row stays as it is. What follows from a correction (an obligation
    that should be open again) is decided by people: nothing is reopened silently.
    Raises CorrectionRefused without a reason or for a row already corrected, TypeError for an unknown field,
    PermissionDenied outside the user's scope.
    """
    if acting_user is not None and not (
        employees_for(acting_user, Capability.MANAGE_TRAINING).filter(pk=record.employee_id).exists()
    ):
        raise PermissionDenied
    if not reason.strip():
        raise CorrectionRefused(_("台账第 %(seq)s 号记录不能更正：请写明更正原因。") % {"seq": record.seq})
    unknown = changes.keys() - _CORRECTABLE
    if unknown:
        raise TypeError(f"a correction cannot change {sorted(unknown)}")
    with transaction.atomic():
        lock_head()  # every correction passes here, so the check below cannot be overtaken
        newer = TrainingRecord.objects.filter(corrects=record).first()
        if newer is not None:
            raise CorrectionRefused(
                _("台账第 %(seq)s 号记录已由第 %(newer)s 号更正：请更正那一条。")
                % {"seq": record.seq, "newer": newer.seq}
            )
        carried = {name: getattr(record, name) for name in _CORRECTABLE}
        taught = RecordSalt.objects.filter(record=record, field=RecordSalt.Field.TRAINER).first()
        if taught is not None and changes.get("trainer_name", taught.text) == taught.text:
            carried["trainer_name"], carried["trainer"] = taught.text, taught.employee
        return add_record(
            draft=RecordDraft(
                employee=record.employee,
                kind=RecordKind.CORRECTION,
                programme=record.programme,
                obligation=record.obligation,
                component=record.component,
                content=json.loads(record.payload)["content"],
                reason=reason.strip(),
                corrects=record,
                **{**carried, **changes},
            ),
            acting_user=acting_user,
            now=now,
        )


_CORRECTABLE = frozenset(
    {"title", "hours", "score_pct", "passed", "started_at", "completed_at", "trainer_name", "place"}
)
