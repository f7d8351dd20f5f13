"""Statements about learning: those other systems bring, and which of ours were sent out.

A statement is evidence and no more: nothing here completes an obligation, credits an hour or passes an exam.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a client may do; xAPI 1.0.3 part three 4.0 names them."""

    WRITE = "statements/write", _("写入语句")
    READ_MINE = "statements/read/mine", _("读取自己写入的语句")
    READ = "statements/read", _("读取全部语句")


class StatementClient(models.Model):
    """Another system that brings or reads statements. Of its secret only the digest is kept."""

    name = models.CharField(_("名称"), max_length=120)
    key = models.CharField(max_length=64, unique=True)
    secret_digest = models.CharField(max_length=64)
    scopes = models.JSONField(_("权限"), default=list, help_text="values of Scope")
    created_at = models.DateTimeField(_("创建时间"))
    revoked_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("学习数据客户端")
        verbose_name_plural = _("学习数据客户端")

    def __str__(self) -> str:
        return self.name

    def may(self, *scopes: str) -> bool:
        """Tell whether the client was given one of these scopes."""
        return any(scope in self.scopes for scope in scopes)


class Statement(models.Model):
    """One statement as it was taken in. Inserted only: a statement is voided by another one that says so.

    `body` is the statement as it is given out again; the other columns are what it is found by. `content_sha256`
    tells a repetition from a conflict, `agent_key` is xapi.validation.agent_key of whom it is about.
    """

    statement_id = models.UUIDField(unique=True)
    client = models.ForeignKey(StatementClient, on_delete=models.PROTECT, related_name="statements")
    body = models.JSONField()
    content_sha256 = models.CharField(max_length=64)
    agent_key = models.CharField(max_length=400, db_index=True)
    verb = models.CharField(max_length=400, db_index=True)
    activity = models.CharField(max_length=400, blank=True, db_index=True)
    registration = models.UUIDField(null=True, blank=True, db_index=True)
    voids = models.UUIDField(null=True, blank=True, db_index=True)
    timestamp = models.DateTimeField()
    stored_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("学习语句")
        verbose_name_plural = _("学习语句")

    def __str__(self) -> str:
        return str(self.statement_id)


class FactSource(models.TextChoices):
    """Our facts that are told to another system."""

    STUDY = "study_record", _("学习凭证")
    FILM = "play_session", _("影片播放")
    EXAM = "attempt", _("考试答卷")


class SentFact(models.Model):
    """A fact that was, or is to be, told to the other system: once each, whatever happens on the way."""

    source = models.CharField(max_length=20, choices=FactSource)
    fact_id = models.BigIntegerField()
    noted_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "fact_id"], name="xapi_fact_once"),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(sent_at__isnull=True), name="xapi_fact_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.fact_id}"
