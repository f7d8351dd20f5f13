"""What this room adds to the back office."""

from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from certificates import dossier
from certificates.models import StatusKind
from certificates.panels import PANELS
from certificates.personal_data import PROVIDERS
from certificates.views import office
from certificates.viewsets import CertificateTemplateViewSet
from people.permissions import Capability, allows


class CertificatesMenuItem(MenuItem):
    """The list of certificates, for those who see results."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return allows(request.user, Capability.VIEW_RESULTS)


@hooks.register("register_admin_urls")
def certificate_urls():
    """Register the list, the page of one certificate, its changes, and the template preview."""
    patterns = [
        path("", office.certificate_list, name="list"),
        path("<uuid:public_id>/", office.certificate_inspect, name="inspect"),
        path("<uuid:public_id>/<slug:change>/", office.certificate_change, name="change"),
        path("templates/<int:template_id>/preview.pdf", office.template_preview, name="template-preview"),
    ]
    return [path("certificates/", include((patterns, "certificates_office")))]


@hooks.register("register_admin_menu_item")
def certificate_menu():
    """Put the list of certificates into the menu."""
    return CertificatesMenuItem(
        pgettext_lazy("plural", "证书"),
        reverse("certificates_office:list"),
        name="certificates",
        icon_name="form",
        order=410,
    )


@hooks.register("register_log_actions")
def certificate_log_actions(actions):
    """Name what this room writes to the audit log."""
    actions.register_action("certificates.template.save", _("保存证书模板"), _("保存证书模板"))
    for kind, label in StatusKind.choices:
        actions.register_action(f"certificates.certificate.{kind}", label, label)


@hooks.register("register_admin_viewset")
def template_viewset():
    """Register the certificate templates."""
    return CertificateTemplateViewSet(menu_order=420, add_to_settings_menu=True)


@hooks.register("register_log_actions")
def register_log_actions(actions):
    """Name what this room writes to the audit log."""
    label = _("保存证书模板")
    actions.register_action("certificates.template.save", label, label)


@hooks.register("employee_panels")
def employee_panels():
    """Add what this room knows to the employee page."""
    return PANELS


@hooks.register("personal_data")
def personal_data():
    """Add what this room holds to the copy a person may ask for."""
    return PROVIDERS


@hooks.register("dossier_sections")
def dossier_sections():
    """Add what this room knows to a person's training file."""
    return dossier.SECTIONS
