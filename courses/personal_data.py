"""What courses hold on one person: progress, sessions, every beat, and the study records."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import PackageReport, PlaySession, StudyBeat, StudyCheck, StudyProgress, StudyRecord
from people.models import Employee
from people.personal_data import Held, Provider, table


def _courses(employee: Employee) -> list[Held]:
    return [
        table(
            "study_records",
            _("学习凭证"),
            StudyRecord.objects.filter(employee=employee).order_by("completed_at"),
            {
                "lesson_title": _("课件"),
                "watched_s": _("观看秒数"),
                "read_s": _("阅读秒数"),
                "started_at": _("开始时间"),
                "completed_at": _("完成时间"),
                "package_result": _("课件包自报结果"),
                "content_sha256": "SHA-256",
            },
        ),
        table(
            "study_progress",
            _("学习进度"),
            StudyProgress.objects.filter(employee=employee).order_by("started_at"),
            {
                "lesson__title": _("课件"),
                "watched": _("看过的片段（秒）"),
                "read_s": _("各节阅读秒数"),
                "package": _("课件包进度"),
                "read_confirmed_at": _("确认已读时间"),
                "started_at": _("开始时间"),
                "completed_at": _("完成时间"),
            },
        ),
        # What was asked belongs to the lesson, with its answer; how it went belongs to the person.
        table(
            "study_checks",
            _("观看确认"),
            StudyCheck.objects.filter(progress__employee=employee).order_by("progress_id", "number"),
            {
                "progress__lesson__title": _("课件"),
                "number": _("序号"),
                "asked_at": _("提问时间"),
                "tries": _("答错次数"),
                "outcome": _("结果"),
                "settled_at": _("了结时间"),
                "taken_back": _("收回的片段（秒）"),
            },
        ),
        table(
            "play_sessions",
            _("播放会话"),
            PlaySession.objects.filter(employee=employee).order_by("opened_at"),
            {
                "public_id": _("会话编号"),
                "device": _("设备"),
                "opened_at": _("打开时间"),
                "closed_at": _("结束时间"),
                "closed_by_takeover": _("被另一设备接管"),
            },
        ),
        table(
            "package_reports",
            _("课件包上报"),
            PackageReport.objects.filter(progress__employee=employee).order_by("session_id", "seq"),
            {
                "progress__lesson__title": _("课件"),
                "session__public_id": _("会话编号"),
                "seq": _("序号"),
                "part": _("部分"),
                "attempt": _("第几次"),
                "cmi": _("上报内容"),
                "completion": _("完成状态"),
                "success": _("通过状态"),
                "score_pct": _("课件自报得分（%）"),
                "credited_s": _("计入秒数"),
                "arrived_at": _("到达时间"),
            },
        ),
        table(
            "study_beats",
            _("学习心跳"),
            StudyBeat.objects.filter(session__employee=employee).order_by("session_id", "seq"),
            {
                "session__public_id": _("会话编号"),
                "seq": _("序号"),
                "part": _("部分"),
                "from_s": _("从（秒）"),
                "to_s": _("到（秒）"),
                "visible": _("页面可见"),
                "credited_s": _("计入秒数"),
                "verdict": _("判定"),
                "arrived_at": _("到达时间"),
            },
        ),
    ]


PROVIDERS = (
    Provider(
        gettext_lazy("学习进度与凭证"),
        frozenset(
            {
                "courses.StudyRecord",
                "courses.StudyProgress",
                "courses.PlaySession",
                "courses.StudyBeat",
                "courses.StudyCheck",
                "courses.PackageReport",
            }
        ),
        _courses,
    ),
)
