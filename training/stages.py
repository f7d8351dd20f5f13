"""Which part of a training may be done now, and when a training is complete. Pure: parts and what is done in, states out.

Stages open one after another; within a stage the parts come in their order, unless any one of them will do: then all
are open at once and the others are let off when one is done. Between two stages the days of the later one's spacing
must pass. Parts without a stage make up one unnamed stage.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

DONE, NEXT, LOCKED, SPARED = "done", "next", "locked", "spared"


@dataclass(frozen=True, slots=True)
class Part:
    """A component with what its stage asks: see training.models.Stage. `stage` 0 is the unnamed one."""

    id: int
    title: str
    stage: int = 0
    min_days_after: int = 0
    any_will_do: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a part is done, next, locked or spared; `waits_for` the title it waits for, `opens_on` the day."""

    state: str
    waits_for: str = ""
    opens_on: dt.date | None = None


def openings(parts: Sequence[Part], done: Mapping[int, dt.date], on: dt.date) -> dict[int, Opening]:
    """Return the opening of every part, given the days on which parts were done. `parts` are in their order."""
    found: dict[int, Opening] = {}
    waits_for, ended = "", None
    for _stage, group in groupby(parts, key=lambda part: part.stage):
        stage = list(group)
        opens_on = ended + dt.timedelta(days=stage[0].min_days_after) if ended else None
        is_passed = _is_passed(stage, done)
        for part in stage:
            if part.id in done:
                found[part.id] = Opening(DONE)
            elif waits_for:
                found[part.id] = Opening(LOCKED, waits_for=waits_for)
            elif is_passed:
                found[part.id] = Opening(SPARED)
            elif opens_on is not None and on < opens_on:
                found[part.id] = Opening(LOCKED, opens_on=opens_on)
            else:
                found[part.id] = Opening(NEXT)
                if not part.any_will_do:
                    waits_for = part.title
        if not is_passed:
            waits_for = waits_for or stage[0].title
        days = [done[part.id] for part in stage if part.id in done]
        ended = max(days) if days else ended
    return found


def is_complete(parts: Sequence[Part], done: Mapping[int, dt.date]) -> bool:
    """Tell whether every stage was passed."""
    return all(_is_passed(list(group), done) for _stage, group in groupby(parts, key=lambda part: part.stage))


def _is_passed(stage: Sequence[Part], done: Mapping[int, dt.date]) -> bool:
    passed = [part.id in done for part in stage]
    return any(passed) if stage[0].any_will_do else all(passed)
