"""Typing in the marks of an exam on paper. Entries are only added; the one that counts becomes an attempt's mark."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from exams.actions.marks import add_mark, announce
from exams.double_entry import Entry, Standing, standing
from exams.drawing import new_seed
from exams.errors import BadPaperMark
from exams.marking import mark_typed
from exams.models import (
    PAPER_DEVICE,
    Attempt,
    AttemptMark,
    AttemptState,
    PaperEntry,
    PaperResult,
    PaperScan,
    PrintedPaper,
)
from exams.permissions import require_marker
from exams.queries import latest_mark
from exams.queries.paper_marks import facts_of_entries, time_of
from exams.queries.sittings import who_owes
from people.audit import record_audit
from people.models import Employee, User

PURPOSE = "paper"  # where nobody owes the exam
MAX_SCAN_BYTES = 20 * 1024 * 1024
SCAN_KINDS = {
    ".pdf": (b"%PDF-", "application/pdf"),
    ".png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    ".jpg": (b"\xff\xd8\xff", "image/jpeg"),
    ".jpeg": (b"\xff\xd8\xff", "image/jpeg"),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed for one person: the total, or the points of each question (then the total follows)."""

    employee: Employee
    points: Decimal | None
    per_slot: tuple[Decimal, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one person's line. `standing` is None where it was refused; `changed` tells of a new entry."""

    employee: Employee
    standing: Standing | None
    changed: bool
    points: Decimal | None = None
    message: str = ""
    field: str = ""


def enter_marks(
    *,
    printed: PrintedPaper,
    typed: Sequence[Typed],
    acting_user: User | None,
    now: dt.datetime,
    dry_run: bool = False,
) -> list[Outcome]:
    """Enter the marks of many people, each by itself: a line that cannot be taken keeps no other back.

    With `dry_run` everything is done and taken back, so the report is what would happen.
    """
    outcomes: list[Outcome] = []
    with transaction.atomic():
        for line in typed:
            try:
                outcomes.append(_entered(printed, line, acting_user, now))
            except BadPaperMark as error:
                outcomes.append(Outcome(line.employee, None, False, line.points, str(error), error.field))
            except PermissionDenied as error:
                outcomes.append(Outcome(line.employee, None, False, line.points, str(error), "employee"))
        transaction.set_rollback(dry_run)
    return outcomes


def _entered(printed: PrintedPaper, line: Typed, acting_user: User | None, now: dt.datetime) -> Outcome:
    try:
        return enter_mark(printed=printed, line=line, acting_user=acting_user, now=now)
    except IntegrityError:
        # Two people entered the same sheet at once, or the person started online: look again.
        return enter_mark(printed=printed, line=line, acting_user=acting_user, now=now)


@transaction.atomic
def enter_mark(*, printed: PrintedPaper, line: Typed, acting_user: User | None, now: dt.datetime) -> Outcome:
    """Enter one person's mark; typed again the same, nothing changes.

    Once it counts it is an attempt at the exam of the time given for the paper (actions.paper_times), for the obligation that lacks this exam if there is one, and
    `attempt_graded` is sent. A mark that counts is corrected only with a reason: another entry, another mark.
    Raises: PermissionDenied (also for one's own sheet); BadPaperMark.
    """
    require_marker(acting_user, line.employee.pk)
    points, per_slot = _checked(printed, line, now)
    result, _created = PaperResult.objects.get_or_create(printed=printed, employee=line.employee)
    result = PaperResult.objects.select_for_update(of=("self",)).get(pk=result.pk)
    entries = list(result.entries.order_by("number"))
    facts = facts_of_entries(entries)
    fresh = Entry(acting_user.pk if acting_user else None, points, per_slot, line.reason.strip())
    where, counting = standing(facts, second_entry=printed.second_entry)
    own = [entry for entry in facts if entry.by == fresh.by]
    if (counting is not None and counting.same(fresh)) or (counting is None and own and own[-1].same(fresh)):
        return Outcome(line.employee, where, False, points)
    if counting is not None and not fresh.reason:
        raise BadPaperMark(
            "reason",
            _("%(name)s 已登记 %(points)s 分；要改成 %(new)s 分，请写更正原因。")
            % {"name": line.employee.name, "points": _plain(counting.points), "new": _plain(points)},
        )
    PaperEntry.objects.create(
        result=result,
        number=len(entries) + 1,
        points=points,
        per_slot=list(per_slot),
        reason=fresh.reason if counting is not None else "",
        entered_by=acting_user,
        entered_at=now,
    )
    record_audit(printed.exam, "exams.printed.mark", acting_user, {"code": printed.code, "result": result.pk})
    where, counting = standing([*facts, fresh], second_entry=printed.second_entry)
    if counting is not None:
        _settle(printed, result, counting, now)
    return Outcome(line.employee, where, True, points)


def _checked(printed: PrintedPaper, line: Typed, now: dt.datetime) -> tuple[Decimal, tuple[str, ...]]:
    """Return the total and the points of each question as texts, or raise BadPaperMark."""
    slots = printed.paper["slots"]
    if time_of(printed) is None and printed.sat_on > timezone.localtime(now).date():
        raise BadPaperMark(
            "employee",
            _("考试日期是 %(day)s，还没有到，不能登分。") % {"day": printed.sat_on.isoformat()},
        )
    if line.per_slot:
        if len(line.per_slot) != len(slots):
            raise BadPaperMark(
                "points",
                _("%(name)s：试卷有 %(n)s 题，给了 %(given)s 题的分。")
                % {"name": line.employee.name, "n": len(slots), "given": len(line.per_slot)},
            )
        for number, (slot, given) in enumerate(zip(slots, line.per_slot, strict=True), start=1):
            if not 0 <= given <= Decimal(slot["points"]):
                raise BadPaperMark(
                    f"slot-{number}",
                    _("%(name)s 第 %(slot)s 题：%(given)s 分不在 0 到 %(max)s 之间。")
                    % {
                        "name": line.employee.name,
                        "slot": number,
                        "given": _plain(given),
                        "max": _plain(Decimal(slot["points"])),
                    },
                )
        return sum(line.per_slot, Decimal(0)), tuple(_plain(given) for given in line.per_slot)
    if printed.paper["policy"]["must_know_fails"]:
        raise BadPaperMark("points", _("这场考试必知题答错即不合格，只有总分不够，请逐题登分。"))
    most = sum((Decimal(slot["points"]) for slot in slots), Decimal(0))
    if line.points is None or not 0 <= line.points <= most:
        raise BadPaperMark(
            "points",
            _("%(name)s：总分“%(given)s”不在 0 到 %(max)s 之间。")
            % {
                "name": line.employee.name,
                "given": "" if line.points is None else _plain(line.points),
                "max": _plain(most),
            },
        )
    return line.points, ()


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _settle(printed: PrintedPaper, result: PaperResult, entry: Entry, now: dt.datetime) -> AttemptMark:
    """Make the entry that counts the mark of the person's attempt, and tell the rooms above."""
    attempt = result.attempt
    if attempt is None:
        attempt = _attempt(printed, result.employee_id)
        result.attempt = attempt
        result.save(update_fields=["attempt"])
    last = latest_mark(attempt)
    given = [Decimal(points) for points in entry.per_slot]
    mark = add_mark(
        attempt,
        mark_typed(printed.paper, entry.points, given),
        number=last.number + 1 if last else 1,
        reason=entry.reason if last else "",
        now=now,
    )
    mark.save(force_insert=True)
    announce(attempt, mark)
    return mark


def _attempt(printed: PrintedPaper, employee_id: int) -> Attempt:
    exam = printed.exam
    # The sheet was written, whatever else was to be done before it.
    owing = who_owes(exam.pk, [employee_id], only_next=False).get(employee_id)
    purpose = owing.purpose if owing else PURPOSE
    earlier = list(
        Attempt.objects.filter(exam=exam, employee_id=employee_id).defer("paper").order_by("number")
    )
    if any(attempt.state == AttemptState.OPEN for attempt in earlier):
        raise BadPaperMark("employee", _("这个人正在网上考这场考试，交卷以后才能登纸质成绩。"))
    same = [attempt for attempt in earlier if attempt.purpose == purpose]
    counted = [attempt for attempt in same if attempt.state != AttemptState.VOID]
    if len(counted) >= exam.attempts_allowed:
        raise BadPaperMark(
            "employee",
            _("这个人已经考满 %(n)s 次。确实补考的，请考务员先把考试的允许次数加一。")
            % {"n": exam.attempts_allowed},
        )
    given = time_of(printed)
    if given is None:
        raise BadPaperMark("time", _("还没有填写开考时间和时长，成绩不能生效。请先填写考试时间，再登分。"))
    deadline_at = given.starts_at + dt.timedelta(minutes=given.duration_min)
    return Attempt.objects.create(
        exam=exam,
        employee_id=employee_id,
        purpose=purpose,
        number=max((attempt.number for attempt in same), default=0) + 1,
        paper=printed.paper,
        seed=new_seed(),
        state=AttemptState.GRADED,
        device=PAPER_DEVICE,
        started_at=given.starts_at,
        deadline_at=deadline_at,
        submitted_at=deadline_at,
    )


def add_scan(
    *,
    printed: PrintedPaper,
    employee: Employee,
    name: str,
    data: bytes,
    acting_user: User | None,
    now: dt.datetime,
) -> PaperScan:
    """Keep a scan of somebody's sheet (PDF, PNG or JPEG, 20 MB at most, told by its content); the same one once.

    Raises: PermissionDenied; BadPaperMark for another kind of file, or one too large.
    """
    require_marker(acting_user, employee.pk)
    start, content_type = SCAN_KINDS.get(Path(name).suffix.lower(), (b"", ""))
    if not start or not data.startswith(start):
        raise BadPaperMark(
            "file", _("扫描件“%(name)s”不是 PDF、PNG 或 JPEG 文件，请换一个。") % {"name": name}
        )
    if len(data) > MAX_SCAN_BYTES:
        raise BadPaperMark(
            "file",
            _("扫描件“%(name)s”超过 %(n)s MB，请压缩后再传。") % {"name": name, "n": MAX_SCAN_BYTES // 2**20},
        )
    digest = hashlib.sha256(data).hexdigest()
    result, _created = PaperResult.objects.get_or_create(printed=printed, employee=employee)
    known = result.scans.filter(sha256=digest).first()
    if known is not None:
        return known
    scan = PaperScan(
        result=result, content_type=content_type, sha256=digest, added_by=acting_user, added_at=now
    )
    scan.file.save(f"{uuid.uuid4().hex}{Path(name).suffix.lower()}", ContentFile(data), save=False)
    try:
        with transaction.atomic():
            scan.save(force_insert=True)
            record_audit(printed.exam, "exams.printed.scan", acting_user, {"code": printed.code})
    except BaseException:
        scan.file.delete(save=False)
        raise
    return scan
