"""The shapes kept in the JSON fields of this room."""

from typing import TypedDict


class Option(TypedDict):
    """One option of a question version. `id` is stable within the version and says nothing of the order shown."""

    id: str
    text: str


class PaperSlot(TypedDict):
    """One question as a candidate meets it: `tokens[i]` stands for option `option_ids[i]`, in the order shown."""

    version_id: int
    kind: str
    must_know: bool
    points: str
    option_ids: list[str]
    tokens: list[str]


class PaperPolicy(TypedDict):
    """The exam's rules as they were at the start."""

    pass_pct: int
    must_know_fails: bool
    duration_s: int
    grace_s: int


class Paper(TypedDict):
    """A frozen paper. `format` counts up when the shape changes, so old papers stay readable."""

    format: int
    slots: list[PaperSlot]
    policy: PaperPolicy


Response = list[str]  # option tokens; empty means the answer was taken back


class SlotMark(TypedDict):
    """What one slot earned. `fraction` is a decimal text from 0 to 1."""

    slot: int
    fraction: str
    points: str
    answered: bool
