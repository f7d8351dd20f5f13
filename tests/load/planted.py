"""A bug, planted for the harness to find: answers are acknowledged before they are committed.

These are the addresses of a site with the bug; nothing but `tests.load.kills --planted` asks for them.
"""

import threading
from typing import Any

from django.db import connection

from common.clock import now
from exams.actions.attempts import Receipt, save_answers
from exams.errors import ExamError
from exams.models import Attempt
from exams.views import attempts
from tests.load.urls import urlpatterns

LATER_S = 0.5

__all__ = ["urlpatterns"]


def hasty_save(**given: Any) -> Receipt:
    """Answer at once, store a little later."""
    own = {"public_id": given["attempt_public_id"], "employee__user_id": given["employee_id"].user_id}
    attempt = Attempt.objects.get(**own)
    timer = threading.Timer(LATER_S, _store, kwargs=given)
    timer.daemon = True
    timer.start()
    saved = tuple((step["slot"], step["seq"]) for step in given["steps"])
    return Receipt(attempt.public_id, saved, now(), attempt.deadline_at)


def _store(**given: Any) -> None:
    try:
        save_answers(**given)
    except ExamError:
        return  # it was acknowledged all the same: that is the bug
    finally:
        connection.close()


attempts.save_answers = hasty_save  # type: ignore[assignment]
