"""The shapes kept in the JSON fields of this room."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from exams.seb import NO_SEB, SebHeaders


class Option(TypedDict):
    """One option of a question version. `id` is stable within the version and says nothing of the order shown."""

    id: str
    text: str


# What an exam is taken for that somebody sits by themselves, and not for a task.
OPEN_PURPOSE = "open"

Body = Mapping[str, Any]  # what else a version shows: its shape is its type's
Key = Any  # JSON; a list of option ids for choices, else what the type's module says


class QuestionShape(TypedDict):
    """A question as plain JSON, the shape that imports and exports start from."""

    kind: str
    stem: str
    options: list[Option]
    body: dict[str, Any]
    key: Key


class PaperSlot(TypedDict):
    """One question as a candidate meets it: `tokens[i]` stands for option `option_ids[i]`, in the order shown.

    Papers of earlier days do not say the `question_id`.
    """

    version_id: int
    question_id: NotRequired[int]
    kind: str
    must_know: bool
    points: str
    option_ids: list[str]
    tokens: list[str]


class FormSlot(TypedDict):
    """One question of a paper drawn in advance (exams.models.PaperForm)."""

    version_id: int
    question_id: int
    topic_id: int
    kind: str
    difficulty: int
    must_know: bool
    points: str


class PaperPolicy(TypedDict):
    """The exam's rules as they were at the start. What papers of earlier days lack has the usual value.

    `markers`, `most_apart_pct`, `final_mark_rule`: exams.settling; `release_when`, `release_what`,
    `results_from` (ISO text or None): exams.release; `navigation`, `take_over`: exams.models.exams; `cap_pct`: the
    most a resit counts, None for a first attempt; `seb`: whether answers are taken from a Safe Exam Browser only;
    `photo`: whether photographs are asked for.
    """

    pass_pct: int
    must_know_fails: bool
    duration_s: int
    grace_s: int
    markers: NotRequired[int]
    most_apart_pct: NotRequired[int]
    final_mark_rule: NotRequired[str]
    release_when: NotRequired[str]
    release_what: NotRequired[str]
    results_from: NotRequired[str | None]
    navigation: NotRequired[str]
    take_over: NotRequired[str]
    cap_pct: NotRequired[int | None]
    seb: NotRequired[bool]
    photo: NotRequired[bool]


class Paper(TypedDict):
    """A frozen paper. `format` counts up when the shape changes, so old papers stay readable.

    `form` is the label of a parallel form. `printed` is the code of the printed paper it was answered on: there
    are no answers then, and its marks are typed in.
    """

    format: int
    slots: list[PaperSlot]
    policy: PaperPolicy
    form: NotRequired[str]
    printed: NotRequired[str]


# Texts by the type's rule: option tokens (places that are left out empty), typed texts, or places on a picture.
# Empty means the answer was taken back.
Response = list[str]


class Step(TypedDict):
    """An answer as the client sends it. An empty `response` takes the answer back."""

    slot: int
    seq: int
    response: Response


class SlotMark(TypedDict):
    """What one slot earned. `fraction` is a decimal text from 0 to 1."""

    slot: int
    fraction: str
    points: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from. `kiosk` is the shared tablet it was made on, 0 for a device of one's own."""

    address: str = ""
    agent: str = ""
    kiosk: int = 0
    seb: SebHeaders = NO_SEB


NO_ORIGIN = Origin()


class EventDetail(TypedDict, total=False):
    """What may be known of an integrity event beside its kind; all of it small and checked.

    `slot`: the question in view; `chars`: how much was copied or pasted, never the text; `tablet`: the shared
    tablet; `before`: the device or address until then; `seconds`, `reading_s`: how long an answer took and how
    long reading it takes.
    """

    slot: int
    chars: int
    tablet: int
    before: str
    seconds: float
    reading_s: float
