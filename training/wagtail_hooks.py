"""What the training room adds to the back office."""

from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin import messages as wagtail_messages
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem
from wagtail.admin.widgets.button import Button

from courses.models import OperatingRulePage, WarningCasePage
from people.permissions import Capability
from training import dossier
from training.actions.forgetting import ERASERS
from training.panels import PANELS
from training.permissions import may
from training.personal_data import PROVIDERS
from training.queries.pushes import push_scope
from training.views import (
    cards,
    case_files,
    clearance,
    coverage,
    dispensations,
    ledger,
    licence_files,
    licences,
    occurrences,
    on_site,
    parameters,
    programmes,
    pushes,
    registers,
    rules,
    signing,
    worklist,
)


class TrainingMenuItem(MenuItem):
    """A page of the training room, shown to those who have its capability somewhere."""

    def __init__(self, label, view, capability, **kwargs):
        super().__init__(label, reverse(f"training_office:{view}"), **kwargs)
        self.capability = capability

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return may(request.user, self.capability)


@hooks.register("register_admin_urls")
def training_urls():
    """Register the pages of the back office."""
    patterns = [
        path("today/", worklist.worklist, name="worklist"),
        path("today/<slug:name>/", worklist.worklist_section, name="worklist-section"),
        path("coverage/", coverage.coverage, name="coverage"),
        path("coverage/people/", coverage.people, name="coverage-people"),
        path("coverage/export/", coverage.export, name="coverage-export"),
        path("on-site/", on_site.on_site_list, name="on-site"),
        path("on-site/<int:component_id>/", on_site.on_site_record, name="on-site-record"),
        path("obligations/", registers.obligations, name="obligations"),
        path("obligations/<uuid:public_id>/", registers.obligation, name="obligation"),
        path("ledger/", registers.ledger, name="ledger"),
        path("ledger/export/", registers.ledger_export, name="ledger-export"),
        path("ledger/<int:seq>/", ledger.record_inspect, name="ledger-record"),
        path("ledger/<int:seq>/proof/", ledger.record_proof, name="ledger-proof"),
        path("ledger/<int:seq>/correct/", ledger.record_correct, name="ledger-correct"),
        path("ledger/seals/", ledger.seals, name="ledger-seals"),
        path("ledger/seals/verify/", ledger.verify, name="ledger-verify"),
        path("ledger/seals/checkpoint/", ledger.checkpoint_file, name="ledger-checkpoint"),
        path("ledger/seals/print/", ledger.checkpoint_print, name="ledger-checkpoint-print"),
        path("ledger/seals/checker/", ledger.checker, name="ledger-checker"),
        path("programmes/", registers.programmes, name="programmes"),
        path("programmes/templates/", registers.templates, name="templates"),
        path("programmes/add/", programmes.programme_form, name="programme-add"),
        path("programmes/<int:pk>/", programmes.programme_form, name="programme-edit"),
        path("programmes/<int:pk>/copy/", programmes.programme_copy, name="programme-copy"),
        path("occurrences/", occurrences.occurrences, name="occurrences"),
        path("occurrences/add/", occurrences.occurrence_form, name="occurrence-add"),
        path(
            "occurrences/<uuid:public_id>/withdraw/",
            occurrences.occurrence_withdraw,
            name="occurrence-withdraw",
        ),
        path("dispensations/", dispensations.dispensations, name="dispensations"),
        path(
            "dispensations/<uuid:public_id>/decide/",
            dispensations.dispensation_decide,
            name="dispensation-decide",
        ),
        path(
            "dispensations/<uuid:public_id>/file/", dispensations.dispensation_file, name="dispensation-file"
        ),
        path(
            "obligations/<uuid:public_id>/dispensation/",
            dispensations.dispensation_form,
            name="dispensation-ask",
        ),
        path(
            "obligations/<uuid:public_id>/practical/<int:component_id>/",
            dispensations.practical_check,
            name="practical-check",
        ),
        path("hours/", dispensations.hours_gaps, name="hours"),
        path("rules/", rules.rules, name="rules"),
        path("rules/add/", rules.rule_form, name="rule-add"),
        path("rules/recompute/", rules.recompute, name="rules-recompute"),
        path("rules/<int:pk>/", rules.rule_form, name="rule-edit"),
        path("rules/<int:pk>/end/", rules.rule_end, name="rule-end"),
        path("rules/preview/<uuid:job_id>/", rules.rule_preview, name="rule-preview"),
        path("parameters/", parameters.parameters, name="parameters"),
        path("parameters/<slug:code>/", parameters.parameter, name="parameter"),
        path("parameters/<slug:code>/change/", parameters.parameter_form, name="parameter-change"),
        path("pushes/", pushes.pushes, name="pushes"),
        path("pushes/add/<int:lesson_id>/", pushes.push_form, name="push-add"),
        path("pushes/<uuid:public_id>/", pushes.push, name="push"),
        path("pushes/<uuid:public_id>/people/", pushes.push_people, name="push-people"),
        path("pushes/<uuid:public_id>/export/", pushes.push_export, name="push-export"),
        path("pushes/<uuid:public_id>/end/", pushes.push_end, name="push-end"),
        path("case-files/", case_files.case_files, name="case-files"),
        path("case-files/<uuid:public_id>/", case_files.case_file, name="case-file"),
        path(
            "case-files/<uuid:public_id>/gates/<slug:gate>/", case_files.case_file_gate, name="case-file-gate"
        ),
        path(
            "case-files/<uuid:public_id>/material/<int:entry_id>/",
            case_files.gate_material,
            name="gate-material",
        ),
        path("clearance/<uuid:public_id>/", clearance.clearance_history, name="clearance-history"),
        path("cards/", cards.cards, name="cards"),
        path("cards/<uuid:public_id>.pdf", cards.card_pdf, name="card-pdf"),
        path("files/<uuid:public_id>.pdf", cards.training_file, name="training-file"),
        path("on-site/signing/", signing.sessions, name="sign-sessions"),
        path("on-site/signing/<int:record_id>/", signing.session, name="sign-session"),
        path("on-site/signing/<int:record_id>/<slug:role>/", signing.sign_session, name="sign-session-role"),
        path(
            "on-site/signing/<int:record_id>/<slug:role>/<int:employee_id>/",
            signing.sign_session,
            name="sign-session-trainee",
        ),
        path("licences/", licences.licences, name="licences"),
        path("licences/add/", licences.licence_form, name="licence-add"),
        path("licences/export/", licences.licence_export, name="licence-export"),
        path("licences/import/", licence_files.licence_import, name="licence-import"),
        path("licences/import/template/", licence_files.licence_template, name="licence-template"),
        path("licences/kinds/", licences.licence_kinds, name="licence-kinds"),
        path("licences/<int:pk>/", licences.licence, name="licence"),
        path("licences/<int:pk>/edit/", licences.licence_form, name="licence-edit"),
        path("licences/<int:pk>/review/", licences.licence_review, name="licence-review"),
        path("licences/<int:pk>/check/", licences.licence_check, name="licence-check"),
        path("licences/<int:pk>/scan/", licence_files.licence_scan, name="licence-scan"),
    ]
    return [path("training/", include((patterns, "training_office")))]


class PushMenuItem(MenuItem):
    """The pages of case pushes, shown to those who push and to those who answer for people."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return bool(push_scope(request.user))


@hooks.register("register_admin_menu_item")
def training_menu():
    """Put the training room into the menu."""
    see, record = Capability.VIEW_COVERAGE, Capability.RECORD_TRAINING
    pages = [
        (_("今天要办的事"), "worklist", see, "tasks"),
        (_("培训覆盖率"), "coverage", see, "view"),
        (_("现场教育登记"), "on-site", record, "edit"),
        (_("现场教育签字"), "sign-sessions", record, "edit"),
        (_("培训任务"), "obligations", see, "tasks"),
        (_("安全教育卡"), "cards", see, "doc-full"),
        (_("培训台账"), "ledger", see, "doc-full"),
        (_("外部证件"), "licences", see, "key"),
        (_("四不放过档案"), "case-files", see, "folder-open-inverse"),
        (_("学时缺口"), "hours", see, "time"),
        (_("豁免、延期与认定"), "dispensations", see, "tick-inverse"),
        (_("三违、事故与变更"), "occurrences", see, "warning"),
        (_("培训规则"), "rules", see, "list-ul"),
        (_("规则数值"), "parameters", see, "list-ul"),
        (_("培训方案"), "programmes", see, "list-ul"),
    ]
    items = [
        TrainingMenuItem(label, view, capability, name=f"training-{view}", icon_name=icon, order=order)
        for order, (label, view, capability, icon) in enumerate(pages, start=1)
    ]
    items.append(
        PushMenuItem(
            _("案例推送"),
            reverse("training_office:pushes"),
            name="training-pushes",
            icon_name="mail",
            order=len(pages) + 1,
        )
    )
    return SubmenuMenuItem(
        _("培训"), Menu(items=items), name="training", icon_name="clipboard-list", order=300
    )


@hooks.register("register_log_actions")
def log_actions(actions):
    """Make the room's audit codes known."""
    for code, label in (
        ("training.programme.save", _("保存培训方案")),
        ("training.rule.save", _("保存培训规则")),
        ("training.component.take_back", _("考试作废，取消环节完成")),
        ("training.rule.end", _("停用培训规则")),
        ("training.parameter.save", _("修改规则数值")),
        ("training.occurrence.add", _("登记三违、事故或变更")),
        ("training.occurrence.withdraw", _("撤回三违、事故或变更的登记")),
        ("training.dispensation.ask", _("申请豁免、延期或认定")),
        ("training.dispensation.decide", _("审批豁免、延期或认定")),
        ("training.practical.check", _("师傅考核")),
        ("training.signatures.forget", _("删除遗留的签名笔迹")),
        ("training.push.add", _("推送案例")),
        ("training.push.end", _("结束案例推送")),
        ("training.case_file.open", _("建立四不放过档案")),
        ("training.gate.note", _("登记四不放过材料")),
        ("training.gate.close", _("关闭四不放过关口")),
        ("training.gate.reopen", _("重新打开四不放过关口")),
        ("training.card.print", _("打印安全教育卡")),
        ("training.file.print", _("导出培训档案")),
        ("training.licence.add", _("登记证件")),
        ("training.licence.change", _("修改证件")),
        ("training.licence.review", _("登记证件复审")),
        ("training.licence.check", _("登记证件官网核验")),
        ("training.licence.scan", _("上传证件扫描件")),
        ("training.licence.scan_seen", _("查看证件扫描件")),
    ):
        actions.register_action(code, label, label)


@hooks.register("employee_panels")
def employee_panels():
    """Add what this room knows to the employee page."""
    return PANELS


@hooks.register("personal_data")
def personal_data():
    """Add what this room holds to the copy a person may ask for."""
    return PROVIDERS


@hooks.register("personal_data_erasers")
def personal_data_erasers():
    """Forget what opens a person's ledger rows when the name is erased."""
    return ERASERS


@hooks.register("after_publish_page")
def offer_push(request, page):
    """Ask who should learn from a case or an operating rule that was just published."""
    if isinstance(page, WarningCasePage | OperatingRulePage) and may(request.user, Capability.PUSH_CASES):
        address = reverse("training_office:push-add", args=[page.pk])
        wagtail_messages.info(
            request,
            _("“%(title)s”已发布。谁应学习它？") % {"title": page.title},
            buttons=[wagtail_messages.button(address, _("看谁应学习，并推送"))],
        )


@hooks.register("register_page_header_buttons")
def push_button(page, user, next_url=None, view_name=None):
    """Offer the push among what can be done with a published case or rule, on any later day."""
    kinds = (WarningCasePage, OperatingRulePage)
    if page.live and isinstance(page.specific_deferred, kinds) and may(user, Capability.PUSH_CASES):
        yield Button(
            _("谁应学习（推送）"),
            reverse("training_office:push-add", args=[page.pk]),
            icon_name="mail",
            priority=90,
        )


@hooks.register("dossier_sections")
def dossier_sections():
    """Add what this room knows to a person's training file."""
    return dossier.SECTIONS
