"""Long work on lists, run by the queue."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from common.clock import now
from jobs.models import Job
from jobs.queue import report_progress
from people.actions.imports import ImportOptions
from people.errors import PreviewOutdated
from people.importers.importing import examine, import_file
from people.importers.summary import as_json, summarise
from people.importers.uploads import UploadGone, drop_upload, opened_upload
from people.models import User


def _options(params: dict[str, Any]) -> ImportOptions:
    return ImportOptions(params["create_missing"], params["full_roster"], params.get("allow_ending", 0))


def _requester(job: Job) -> User:
    assert job.requested_by_id is not None
    return User.objects.get(pk=job.requested_by_id)


def check_list(job: Job) -> dict[str, Any]:
    """Compare a kept list with the data of now. Params: token, file_name, create_missing, full_roster."""
    user = _requester(job)
    token = job.params["token"]
    back = {"next_url": reverse("people_office:import-preview", args=[token]), "next_label": _("看比对结果")}
    report_progress(job, done=0, total=2, message=_("正在读取文件"))
    try:
        with opened_upload(token, user_id=user.pk) as path:
            examined = examine(
                path,
                file_name=job.params["file_name"],
                options=_options(job.params),
                acting_user=user,
                now=now(),
            )
    except UploadGone:
        return back
    report_progress(job, done=1, total=2, message=_("正在整理比对结果"))
    return {**back, "summary": as_json(summarise(examined))}


def apply_list(job: Job) -> dict[str, Any]:
    """Apply a kept list as it was confirmed. Params: as `check_list`, and fingerprint and allow_ending.

    Run twice, the second finds the list gone and points to the result of the first.
    """
    user = _requester(job)
    token = job.params["token"]
    back = {"next_url": reverse("people_office:import-preview", args=[token]), "next_label": _("看比对结果")}
    report_progress(job, done=0, total=2, message=_("正在读取文件并写入；有一处错误就什么也不保存"))
    try:
        with opened_upload(token, user_id=user.pk) as path:
            examined = import_file(
                path,
                file_name=job.params["file_name"],
                options=_options(job.params),
                expected_fingerprint=job.params["fingerprint"],
                acting_user=user,
                now=now(),
            )
    except PreviewOutdated:
        return {**back, "outdated": True}
    except UploadGone:
        return {"next_url": reverse("people_office:import"), "next_label": _("回到人员导入")}
    if examined.faults or examined.batch is None:
        return back
    drop_upload(token, user_id=user.pk)
    report_progress(job, done=2, total=2)
    return {
        "next_url": reverse("people_office:import-result", args=[examined.batch.pk]),
        "next_label": _("看导入结果"),
    }
