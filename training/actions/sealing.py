"""Sealing the training ledger: a signed Merkle root over all rows so far, and its way out of the machine."""

import datetime as dt
import json
from collections.abc import Sequence

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common.signatures import sign
from people.models import User
from training import merkle
from training.errors import LedgerBroken
from training.models import LedgerCheckpoint, LedgerSeal, TrainingRecord
from training.queries.seals import facts_of, last_seal, split_hashes
from training.seals import SealFacts, utc_text

log = structlog.get_logger("anxue.ledger")
AT_ONCE = 10_000  # rows of one seal: its leaves are one value of 320 kB


def seal_ledger(*, now: dt.datetime, at_once: int = AT_ONCE) -> list[LedgerSeal]:
    """Seal every row that is not sealed yet; return the new seals, none if there is nothing to seal.

    No lock is taken. A row's number is given under a lock held until its transaction ends, so whoever sees a
    row sees all before it: nothing can appear below a sealed row later. Of two sealers at once one writes the
    seal; the other meets the unique number and leaves the work to it. The stored hashes are sealed as they
    are, even of a row that was altered in the meantime: so the seal goes on saying what the row was.

    Raises LedgerBroken at a gap in the numbers (rows before it are sealed), NoSigningKey.
    """
    made: list[LedgerSeal] = []
    while True:
        last = last_seal()
        size = last.size if last else 0
        rows = list(
            TrainingRecord.objects.filter(seq__gt=size)
            .order_by("seq")
            .values_list("seq", "leaf_hash")[:at_once]
        )
        whole = [leaf for place, (seq, leaf) in enumerate(rows, start=size + 1) if seq == place]
        if whole:
            seal = _add_seal(last, whole, now)
            if seal is None:
                return made
            made.append(seal)
        if len(whole) < len(rows):
            missing = size + len(whole) + 1
            log.error("ledger_gap", missing=missing)
            raise LedgerBroken(
                _("台账缺少第 %(seq)s 号记录，其后的记录不再封存：请运行 verify_ledger，并从备份恢复。")
                % {"seq": missing}
            )
        if len(rows) < at_once:
            return made


def _add_seal(last: LedgerSeal | None, leaves: Sequence[str], now: dt.datetime) -> LedgerSeal | None:
    """Write one seal behind `last`; None if somebody else was first."""
    tree = merkle.Frontier(last.size, split_hashes(last.peaks)) if last else merkle.Frontier()
    hashes = [bytes.fromhex(leaf) for leaf in leaves]
    for leaf in hashes:
        tree.add(leaf)
    unsigned = SealFacts(
        number=last.number + 1 if last else 1,
        origin=settings.PUBLIC_BASE_URL,
        size=tree.size,
        root=tree.root().hex(),
        previous_root=last.root if last else merkle.EMPTY_ROOT.hex(),
        sealed_at=utc_text(now),
    )
    key, signature = sign(unsigned.message())
    try:
        with transaction.atomic():
            return LedgerSeal.objects.create(
                number=unsigned.number,
                origin=unsigned.origin,
                size=unsigned.size,
                root=unsigned.root,
                previous_root=unsigned.previous_root,
                sealed_at=now,
                key=key,
                signature=signature,
                leaves=b"".join(hashes),
                peaks=b"".join(tree.peaks),
            )
    except IntegrityError:
        if LedgerSeal.objects.filter(number=unsigned.number).exists():
            return None
        raise


def take_checkpoint(*, way: str, acting_user: User | None, now: dt.datetime) -> SealFacts | None:
    """Note that the newest seal leaves the machine, and return what it says; None if nothing is sealed yet."""
    seal = last_seal()
    if seal is None:
        return None
    LedgerCheckpoint.objects.create(seal=seal, way=way, taken_at=now, taken_by=acting_user)
    return facts_of(seal)


def mail_checkpoint(*, addresses: Sequence[str], acting_user: User | None, now: dt.datetime) -> bool:
    """Send the newest seal to these addresses as text and as a file; False if there is none or nobody.

    The message goes first: a note says that it went. Raises what the mail server answers.
    """
    seal = last_seal()
    if seal is None or not addresses:
        return False
    facts = facts_of(seal)
    message = EmailMessage(
        subject=_("培训台账检查点：%(size)s 条记录") % {"size": facts.size},
        body=_(
            "请保存这封邮件。日后用它可以证明台账没有被改过：\n"
            "manage.py verify_ledger --checkpoint 附件\n\n%(line)s\n"
        )
        % {"line": facts.line()},
        to=list(addresses),
    )
    message.attach(checkpoint_name(facts), checkpoint_text(facts), "application/json")
    message.send()
    LedgerCheckpoint.objects.create(
        seal=seal, way=LedgerCheckpoint.Way.MAIL, taken_at=now, taken_by=acting_user
    )
    return True


def checkpoint_name(facts: SealFacts) -> str:
    """Return the name of a checkpoint's file."""
    return f"ledger-checkpoint-{facts.size}.json"


def checkpoint_text(facts: SealFacts) -> str:
    """Return what stands in a checkpoint's file."""
    return json.dumps(facts.document(), ensure_ascii=False, indent=1) + "\n"
