"""The training ledger: rows that are only ever inserted (Work Safety Law art. 28: time, content, participants, result)."""

from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from people.models import Employee
from training.models.obligations import Obligation
from training.models.programmes import Component, Programme


class RecordKind(models.TextChoices):
    PROGRAMME = "programme", _("培训完成")
    ON_SITE = "on_site", _("现场教育")
    CORRECTION = "correction", _("更正")


class RecordManager(models.Manager["TrainingRecord"]):
    """Reads the trainer's name along with each row: the one text queries show that stands beside the ledger."""

    def get_queryset(self) -> "QuerySet[TrainingRecord]":
        """Return the rows, each with the trainer's name as far as it was not erased."""
        trainer = RecordSalt.objects.filter(record=OuterRef("pk"), field=RecordSalt.Field.TRAINER)
        name = Coalesce(Subquery(trainer.values("text")[:1]), Value(""), output_field=models.TextField())
        return super().get_queryset().annotate(trainer=name)


class TrainingRecord(models.Model):
    """One row of the ledger. Database triggers refuse UPDATE and DELETE; a correction is a new row.

    `payload` is the canonical JSON (training.shapes.RecordPayload) whose hash is `leaf_hash`. It names people,
    and says why a row was corrected, only through salted commitments (RecordSalt), so that lawful deletion of
    personal data leaves the chain whole. The columns beside it repeat what queries need; `verify_ledger`
    compares each of them with it. `seq` is the row's place in the Merkle tree (leaf `seq - 1`).

    `hours` of a `programme` row are the programme's own; the `on_site` rows beside it hold the hours of its
    on-site part as they were held, so the two kinds are never added together.
    """

    seq = models.PositiveBigIntegerField(_("序号"), unique=True, help_text="1, 2, 3 … without gaps")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="training_records")
    kind = models.CharField(_("类别"), max_length=12, choices=RecordKind)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    obligation = models.ForeignKey(
        Obligation, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    title = models.CharField(_("内容"), max_length=200)
    hours = models.DecimalField(_("学时"), max_digits=6, decimal_places=2)
    score_pct = models.DecimalField(_("成绩"), max_digits=5, decimal_places=2, null=True, blank=True)
    passed = models.BooleanField(_("合格"))
    started_at = models.DateTimeField(_("开始时间"))
    completed_at = models.DateTimeField(_("完成时间"))
    place = models.CharField(_("地点"), max_length=120, blank=True)
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    payload = models.TextField()
    leaf_hash = models.CharField(max_length=64, unique=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("入账时间"))

    objects = RecordManager()

    class Meta:
        verbose_name = _("培训记录")
        verbose_name_plural = _("培训台账")
        ordering = ["seq"]
        constraints = [
            models.CheckConstraint(condition=Q(hours__gte=0), name="training_record_hours"),
            models.CheckConstraint(
                condition=Q(completed_at__gte=F("started_at")), name="training_record_span"
            ),
            models.UniqueConstraint(
                fields=["obligation"],
                condition=Q(kind="programme"),
                name="training_record_once_per_obligation",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.seq} {self.title}"

    @cached_property
    def trainer_name(self) -> str:
        """The trainer's name as far as it was not erased; a row the manager did not read costs a statement."""
        kept = self.__dict__.get("trainer")
        if kept is None:
            salts = RecordSalt.objects.filter(record_id=self.pk, field=RecordSalt.Field.TRAINER)
            kept = salts.values_list("text", flat=True).first() or ""
        return str(kept)


class LedgerHead(models.Model):
    """The last sequence number of the ledger: one row, locked while records are added, so that none is skipped."""

    last_seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("台账序号")
        verbose_name_plural = _("台账序号")

    def __str__(self) -> str:
        return str(self.last_seq)


class RecordSalt(models.Model):
    """What opens one commitment of a ledger row: the salt, and the text as it was when the row was written.

    Deleting it is how a person is forgotten; nothing else about it may change (a trigger refuses UPDATE).
    `text` of the person is the employee number and the name on two lines, of the others the text itself.
    """

    class Field(models.TextChoices):
        PERSON = "person", _("参加人员")
        TRAINER = "trainer", _("教员")
        REASON = "reason", _("更正原因")

    record = models.ForeignKey(TrainingRecord, on_delete=models.PROTECT, related_name="salts")
    field = models.CharField(_("内容"), max_length=10, choices=Field)
    value = models.CharField(_("盐值"), max_length=64)
    text = models.TextField(_("原文"))
    employee = models.ForeignKey(
        Employee,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="about whom it is, where that is certain; of a trainer often only the name is known",
    )

    class Meta:
        verbose_name = _("记录盐值")
        verbose_name_plural = _("记录盐值")
        constraints = [
            models.UniqueConstraint(fields=["record", "field"], name="training_salt_once"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {self.field}"


class ForgottenText(models.Model):
    """That a commitment of a ledger row was lawfully made unopenable. Inserted only.

    Without it, verification takes a missing salt for one that was removed by stealth.
    """

    record = models.ForeignKey(TrainingRecord, on_delete=models.PROTECT, related_name="forgotten")
    field = models.CharField(_("内容"), max_length=10, choices=RecordSalt.Field)
    forgotten_at = models.DateTimeField(_("删除时间"))

    class Meta:
        verbose_name = _("已删除的原文")
        verbose_name_plural = _("已删除的原文")
        constraints = [
            models.UniqueConstraint(fields=["record", "field"], name="training_forgotten_once"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {self.field}"


class LedgerSeal(models.Model):
    """The Merkle root over the first `size` rows of the ledger, signed. Inserted only.

    `leaves` holds the leaf hashes that came in with this seal (32 bytes each, the last one is that of row
    `size`), so that verification can name the very row that was changed later. `peaks` are the roots of the
    complete subtrees the tree is made of, largest first: the next seal goes on from them without reading
    older rows. Neither needs to be believed: both must lead to `root`.
    """

    number = models.PositiveBigIntegerField(_("封存号"), unique=True, help_text="1, 2, 3 … without gaps")
    origin = models.CharField(_("平台"), max_length=200)
    size = models.PositiveBigIntegerField(_("记录数"), unique=True)
    root = models.CharField(_("根哈希"), max_length=64)
    previous_root = models.CharField(_("上一个根哈希"), max_length=64)
    sealed_at = models.DateTimeField(_("封存时间"))
    key = models.CharField(_("公钥"), max_length=64, help_text="Ed25519, hex")
    signature = models.CharField(_("签名"), max_length=128)
    leaves = models.BinaryField()
    peaks = models.BinaryField()

    class Meta:
        verbose_name = _("台账封存")
        verbose_name_plural = _("台账封存")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"#{self.number} {self.size}"


class LedgerCheckpoint(models.Model):
    """That a seal was taken out of the machine: by whom, how and where to. Inserted only."""

    class Way(models.TextChoices):
        FILE = "file", _("下载文件")
        PRINT = "print", _("打印")
        MAIL = "mail", _("电子邮件")
        COMMAND = "command", _("命令行")

    seal = models.ForeignKey(LedgerSeal, on_delete=models.PROTECT, related_name="checkpoints")
    way = models.CharField(_("方式"), max_length=10, choices=Way)
    taken_at = models.DateTimeField(_("时间"))
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("台账检查点")
        verbose_name_plural = _("台账检查点")
        ordering = ["-taken_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.seal_id} {self.way}"
