"""Certificate templates, and the ledger rows they are issued for."""

import datetime as dt
import hashlib
from decimal import Decimal

import factory

from certificates.models import CertificateTemplate
from tests.factories.people import EmployeeFactory
from training.models import Programme, ProgrammeKind, RecordKind, TrainingRecord

COMPLETED_AT = dt.datetime(2026, 3, 8, 2, 30, tzinfo=dt.UTC)


class CertifiedProgrammeFactory(factory.django.DjangoModelFactory):
    """A programme with a certificate template."""

    class Meta:
        model = Programme
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"certified-{n}")
    title = "新员工岗前安全培训"
    kind = ProgrammeKind.PRE_JOB

    @factory.post_generation
    def template(self: Programme, create: bool, extracted: bool | None, **kwargs: object) -> None:
        """Link a template; `template=False` leaves it out, `template__…` sets its fields."""
        if create and extracted is not False:
            CertificateTemplateFactory(programmes=[self], **kwargs)


class CertificateTemplateFactory(factory.django.DjangoModelFactory):
    """A template that uses several placeholders."""

    class Meta:
        model = CertificateTemplate
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"template-{n}")
    title = "安全生产培训合格证书"
    body = "{name}于{completed_on}完成“{programme}”，实修 {hours} 学时，成绩 {score} 分，准予上岗。"
    footnote = "不代替特种作业操作证。"

    @factory.post_generation
    def programmes(self: CertificateTemplate, create: bool, extracted: list[Programme] | None) -> None:
        """Link the programmes given."""
        if create and extracted:
            self.programmes.set(extracted)


class ProgrammeRecordFactory(factory.django.DjangoModelFactory):
    """A ledger row of a passed programme, put there without the training room's action."""

    class Meta:
        model = TrainingRecord

    seq = factory.Sequence(lambda n: n + 1)
    employee = factory.SubFactory(EmployeeFactory)
    kind = RecordKind.PROGRAMME
    programme = factory.SubFactory(CertifiedProgrammeFactory)
    title = factory.SelfAttribute("programme.title")
    hours = Decimal("24.00")
    score_pct = Decimal("92.50")
    passed = True
    started_at = dt.datetime(2026, 3, 3, 0, 0, tzinfo=dt.UTC)
    completed_at = COMPLETED_AT
    payload = "{}"
    leaf_hash = factory.LazyAttribute(lambda row: hashlib.sha256(str(row.seq).encode()).hexdigest())
    recorded_at = COMPLETED_AT
