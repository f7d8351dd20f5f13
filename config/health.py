"""The health page for load balancers and people on call."""

import dataclasses
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

from django.db import connections
from django.http import HttpResponse
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable, ServiceWarning
from health_check.views import HealthCheckView

from common.clock import now
from jobs.clock_watch import described, steps_to_show
from jobs.schedules import is_alive

MOST_STEPS = 3


@dataclasses.dataclass
class Queue(HealthCheck):
    """Fail when the queue has not shown itself for three minutes."""

    def run(self) -> None:
        """Raise ServiceUnavailable if there is no fresh heartbeat."""
        if not is_alive(now()):
            raise ServiceUnavailable(
                "no heartbeat of the queue for three minutes: restart `manage.py run_queue`"
            )


@dataclasses.dataclass
class Clocks(HealthCheck):
    """Warn of clocks that were set or are apart."""

    def run(self) -> None:
        """Raise ServiceWarning for three days after a step, and while the database server's clock is apart."""
        steps = steps_to_show(now())
        if steps:
            raise ServiceWarning("; ".join(described(step) for step in steps[:MOST_STEPS]))


class _ClosingExecutor(ThreadPoolExecutor):
    """Threads that leave no database connection open behind a check."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        def work() -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                connections.close_all()

        return super().submit(work)


class SiteHealthView(HealthCheckView):
    """Database, cache, file storage, queue and clocks, as JSON unless another format is asked for.

    A warning alone is shown with status 200: no load balancer shall take a site down in the middle of an exam
    because its clock was set.
    """

    checks = (
        "health_check.checks.Database",
        "health_check.checks.Cache",
        "health_check.checks.Storage",
        Queue,
        Clocks,
    )

    def get_executor(self) -> AbstractContextManager[Executor | None]:
        """Run the checks side by side, each in a thread of its own."""
        return _ClosingExecutor(max_workers=len(self.checks))

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        """Answer browsers with JSON, too: the page is for machines and people on call."""
        return self.render_to_response_json(response_kwargs["status"])

    def render_to_response_json(self, status: int) -> HttpResponse:
        """Answer with what each check says, 500 only for what does not work."""
        return super().render_to_response_json(self._status())

    def render_to_response_text(self, status: int) -> HttpResponse:
        """Answer with a line for each check, 500 only for what does not work."""
        return super().render_to_response_text(self._status())

    def _status(self) -> int:
        errors = [result.error for result in self.results if result.error]
        return 500 if any(not isinstance(error, ServiceWarning) for error in errors) else 200
