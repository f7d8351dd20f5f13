"""The four gates of a case (四不放过): recorded and closed one by one, the whole only when all four are.

The education gate is not a matter of opinion: it closes when everybody concerned has been educated, which the
server computes from the pushes. Entries are only ever added.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from courses.models import LessonPage
from courses.queries import can_read
from people.audit import record_audit
from people.models import OrgUnit, User
from people.permissions import Capability, allows
from training.errors import GateRefused
from training.models import CaseFile, Gate, GateAct, GateEntry
from training.queries.gates import gates_of, pushes_of, uneducated

MAX_FILE_BYTES = 20 * 1024 * 1024
# What a file of this ending begins with: the ending alone proves nothing.
FILE_KINDS = {
    ".pdf": b"%PDF-",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".docx": b"PK\x03\x04",
    ".xlsx": b"PK\x03\x04",
}
# What must be on paper before it is closed; that people were educated the server knows by itself.
ON_PAPER = (Gate.CAUSE, Gate.RESPONSIBILITY, Gate.MEASURES)
NAMED = 5  # people named in a refusal; the page lists all


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file handed in with an entry, read whole."""

    name: str
    data: bytes


def open_case_file(
    *, lesson: LessonPage, unit: OrgUnit, acting_user: User | None, now: dt.datetime
) -> CaseFile:
    """Open the file in which one unit handles a case; the one that is there is returned.

    Raises PermissionDenied outside the user's scope.
    """
    if acting_user is not None and not (
        allows(acting_user, Capability.HANDLE_CASES, unit) and can_read(acting_user, lesson)
    ):
        raise PermissionDenied
    with transaction.atomic():
        case_file, created = CaseFile.objects.get_or_create(
            lesson_id=lesson.pk,
            unit=unit,
            defaults={"title": lesson.title, "opened_by": acting_user, "opened_at": now},
        )
        if created:
            record_audit(case_file, "training.case_file.open", acting_user, {"unit": unit.name})
    return case_file


def record_gate(
    *,
    case_file: CaseFile,
    gate: str,
    act: str,
    text: str,
    evidence: Evidence | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> GateEntry:
    """Add an entry: material for a gate, its closing or reopening; `gate` empty means the file as a whole.

    Closing asks for a text, and the first three gates for a file, given now or before. The education gate closes
    only when nobody concerned is missing, and so does the whole, for which all four must be closed. Reopening a
    gate reopens the whole with it.
    Raises GateRefused naming what is missing and who; PermissionDenied. Locks: the file's row.
    """
    if acting_user is not None and not allows(acting_user, Capability.HANDLE_CASES, case_file.unit):
        raise PermissionDenied
    text = text.strip()
    if gate not in {"", *Gate.values} or act not in GateAct.values or (not gate and act == GateAct.NOTE):
        raise ValueError(f"no such step: {gate!r} {act!r}")
    if not text:
        raise GateRefused(_("请写明情况：查明了什么、处理了谁、落实了什么，依据哪份材料。"))
    kept = _checked(evidence)
    stored = ""
    try:
        with transaction.atomic():
            CaseFile.objects.select_for_update(of=("self",)).get(pk=case_file.pk)
            _check(case_file, gate, act, timezone.localdate(now), has_file=kept is not None)
            last = case_file.entries.aggregate(last=Max("seq"))["last"] or 0
            entry = _entry(case_file, last + 1, gate, act, text, kept, acting_user, now)
            stored = (entry.file.name or "") if entry.file else ""
            whole = gates_of(case_file)[1]
            if gate and act == GateAct.REOPEN and whole.is_closed:
                _entry(case_file, last + 2, "", act, text, None, acting_user, now)
            record_audit(case_file, f"training.gate.{act}", acting_user, {"gate": gate, "seq": entry.seq})
    except BaseException:
        # The row is rolled back; files know no transaction.
        if stored:
            GateEntry._meta.get_field("file").storage.delete(stored)  # type: ignore[union-attr]
        raise
    return entry


def _entry(
    case_file: CaseFile,
    seq: int,
    gate: str,
    act: str,
    text: str,
    evidence: Evidence | None,
    acting_user: User | None,
    now: dt.datetime,
) -> GateEntry:
    entry = GateEntry(
        case_file=case_file,
        seq=seq,
        gate=gate,
        act=act,
        text=text[:2000],
        recorded_by=acting_user,
        recorded_at=now,
    )
    if evidence is not None:
        digest = hashlib.sha256(evidence.data).hexdigest()
        entry.file_name, entry.file_sha256 = evidence.name[-120:], digest
        # Written with the row, which is never updated; the name given is kept as a text.
        name = f"{digest[:32]}{Path(evidence.name).suffix.lower()}"
        entry.file.save(name, ContentFile(evidence.data), save=False)
    entry.save(force_insert=True)
    return entry


def _checked(evidence: Evidence | None) -> Evidence | None:
    if evidence is None:
        return None
    start = FILE_KINDS.get(Path(evidence.name).suffix.lower())
    if start is None or not evidence.data.startswith(start):
        raise GateRefused(
            _("材料“%(name)s”不是 PDF、图片、Word 或 Excel 文件，请换一个文件。") % {"name": evidence.name}
        )
    if len(evidence.data) > MAX_FILE_BYTES:
        raise GateRefused(
            _("材料“%(name)s”超过 %(most)d MB，请压缩后再传。")
            % {"name": evidence.name, "most": MAX_FILE_BYTES // 1024 // 1024}
        )
    return evidence


def _check(case_file: CaseFile, gate: str, act: str, today: dt.date, *, has_file: bool) -> None:
    gates, whole = gates_of(case_file)
    if act == GateAct.NOTE:
        if whole.is_closed:
            raise GateRefused(_("档案已经关闭，不能再登记材料：请先重新打开这一关。"))
        return
    view = whole if not gate else next(item for item in gates if item.gate == gate)
    if view.is_closed == (act == GateAct.CLOSE):
        raise GateRefused(_("页面已过时：这一关的状态已经改变，请刷新后再办。"))
    if act != GateAct.CLOSE:
        return
    if gate in ON_PAPER and not has_file and not any(entry.file for entry in view.entries):
        raise GateRefused(
            _("“%(gate)s”还没有材料，不能关闭：请上传调查报告、处理决定或整改验收记录。")
            % {"gate": view.label}
        )
    if not gate:
        missing = [item.label for item in gates if not item.is_closed]
        if missing:
            raise GateRefused(_("还不能关闭：%(gates)s。") % {"gates": "、".join(missing)})
    if gate in ("", Gate.EDUCATION):
        check_education(case_file, today)


def check_education(case_file: CaseFile, on: dt.date) -> None:
    """Raise GateRefused unless everybody concerned has been educated and there was a push to do so."""
    if not pushes_of(case_file).exists():
        raise GateRefused(_("还没有向有关人员推送这个案例：请先推送，再关闭教育这一关。"))
    missing = uneducated(case_file, on)
    count = missing.count()
    if count:
        names = "、".join(str(person) for person in missing[:NAMED])
        raise GateRefused(
            _("还有 %(count)d 名有关人员未受到教育，不能关闭：%(names)s。") % {"count": count, "names": names}
            if count <= NAMED
            else _("还有 %(count)d 名有关人员未受到教育，不能关闭：%(names)s 等。")
            % {"count": count, "names": names}
        )
