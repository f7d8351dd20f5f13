"""How near a question is to what a person does, and which ones an inspector asks. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

FOR_THE_POST, SHARES_HAZARD, MUST_KNOW, ORDINARY = 4, 3, 2, 1


@dataclass(frozen=True, slots=True)
class Practisable:
    """A question that may be practised now, as its current version. Hazards go by name, across standards."""

    question_id: int
    version_id: int
    bank_id: int
    topic_id: int
    kind: str
    difficulty: int
    must_know: bool
    post_ids: frozenset[int] = frozenset()
    hazards: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Work:
    """What a person does: the post and the names of its hazards."""

    post_id: int | None = None
    hazards: frozenset[str] = frozenset()


def concerns(item: Practisable, work: Work) -> bool:
    """Tell whether a question is about this work: written for the post, or about one of its hazards."""
    return work.post_id in item.post_ids or bool(item.hazards & work.hazards)


def weight(item: Practisable, work: Work) -> int:
    """Return how much a question matters to this work, from 1 (ordinary); each shared hazard adds one."""
    value = ORDINARY + (MUST_KNOW - ORDINARY) * item.must_know
    if work.post_id in item.post_ids:
        value += FOR_THE_POST - ORDINARY
    shared = len(item.hazards & work.hazards)
    return value + (SHARES_HAZARD - ORDINARY) * bool(shared) + max(shared - 1, 0)


def choose_for_check(
    items: Sequence[Practisable],
    work: Work,
    *,
    count: int,
    seed: str,
    topic_ids: Collection[int] = (),
    avoid: Collection[int] = (),
) -> list[Practisable]:
    """Choose questions for a test on the spot, at most `count`, in the order asked.

    Within the topics named (none: all): first what everybody in this post must know, then what concerns the
    post, then what everybody must know, then the rest; in each group at random, what was asked of the person
    lately (`avoid`) last.
    """
    random = Random(f"spot:{seed}")  # noqa: S311 - seeded from 256 random bits that never leave the server
    fitting = sorted(
        (item for item in items if not topic_ids or item.topic_id in topic_ids),
        key=lambda item: item.question_id,
    )
    random.shuffle(fitting)
    fitting.sort(
        key=lambda item: (
            item.question_id in avoid,
            -2 * concerns(item, work) - item.must_know,
        )
    )
    return fitting[:count]
