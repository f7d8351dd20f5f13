"""Keeping what marks say of topics. Runs after the marks, never in their way: handing in does not wait for it."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from exams.models import Attempt, AttemptMark, AttemptState, QuestionVersion, TopicScore
from people.models import Assignment, AssignmentKind

CHUNK = 200
# Marks of transactions that run side by side are not seen in the order of their numbers: look this far back.
LOOK_BACK = 5_000


def keep_topic_scores(*, everything: bool = False) -> int:
    """Make the topic scores of marks that have none yet; return how many attempts were brought up to date.

    An attempt marked anew loses the scores of the mark before. Looks at the newest marks, or with `everything`
    at all of them (each night). Run twice, the second time finds nothing. A few statements per 200 attempts.
    """
    waiting = _without_scores()
    if not everything:
        newest = TopicScore.objects.aggregate(newest=Max("mark_id"))["newest"] or 0
        waiting = waiting.filter(pk__gt=newest - LOOK_BACK)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        _keep(ids[start : start + CHUNK])
    return len(ids)


def _without_scores() -> QuerySet[AttemptMark]:
    """Return the marks that count, say something of single questions, and have no scores."""
    newer = AttemptMark.objects.filter(attempt=OuterRef("attempt"), number__gt=OuterRef("number"))
    own = TopicScore.objects.filter(mark=OuterRef("pk"))
    # Of a paper whose total alone was typed in nothing is known by topic.
    return AttemptMark.objects.filter(
        ~Exists(newer), ~Exists(own), attempt__state=AttemptState.GRADED
    ).exclude(per_slot=[])


@transaction.atomic
def _keep(mark_ids: list[int]) -> None:
    marks = list(AttemptMark.objects.filter(pk__in=mark_ids).select_related("attempt"))
    # The attempts are locked, so that two runs at once do not make the same scores.
    attempts = Attempt.objects.select_for_update(no_key=True).in_bulk({mark.attempt_id for mark in marks})
    topics = dict(
        QuestionVersion.objects.filter(
            pk__in={slot["version_id"] for attempt in attempts.values() for slot in attempt.paper["slots"]}
        ).values_list("pk", "question__topic_id")
    )
    stays = _stays({attempt.employee_id for attempt in attempts.values()})
    scores: list[TopicScore] = []
    for mark in marks:
        attempt = attempts[mark.attempt_id]
        day = timezone.localdate(attempt.submitted_at or attempt.deadline_at)
        stay = next((stay for stay in stays[attempt.employee_id] if _covers(stay, day)), None)
        earned: dict[int, Decimal] = defaultdict(Decimal)
        possible: dict[int, Decimal] = defaultdict(Decimal)
        count: dict[int, int] = defaultdict(int)
        for slot, entry in zip(attempt.paper["slots"], mark.per_slot, strict=True):
            topic = topics[slot["version_id"]]
            earned[topic] += Decimal(entry["points"])
            possible[topic] += Decimal(slot["points"])
            count[topic] += 1
        scores += [
            TopicScore(
                attempt=attempt,
                mark=mark,
                topic_id=topic,
                unit_id=stay.unit_id if stay else None,
                employer_id=stay.employer_id if stay else None,
                post_id=stay.post_id if stay else None,
                handed_in_on=day,
                is_first=attempt.number == 1,
                questions=count[topic],
                earned=min(earned[topic], possible[topic]),
                possible=possible[topic],
            )
            for topic in possible
        ]
    TopicScore.objects.filter(attempt__in=attempts).delete()
    TopicScore.objects.bulk_create(scores)


def _stays(employee_ids: set[int]) -> dict[int, list[Assignment]]:
    found: dict[int, list[Assignment]] = defaultdict(list)
    stays = Assignment.objects.filter(employee_id__in=employee_ids, kind=AssignmentKind.PRIMARY)
    for stay in stays.order_by("starts_on"):
        found[stay.employee_id].append(stay)
    return found


def _covers(stay: Assignment, day: dt.date) -> bool:
    return stay.starts_on <= day and (stay.ends_before is None or day < stay.ends_before)
