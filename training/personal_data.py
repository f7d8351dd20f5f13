"""What training holds on one person: obligations, reflections, ledger rows with their salts, licences, clearance."""

from pathlib import PurePath

from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.models import Employee
from people.personal_data import Held, HeldFile, Provider, table
from training.models import (
    ClearanceState,
    ComponentDone,
    Dispensation,
    Licence,
    LicenceCheck,
    LicenceReminder,
    Obligation,
    Occurrence,
    PastClearance,
    PastObligation,
    PracticalCheck,
    RecordSalt,
    RecordSignature,
    RecordSignatureMark,
    Reflection,
    TrainingRecord,
)
from training.queries.hand_signed import checks_by, letters_by

_PERSON_SALT = Subquery(
    RecordSalt.objects.filter(record=OuterRef("pk"), field=RecordSalt.Field.PERSON).values("value")[:1]
)


def _training(employee: Employee) -> list[Held]:
    return [
        table(
            "clearance",
            _("上岗资格"),
            ClearanceState.objects.filter(employee=employee),
            {
                "is_cleared": _("可上岗"),
                "reasons": _("原因"),
                "since": _("始于"),
                "computed_at": _("计算时间"),
            },
        ),
        table(
            "past_clearance",
            _("以前的上岗资格"),
            PastClearance.objects.filter(employee=employee).order_by("until", "pk"),
            {
                "is_cleared": _("可上岗"),
                "reasons": _("原因"),
                "since": _("始于"),
                "until": _("止于（不含）"),
            },
        ),
        table(
            "obligations",
            _("培训任务"),
            Obligation.objects.filter(employee=employee).order_by("owed_from", "pk"),
            {
                "programme__title": _("培训方案"),
                "rule__title": _("培训规则"),
                "rule__legal_basis": _("依据"),
                "push__lesson_title": _("案例推送"),
                "state": _("状态"),
                "owed_from": _("起算日"),
                "due_on": _("截止日"),
                "closed_at": _("结束时间"),
                "close_reason": _("结束原因"),
            },
        ),
        table(
            "past_obligations",
            _("培训任务的原状"),
            PastObligation.objects.filter(obligation__employee=employee).order_by("until", "pk"),
            {
                "obligation__programme__title": _("培训方案"),
                "state": _("状态"),
                "owed_from": _("起算日"),
                "due_on": _("截止日"),
                "closed_at": _("结束时间"),
                "until": _("止于（不含）"),
            },
        ),
        table(
            "components_done",
            _("环节完成"),
            ComponentDone.everything.filter(obligation__employee=employee).order_by("done_at"),
            {
                "component__title": _("环节"),
                "number": _("第几次"),
                "evidence": _("凭据"),
                "done_at": _("完成时间"),
                "taken_back__taken_back_at": _("取消时间"),
            },
        ),
        table(
            "reflections",
            _("学习感悟"),
            Reflection.objects.filter(employee=employee).order_by("signed_at"),
            {
                "lesson_title": _("课件名称"),
                "text": _("对我的岗位意味着什么"),
                "content_sha256": _("课件内容哈希"),
                "signed_by": _("签名方式"),
                "signature__mark": _("签名"),
                "sha256": _("哈希"),
                "device": _("设备"),
                "signed_at": _("签名时间"),
            },
        ),
        table(
            "record_signatures",
            _("培训记录上的签名"),
            RecordSignature.objects.filter(Q(signer=employee) | Q(record__employee=employee)).order_by(
                "signed_at", "pk"
            ),
            {
                "record__seq": _("台账序号"),
                "role": _("签名人"),
                "signed_by": _("签名方式"),
                "sha256": _("哈希"),
                "device": _("设备"),
                "signed_at": _("签名时间"),
            },
        ),
        table(
            "signature_marks",
            _("签名的笔迹"),
            RecordSignatureMark.objects.filter(signature__signer=employee).order_by("pk"),
            {"signature__record__seq": _("台账序号"), "mark": _("签名")},
        ),
        table(
            "letters",
            _("责任书签名"),
            letters_by(employee),
            {
                "body": _("责任书正文"),
                "signed_by": _("签名方式"),
                "ink__mark": _("签名"),
                "sha256": _("哈希"),
                "device": _("设备"),
                "signed_at": _("签名时间"),
            },
        ),
        table(
            "practical_checks",
            _("师傅考核"),
            PracticalCheck.objects.filter(obligation__employee=employee).order_by("checked_at"),
            {
                "component__title": _("环节"),
                "results": _("考核结果"),
                "is_passed": _("合格"),
                "remark": _("评语"),
                "checked_at": _("考核时间"),
            },
        ),
        table(
            "practical_checks_given",
            _("担任考核人"),
            checks_by(employee).order_by("checked_at", "pk"),
            {
                "component__title": _("环节"),
                "signed_by": _("签名方式"),
                "ink__mark": _("签名"),
                "sha256": _("哈希"),
                "checked_at": _("考核时间"),
            },
        ),
        table(
            "dispensations",
            _("豁免、延期与认定"),
            Dispensation.objects.filter(obligation__employee=employee).order_by("requested_at"),
            {
                "kind": _("类别"),
                "obligation__programme__title": _("培训方案"),
                "reason": _("理由"),
                "until": _("至（含当日）"),
                "hours": _("认定学时"),
                "held_on": _("培训日期"),
                "evidence_name": _("文件名"),
                "requested_at": _("申请时间"),
                "decision__is_approved": _("同意"),
                "decision__note": _("意见"),
                "decision__decided_at": _("审批时间"),
            },
        ),
        table(
            "occurrences",
            _("三违、事故与变更"),
            Occurrence.objects.filter(employees=employee).order_by("happened_on"),
            {
                "kind": _("类别"),
                "title": _("事由"),
                "detail": _("说明"),
                "happened_on": _("发生日期"),
                "withdrawal__reason": _("原因"),
            },
        ),
        table(
            "training_records",
            _("培训记录"),
            TrainingRecord.objects.filter(employee=employee)
            .annotate(person_salt=_PERSON_SALT)
            .order_by("seq"),
            {
                "seq": _("序号"),
                "title": _("内容"),
                "kind": _("类别"),
                "hours": _("学时"),
                "score_pct": _("成绩"),
                "passed": _("合格"),
                "started_at": _("开始时间"),
                "completed_at": _("完成时间"),
                "trainer": _("教员"),
                "place": _("地点"),
                "payload": _("入账原文"),
                "leaf_hash": _("哈希"),
                "person_salt": _("盐值"),
            },
        ),
        table(
            "training_given",
            _("担任教员"),
            RecordSalt.objects.filter(employee=employee, field=RecordSalt.Field.TRAINER).order_by(
                "record__seq"
            ),
            {
                "record__seq": _("序号"),
                "record__title": _("内容"),
                "record__started_at": _("开始时间"),
                "record__completed_at": _("完成时间"),
                "text": _("教员"),
            },
        ),
        *_licences(employee),
    ]


def _licences(employee: Employee) -> list[Held]:
    """Return the licences with their scans, what the official site said of them, and what was reminded of."""
    own = Licence.objects.filter(employee=employee).order_by("pk")
    scans = tuple(
        HeldFile(f"licence-{one.pk}{PurePath(one.scan.name or '').suffix}", one.scan)
        for one in own
        if one.scan
    )
    rows = table(
        "licences",
        _("外部证件"),
        own,
        {
            "licence_type__name": _("证件"),
            "number": _("证号"),
            "issuer": _("发证机关"),
            "valid_from": _("有效期自"),
            "valid_until": _("有效期至"),
            "review_due_on": _("复审日期"),
            "review_done_on": _("上次复审"),
            "last_worked_on": _("最近一次从事该作业"),
            "reassessed_on": _("重新考核合格日期"),
            "scan_sha256": _("扫描件哈希"),
        },
    )
    return [
        Held(rows.name, rows.title, rows.columns, rows.rows, scans),
        table(
            "licence_checks",
            _("证件核验"),
            LicenceCheck.objects.filter(licence__employee=employee).order_by("checked_at"),
            {
                "licence__licence_type__name": _("证件"),
                "outcome": _("结果"),
                "site": _("查询网站"),
                "note": _("说明"),
                "checked_by__name": _("核验人"),
                "checked_at": _("核验时间"),
            },
        ),
        table(
            "licence_reminders",
            _("证件提醒"),
            LicenceReminder.objects.filter(licence__employee=employee).order_by("made_at"),
            {
                "licence__licence_type__name": _("证件"),
                "about": _("类别"),
                "deadline": _("截止日"),
                "days": _("提前天数"),
                "made_at": _("时间"),
            },
        ),
    ]


PROVIDERS = (
    Provider(
        gettext_lazy("培训任务与记录、证件、上岗资格"),
        frozenset(
            {
                "training.ClearanceState",
                "training.PastClearance",
                "training.Obligation",
                "training.PastObligation",
                "training.ComponentDone",
                "training.ComponentTakenBack",
                "training.Reflection",
                "training.ReflectionSignature",
                "training.TrainingRecord",
                "training.RecordSalt",
                "training.RecordSignature",
                "training.RecordSignatureMark",
                "training.ForgottenText",
                "training.Licence",
                "training.LicenceCheck",
                "training.LicenceReminder",
                "training.LetterSignature",
                "training.LetterMark",
                "training.PracticalCheck",
                "training.PracticalCheckMark",
                "training.Dispensation",
                "training.Occurrence",
            }
        ),
        _training,
    ),
)
