"""Packages come in; what they report while they run is kept, and counts as far as our rules let it."""

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from courses.actions.locks import locked_session, refuse_closed
from courses.errors import BadPackageReport, WrongSeq
from courses.films import file_sha256
from courses.models import Package, PackageFile, PackageReport, PlaySession, StudyProgress
from courses.queries.packages import kept_part, may_edit_packages, package_needs, part_state
from courses.scorm import tracking
from courses.scorm.archive import unpack_package
from people.audit import record_audit
from people.models import User

log = structlog.get_logger("anxue.packages")
WHOLE = "package.zip"  # the package as it was uploaded, beside its numbered files
MAX_REPORTS_PER_SESSION = 2_000


@dataclass(frozen=True, slots=True)
class StoredPackage:
    """A package; `created` is false if the very same file was there already."""

    package: Package
    created: bool


def store_package(*, path: Path, file_name: str, acting_user: User | None, now: dt.datetime) -> StoredPackage:
    """Check a package, unpack it and keep it; the same file again is not kept twice.

    The files are written before the row: a run cut short leaves files nobody has an address for, and the next
    one writes them again. Raises: BadPackage, PermissionDenied; then there is no row.
    """
    if acting_user is not None and not may_edit_packages(acting_user):
        raise PermissionDenied(_("您没有上传课件包的权限。"))
    sha256 = file_sha256(path)
    known = Package.objects.filter(sha256=sha256).first()
    if known is not None:
        return StoredPackage(known, created=False)
    with tempfile.TemporaryDirectory() as folder:
        found = unpack_package(path, Path(folder))
        package = _new_package(found, sha256, path, file_name, acting_user, now)
        for file in found["files"]:
            _keep(Path(folder) / str(file["number"]), f"{package.folder}/{file['number']}")
        _keep(path, f"{package.folder}/{WHOLE}")
    with transaction.atomic():
        kept, created = Package.objects.get_or_create(
            sha256=sha256,
            defaults={
                field.name: getattr(package, field.name)
                for field in Package._meta.concrete_fields
                if field.name not in {"id", "sha256"}
            },
        )
        if created:
            PackageFile.objects.bulk_create(
                PackageFile(
                    package=kept,
                    path_key=file["path"].casefold(),
                    number=file["number"],
                    content_type=file["content_type"],
                    size_bytes=file["size"],
                )
                for file in found["files"]
            )
            record_audit(kept, "wagtail.create", acting_user, {"sha256": sha256})
    return StoredPackage(kept, created)


def _new_package(
    found: dict[str, Any],
    sha256: str,
    path: Path,
    file_name: str,
    acting_user: User | None,
    now: dt.datetime,
) -> Package:
    manifest = found["manifest"]
    package = Package(
        title=manifest["title"] or Path(file_name).stem,
        sha256=sha256,
        version=manifest["version"],
        manifest={name: manifest[name] for name in ("edition", "title", "items")},
        findings=found["findings"],
        file_name=Path(file_name).name[:255],
        size_bytes=path.stat().st_size,
        uploaded_by=acting_user,
        uploaded_at=now,
    )
    package.file.name = f"{package.folder}/{WHOLE}"
    return package


def _keep(source: Path, name: str) -> None:
    if default_storage.exists(name):
        default_storage.delete(name)
    with source.open("rb") as handle:
        default_storage.save(name, File(handle))


@dataclass(frozen=True, slots=True)
class Report:
    """What the player sends: `cmi` is not checked yet."""

    seq: int
    part: str
    cmi: object
    is_final: bool


def take_report(
    *, session_public_id: UUID, employee_id: int, report: Report, now: dt.datetime
) -> StudyProgress:
    """Keep what a package reported and move its state; return the progress.

    The same report sent again changes nothing. A sitting's time counts as far as the server's clock has run
    since the session was opened, whatever the package says.
    Locks: the session and its progress.
    Raises: SessionUnknown, SessionTakenOver, WrongSeq, BadPackageReport; none of them stores anything.
    """
    try:
        cmi = tracking.checked_report(report.cmi)
    except tracking.BadReport as error:
        raise BadPackageReport(
            _("课件包上报的数据“%(name)s”过大或格式不对，没有保存。") % {"name": error}
        ) from error
    with transaction.atomic():
        session = locked_session(session_public_id, employee_id)
        progress = session.progress
        last = PackageReport.objects.filter(session=session).order_by("-seq").first()
        last_seq = last.seq if last else 0
        if report.seq <= last_seq:
            return progress
        refuse_closed(session)
        if report.seq != last_seq + 1 or report.seq > MAX_REPORTS_PER_SESSION:
            raise WrongSeq(_("有学习数据尚未送达，正在重发。"), expected=last_seq + 1)
        package = _package_of(progress, report.part)
        _take(session, progress, package, report, cmi, now)
        return progress


def _package_of(progress: StudyProgress, part: str) -> Package:
    needs = package_needs(progress)
    package = Package.objects.filter(pk=needs["id"]).first() if needs else None
    if package is None or part not in {item["identifier"] for item in package.items}:
        raise BadPackageReport(_("课件内容有变化，请刷新页面。"))
    return package


def _take(
    session: PlaySession,
    progress: StudyProgress,
    package: Package,
    report: Report,
    cmi: dict[str, str],
    now: dt.datetime,
) -> None:
    item = next(one for one in package.items if one["identifier"] == report.part)
    tracked = tracking.read_report(package.version, cmi, item["passing_pct"])
    if not item["is_sco"]:
        # An asset reports nothing: that it was opened is all there is to know.
        tracked = tracking.Tracked(tracking.COMPLETED, tracking.UNKNOWN, None, 0.0, "")
    before = part_state(progress, report.part)
    kept = progress.package.get(report.part)
    is_first_here = kept is None or kept["sitting"] != session.pk
    state = tracking.begin_again(before) if is_first_here else before
    already_s = 0.0 if kept is None or is_first_here else kept["sitting_s"]
    spent_s = sum(one["sitting_s"] for one in progress.package.values() if one["sitting"] == session.pk)
    wall_s = (now - session.opened_at).total_seconds() - (spent_s - already_s)
    credited_s = tracking.credited_seconds(tracked.session_s, wall_s=wall_s, already_s=already_s)
    after = tracking.next_state(state, tracked, credited_s=credited_s, is_final=report.is_final)
    row = PackageReport.objects.create(
        session=session,
        progress=progress,
        seq=report.seq,
        part=report.part,
        attempt=after.attempt,
        cmi=cmi,
        is_final=report.is_final,
        completion=tracked.completion,
        success=tracked.success,
        score_pct=tracked.score_pct,
        said_s=min(tracked.session_s, 1e9),
        credited_s=credited_s,
        arrived_at=now,
    )
    progress.package[report.part] = kept_part(
        after, report=row.pk, sitting=session.pk, sitting_s=round(already_s + credited_s, 2)
    )
    progress.save(update_fields=["package"])
    log.info("package_reported", session=session.pk, part=report.part, completion=tracked.completion)
