"""What the training room adds to the back office."""

from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

from people.permissions import Capability
from training.permissions import may
from training.views import coverage, licences, on_site, registers


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
        path("coverage/", coverage.coverage, name="coverage"),
        path("coverage/people/", coverage.people, name="coverage-people"),
        path("coverage/export/", coverage.export, name="coverage-export"),
        path("on-site/", on_site.on_site_list, name="on-site"),
        path("on-site/<int:component_id>/", on_site.on_site_record, name="on-site-record"),
        path("obligations/", registers.obligations, name="obligations"),
        path("obligations/<uuid:public_id>/", registers.obligation, name="obligation"),
        path("ledger/", registers.ledger, name="ledger"),
        path("ledger/export/", registers.ledger_export, name="ledger-export"),
        path("programmes/", registers.programmes, name="programmes"),
        path("programmes/templates/", registers.templates, name="templates"),
        path("licences/", licences.licences, name="licences"),
        path("licences/add/", licences.licence_form, name="licence-add"),
        path("licences/<int:pk>/", licences.licence_form, name="licence-edit"),
    ]
    return [path("training/", include((patterns, "training_office")))]


@hooks.register("register_admin_menu_item")
def training_menu():
    """Put the training room into the menu."""
    see, record = Capability.VIEW_COVERAGE, Capability.RECORD_TRAINING
    pages = [
        (_("培训覆盖率"), "coverage", see, "view"),
        (_("现场教育登记"), "on-site", record, "edit"),
        (_("培训任务"), "obligations", see, "tasks"),
        (_("培训台账"), "ledger", see, "doc-full"),
        (_("外部证件"), "licences", see, "key"),
        (_("培训方案与规则"), "programmes", see, "list-ul"),
    ]
    items = [
        TrainingMenuItem(label, view, capability, name=f"training-{view}", icon_name=icon, order=order)
        for order, (label, view, capability, icon) in enumerate(pages, start=1)
    ]
    return SubmenuMenuItem(
        _("培训"), Menu(items=items), name="training", icon_name="clipboard-list", order=300
    )


@hooks.register("register_log_actions")
def log_actions(actions):
    """Make the room's audit codes known."""
    for code, label in (
        ("training.programme.save", _("保存培训方案")),
        ("training.rule.save", _("保存培训规则")),
        ("training.rule.end", _("停用培训规则")),
        ("training.licence.add", _("登记证件")),
        ("training.licence.change", _("修改证件")),
    ):
        actions.register_action(code, label, label)
