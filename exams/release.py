"""What of a result a candidate may see, and when. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# When anything is told, and what is told then. Papers drawn before there was a choice follow the first of each.
AT_ONCE, AFTER_WINDOW = "at_once", "after_window"
WHEN_OVER, WITH_EXPLANATIONS, SCORE_ONLY = "when_over", "explanations", "score_only"


@dataclass(frozen=True, slots=True)
class Released:
    """Whether the score is shown, the topics to study again, and right answers with their explanations.

    `from_` is when more will be shown, where that is known.
    """

    score: bool
    topics: bool
    answers: bool
    from_: dt.datetime | None = None


def released(
    policy: Mapping[str, Any], *, now: dt.datetime, running: bool, has_passed: bool, attempts_left: int
) -> Released:
    """Apply the rule frozen into a paper's policy.

    `release_when`: `at_once`, or `after_window`: nothing before `results_from` (aware, ISO text). `release_what`:
    `score_only`; `explanations`, that is with the score; `when_over` (usual): the score, and the right answers
    once the person has passed or has no attempt left, for before that a resit could be sat with the key in hand.
    While another attempt of the person is running, no rule gives the answers away.
    """
    text = policy.get("results_from")
    results_from = dt.datetime.fromisoformat(text) if text else None
    if policy.get("release_when", AT_ONCE) == AFTER_WINDOW and (results_from is None or now < results_from):
        return Released(score=False, topics=False, answers=False, from_=results_from)
    what = policy.get("release_what", WHEN_OVER)
    over = has_passed or attempts_left == 0
    answers = not running and (what == WITH_EXPLANATIONS or (what == WHEN_OVER and over))
    return Released(score=True, topics=what != SCORE_ONLY, answers=answers)
