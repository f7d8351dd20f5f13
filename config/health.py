"""The health page for load balancers and people on call."""

import dataclasses

from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable
from health_check.views import HealthCheckView

from common.clock import now
from jobs.schedules import is_alive


@dataclasses.dataclass
class Queue(HealthCheck):
    """Fail when the queue has not shown itself for three minutes."""

    def run(self) -> None:
        """Raise ServiceUnavailable if there is no fresh heartbeat."""
        if not is_alive(now()):
            raise ServiceUnavailable(
                "no heartbeat of the queue for three minutes: restart `manage.py qcluster`"
            )


class SiteHealthView(HealthCheckView):
    """Database, cache, file storage and queue."""

    checks = (
        "health_check.checks.Database",
        "health_check.checks.Cache",
        "health_check.checks.Storage",
        Queue,
    )
