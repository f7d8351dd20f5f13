"""Background work of this room. Each task takes ids and may run twice."""

from typing import Any

from certificates.actions.files import make_file
from common.clock import now
from jobs.models import Job


def render_certificate(job: Job) -> dict[str, Any]:
    """Make the PDF of one certificate. `params`: {"certificate_id": int}; result: {"sha256": str}."""
    made = make_file(certificate_id=job.params["certificate_id"], now=now())
    return {"sha256": made.sha256}
