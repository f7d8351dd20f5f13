"""Messages to people."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    INBOX = "inbox", _("站内消息")
    EMAIL = "email", _("邮件")


class Notice(models.Model):
    """One message to one person over one channel, sent at most once per cause."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    channel = models.CharField(_("渠道"), max_length=10, choices=Channel, default=Channel.INBOX)
    cause = models.CharField(
        _("起因"), max_length=120, help_text="what it is about, e.g. `obligation:18:created`"
    )
    title = models.CharField(_("标题"), max_length=120)
    body = models.TextField(_("内容"), blank=True)
    link = models.CharField(_("链接"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("创建时间"))
    sent_at = models.DateTimeField(_("发出时间"), null=True, blank=True)
    read_at = models.DateTimeField(_("阅读时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("消息")
        verbose_name_plural = _("消息")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "channel", "cause"], name="notices_once_per_cause"),
        ]

    def __str__(self) -> str:
        return self.title
