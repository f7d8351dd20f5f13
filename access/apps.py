from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "access"
    verbose_name = _("门禁")

    def ready(self) -> None:
        from access import receivers

        receivers.connect()
