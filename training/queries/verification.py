"""Verifying the training ledger: every row against itself, its seal, and a checkpoint kept outside.

What each check can show, and against whom, stands in docs/adr/0004-append-only-ledger.md.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from common.signatures import is_signed, known_keys
from training import merkle
from training.models import LedgerSeal, TrainingRecord
from training.queries.ledger_rows import CheckedRow, checked_rows
from training.queries.seals import facts_of, last_number, last_seal, seals_from, split_hashes
from training.seals import SealFacts

ALTERED, DELETED, INSERTED = "altered", "deleted", "inserted"
REORDERED, ROLLED_BACK = "reordered", "rolled_back"
MOST_PROBLEMS = 1_000
_REPORT_EVERY = 5_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the row (or, of a seal, the last row it covers), what was done, in words."""

    record: int
    kind: str
    message: str


@dataclass(slots=True)
class Report:
    """What a verification found. `problems` holds at most 1,000; a ledger with one is broken anyway."""

    records: int = 0
    sealed: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, record: int, kind: str, message: str) -> None:
        """Note a problem."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(record, kind, message))

    def document(self) -> dict[str, Any]:
        """Return the report in the form `verify_ledger --json` prints."""
        return {
            "ok": not self.problems,
            "records": self.records,
            "sealed": self.sealed,
            "problems": [
                {"record": one.record, "kind": one.kind, "message": one.message} for one in self.problems
            ],
        }


def verify_ledger(
    *, checkpoints: Sequence[SealFacts] = (), only_new: bool = False, progress: Progress | None = None
) -> Report:
    """Recompute the ledger and report whatever does not fit; nothing is written.

    `checkpoints` were kept outside. With `only_new` the rows up to the largest of them are believed once its
    root is found in the seal of that size, and only later ones are read. Rows written while this runs are left
    to the next run. Memory does not grow with the ledger.
    """
    return _Verification(checkpoints, only_new=only_new, progress=progress).run()


class _Verification:
    def __init__(
        self, checkpoints: Sequence[SealFacts], *, only_new: bool, progress: Progress | None
    ) -> None:
        self.report = Report()
        self.checkpoints = sorted(checkpoints, key=lambda one: one.size)[-1 if only_new else 0 :]
        self.sizes = {one.size for one in checkpoints}
        self.only_new = only_new
        self.progress = progress
        self.keys = known_keys()
        self.tree = merkle.Frontier()
        self.expected = 1  # the number the next row should have
        self.own: dict[int, bytes] = {}  # leaves of rows no seal vouches for, of the seal being read
        self.roots: dict[int, bytes] = {}  # roots of the sizes the checkpoints speak of

    def run(self) -> Report:
        promised = last_number()  # before the rows: all these must be there
        newest = last_seal()
        top = TrainingRecord._base_manager.aggregate(top=Max("seq"))["top"] or 0
        self.report.records = TrainingRecord._base_manager.filter(seq__lte=top).count()
        self.report.sealed = newest.size if newest else 0
        first, previous = self._start()
        self.rows = self._counted(checked_rows(after=self.expected - 1, upto=top), top)
        self.waiting: CheckedRow | None = next(self.rows, None)
        for seal in seals_from(first):
            if newest is None or seal.number > newest.number:
                break
            self._seal(seal, previous)
            previous = seal
        self._rest(promised)
        self._head(top)
        self._compare_checkpoints(newest)
        return self.report

    def _start(self) -> tuple[int, LedgerSeal | None]:
        """Return the number of the first seal to read and the seal before it."""
        if not self.only_new or not self.checkpoints:
            return 1, None
        checkpoint = self.checkpoints[-1]
        seal = LedgerSeal.objects.filter(size=checkpoint.size, root=checkpoint.root).first()
        if seal is None:
            return 1, None  # then everything is read, and the comparison says what is wrong
        tree = _tree_of(seal)
        if tree is None:
            self.report.add(seal.size, ALTERED, _("第 %(number)s 号封存的子树与根不符。") % _numbers(seal))
            return 1, None
        self.tree, self.expected = tree, seal.size + 1
        self.roots[seal.size] = tree.root()
        return seal.number + 1, seal

    def _counted(self, rows: Iterator[CheckedRow], top: int) -> Iterator[CheckedRow]:
        for count, row in enumerate(rows, start=1):
            if self.progress and count % _REPORT_EVERY == 0:
                self.progress(row.seq, top)
            yield row

    # Seals

    def _seal(self, seal: LedgerSeal, previous: LedgerSeal | None) -> None:
        """Check one seal and the rows it covers."""
        report, faults = self.report, self._seal_faults(seal, previous)
        number = previous.number + 1 if previous else 1
        if seal.number != number:
            report.add(self.tree.size + 1, DELETED, _("缺少第 %(number)s 号封存。") % {"number": number})
        if faults:
            # Nothing it says can be used; its rows are compared with the root of the next seal instead.
            report.add(seal.size, ALTERED, faults[0])
            return
        leaves = split_hashes(seal.leaves)
        first = seal.size - len(leaves) + 1
        self.own = {}
        while self.waiting is not None and self.waiting.seq <= seal.size:
            place = self.waiting.seq - first
            self._row(self.waiting, leaves[place] if 0 <= place < len(leaves) else None)
            self.waiting = next(self.rows, None)
        self._missing_until(seal.size)
        for seq in range(self.tree.size + 1, first):
            self._grow(self.own.get(seq, merkle.EMPTY_ROOT))
        for leaf in leaves[max(self.tree.size + 1 - first, 0) :]:
            self._grow(leaf)
        if self.tree.root().hex() != seal.root:
            report.add(
                seal.size, ALTERED, _("第 %(number)s 号封存的根哈希与其中的记录不符。") % _numbers(seal)
            )

    def _seal_faults(self, seal: LedgerSeal, previous: LedgerSeal | None) -> list[str]:
        facts = facts_of(seal)
        if not is_signed(facts.message(), facts.key, facts.signature):
            return [_("第 %(number)s 号封存的签名与内容不符，封存被改过。") % _numbers(seal)]
        if facts.key not in self.keys:
            return [_("第 %(number)s 号封存由 LEDGER_KEYS 里没有的密钥签名。") % _numbers(seal)]
        before = previous.root if previous else merkle.EMPTY_ROOT.hex()
        if previous and seal.number == previous.number + 1 and seal.previous_root != before:
            return [_("第 %(number)s 号封存没有接在上一个封存之后。") % _numbers(seal)]
        if _tree_of(seal) is None:
            return [_("第 %(number)s 号封存的子树与根不符。") % _numbers(seal)]
        return []

    def _grow(self, leaf: bytes) -> None:
        self.tree.add(leaf)
        if self.tree.size in self.sizes:
            self.roots[self.tree.size] = self.tree.root()

    # Rows

    def _row(self, row: CheckedRow, sealed: bytes | None) -> None:
        """Note what is wrong with one row; `sealed` is the leaf its seal has at this place."""
        if row.seq < self.expected:
            self.report.add(row.seq, INSERTED, _("第 %(seq)s 号出现了两次。") % {"seq": row.seq})
            return
        self._missing_until(row.seq - 1)
        self.expected = row.seq + 1
        if sealed is None:
            self.own[row.seq] = row.leaf
        fits = sealed is None or sealed == row.leaf
        if fits and row.said_seq == row.seq and not row.fault:
            return
        if row.said_seq not in (None, row.seq) and row.fault != "leaf_hash":
            words = _("第 %(seq)s 号的位置上是原来第 %(said)s 号的内容。")
            self.report.add(row.seq, REORDERED, words % {"seq": row.seq, "said": row.said_seq})
        elif row.fault:
            words = _("第 %(seq)s 号记录的“%(field)s”与入账时不同。")
            self.report.add(row.seq, ALTERED, words % {"seq": row.seq, "field": _field_name(row.fault)})
        elif sealed and TrainingRecord._base_manager.filter(leaf_hash=sealed.hex()).exists():
            words = _("第 %(seq)s 号的位置上被插入了另一条记录。")
            self.report.add(row.seq, INSERTED, words % {"seq": row.seq})
        else:
            words = _("第 %(seq)s 号记录与封存时的哈希不同，内容被改过。")
            self.report.add(row.seq, ALTERED, words % {"seq": row.seq})

    def _missing_until(self, last: int) -> None:
        """Report the numbers up to `last` that no row had."""
        while self.expected <= last and len(self.report.problems) < MOST_PROBLEMS:
            words = _("缺少第 %(seq)s 号记录，它被删除了。")
            self.report.add(self.expected, DELETED, words % {"seq": self.expected})
            self.expected += 1
        self.expected = max(self.expected, last + 1)

    def _rest(self, promised: int) -> None:
        """Check the rows no seal covers yet, up to the number the ledger had given when this began."""
        while self.waiting is not None:
            self._row(self.waiting, None)
            self.own.clear()
            self.waiting = next(self.rows, None)
        self._missing_until(promised)

    def _head(self, top: int) -> None:
        """Compare with the last number given, read after the rows: no row may be beyond it."""
        given = last_number()
        if given < top:
            words = _("台账只发到第 %(given)s 号，却有第 %(top)s 号记录。")
            for seq in range(given + 1, min(top, given + MOST_PROBLEMS) + 1):
                self.report.add(seq, INSERTED, words % {"given": given, "top": seq})

    # Outside

    def _compare_checkpoints(self, newest: LedgerSeal | None) -> None:
        for one in self.checkpoints:
            if not is_signed(one.message(), one.key, one.signature) or one.key not in self.keys:
                words = _("检查点（%(size)s 条）不是用 LEDGER_KEYS 里的密钥签名的，不能用来核对。")
                self.report.add(one.size, ALTERED, words % {"size": one.size})
            elif one.size > self.tree.size:
                words = _("检查点时有 %(size)s 条已封存的记录，现在只剩 %(left)s 条：台账被退回了。")
                values = {"size": one.size, "left": self.tree.size}
                self.report.add(self.tree.size + 1, ROLLED_BACK, words % values)
            elif self.roots.get(one.size, b"").hex() != one.root:
                words = _("前 %(size)s 条记录与检查点不符：它们被改过，并重新封存了。")
                self.report.add(one.size, ALTERED, words % {"size": one.size})


def _tree_of(seal: LedgerSeal) -> merkle.Frontier | None:
    """Return the tree a seal stands for, or None if its peaks do not lead to its root."""
    try:
        tree = merkle.Frontier(seal.size, split_hashes(seal.peaks))
    except ValueError:
        return None
    return tree if tree.root().hex() == seal.root else None


def _numbers(seal: LedgerSeal) -> dict[str, int]:
    return {"number": seal.number}


def _field_name(fault: str) -> str:
    """Return what a field is called in messages: its label in the platform, else its name in the hashed text."""
    names = {
        "leaf_hash": _("内容或哈希"),
        "payload": _("内容或哈希"),
        "subject": _("人员"),
        "salt:person": _("人员的盐值"),
        "salt:trainer": _("教员的盐值"),
        "salt:reason": _("更正原因的盐值"),
        "programme": _("培训方案"),
        "component": _("环节"),
        "obligation": _("培训任务"),
        "corrects_seq": _("更正第几号"),
        "recorded_by": _("登记人"),
        "format": _("格式"),
    }
    labels = {field.name: str(field.verbose_name) for field in TrainingRecord._meta.fields}
    return (labels | names)[fault]
