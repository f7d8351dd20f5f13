"""What exams hold on one person: attempts, answers and marks. The papers themselves belong to nobody."""

from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.models import (
    AnswerStep,
    Attempt,
    AttemptChange,
    AttemptMark,
    AttemptPhoto,
    AttemptVoid,
    ExtraTimeGrant,
    Finding,
    FindingDecision,
    FindingState,
    GivenMark,
    HandMark,
    IdentityCheck,
    IntegrityEvent,
    LateAnswer,
    MarkingState,
    MockExam,
    PaperEntry,
    PaperScan,
    PasswordMiss,
    PhotoConsent,
    PhotoLook,
    PracticeAnswer,
    PracticeIntake,
    PracticeState,
    Seat,
    SittingEvent,
    SpotCheck,
    SpotSeat,
    TopicScore,
)
from people.models import Employee
from people.personal_data import Held, HeldFile, Provider, table


def _integrity(employee: Employee) -> list[Held]:
    """Return what was noted around the answering. A finding that waits is told once somebody decided about it."""
    photos = AttemptPhoto.objects.filter(attempt__employee=employee).order_by("attempt_id", "number")
    kept = table(
        "exam_photos",
        _("考试照片"),
        photos,
        {
            "attempt__public_id": _("答卷编号"),
            "due_at": _("应拍时间"),
            "taken_at": _("拍摄时间"),
            "sha256": "SHA-256",
            "delete_on": _("删除日期"),
            "deleted_at": _("删除时间"),
        },
    )
    files = tuple(
        HeldFile(f"exam-photos/{photo.attempt_id}-{photo.number}.jpg", photo.file)
        for photo in photos
        if photo.file
    )
    decided = (FindingState.CLEARED, FindingState.CONFIRMED)
    return [
        table(
            "exam_events",
            _("考试过程记录"),
            IntegrityEvent.objects.filter(attempt__employee=employee).order_by("attempt_id", "pk"),
            {
                "attempt__public_id": _("答卷编号"),
                "kind": _("事件"),
                "noted_at": _("记录时间"),
                "ago_ms": _("早于记录（毫秒）"),
                "device": _("设备"),
                "address": _("网络地址"),
                "agent": _("浏览器"),
                "detail": _("说明"),
            },
        ),
        table(
            "exam_findings",
            _("考试疑点"),
            Finding.objects.filter(attempts__employee=employee, state__in=decided).distinct().order_by("pk"),
            {"id": _("编号"), "exam__title": _("考试"), "kind": _("疑点"), "state": _("状态")},
        ),
        table(
            "exam_finding_decisions",
            _("疑点的决定"),
            FindingDecision.objects.filter(finding__attempts__employee=employee)
            .distinct()
            .order_by("finding_id", "number"),
            {
                "finding_id": _("编号"),
                "state": _("决定"),
                "reason": _("理由"),
                "decided_at": _("决定时间"),
            },
        ),
        table(
            "photo_consents",
            _("拍照的同意"),
            PhotoConsent.objects.filter(attempt__employee=employee).order_by("attempt_id", "pk"),
            {
                "attempt__public_id": _("答卷编号"),
                "agreed": _("同意"),
                "version": _("告知文本版本"),
                "given_at": _("时间"),
            },
        ),
        Held(kept.name, kept.title, kept.columns, kept.rows, files),
        table(
            "exam_photo_looks",
            _("查看照片的记录"),
            PhotoLook.objects.filter(photo__attempt__employee=employee).order_by("pk"),
            {
                "photo__attempt__public_id": _("答卷编号"),
                "viewer__name": _("查看人"),
                "looked_at": _("查看时间"),
            },
        ),
        table(
            "identity_checks",
            _("身份核对"),
            IdentityCheck.objects.filter(attempt__employee=employee).order_by("attempt_id", "pk"),
            {
                "attempt__public_id": _("答卷编号"),
                "is_right": _("是本人"),
                "note": _("说明"),
                "checked_at": _("核对时间"),
            },
        ),
    ]


def _exams(employee: Employee) -> list[Held]:
    return [
        table(
            "attempts",
            _("答卷"),
            Attempt.objects.filter(employee=employee).order_by("started_at"),
            {
                "public_id": _("答卷编号"),
                "exam__title": _("考试"),
                "number": _("第几次"),
                "state": _("状态"),
                "device": _("设备"),
                "started_at": _("开始时间"),
                "submitted_at": _("交卷时间"),
            },
        ),
        table(
            "seats",
            _("考试场次"),
            Seat.objects.filter(employee=employee).order_by("sitting__planned_at"),
            {
                "sitting__title": _("场次"),
                "sitting__place": _("考场"),
                "sitting__planned_at": _("开考时间"),
                "number": _("座位号"),
                "state": _("状态"),
                "arrived_at": _("到场时间"),
                "admitted_at": _("核对时间"),
            },
        ),
        table(
            "sitting_events",
            _("考场记录"),
            SittingEvent.objects.filter(employee=employee).order_by("pk"),
            {
                "sitting__title": _("场次"),
                "kind": _("事项"),
                "text": _("说明"),
                "at": _("时间"),
            },
        ),
        table(
            "answers",
            _("作答步骤"),
            AnswerStep.objects.filter(attempt__employee=employee).order_by("attempt_id", "slot", "seq"),
            {
                "attempt__public_id": _("答卷编号"),
                "slot": _("题号"),
                "seq": _("序号"),
                "response": _("作答"),
                "saved_at": _("保存时间"),
            },
        ),
        table(
            "hand_marks",
            _("人工评分"),
            HandMark.objects.filter(attempt__employee=employee).order_by("attempt_id", "slot", "number"),
            {
                "attempt__public_id": _("答卷编号"),
                "slot": _("题号"),
                "fraction": _("得分比例"),
                "comment": _("评语"),
                "marked_at": _("评分时间"),
            },
        ),
        table(
            "given_marks",
            _("各人单独的评分"),
            GivenMark.objects.filter(
                task__attempt__employee=employee, task__state=MarkingState.DONE
            ).order_by("task_id", "place"),
            {
                "task__attempt__public_id": _("答卷编号"),
                "task__slot": _("题号"),
                "place": _("第几人"),
                "per_point": _("各得分点"),
                "comment": _("评语"),
                "marked_at": _("评分时间"),
            },
        ),
        table(
            "marks",
            _("评分"),
            AttemptMark.objects.filter(attempt__employee=employee).order_by("attempt_id", "number"),
            {
                "attempt__public_id": _("答卷编号"),
                "score_pct": _("百分成绩"),
                "points": _("得分"),
                "max_points": _("满分"),
                "passed": _("合格"),
                "reason": _("原因"),
                "marked_at": _("评分时间"),
            },
        ),
        table(
            "void_attempts",
            _("答卷作废"),
            AttemptVoid.objects.filter(attempt__employee=employee).order_by("pk"),
            {
                "attempt__public_id": _("答卷编号"),
                "was_state": _("原状态"),
                "reason": _("理由"),
                "voided_at": _("作废时间"),
            },
        ),
        table(
            "topic_scores",
            _("知识点得分"),
            TopicScore.objects.filter(attempt__employee=employee).order_by("attempt_id", "topic__code"),
            {
                "attempt__public_id": _("答卷编号"),
                "topic__name": _("知识点"),
                "handed_in_on": _("交卷日期"),
                "questions": _("题数"),
                "earned": _("得分"),
                "possible": _("满分"),
            },
        ),
        table(
            "extra_times",
            _("个人加时"),
            ExtraTimeGrant.objects.filter(employee=employee).order_by("granted_at"),
            {
                "exam__title": _("考试"),
                "extra_pct": _("加时（百分）"),
                "extra_s": _("加时（秒）"),
                "reason": _("事由"),
                "granted_at": _("批准时间"),
                "withdrawn_at": _("撤销时间"),
            },
        ),
        table(
            "attempt_changes",
            _("监考操作"),
            AttemptChange.objects.filter(attempt__employee=employee).order_by("pk"),
            {
                "attempt__public_id": _("答卷编号"),
                "kind": _("操作"),
                "reason": _("事由"),
                "made_at": _("操作时间"),
                "old_deadline": _("原截止时间"),
                "new_deadline": _("新截止时间"),
            },
        ),
        table(
            "late_answers",
            _("迟到的作答"),
            LateAnswer.objects.filter(attempt__employee=employee).order_by("attempt_id", "slot", "seq"),
            {
                "attempt__public_id": _("答卷编号"),
                "slot": _("题号"),
                "response": _("作答"),
                "received_at": _("收到时间"),
            },
        ),
        table(
            "password_misses",
            _("考试口令输错"),
            PasswordMiss.objects.filter(employee=employee).order_by("tried_at"),
            {"exam__title": _("考试"), "tried_at": _("输入时间")},
        ),
        table(
            "paper_marks",
            _("纸质考试登分"),
            PaperEntry.objects.filter(result__employee=employee).order_by("result_id", "number"),
            {
                "result__printed__code": _("试卷编号"),
                "result__printed__sat_on": _("考试日期"),
                "points": _("得分"),
                "per_slot": _("各题得分"),
                "reason": _("更正原因"),
                "entered_at": _("登记时间"),
            },
        ),
        _scans(employee),
    ]


def _practice(employee: Employee) -> list[Held]:
    return [
        table(
            "practice_answers",
            _("练习作答"),
            PracticeAnswer.objects.filter(employee=employee).order_by("pk"),
            {
                "mode": _("方式"),
                "question__code": _("题号"),
                "version__number": _("版本"),
                "campaign__title": _("答题活动"),
                "response": _("作答"),
                "is_right": _("答对"),
                "took_s": _("用时（秒）"),
                "too_fast": _("答得太快"),
                "counted": _("活动计分"),
                "answered_at": _("作答时间"),
            },
        ),
        table(
            "practice_states",
            _("练习进度"),
            PracticeState.objects.filter(employee=employee).order_by("pk"),
            {
                "question__code": _("题号"),
                "in_wrong_book": _("在错题本"),
                "right_days": _("已答对天数"),
                "due_on": _("下次练习"),
                "last_answered_on": _("最近作答"),
            },
        ),
        table(
            "exam_mistakes",
            _("考试错题"),
            PracticeIntake.objects.filter(attempt__employee=employee).order_by("pk"),
            {"attempt__exam__title": _("考试"), "question_ids": _("试题"), "taken_at": _("时间")},
        ),
        table(
            "mock_exams",
            _("模拟考试"),
            MockExam.objects.filter(employee=employee).order_by("pk"),
            {
                "exam__title": _("考试"),
                "started_at": _("开始时间"),
                "result__score_pct": _("百分成绩"),
                "result__responses": _("作答"),
                "result__handed_in_at": _("交卷时间"),
            },
        ),
    ]


def _spot_checks(employee: Employee) -> list[Held]:
    return [
        table(
            "spot_seats",
            _("抽考人员"),
            SpotSeat.objects.filter(employee=employee).order_by("pk"),
            {
                "round__place": _("地点"),
                "way": _("方式"),
                "asked_at": _("请求时间"),
                "confirmed_at": _("核对时间"),
            },
        ),
        table(
            "spot_checks",
            _("抽考结果"),
            SpotCheck.objects.filter(employee=employee).order_by("pk"),
            {
                "unit__name": _("单位"),
                "post__name": _("岗位"),
                "way": _("方式"),
                "answers": _("作答"),
                "score_pct": _("抽考成绩"),
                "recorded_score_pct": _("考试成绩"),
                "recorded_topic_pct": _("考试中同知识点"),
                "gap_pct": _("差距"),
                "answered_at": _("作答时间"),
            },
        ),
    ]


def _scans(employee: Employee) -> Held:
    """Return the scans of somebody's sheets, with the files."""
    scans = list(PaperScan.objects.filter(result__employee=employee).select_related("result__printed"))
    names = {scan.pk: f"scan-{scan.pk}{Path(str(scan.file.name)).suffix}" for scan in scans}
    return Held(
        "paper_scans",
        _("答卷扫描件"),
        {"code": _("试卷编号"), "file": _("文件"), "added_at": _("上传时间")},
        [
            {"code": scan.result.printed.code, "file": names[scan.pk], "added_at": scan.added_at}
            for scan in scans
        ],
        tuple(HeldFile(names[scan.pk], scan.file) for scan in scans),
    )


PROVIDERS = (
    Provider(
        gettext_lazy("练习"),
        frozenset(
            {
                "exams.PracticeAnswer",
                "exams.PracticeState",
                "exams.PracticeIntake",
                "exams.MockExam",
                "exams.MockResult",
            }
        ),
        _practice,
    ),
    Provider(
        gettext_lazy("现场抽考"),
        frozenset({"exams.SpotSeat", "exams.SpotCheck"}),
        _spot_checks,
    ),
    Provider(
        gettext_lazy("答卷与成绩"),
        frozenset(
            {
                "exams.Attempt",
                "exams.AnswerStep",
                "exams.AttemptMark",
                "exams.AttemptVoid",
                "exams.HandMark",
                "exams.MarkingTask",
                "exams.GivenMark",
                "exams.ExtraTimeGrant",
                "exams.AttemptChange",
                "exams.LateAnswer",
                "exams.PasswordMiss",
                "exams.PaperResult",
                "exams.PaperEntry",
                "exams.PaperScan",
                "exams.Seat",
                "exams.SittingEvent",
                "exams.TopicScore",
            }
        ),
        _exams,
    ),
    Provider(
        gettext_lazy("考试过程记录、疑点和照片"),
        frozenset(
            {
                "exams.IntegrityEvent",
                "exams.Finding",
                "exams.FindingDecision",
                "exams.PhotoConsent",
                "exams.AttemptPhoto",
                "exams.PhotoLook",
                "exams.IdentityCheck",
            }
        ),
        _integrity,
    ),
)
