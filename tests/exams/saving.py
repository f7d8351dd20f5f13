"""What the tests of attempts share: saving steps, what is stored, counting statements."""

import datetime as dt

from django.db import connection
from django.test.utils import CaptureQueriesContext

from exams.actions.attempts import save_answers
from exams.queries import latest_steps
from exams.shapes import Step
from tests.factories.exams import DEVICE, NOW

SECOND = dt.timedelta(seconds=1)


def statements(function):
    """Count statements other than those that begin, end or mark a transaction."""
    with CaptureQueriesContext(connection) as queries:
        function()
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
    return len([query for query in queries if not query["sql"].startswith(control)])


def save(attempt, *steps, device=DEVICE, now=NOW, employee_id=None, arrived=None):
    return save_answers(
        attempt_public_id=attempt.public_id,
        employee_id=employee_id or attempt.employee_id,
        steps=[Step(slot=slot, seq=seq, response=response) for slot, seq, response in steps],
        device=device,
        now=now,
        arrived_at=arrived,
    )


def stored(attempt):
    return {slot: response for slot, (_seq, response) in latest_steps(attempt.pk).items()}
