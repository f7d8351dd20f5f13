"""Long work on lists and directories, run by the queue, and the daily work of the room."""

import json
import time
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from common.clock import now
from jobs.models import Job
from jobs.queue import enqueue, report_progress
from people.actions import copies, role_groups
from people.actions.coming import apply_coming_events
from people.actions.directories import record_directory_run
from people.actions.import_plan import ImportOptions
from people.directories import DirectoryError
from people.errors import ImportStopped, PeopleError, PreviewOutdated, TooManyEndings
from people.importers.directory_sync import (
    ExaminedDirectory,
    apply_examined,
    examine_directory,
    read_source,
    stopped_report,
    summarise_directory,
)
from people.importers.error_workbook import error_mark, error_workbook
from people.importers.importing import examine, import_file
from people.importers.summary import as_json, summarise
from people.importers.syncing import SyncOptions, brake_message, sync_rows
from people.importers.uploads import UploadGone, drop_upload, keep_upload, opened_upload
from people.models import DirectorySource, DirectoryState, PersonalDataCopy, User
from people.shapes import DirectoryReport

TOTAL = 100  # jobs on lists count in hundredths of the whole
REPORTED_EVERY_S = 0.5
# The hundredths at which a phase begins and ends: reading is a quarter of an import and most of a check.
CHECKING = {"read": (0, 80), "check": (80, 100)}
APPLYING = {"read": (0, 20), "check": (20, 25), "write": (25, 100)}


class _Told:
    """Turns what an import says of itself into a job's progress, a few times a second at most."""

    def __init__(self, job: Job, phases: dict[str, tuple[int, int]]) -> None:
        self.job = job
        self.phases = phases
        self.told_at = 0.0

    def __call__(self, phase: str, done: int, total: int) -> None:
        moment = time.monotonic()
        if moment - self.told_at < REPORTED_EVERY_S and done < total:
            return
        self.told_at = moment
        begin, end = self.phases[phase]
        texts = {
            "read": _("正在读取：%(done)s/%(total)s 行"),
            "check": _("正在比对：%(done)s/%(total)s 行"),
            "write": _("正在写入并安排培训：%(done)s/%(total)s 人"),
        }
        report_progress(
            self.job,
            done=begin + (end - begin) * done // max(total, 1),
            total=TOTAL,
            message=texts[phase] % {"done": f"{done:,}", "total": f"{total:,}"},
        )


def _options(params: dict[str, Any]) -> ImportOptions:
    return ImportOptions(
        params["create_missing"],
        params["full_roster"],
        params.get("allow_ending", 0),
        params.get("skip_faulty", False),
    )


def _requester(job: Job) -> User:
    assert job.requested_by_id is not None
    return User.objects.get(pk=job.requested_by_id)


def _back(job: Job) -> dict[str, Any]:
    url = reverse("people_office:import-preview", args=[job.params["token"]])
    return {"next_url": url, "next_label": _("看比对结果")}


def check_list(job: Job) -> dict[str, Any]:
    """Compare a kept list with the data of now. Params: token, file_name, create_missing, full_roster."""
    user = _requester(job)
    report_progress(job, done=0, total=TOTAL, message=_("正在打开文件"))
    try:
        with opened_upload(job.params["token"], user_id=user.pk) as path:
            examined = examine(
                path,
                file_name=job.params["file_name"],
                options=_options(job.params),
                acting_user=user,
                now=now(),
                progress=_Told(job, CHECKING),
            )
    except UploadGone:
        return _back(job)
    report_progress(job, done=TOTAL, total=TOTAL)
    return {**_back(job), "summary": as_json(summarise(examined))}


def apply_list(job: Job) -> dict[str, Any]:
    """Apply a kept list as it was confirmed. Params: as `check_list`, and fingerprint, allow_ending, skip_faulty.

    Cut short and run again, it goes on where it stopped; run again after that, it finds the list gone.
    """
    user = _requester(job)
    token = job.params["token"]
    report_progress(job, done=0, total=TOTAL, message=_("正在打开文件"))
    try:
        with opened_upload(token, user_id=user.pk) as path:
            examined = import_file(
                path,
                file_name=job.params["file_name"],
                options=_options(job.params),
                expected_fingerprint=job.params["fingerprint"],
                acting_user=user,
                now=now(),
                progress=_Told(job, APPLYING),
            )
    except PreviewOutdated:
        message = _("比对之后数据有了变化，什么也没有保存。请看过新的比对结果再确认。")
        report_progress(job, done=TOTAL, total=TOTAL, message=message)
        return {**_back(job), "outdated": True}
    except ImportStopped as stopped:
        message = _("写入时数据有了变化：%(done)s 人已写入，其余没有写入。请看剩下的比对结果再确认。")
        report_progress(job, done=TOTAL, total=TOTAL, message=message % {"done": f"{stopped.done:,}"})
        return {**_back(job), "stopped": True}
    except UploadGone:
        return {"next_url": reverse("people_office:import"), "next_label": _("回到人员导入")}
    if examined.batch is None:
        report_progress(job, done=TOTAL, total=TOTAL, message=_("什么也没有保存，请看比对结果。"))
        return _back(job)
    drop_upload(token, user_id=user.pk)
    report_progress(job, done=TOTAL, total=TOTAL)
    return {
        "next_url": reverse("people_office:import-result", args=[examined.batch.pk]),
        "next_label": _("看导入结果"),
    }


def mark_errors(job: Job) -> dict[str, Any]:
    """Make the marked copy of a kept list and keep it as lists are kept. Params: as `check_list`."""
    user = _requester(job)
    report_progress(job, done=0, total=TOTAL, message=_("正在打开文件"))
    try:
        with opened_upload(job.params["token"], user_id=user.pk) as path:
            examined = examine(
                path,
                file_name=job.params["file_name"],
                options=_options(job.params),
                acting_user=user,
                now=now(),
                progress=_Told(job, CHECKING),
            )
            with error_workbook(path, examined.file, error_mark(user, now())) as marked:
                token = keep_upload(marked, user_id=user.pk, now=now())
    except UploadGone:
        return _back(job)
    report_progress(job, done=TOTAL, total=TOTAL)
    url = reverse("people_office:import-marked", args=[job.params["token"], token])
    return {"next_url": url, "next_label": _("下载标出错误的名单")}


def make_copy(job: Job) -> dict[str, Any]:
    """Make the copy of everything held on one person. Params: copy (public id). Run twice, it is made once."""
    copy = PersonalDataCopy.objects.select_related("requested_by", "employee").get(
        public_id=job.params["copy"]
    )
    report_progress(job, done=0, total=1, message=_("正在汇集数据"))
    copies.make_copy(copy=copy, now=now())
    report_progress(job, done=1, total=1)
    is_own = copy.employee.user_id == copy.requested_by_id
    page = "people:own-copy" if is_own else "people_office:copy-file"
    return {"next_url": reverse(page, args=[copy.public_id]), "next_label": _("下载")}


def drop_expired_copies() -> int:
    """Delete the files of copies whose week is over. Scheduled each hour."""
    return copies.drop_expired_copies(now=now())


def sync_list(job: Job) -> dict[str, Any]:
    """Apply a list another system sent. Params: token, grant, source_name, sha256, language.

    The result is {"reply": …} as of people.importers.syncing, or {"problem": …} where it could not be applied.
    Cut short and run again, it goes on where it stopped; run twice, the second finds everything so. The kept list is thrown away after a day.
    """
    user = _requester(job)
    params = job.params
    with translation.override(params["language"] or None):
        report_progress(job, done=0, total=job.total, message=_("正在比对并写入；有错误就什么也不保存"))
        try:
            with opened_upload(params["token"], user_id=user.pk) as path:
                sent = json.loads(path.read_bytes())
            reply = sync_rows(
                sent["rows"],
                SyncOptions(**sent.get("options", {})),
                source_name=params["source_name"],
                body_sha256=params["sha256"],
                acting_user=user,
                now=now(),
            )
        except UploadGone:
            return {"problem": _problem(410, "list_gone", _("名单已过期，请重新发送"), "body")}
        except TooManyEndings as stopped:
            message = brake_message(stopped.ending)
            problem = _problem(409, "too_many_endings", message, "options.allow_ending")
            return {"problem": {**problem, "numbers": {"ending": stopped.ending}}}
        except (PreviewOutdated, ImportStopped):
            message = _("比对时数据有了变化，请把同一份名单再发送一次")
            return {"problem": _problem(409, "data_changed", message, "rows")}
        return {"reply": reply}


def _problem(status: int, code: str, message: str, where: str) -> dict[str, Any]:
    return {"status": status, "code": code, "message": message, "where": where}


DIRECTORY_STEPS = 4  # departments, members, comparing, writing


def check_directory_source(job: Job) -> dict[str, Any]:
    """Read a directory and say what it would do. Params: source. The summary is kept with the job."""
    source = DirectorySource.objects.select_related("root_unit", "default_post").get(pk=job.params["source"])
    preview = reverse("people_office:directory-preview", args=[source.pk, job.pk])
    try:
        examined = _examine(job, source)
    except DirectoryError as error:
        return {"error": str(error), "next_url": preview, "next_label": _("看原因和办法")}
    summary = dict(summarise_directory(examined))
    return {"summary": summary, "next_url": preview, "next_label": _("看比对结果")}


def sync_directory_source(job: Job) -> dict[str, Any]:
    """Read a directory and apply it. Params: source; fingerprint and allow_ending after a dry run.

    Whatever comes of it is kept with the directory and told to its administrators. Run twice, the second
    finds nothing to change.
    """
    source = DirectorySource.objects.select_related("root_unit", "default_post").get(pk=job.params["source"])
    page = reverse("people_office:directory", args=[source.pk])
    state, report, batch = DirectoryState.FAILED, DirectoryReport(), None
    try:
        examined = _examine(job, source)
        report = examined.report
        report_progress(job, done=3, total=DIRECTORY_STEPS, message=_("正在写入"))
        batch = apply_examined(
            source,
            examined,
            expected_fingerprint=job.params.get("fingerprint", ""),
            allow_ending=job.params.get("allow_ending", 0),
            acting_user=job.requested_by,
            now=now(),
        )
        state = examined.state
    except DirectoryError as error:
        report["message"] = str(error)
    except TooManyEndings as stopped:
        state = DirectoryState.STOPPED
        report |= stopped_report(stopped.ending)  # type: ignore[typeddict-item]
    except PreviewOutdated:
        state = DirectoryState.STOPPED
        report["message"] = _("试运行之后目录或系统里有了变化，什么也没有改：请再试运行一次，核对后确认")
    except PeopleError:
        report["message"] = _("写入途中有人改了同一批人员，只写了一部分：请再同步一次，会从停下的地方接着做")
    record_directory_run(source=source, state=state, report=report, batch=batch, link=page, now=now())
    return {"next_url": page, "next_label": _("看同步结果")}


def _examine(job: Job, source: DirectorySource) -> ExaminedDirectory:
    def progress(done: int, message: str) -> None:
        report_progress(job, done=done, total=DIRECTORY_STEPS, message=message)

    units, members = read_source(source, progress)
    return examine_directory(source, units, members, now=now())


def sync_due_directories() -> int:
    """Queue a run of every directory that is synced at night; return how many. Scheduled each night."""
    sources = list(DirectorySource.objects.filter(is_nightly=True).order_by("pk"))
    for source in sources:
        enqueue(
            "people.tasks.sync_directory_source",
            title=_("同步人员目录：%(name)s") % {"name": source.name},
            params={"source": source.pk},
            total=DIRECTORY_STEPS,
        )
    return len(sources)


def apply_coming_changes() -> int:
    """Let recorded events of later days take effect; return how many people. Scheduled each night."""
    return apply_coming_events(now=now())


def step_roles() -> int:
    """Let memberships follow the roles of the new day; return how many changed. Scheduled each night."""
    return role_groups.keep_all_access_in_step(now=now())
