"""The PDF of a certificate: made once, stored, and remembered with its digest."""

import datetime as dt
import hashlib

from django.core.files.base import ContentFile
from django.db import transaction

from certificates.models import Certificate, CertificateFile
from certificates.rendering import render_pdf


def make_file(*, certificate_id: int, now: dt.datetime) -> CertificateFile:
    """Render and store a certificate's PDF; one that has a file keeps it and nothing is made.

    Rendering and storing happen outside the transaction, because both are slow. Should another worker have
    been first, its file stands and ours is removed. A later batch can call this for each id in one process:
    WeasyPrint's cost is in the first document.
    Raises: Certificate.DoesNotExist; RenderingFailed if a resource of the page is missing.
    """
    certificate = Certificate.objects.get(pk=certificate_id)
    made = CertificateFile.objects.filter(certificate=certificate).first()
    if made is not None:
        return made
    pdf = render_pdf(certificate.printed, certificate.verify_code, issued_at=certificate.issued_at)
    draft = CertificateFile(certificate=certificate, sha256=hashlib.sha256(pdf).hexdigest(), rendered_at=now)
    draft.file.save(f"{certificate.public_id}.pdf", ContentFile(pdf), save=False)
    try:
        with transaction.atomic():
            Certificate.objects.select_for_update().get(pk=certificate_id)
            first = CertificateFile.objects.filter(certificate=certificate).first()
            if first is None:
                draft.save(force_insert=True)
    except BaseException:
        draft.file.delete(save=False)
        raise
    if first is not None:
        draft.file.delete(save=False)
        return first
    return draft
