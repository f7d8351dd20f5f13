"""The health page for load balancers and people on call."""

import dataclasses
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

from django.db import connections
from django.http import HttpResponse
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
    """Database, cache, file storage and queue, as JSON unless another format is asked for."""

    checks = (
        "health_check.checks.Database",
        "health_check.checks.Cache",
        "health_check.checks.Storage",
        Queue,
    )

    def get_executor(self) -> AbstractContextManager[Executor | None]:
        """Run the checks side by side, each in a thread of its own."""
        return _ClosingExecutor(max_workers=len(self.checks))

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        """Answer browsers with JSON, too: the page is for machines and people on call."""
        return self.render_to_response_json(response_kwargs["status"])
