"""What exams add to the back office. Registration only."""

from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

from exams import dossier, viewsets
from exams.actions.integrity_photos import erase_photos
from exams.panels import PANELS
from exams.personal_data import PROVIDERS
from exams.views import (
    analysis,
    campaigns,
    finding_list,
    formats,
    hand_marks,
    integrity_office,
    invigilation,
    marking,
    media,
    office,
    paper_marks,
    papers,
    printing,
    questions,
    regrade,
    review,
    running,
    sitting_reading,
    spot_checks,
    voiding,
    weakness,
)
from people.erasing import Eraser
from people.models import Erasable
from people.permissions import Capability, allows


def _listing(address, view, name):
    """Return the addresses of a list and of its results alone, which searching and filtering fetch."""
    return [
        path(address, view.as_view(), name=name),
        path(f"{address}results/", view.as_view(results_only=True), name=f"{name}-results"),
    ]


@hooks.register("register_admin_urls")
def exam_urls():
    """Register the lists and forms below /admin/exams/."""
    patterns = [
        *_listing("questions/", viewsets.QuestionList, "questions"),
        path("questions/add/", questions.question_form, name="question-add"),
        path("questions/preview/", questions.question_preview, name="question-add-preview"),
        path("questions/<int:question_id>/", questions.question_form, name="question-edit"),
        path("questions/<int:question_id>/preview/", questions.question_preview, name="question-preview"),
        path("questions/<int:question_id>/retire/", questions.question_retire, name="question-retire"),
        path("questions/<int:question_id>/submit/", review.question_submit, name="question-submit"),
        path("questions/bulk/", review.questions_bulk, name="questions-bulk"),
        *_listing("reviews/", viewsets.ReviewList, "reviews"),
        path("reviews/<int:question_id>/", review.question_review, name="question-review"),
        path("media/<int:media_id>/", media.author_media, name="media"),
        *_listing("banks/", viewsets.BankList, "banks"),
        path("banks/add/", office.bank_form, name="bank-add"),
        path("banks/<int:bank_id>/", office.bank_form, name="bank-edit"),
        path("banks/<int:bank_id>/duplicates/", review.bank_duplicates, name="bank-duplicates"),
        path("banks/<int:bank_id>/duplicates/apart/", review.pair_apart, name="pair-apart"),
        path("banks/<int:bank_id>/duplicates/back/", review.pair_back, name="pair-back"),
        path("banks/template.xlsx", formats.template, name="bank-template"),
        path("banks/<int:bank_id>/import/", formats.upload, name="bank-import"),
        path("banks/<int:bank_id>/import/<str:token>/", formats.preview, name="bank-import-preview"),
        path("banks/<int:bank_id>/import/<str:token>/apply/", formats.apply, name="bank-import-apply"),
        path("banks/<int:bank_id>/export/<slug:format_name>/", formats.export, name="bank-export"),
        path(
            "banks/<int:bank_id>/export/<slug:format_name>/file/",
            formats.export_file,
            name="bank-export-file",
        ),
        *_listing("topics/", viewsets.TopicList, "topics"),
        path("topics/add/", office.topic_form, name="topic-add"),
        path("topics/<int:topic_id>/", office.topic_form, name="topic-edit"),
        *_listing("papers/", viewsets.ExamList, "exams"),
        path("papers/add/", office.exam_form, name="exam-add"),
        path("papers/<int:exam_id>/", office.exam_form, name="exam-edit"),
        path("papers/check/", papers.blueprint_check, name="exam-check"),
        path("papers/<int:exam_id>/preview/", papers.exam_preview, name="exam-preview"),
        path("papers/<int:exam_id>/preview/paper/", papers.exam_preview_paper, name="exam-preview-paper"),
        path("papers/<int:exam_id>/fixed/", papers.exam_fixed, name="exam-fixed"),
        path("papers/<int:exam_id>/forms/", papers.exam_forms, name="exam-forms"),
        path("papers/<int:exam_id>/print/", printing.exam_print, name="exam-print"),
        path("printed/<uuid:public_id>/<slug:part>/", printing.printed_file, name="printed-file"),
        path("sheets/", paper_marks.paper_list, name="paper-sheets"),
        path("sheets/<uuid:public_id>/", paper_marks.paper_marks, name="paper-marks"),
        path("sheets/<uuid:public_id>/time/", paper_marks.paper_time, name="paper-time"),
        path("sheets/<uuid:public_id>/marks.xlsx", paper_marks.marks_workbook, name="paper-workbook"),
        path("sheets/<uuid:public_id>/import/", paper_marks.marks_import, name="paper-import"),
        path("sheets/<uuid:public_id>/scan/", paper_marks.scan_upload, name="paper-scan-add"),
        path("sheets/<uuid:public_id>/scan/<int:scan_id>/", paper_marks.scan_file, name="paper-scan"),
        path("papers/<int:exam_id>/analysis/", analysis.exam_figures, name="exam-analysis"),
        path("papers/<int:exam_id>/analysis.xlsx", analysis.exam_workbook, name="exam-workbook"),
        path("papers/<int:exam_id>/regrade/", regrade.exam_regrade, name="exam-regrade"),
        path("running/", running.running, name="running"),
        path("papers/<int:exam_id>/running/", running.exam_running, name="exam-running"),
        path("extra-time/", running.extra_time, name="extra-time"),
        path("extra-time/<int:grant_id>/withdraw/", running.extra_time_withdraw, name="extra-time-withdraw"),
        *_listing("attempts/", viewsets.AttemptList, "attempts"),
        path("weakness/", weakness.weakness_map, name="weakness"),
        path("weakness.xlsx", weakness.weakness_workbook, name="weakness-workbook"),
        path(
            "attempts/<uuid:public_id>/timeline/", integrity_office.attempt_timeline, name="attempt-timeline"
        ),
        path("attempts/<uuid:public_id>/marks/<int:slot>/", hand_marks.hand_mark, name="attempt-hand-mark"),
        path(
            "attempts/<uuid:public_id>/marks/<int:slot>/media/",
            hand_marks.hand_mark_media,
            name="attempt-hand-mark-media",
        ),
        path(
            "attempts/<uuid:public_id>/identity/", integrity_office.attempt_identity, name="attempt-identity"
        ),
        path("attempts/<uuid:public_id>/void/", voiding.attempt_void, name="attempt-void"),
        path("attempts/photos/<uuid:photo_id>/", integrity_office.attempt_photo, name="attempt-photo"),
        *_listing("findings/", finding_list.FindingList, "findings"),
        path("findings/search/", integrity_office.findings_search, name="findings-search"),
        path("findings/<int:finding_id>/", integrity_office.finding_page, name="finding"),
        path("papers/<int:exam_id>/guard/", integrity_office.exam_guard, name="exam-guard"),
        *_listing("sittings/", viewsets.SittingList, "sittings"),
        path("sittings/add/", invigilation.sitting_form, name="sitting-add"),
        path("sittings/<int:sitting_id>/", sitting_reading.sitting_console, name="sitting"),
        path("sittings/<int:sitting_id>/record/", sitting_reading.sitting_record, name="sitting-record"),
        path("sittings/<int:sitting_id>/edit/", invigilation.sitting_form, name="sitting-edit"),
        path("sittings/<int:sitting_id>/roster/", invigilation.sitting_roster, name="sitting-roster"),
        path("sittings/<int:sitting_id>/do/<slug:step>/", invigilation.sitting_step, name="sitting-step"),
        path(
            "sittings/<int:sitting_id>/seats/<int:seat_id>/",
            sitting_reading.sitting_seat,
            name="sitting-seat",
        ),
        path(
            "sittings/<int:sitting_id>/seats/<int:seat_id>/<slug:step>/",
            invigilation.seat_step,
            name="seat-step",
        ),
        path("marking/", marking.marking_queue, name="marking"),
        path("marking/next/", marking.marking_next, name="marking-next"),
        path("marking/<int:task_id>/", marking.marking_answer, name="marking-answer"),
        path("marking/<int:task_id>/put-back/", marking.marking_put_back, name="marking-put-back"),
        path("marking/<int:task_id>/media/", marking.marking_media, name="marking-media"),
        path("spot-checks/", spot_checks.spot_list, name="spot-checks"),
        path("spot-checks.xlsx", spot_checks.spot_workbook, name="spot-workbook"),
        path("spot-checks/start/", spot_checks.spot_start, name="spot-start"),
        path("spot-checks/<uuid:public_id>/", spot_checks.spot_round, name="spot-round"),
        path("spot-checks/<uuid:public_id>/person/", spot_checks.spot_person, name="spot-person"),
        path("spot-checks/<uuid:public_id>/close/", spot_checks.spot_close, name="spot-close"),
        path(
            "spot-checks/<uuid:public_id>/confirm/<int:seat_id>/",
            spot_checks.spot_confirm,
            name="spot-confirm",
        ),
        path("campaigns/", campaigns.campaign_list, name="campaigns"),
        path("campaigns/add/", campaigns.campaign_form, name="campaign-add"),
        path("campaigns/<int:campaign_id>/", campaigns.campaign_ranking, name="campaign"),
        path("campaigns/<int:campaign_id>/edit/", campaigns.campaign_form, name="campaign-edit"),
        path(
            "campaigns/<int:campaign_id>/ranking.xlsx", campaigns.campaign_workbook, name="campaign-workbook"
        ),
    ]
    return [path("exams/", include((patterns, "exams_office")))]


class BankMenuItem(MenuItem):
    """An entry for those who see the bank."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return allows(request.user, Capability.VIEW_BANK)


class ReviewMenuItem(MenuItem):
    """An entry for those who review questions."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return allows(request.user, Capability.REVIEW_QUESTIONS)


class InvigilatorMenuItem(MenuItem):
    """An entry for those who invigilate."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return allows(request.user, Capability.INVIGILATE)


class SittingMenuItem(MenuItem):
    """An entry for those who may look at sittings."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return allows(request.user, Capability.VIEW_SITTINGS)


class MarkingMenuItem(MenuItem):
    """An entry for those who mark answers."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return allows(request.user, Capability.MARK_ATTEMPTS)


class ResultsMenuItem(MenuItem):
    """An entry for those who may see results."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return viewsets.sees_results(request.user)


class CampaignMenuItem(MenuItem):
    """An entry for those who run campaigns."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return allows(request.user, Capability.RUN_CAMPAIGNS)


@hooks.register("register_admin_menu_item")
def exam_menu():
    """Put exams into the menu; it disappears with its last entry."""
    entries = [
        BankMenuItem(
            pgettext_lazy("plural", "试题"),
            reverse_lazy("exams_office:questions"),
            icon_name="help",
            order=10,
        ),
        ReviewMenuItem(
            _("待审核"), reverse_lazy("exams_office:reviews"), icon_name="check", name="reviews", order=15
        ),
        BankMenuItem(
            pgettext_lazy("plural", "考试"), reverse_lazy("exams_office:exams"), icon_name="form", order=20
        ),
        InvigilatorMenuItem(
            _("监考"), reverse_lazy("exams_office:running"), icon_name="view", name="running", order=22
        ),
        SittingMenuItem(
            pgettext_lazy("plural", "考试场次"),
            reverse_lazy("exams_office:sittings"),
            icon_name="group",
            name="sittings",
            order=21,
        ),
        MarkingMenuItem(
            _("阅卷"), reverse_lazy("exams_office:marking"), icon_name="edit", name="marking", order=25
        ),
        MarkingMenuItem(
            _("纸质考试登分"),
            reverse_lazy("exams_office:paper-sheets"),
            icon_name="doc-full",
            name="paper-sheets",
            order=27,
        ),
        ResultsMenuItem(
            pgettext_lazy("plural", "答卷"),
            reverse_lazy("exams_office:attempts"),
            icon_name="tasks",
            order=30,
        ),
        ResultsMenuItem(
            _("薄弱点"), reverse_lazy("exams_office:weakness"), icon_name="warning", name="weakness", order=35
        ),
        ResultsMenuItem(
            pgettext_lazy("plural", "现场抽考"),
            reverse_lazy("exams_office:spot-checks"),
            icon_name="crosshairs",
            name="spot-checks",
            order=32,
        ),
        CampaignMenuItem(
            pgettext_lazy("plural", "答题活动"),
            reverse_lazy("exams_office:campaigns"),
            icon_name="pick",
            name="campaigns",
            order=34,
        ),
        ResultsMenuItem(
            pgettext_lazy("plural", "疑点"),
            reverse_lazy("exams_office:findings"),
            icon_name="view",
            name="findings",
            order=37,
        ),
        BankMenuItem(
            pgettext_lazy("plural", "题库"), reverse_lazy("exams_office:banks"), icon_name="folder", order=40
        ),
        BankMenuItem(
            pgettext_lazy("plural", "知识点"), reverse_lazy("exams_office:topics"), icon_name="tag", order=50
        ),
    ]
    return SubmenuMenuItem(
        pgettext_lazy("plural", "考试"), Menu(items=entries), name="exams", icon_name="list-ol", order=400
    )


@hooks.register("register_log_actions")
def register_log_actions(actions):
    """Name the actions exams write to the audit log."""
    for code, label in (
        ("exams.bank.save", _("保存题库")),
        ("exams.bank.questions", _("保存试题")),
        ("exams.bank.export", _("导出题库")),
        ("exams.pair.apart", _("记为不是重复题")),
        ("exams.pair.back", _("撤销“不是重复题”")),
        ("exams.topic.save", _("保存知识点")),
        ("exams.question.retire", _("停用试题")),
        ("exams.question.restore", _("恢复试题")),
        ("exams.question.bulk", _("批量修改试题")),
        ("exams.question.submitted", _("提交试题审核")),
        ("exams.question.approved", _("试题审核通过")),
        ("exams.question.returned", _("退回试题")),
        ("exams.attempt.given_mark", _("评了一份答案")),
        ("exams.attempt.hand_mark", _("人工评分")),
        ("exams.attempt.void", _("作废答卷")),
        ("exams.exam.regrade", _("重新评分")),
        ("exams.exam.save", _("保存考试")),
        ("exams.extra_time.grant", _("批准个人加时")),
        ("exams.extra_time.withdraw", _("撤销个人加时")),
        ("exams.campaign.save", _("保存答题活动")),
        ("exams.spot.start", _("发起现场抽考")),
        ("exams.exam.guard", _("设置考试的防作弊要求")),
        ("exams.finding.decide", _("决定考试疑点")),
        ("exams.attempt.identity", _("核对考生身份")),
        ("exams.exam.fixed", _("保存固定试卷")),
        ("exams.exam.forms", _("抽平行卷")),
        ("exams.exam.print", _("印制纸质试卷")),
        ("exams.printed.download", _("下载纸质试卷文件")),
        ("exams.printed.mark", _("登记纸质考试成绩")),
        ("exams.printed.scan", _("上传答卷扫描件")),
        ("exams.printed.time", _("登记纸质考试时间")),
        ("exams.sitting.save", _("排定考试场次")),
        ("exams.sitting.end", _("结束考试场次")),
        ("exams.sitting.cancel", _("取消考试场次")),
    ):
        actions.register_action(code, label, label)


@hooks.register("employee_panels")
def employee_panels():
    """Add what this room knows to the employee page."""
    return PANELS


@hooks.register("personal_data_erasers")
def personal_data_erasers():
    """Delete the photographs of exams with a person's photograph, and with the name at the latest."""
    return [Eraser(Erasable.PHOTO, erase_photos), Eraser(Erasable.NAME, erase_photos)]


@hooks.register("personal_data")
def personal_data():
    """Add what this room holds to the copy a person may ask for."""
    return PROVIDERS


@hooks.register("dossier_sections")
def dossier_sections():
    """Add what this room knows to a person's training file."""
    return dossier.SECTIONS
