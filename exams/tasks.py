"""Work the queue does for this room."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import clock
from exams.actions import (
    attempts,
    practice_reminders,
    prepared,
    regrade,
    scores,
    sitting_notices,
    sitting_prints,
    sittings,
)
from exams.actions.integrity_findings import TASK as SEARCH
from exams.actions.integrity_findings import search_exam
from exams.actions.integrity_photos import delete_due_photos
from exams.actions.printing import make_files
from exams.importers.importing import import_questions
from exams.models import Bank, Exam
from exams.queries.integrity import exams_to_look_through
from jobs.models import Job
from jobs.queue import enqueue, report_progress
from people.importers.uploads import UploadGone, drop_upload, opened_upload
from people.models import User


def close_expired_attempts() -> dict[str, Any]:
    """Close and mark what is due. Scheduled every minute; harmless at any other time and when run twice."""
    sweep = attempts.close_expired_attempts(now=clock.now())
    ended = sittings.end_finished_sittings(now=clock.now())
    return {
        "closed": sweep.closed,
        "marked": sweep.marked,
        "failed": list(sweep.failed),
        "sittings_ended": ended,
    }


def _who_asked(job: Job) -> User:
    assert job.requested_by_id is not None
    return User.objects.get(pk=job.requested_by_id)


def prepare_sitting(job: Job) -> dict[str, Any]:
    """Draw the papers of a sitting before the bell. Params: sitting_id. Run again, it makes what is missing."""

    def told(done: int, total: int) -> None:
        message = _("已备好 %(done)s / %(total)s 份试卷") % {"done": f"{done:,}", "total": f"{total:,}"}
        report_progress(job, done=done, total=total, message=message)

    done = prepared.prepare_papers(
        sitting_id=job.params["sitting_id"], acting_user=_who_asked(job), now=clock.now(), progress=told
    )
    told(done.made + done.remade + done.kept, done.made + done.remade + done.kept)
    return {"made": done.made, "remade": done.remade, "kept": done.kept, **_back_to_sitting(job)}


def print_tickets(job: Job) -> dict[str, Any]:
    """Issue the tickets of a sitting and print the slips. Params: sitting_id."""
    count = sitting_prints.print_tickets(
        sitting_id=job.params["sitting_id"],
        acting_user=_who_asked(job),
        now=clock.now(),
        job=job,
        progress=lambda done, total: report_progress(job, done=done, total=total),
    )
    return {"count": count, **_back_to_sitting(job)}


def print_record(job: Job) -> dict[str, Any]:
    """Print the record of a sitting. Params: sitting_id."""
    sitting_prints.print_record(
        sitting_id=job.params["sitting_id"], acting_user=_who_asked(job), now=clock.now(), job=job
    )
    return _back_to_sitting(job)


def _back_to_sitting(job: Job) -> dict[str, Any]:
    url = reverse("exams_office:sitting", args=[job.params["sitting_id"]])
    return {"next_url": url, "next_label": _("回到考场")}


def keep_topic_scores() -> dict[str, Any]:
    """Bring the topic scores up to the newest marks. Scheduled every minute."""
    return {"attempts": scores.keep_topic_scores()}


def keep_all_topic_scores() -> dict[str, Any]:
    """Look for marks without topic scores among all there are. Scheduled each night."""
    return {"attempts": scores.keep_topic_scores(everything=True)}


def remind_of_daily_question() -> int:
    """Remind those who answer the daily question of today's. Scheduled each morning; twice is the same as once."""
    return practice_reminders.remind_of_daily_question(now=clock.now())


def remind_of_sittings() -> int:
    """Remind those who sit an exam tomorrow. Scheduled each afternoon; twice is the same as once."""
    return sitting_notices.remind_of_sittings(now=clock.now())


def regrade_exam(job: Job) -> dict[str, Any]:
    """Regrade the marked attempts of an exam. Params: exam_id, reason. Run again, it goes on where it stopped."""

    def told(done: int, total: int) -> None:
        message = _("已重新评 %(done)s / %(total)s 份") % {"done": f"{done:,}", "total": f"{total:,}"}
        report_progress(job, done=done, total=total, message=message)

    done = regrade.regrade_exam(
        exam_id=job.params["exam_id"], reason=job.params["reason"], now=clock.now(), progress=told
    )
    message = _("看了 %(checked)s 份，%(changed)s 份的成绩有变，其中 %(flipped)s 份的合格与否变了。") % {
        "checked": f"{done.checked:,}",
        "changed": f"{done.changed:,}",
        "flipped": f"{done.flipped:,}",
    }
    if done.failed:
        message += ngettext(
            "有 %(n)s 份评不了，请联系系统管理员看日志。",
            "有 %(n)s 份评不了，请联系系统管理员看日志。",
            len(done.failed),
        ) % {"n": len(done.failed)}
    report_progress(job, done=done.checked, total=done.checked, message=message)
    return {
        "checked": done.checked,
        "changed": done.changed,
        "flipped": done.flipped,
        "failed": done.failed,
        "next_url": reverse("exams_office:exam-analysis", args=[job.params["exam_id"]]),
        "next_label": _("看这场考试的分析"),
    }


def find_irregularities(job: Job) -> dict[str, Any]:
    """Look through an exam for patterns that a person should see. Params: exam_id. Run again, it finds the same."""

    def told(done: int, total: int) -> None:
        report_progress(job, done=done, total=total)

    run = search_exam(exam_id=job.params["exam_id"], now=clock.now(), progress=told)
    message = _("看了 %(attempts)s 份答卷，有 %(found)s 条疑点要人来看。") % {
        "attempts": f"{run.attempts:,}",
        "found": f"{run.found:,}",
    }
    report_progress(job, done=5, total=5, message=message)
    return {
        "attempts": run.attempts,
        "found": run.found,
        "next_url": f"{reverse('exams_office:findings')}?exam={job.params['exam_id']}",
        "next_label": _("看疑点"),
    }


def look_for_irregularities() -> dict[str, Any]:
    """Queue a search through each exam with new marks. Scheduled every night; a second run finds nothing new."""
    exams = Exam.objects.filter(pk__in=exams_to_look_through()).order_by("pk")
    for exam in exams:
        title = _("查找考试疑点：%(exam)s") % {"exam": exam.title}
        enqueue(SEARCH, title=title, params={"exam_id": exam.pk}, total=5)
    return {"exams": len(exams)}


def delete_exam_photos() -> dict[str, Any]:
    """Delete the photographs whose day has come. Scheduled every night; harmless when run twice."""
    return {"deleted": delete_due_photos(now=clock.now())}


def import_bank(job: Job) -> dict[str, Any]:
    """Import a kept file into a bank, or only look. Params: token, file_name, bank_id, wanted, dry_run.

    The result holds the report (`report`). Run again after a whole import, it finds the file gone.
    """
    params = job.params
    assert job.requested_by_id is not None
    user = User.objects.get(pk=job.requested_by_id)
    bank = Bank.objects.get(pk=params["bank_id"])
    url = reverse("exams_office:bank-import-preview", args=[bank.pk, params["token"]])
    report_progress(job, done=0, total=100, message=_("正在读取文件"))
    try:
        with opened_upload(params["token"], user_id=user.pk) as path:
            report = import_questions(
                path=path,
                file_name=params["file_name"],
                bank_code=bank.code,
                wanted=params["wanted"],
                dry_run=params["dry_run"],
                acting_user=user,
                now=clock.now(),
                progress=lambda done, total: report_progress(job, done=done, total=total),
            )
    except UploadGone:
        back = reverse("exams_office:bank-import", args=[bank.pk])
        return {"next_url": back, "next_label": _("回到导入")}
    if not params["dry_run"]:
        drop_upload(params["token"], user_id=user.pk)
    label = _("看比对结果") if params["dry_run"] else _("看导入结果")
    return {"next_url": url, "next_label": label, "report": report.kept()}


def print_papers(job: Job) -> dict[str, Any]:
    """Make the PDFs of printed papers. Params: printed_ids, exam_id. Those that are made stay as they are."""
    ids = job.params["printed_ids"]
    for done, printed_id in enumerate(ids, start=1):
        make_files(printed_id=printed_id)
        report_progress(job, done=done, total=len(ids))
    return {
        "next_url": reverse("exams_office:exam-print", args=[job.params["exam_id"]]),
        "next_label": _("去下载试卷"),
    }
