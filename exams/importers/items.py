"""What every reader gives and every writer takes: questions on their way in or out. No Django here."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.text import squeeze
from exams.shapes import Option
from exams.types.base import MAX_OPTIONS, gettext_noop

LETTERS = "ABCDEFGHIJ"[:MAX_OPTIONS]
# An essay says nothing of how it is marked: one point for all of it, until somebody writes a rubric.
WHOLE_ANSWER = gettext_noop("答出要点")
_SHARE_LINE = re.compile(r"(\d{1,3})% (.+)")


@dataclass(slots=True)
class Picture:
    """A picture that came with a question. `data` is base64; sizes in pixels, 0 where the file says nothing."""

    name: str
    data: str
    alt: str = ""
    width: int = 0
    height: int = 0

    @property
    def content(self) -> bytes:
        """Return the file. Raises ValueError for what is no base64."""
        return base64.b64decode(self.data, validate=True)


@dataclass(slots=True)
class Item:
    """A question of a file, unchecked. `line` is where it begins, from 1 (a row in Excel).

    None means that the file says nothing of it: what the bank holds stays. `key` None: an essay without a
    rubric. `code` is empty where the format has no name for a question.
    """

    line: int
    kind: str
    stem: str
    options: list[Option] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=dict)
    key: Any = None
    code: str = ""
    explanation: str | None = None
    topic: str | None = None
    difficulty: int | None = None
    source: str | None = None
    must_know: bool | None = None
    tags: list[str] | None = None
    picture: Picture | None = None
    place: str = ""  # the file of a package or the sheet in which `line` counts


@dataclass(frozen=True, slots=True)
class Note:
    """Something to tell about a line: `message` is translatable, with `%(name)s` places for `params`.

    `feature` is a word for programs; empty for an error.
    """

    line: int
    message: str
    feature: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""


@dataclass(slots=True)
class Reading:
    """What a reader found. `read` counts the questions met, the refused ones included."""

    format: str
    read: int = 0
    items: list[Item] = field(default_factory=list)
    unsupported: list[Note] = field(default_factory=list)
    errors: list[Note] = field(default_factory=list)
    place: str = ""  # what is being read just now, for the notes

    def lacks(self, line: int, feature: str, message: str, **params: Any) -> None:
        """Note a feature of the file that is not taken over."""
        note = Note(line, message, feature, params, self.place)
        if note not in self.unsupported[-5:]:  # once a line is enough
            self.unsupported.append(note)

    def fails(self, line: int, message: str, **params: Any) -> None:
        """Note what cannot be read."""
        self.errors.append(Note(line, message, "", params, self.place))

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Reading":
        """Return a reading as `dataclasses.asdict` and JSON carried it."""
        items = [
            Item(**{**entry, "picture": Picture(**entry["picture"]) if entry["picture"] else None})
            for entry in plain["items"]
        ]
        notes = {name: [Note(**note) for note in plain[name]] for name in ("unsupported", "errors")}
        return cls(plain["format"], plain["read"], items, notes["unsupported"], notes["errors"])


@dataclass(frozen=True, slots=True)
class Loss:
    """What a format cannot hold of a question. `is_left_out`: the question is not in the file at all."""

    code: str
    feature: str
    message: str
    is_left_out: bool = False


@dataclass(slots=True)
class Written:
    """A file made of questions, and what it could not hold."""

    data: bytes
    count: int
    losses: list[Loss] = field(default_factory=list)


def lettered(texts: list[str]) -> list[Option]:
    """Return options named A, B, C …; beyond J by number, for the type to refuse."""
    return [
        Option(id=LETTERS[place] if place < len(LETTERS) else str(place + 1), text=text)
        for place, text in enumerate(texts)
    ]


def numbered(texts: list[str]) -> list[Option]:
    """Return options named 1, 2, 3 and so on."""
    return [Option(id=str(number), text=text) for number, text in enumerate(texts, start=1)]


def scoring_body(scoring: str) -> dict[str, Any]:
    """Return the body of a multiple choice question; the usual rule is not written."""
    return {} if scoring == "all" else {"scoring": scoring}


def rubric_text(key: Mapping[str, Any]) -> str:
    """Write model answer and rubric as lines people can read; `read_rubric` reads them."""
    lines = [f"{row['share']}% {row['point']}" for row in key["rubric"]]
    return "\n".join([*([key["model"]] if key["model"] else []), *lines])


def read_rubric(text: str) -> dict[str, Any]:
    """Read a model answer with a rubric: lines such as `40% 清理可燃物` at the end that make 100 together.

    Without them the whole text is the model answer.
    """
    lines = [squeeze(line) for line in text.strip().splitlines()]
    rubric: list[dict[str, Any]] = []
    while lines and (match := _SHARE_LINE.fullmatch(lines[-1])) and sum(r["share"] for r in rubric) < 100:
        rubric.insert(0, {"point": match[2], "share": int(match[1])})
        lines.pop()
    if sum(row["share"] for row in rubric) != 100:
        lines = text.strip().splitlines()
        rubric = [{"point": WHOLE_ANSWER, "share": 100}]
    return {"model": "\n".join(lines).strip(), "rubric": rubric}


def weighted_scoring(weights: list[tuple[float, bool]]) -> tuple[str, bool]:
    """Return the scoring rule that options' weights in percent come nearest to, and whether it is exactly that.

    `weights` are (weight, whether the option is right). Equal shares that make 100 with wrong ones at −100 are
    the rule "share", with wrong ones at minus a share "penalty"; other weights have no rule here.
    """
    right = [weight for weight, is_right in weights if is_right]
    wrong = [weight for weight, is_right in weights if not is_right]
    share = 100 / len(right) if right else 0
    is_even = all(abs(weight - share) < 0.02 for weight in right)
    if all(weight <= -99.9 for weight in wrong):
        return "share", is_even
    if all(abs(weight + share) < 0.02 for weight in wrong):
        return "penalty", is_even
    return "share", False
