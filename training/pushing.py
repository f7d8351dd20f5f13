"""Whom a case concerns, and how far it has reached from day to day. Pure.

A case concerns a post that it names, or that shares a hazard, a piece of equipment or a process with it. Hazards
are compared by name: the same category of two standards (GB 6441-1986, GB 6441-2025) is one to whoever works
beside it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from training.coverage import Counts, Place


class Shared(StrEnum):
    """Why a case concerns a post."""

    POST = "post"
    HAZARD = "hazard"
    FEATURE = "feature"


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a case is about, and which part of the people is meant. Beside training.shapes.PushCriteria.

    The first three widen: one of them is enough. The last two narrow; empty ones narrow nothing.
    """

    post_ids: frozenset[int] = frozenset()
    hazards: frozenset[str] = frozenset()
    feature_ids: frozenset[int] = frozenset()
    unit_ids: frozenset[int] = frozenset()
    employment_types: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Tell whether the case says nothing by which a post could be concerned."""
        return not (self.post_ids or self.hazards or self.feature_ids)


@dataclass(frozen=True, slots=True)
class PostFacts:
    """A post as the rule needs it; hazards by name."""

    id: int
    hazards: frozenset[str] = frozenset()
    feature_ids: frozenset[int] = frozenset()


def why_concerned(criteria: Criteria, post: PostFacts) -> tuple[Shared, ...]:
    """Return what a post shares with a case; nothing means that the case does not concern it."""
    reasons = (
        (Shared.POST, post.id in criteria.post_ids),
        (Shared.HAZARD, bool(criteria.hazards & post.hazards)),
        (Shared.FEATURE, bool(criteria.feature_ids & post.feature_ids)),
    )
    return tuple(reason for reason, holds in reasons if holds)


def concerned_posts(criteria: Criteria, posts: Iterable[PostFacts]) -> frozenset[int]:
    """Return the posts a case concerns."""
    return frozenset(post.id for post in posts if why_concerned(criteria, post))


@dataclass(frozen=True, slots=True)
class Study:
    """A study record of the pushed lesson: which edition, and when it was completed."""

    id: int
    content_sha256: str
    completed_at: dt.datetime


def proof_of(studies: Iterable[Study], pinned_sha256: str, pushed_at: dt.datetime) -> Study | None:
    """Return the study that settles a push, or None.

    It must be of the edition pushed, or completed after the push: whatever edition stood then was a later one.
    The earliest that counts is the answer, so that asking again gives the same.
    """
    fitting = (
        study for study in studies if study.content_sha256 == pinned_sha256 or study.completed_at >= pushed_at
    )
    return min(fitting, key=lambda study: (study.completed_at, study.id), default=None)


@dataclass(frozen=True, slots=True)
class Owing:
    """A person's obligation as days: from `owed_from`; `done_on` or `cancelled_on` if it ended so.

    One that was put off or revived is several of these, each telling how it stood from the day `stood_from` up to,
    not including, `stood_before`.
    """

    person: int
    owed_from: dt.date
    done_on: dt.date | None = None
    cancelled_on: dt.date | None = None
    due_on: dt.date = dt.date.max
    stood_from: dt.date = dt.date.min
    stood_before: dt.date = dt.date.max

    def is_in_force(self, on: dt.date) -> bool:
        """Tell whether it counted at the end of a day."""
        if not self.stood_from <= on < self.stood_before:
            return False
        return self.owed_from <= on and (self.cancelled_on is None or on < self.cancelled_on)

    def is_done(self, on: dt.date) -> bool:
        """Tell whether it was done by the end of a day."""
        return self.done_on is not None and self.done_on <= on


@dataclass(frozen=True, slots=True)
class Standing:
    """A primary stay: where somebody counted from `starts_on` up to, not including, `ends_before`."""

    place: Place
    starts_on: dt.date
    ends_before: dt.date | None = None

    def covers(self, on: dt.date) -> bool:
        """Tell whether it held on a day."""
        return self.starts_on <= on and (self.ends_before is None or on < self.ends_before)


@dataclass(slots=True)
class _Tally:
    people: int = 0
    done: int = 0
    overdue: int = 0
    tasks: int = 0
    tasks_done: int = 0


@dataclass(frozen=True, slots=True)
class PushFacts:
    """Everything a curve rests on: what was owed, and where these people stood."""

    owings: tuple[Owing, ...] = ()
    standings: Mapping[int, Sequence[Standing]] = field(default_factory=dict)


def counts_on(facts: PushFacts, on: dt.date) -> dict[Place, Counts]:
    """Return, per place, how many owed the push and had done it at the end of a day.

    The same numbers as training.queries.coverage gives for the push's programme on that day, from facts read
    once for all days.
    """
    by_person: dict[int, list[Owing]] = defaultdict(list)
    for owing in facts.owings:
        if owing.is_in_force(on):
            by_person[owing.person].append(owing)
    tallies: dict[Place, _Tally] = defaultdict(_Tally)
    for person, owed in by_person.items():
        done = sum(owing.is_done(on) for owing in owed)
        late = any(not owing.is_done(on) and owing.due_on < on for owing in owed)
        for standing in facts.standings.get(person, ()):
            if standing.covers(on):
                tally = tallies[standing.place]
                tally.people += 1
                tally.done += done == len(owed)
                tally.overdue += late
                tally.tasks += len(owed)
                tally.tasks_done += done
    return {
        place: Counts(
            people=tally.people,
            owed=tally.people,
            done=tally.done,
            overdue=tally.overdue,
            tasks=tally.tasks,
            tasks_done=tally.tasks_done,
        )
        for place, tally in tallies.items()
    }


def sampled_days(first: dt.date, last: dt.date, most: int) -> list[dt.date]:
    """Return at most `most` days from the first to the last, both included, as evenly spread as whole days allow.

    `most` is at least two.
    """
    span = max((last - first).days, 0)
    steps = min(span, most - 1)
    return (
        [first + dt.timedelta(days=span * step // steps) for step in range(steps + 1)] if steps else [first]
    )
