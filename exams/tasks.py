"""Work the queue does for this room."""

from typing import Any

from common import clock
from exams.actions import attempts


def close_expired_attempts() -> dict[str, Any]:
    """Close and mark what is due. Scheduled every minute; harmless at any other time and when run twice."""
    sweep = attempts.close_expired_attempts(now=clock.now())
    return {"closed": sweep.closed, "marked": sweep.marked, "failed": list(sweep.failed)}
