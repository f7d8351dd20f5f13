"""What the player in a lesson's page needs to run a package."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from courses.models import Package, PlaySession
from courses.queries.packages import starting_data_of
from courses.scorm.serving import Ticket, launch_address, message_origin, package_origin, sandbox, ticket_text

SALT_OF_LEARNERS = "courses.packages.learner"


def package_run(
    request: HttpRequest, package: Package, session: PlaySession | None, *, user_id: int
) -> dict[str, Any]:
    """Return what the player needs to run a package: its parts with where they start and what they begin with."""
    ticket = ticket_text(
        Ticket(
            package.pk,
            user_id,
            session.public_id if session else None,
            f"{request.scheme}://{request.get_host()}",
        )
    )
    starts = starting_data_of(package, session.progress if session else None)
    learner = _learner(package, session)
    prefix = "cmi.core.student" if package.version == "1.2" else "cmi.learner"
    return {
        "version": package.version,
        "origin": message_origin(request),
        "sandbox": sandbox(),
        "learner": {f"{prefix}_id": learner[0], f"{prefix}_name": learner[1]},
        "parts": [
            {
                "id": item["identifier"],
                "src": launch_address(request, ticket, item["href"]),
                "data": starts[item["identifier"]],
                "reports": item["is_sco"],
            }
            for item in package.items
        ],
        "report_url": reverse("courses:package-report", args=[session.public_id]) if session else "",
    }


def _learner(package: Package, session: PlaySession | None) -> tuple[str, str]:
    """Return the id and the name a package is told: the id stands for the person in this package alone."""
    if session is None:
        return "preview", _("试学")
    person = session.employee
    return signing.Signer(salt=SALT_OF_LEARNERS).signature(f"{package.pk}:{person.pk}")[:24], person.name


def allow_packages(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let a lesson's page frame the host of packages, where there is one."""
    if settings.SCORM_HOST:
        response._csp_update = {"frame-src": [package_origin(request)]}  # type: ignore[attr-defined]
