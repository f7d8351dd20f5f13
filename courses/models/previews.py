"""How a page is previewed while it is written: as a learner on a phone, before anything else."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

PREVIEW_SIZES = [
    {"name": "phone", "icon": "mobile-alt", "device_width": 390, "label": _("手机上的样子")},
    {"name": "tablet", "icon": "tablet-alt", "device_width": 768, "label": _("平板上的样子")},
    {"name": "desktop", "icon": "desktop", "device_width": 1280, "label": _("电脑上的样子")},
]
_SHOWN_AS: dict[str, dict[str, str]] = {
    "": {"display_theme": "light", "display_size": "normal"},
    "dark": {"display_theme": "dark", "display_size": "normal"},
    "large": {"display_theme": "light", "display_size": "large"},
}


class PreviewedAsLearner:
    """Puts the phone first among the sizes, and offers the dark and the large page that learners may choose."""

    preview_sizes = PREVIEW_SIZES
    preview_modes = [("", _("学员所见")), ("dark", _("暗色")), ("large", _("大字"))]

    def get_preview_context(self, request: HttpRequest, mode_name: str) -> dict[str, Any]:
        """Show the page as the mode says, whatever the editor has chosen for themselves."""
        context: dict[str, Any] = super().get_preview_context(request, mode_name)
        return context | _SHOWN_AS.get(mode_name, _SHOWN_AS[""])
