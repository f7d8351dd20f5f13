"""Issuing: one certificate per ledger row of a passed programme, with the next number of its series."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from certificates.content import chinese_date, figure, fill, last_day
from certificates.models import Certificate, CertificateTemplate, NumberSeries
from certificates.numbering import SerialNumber, make_number, series_name
from certificates.queries import certificates_in_force, place_on, template_for
from certificates.shapes import PrintedFields
from common.signing import make_token
from jobs.queue import enqueue
from training.models import RecordKind, TrainingRecord


def issue_for_record(*, record_id: int, now: dt.datetime) -> Certificate | None:
    """Issue the certificate a ledger row has earned, and queue its PDF; called again, return the same one.

    Returns None where there is none to issue: a row that is no passed programme, one that was corrected, or
    a programme without a template.
    Locks: the number series until commit, so that one row gets one certificate (it is looked for again behind
    the lock) and numbers have no gaps (a transaction that fails gives its number back). The ledger row itself
    cannot be locked: PostgreSQL asks for the right to change it, which the site does not have.
    Raises: TrainingRecord.DoesNotExist; UnknownPlaceholder, BadNumber or NumbersExhausted for a template
    that cannot print.
    """
    with transaction.atomic():
        record = TrainingRecord.objects.select_related("employee", "programme").get(pk=record_id)
        issued = Certificate.objects.filter(record=record).first()
        if issued is not None:
            return issued
        template = _template_earned(record, now)
        if template is None:
            return None
        issued_on = timezone.localdate(now)
        number = take_number(prefix=template.number_prefix, year=issued_on.year, unless_issued_for=record)
        if number is None:
            return Certificate.objects.get(record=record)
        completed_on = timezone.localdate(record.completed_at)
        valid_until = last_day(completed_on, _valid_months(template, record))
        certificate = Certificate.objects.create(
            number=str(number),
            verify_code=make_token(),
            employee=record.employee,
            record=record,
            template=template,
            printed=printed_fields(
                template=template,
                record=record,
                number=number,
                issued_on=issued_on,
                valid_until=valid_until,
            ),
            issued_at=now,
            valid_until=valid_until,
        )
        enqueue(
            "certificates.tasks.render_certificate",
            title=_("制作证书 %(number)s") % {"number": certificate.number},
            params={"certificate_id": certificate.pk},
        )
    return certificate


def take_number(
    *, prefix: str, year: int, unless_issued_for: TrainingRecord | None = None
) -> SerialNumber | None:
    """Take the next number of a series, or None if the row has got its certificate meanwhile.

    Call it inside the transaction that uses the number. The series stays locked until that transaction ends,
    so the next taker sees this number or, after a rollback, gets it.
    """
    name = series_name(prefix, year)
    NumberSeries.objects.get_or_create(series=name)
    series = NumberSeries.objects.select_for_update().get(series=name)
    if unless_issued_for and Certificate.objects.filter(record=unless_issued_for).exists():
        return None
    number = make_number(prefix, year, series.last + 1)
    series.last = number.sequence
    series.save(update_fields=["last"])
    return number


def printed_fields(
    *,
    template: CertificateTemplate,
    record: TrainingRecord,
    number: SerialNumber,
    issued_on: dt.date,
    valid_until: dt.date | None,
) -> PrintedFields:
    """Return every field of the certificate as it will be printed: what was true at issue, from then on frozen.

    Hours and score are those of the ledger row. Raises UnknownPlaceholder for a template that cannot be filled.
    """
    completed_on = timezone.localdate(record.completed_at)
    unit, post = place_on(record.employee_id, completed_on)
    values = {
        "name": record.employee.name,
        "employee_no": record.employee.employee_no,
        "unit": unit,
        "post": post,
        "programme": record.programme.title if record.programme else record.title,
        "hours": figure(record.hours),
        "score": figure(record.score_pct),
        "completed_on": chinese_date(completed_on),
        "issued_on": chinese_date(issued_on),
        "valid_until": chinese_date(valid_until),
    }
    return PrintedFields(
        number=str(number),
        title=template.title,
        body=fill(template.body, values),
        footnote=fill(template.footnote, values),
        issuer=_issuer(unit),
        record_seq=str(record.seq),
        record_hash=record.leaf_hash,
        name=values["name"],
        employee_no=values["employee_no"],
        unit=values["unit"],
        post=values["post"],
        programme=values["programme"],
        hours=values["hours"],
        score=values["score"],
        completed_on=values["completed_on"],
        issued_on=values["issued_on"],
        valid_until=values["valid_until"],
    )


def _template_earned(record: TrainingRecord, now: dt.datetime) -> CertificateTemplate | None:
    if not record.passed or record.programme_id is None:
        return None
    if record.kind != RecordKind.PROGRAMME and not _earned_again(record, now):
        return None
    if TrainingRecord.objects.filter(corrects=record).exists():
        return None
    return template_for(record.programme_id)


def _earned_again(record: TrainingRecord, now: dt.datetime) -> bool:
    """Tell whether a correction says that a programme is passed after all, and no certificate says so yet."""
    if record.kind != RecordKind.CORRECTION or record.component_id is not None:
        return False
    if record.corrects is None or record.corrects.passed or record.obligation_id is None:
        return False
    return not certificates_in_force(record.obligation_id, now)


def _valid_months(template: CertificateTemplate, record: TrainingRecord) -> int | None:
    """Return the template's own validity, or the programme's where the template leaves it open."""
    if template.valid_months is not None or record.programme is None:
        return template.valid_months
    return record.programme.valid_months


def _issuer(unit: str) -> str:
    """Return who issues: the organisation as set for the site, or the top of the holder's unit."""
    if settings.ORGANISATION_NAME or unit:
        return settings.ORGANISATION_NAME or unit.split("/")[0]
    with translation.override(settings.LANGUAGE_CODE):
        return _("安学培训平台")
