"""What the bench measures of the training ledger: sealing, verifying, one proof.

Counted in processor time, which other work on the machine does not move; waiting for the disk is not in it.
"""

import statistics
import time
from collections.abc import Callable
from decimal import Decimal

from common.clock import now
from people.models import Employee
from tests.factories.people import EmployeeFactory
from tests.factories.training import at
from training import merkle
from training.actions.ledger import RecordDraft, add_records
from training.actions.sealing import seal_ledger, take_checkpoint
from training.models import RecordKind, TrainingRecord
from training.queries.proofs import proof_of
from training.queries.verification import verify_ledger

Report = Callable[..., None]
ROWS = 20_000
NEW = 2_000


def ledger(report: Report) -> None:
    """Seal 20,000 rows, verify them all, then 2,000 new ones behind a checkpoint; the yardstick hashes the same text."""
    person = EmployeeFactory()
    _write(person, ROWS)
    begun = time.process_time()
    seal_ledger(now=now())
    report("ledger_seal", ROWS / (time.process_time() - begun), "records/s")
    payloads = [text.encode() for text in TrainingRecord.objects.values_list("payload", flat=True)]
    begun = time.process_time()
    merkle.root([merkle.leaf_hash(payload) for payload in payloads])
    hashing = len(payloads) / (time.process_time() - begun)
    rates = []
    for _ in range(3):
        begun = time.process_time()
        found = verify_ledger()
        rates.append(found.records / (time.process_time() - begun))
        if found.problems:
            raise RuntimeError(f"the ledger of the bench is broken: {found.problems[:3]}")
    report("ledger_verify", statistics.median(rates), "records/s", yardstick=hashing)
    checkpoint = take_checkpoint(way="command", acting_user=None, now=now())
    if checkpoint is None:
        raise RuntimeError("nothing was sealed")
    _write(person, NEW)
    seal_ledger(now=now())
    begun = time.process_time()
    if verify_ledger(checkpoints=[checkpoint], only_new=True).problems:
        raise RuntimeError("the new rows of the bench are broken")
    report("ledger_verify_new", NEW / (time.process_time() - begun), "records/s", yardstick=hashing)
    record = TrainingRecord.objects.get(seq=ROWS // 2)
    begun = time.process_time()
    proof_of(record)
    report("ledger_proof", (time.process_time() - begun) * 1000, "ms")


def _write(person: Employee, rows: int) -> None:
    draft = RecordDraft(
        employee=person,
        kind=RecordKind.ON_SITE,
        title="厂级安全教育",
        hours=Decimal(8),
        started_at=at("2026-03-02", "08:00"),
        completed_at=at("2026-03-02", "16:00"),
        trainer_name="周师傅",
        place="总厂安全教育室",
    )
    for _ in range(rows // 1_000):
        add_records(drafts=[draft] * 1_000, acting_user=None, now=now())
