"""Panels of Wagtail's page of one's own account."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.account import BaseSettingsPanel, profile_tab

from common.clock import today
from people.permissions import ROLE_SENTENCES
from people.queries import own_grants


class NothingToSave(forms.Form):
    """A form without fields, for a panel that only shows."""

    def save(self) -> None:
        """Save nothing."""


class OwnRolesPanel(BaseSettingsPanel):
    """What the reader may do, over which part and until when. Nothing here can be changed."""

    name = "roles"
    title = _("我的角色")
    tab = profile_tab
    order = 150
    template_name = "people/_own_roles_panel.html"

    def get_form(self) -> NothingToSave:
        """Return an empty form: there is nothing to fill in."""
        return NothingToSave(self.request.POST if self.request.method == "POST" else None)

    def get_context_data(self) -> dict[str, Any]:
        """Return what the reader holds, each with a sentence about it."""
        grants = own_grants(self.user, today())
        return {"grants": [(grant, ROLE_SENTENCES[grant.role]) for grant in grants], "user": self.user}
