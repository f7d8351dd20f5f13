"""What certificates hold on one person: what was printed, what became of it, and the PDFs."""

from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.models import Certificate, CertificateFile, CertificateStatus
from people.models import Employee
from people.personal_data import Held, HeldFile, Provider, table


def _certificates(employee: Employee) -> list[Held]:
    files = CertificateFile.objects.filter(certificate__employee=employee).select_related("certificate")
    issued = table(
        "certificates",
        _("证书"),
        Certificate.objects.filter(employee=employee).order_by("issued_at"),
        {
            "number": _("证书编号"),
            "printed": _("印制内容"),
            "issued_at": _("签发时间"),
            "valid_until": _("有效期至"),
        },
    )
    return [
        replace(
            issued,
            files=tuple(HeldFile(f"certificate-{one.certificate.number}.pdf", one.file) for one in files),
        ),
        table(
            "certificate_changes",
            _("证书状态变更"),
            CertificateStatus.objects.filter(certificate__employee=employee).order_by("changed_at"),
            {
                "certificate__number": _("证书编号"),
                "kind": _("变更"),
                "reason": _("原因"),
                "changed_at": _("时间"),
            },
        ),
    ]


PROVIDERS = (
    Provider(
        gettext_lazy("证书"),
        frozenset(
            {
                "certificates.Certificate",
                "certificates.CertificateFile",
                "certificates.CertificateStatus",
            }
        ),
        _certificates,
    ),
)
