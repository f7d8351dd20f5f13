"""Trying out what a change of employment would bring, and taking it back."""

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from people.models import EmploymentEvent
from people.signals import ConsequencesAsked, consequences_asked


def rehearse(*, change: Callable[[], object], employee_no: str, now: dt.datetime) -> list[str]:
    """Let a change happen, ask every room what would follow for the person, and take everything back.

    `change` is a call of an action with `now`; what it raises is raised here. The sentences are in the active
    language, to be shown before anything is saved.
    """
    sentences: list[str] = []
    with transaction.atomic():
        change()
        events = EmploymentEvent.objects.filter(employee__employee_no=employee_no, recorded_at__gte=now)
        asked = ConsequencesAsked(tuple(events.values_list("pk", flat=True)))
        for _receiver, answer in consequences_asked.send(sender=EmploymentEvent, asked=asked):
            sentences += answer or []
        transaction.set_rollback(True)
    return sentences
