"""What a question type is, and the checks types with options share. No Django here.

A type is one module of this folder with a `TYPE`. What a version says is kept in three parts: `options` (texts
with ids, shown behind neutral tokens), `body` (what else a candidate may see) and the key (what nobody sees
before its release). A response is always a list of texts, so saving answers knows nothing of types.
"""

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Literal

from common.text import squeeze
from exams.shapes import Body, Key, Option, QuestionShape
from exams.types.authoring import Author, Values

MAX_OPTIONS = 10
MAX_OPTION_LENGTH = 500


def gettext_noop(message: str) -> str:
    """Mark a message for translation; who shows it translates it (`gettext(problem.message)`)."""
    return message


class ShapeProblem(Exception):
    """The parts of a question do not fit its type.

    `field` is `stem`, `options`, `body`, `media` or `correct`, or the name of an author's field such as
    `step_3`; `message` is a translatable text with `%(name)s` places for `params`.
    """

    def __init__(self, field: str, message: str, **params: object) -> None:
        self.field = field
        self.message = message
        self.params = params
        super().__init__(message % params)


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a type may know of the picture or film in the stem. Sizes in pixels; 0 for a film."""

    kind: Literal["image", "film"]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Content:
    """The public parts of a version: what a candidate may see."""

    stem: str = ""
    options: Sequence[Option] = ()
    body: Body = field(default_factory=dict)
    media: MediaFacts | None = None


@dataclass(frozen=True, slots=True)
class Scoring:
    """A rule by which partly right answers earn; `hint` tells the candidate about it."""

    code: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option as one paper shows it: its letter there, its token, and whether the response holds it."""

    letter: str
    token: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One line of the review after release: what was asked, answered, right. `right` None: not judged."""

    label: str
    answered: str
    expected: str
    right: bool | None


class QuestionType(ABC):
    """One kind of question: how it is written, shown, answered and marked."""

    kind: ClassVar[str]
    label: ClassVar[str]
    # The place among the kinds an author chooses from.
    rank: ClassVar[int] = 50
    # Whether a response is marked by its key, or waits for a person.
    by_hand: ClassVar[bool] = False
    # Whether a response is made of the tokens of the options.
    uses_tokens: ClassVar[bool] = True
    # Whether the order of a response means something: then empty texts keep the places.
    ordered: ClassVar[bool] = False
    # Whether each paper shows the options in an order of its own.
    shuffles: ClassVar[bool] = True
    # Options every question of this type has; None where the author writes them.
    fixed_options: ClassVar[tuple[Option, ...] | None] = None
    # How long answering usually takes once the question is read, in seconds; see exams.pacing.
    answering_s: ClassVar[int] = 60
    # How partly right answers earn; the first is the rule where the author chose none.
    scorings: ClassVar[tuple[Scoring, ...]] = ()
    # The control a candidate uses, below templates/, and the module that makes it handier, below static/.
    template: ClassVar[str] = "exams/types/_choice.html"
    # Whether that template shows the picture of the stem itself.
    places_media: ClassVar[bool] = False
    review_template: ClassVar[str] = "exams/types/_review_lines.html"
    script: ClassVar[str] = ""
    # What the author fills in, beside what all types have; and a module of the back office for it.
    author: ClassVar[tuple[Author, ...]] = ()
    author_script: ClassVar[str] = ""

    # Writing

    def clean(self, content: Content, key: Key) -> tuple[list[Option], dict[str, Any], Key]:
        """Return options, body and key in the one form in which they are stored; equal ones need no version."""
        options = [Option(id=entry["id"], text=squeeze(entry["text"])) for entry in content.options]
        return options, dict(content.body), key

    @abstractmethod
    def validate(self, content: Content, key: Key) -> None:
        """Raise ShapeProblem unless the cleaned parts make a question of this type."""

    @abstractmethod
    def read(self, values: Values) -> tuple[list[Option], dict[str, Any], Key]:
        """Return options, body and key from an author's flat values (see `author`), unchecked."""

    @abstractmethod
    def write(self, content: Content, key: Key) -> dict[str, Any]:
        """Return the author's flat values of stored parts: what `read` turns into the same parts."""

    # Answering

    @abstractmethod
    def accepts(self, response: Sequence[str], tokens: Sequence[str]) -> bool:
        """Tell whether a candidate of a paper with these tokens can have sent this response."""

    def present(self, choices: Sequence[Choice], body: Body, response: Sequence[str]) -> dict[str, Any]:
        """Return what the control's template needs beside the options (`question.view`)."""
        return {}

    def hint(self, body: Body) -> str:
        """Return how the question is to be answered and what it earns, translatable; empty for nothing."""
        scoring = self.scoring(body)
        return scoring.hint if scoring else ""

    def is_answer(self, response: Sequence[str]) -> bool:
        """Tell whether a response says anything at all."""
        return any(text.strip() for text in response)

    def same(self, one: Sequence[str], other: Sequence[str]) -> bool:
        """Tell whether two responses say the same."""
        return list(one) == list(other) if self.ordered else set(one) == set(other)

    # Marking. Here a response holds option ids in place of tokens.

    @abstractmethod
    def mark(self, response: Sequence[str], body: Body, key: Key) -> Fraction | None:
        """Return the earned fraction, 0 to 1; None where a person has to say."""

    @abstractmethod
    def right_response(self, content: Content, key: Key) -> list[str]:
        """Return the response that earns everything (for a person's type: the model answer)."""

    @abstractmethod
    def review(self, content: Content, response: Sequence[str], key: Key) -> list[ReviewLine]:
        """Return, line by line, what was answered and what is right. Only for those it is released to."""

    def review_view(self, content: Content, response: Sequence[str], key: Key) -> dict[str, Any]:
        """Return what the review's template needs beside the lines."""
        return {}

    # Carrying questions in and out

    def export(self, content: Content, key: Key) -> QuestionShape:
        """Return a question's parts as plain JSON, the shape every format starts from."""
        return QuestionShape(
            kind=self.kind,
            stem=content.stem,
            options=[Option(id=entry["id"], text=entry["text"]) for entry in content.options],
            body=dict(content.body),
            key=key,
        )

    def load(self, shape: QuestionShape, media: MediaFacts | None = None) -> tuple[Content, Key]:
        """Return the parts of an exported question, cleaned and checked; raise ShapeProblem."""
        raw = Content(shape["stem"], shape["options"], shape["body"], media)
        options, body, key = self.clean(raw, shape["key"])
        content = Content(shape["stem"], options, body, media)
        self.validate(content, key)
        return content, key

    def scoring(self, body: Body) -> Scoring | None:
        """Return the scoring rule of a question, or None for a type without rules."""
        if not self.scorings:
            return None
        wanted = body.get("scoring", self.scorings[0].code)
        return next(entry for entry in self.scorings if entry.code == wanted)

    def check_scoring(self, body: Body) -> None:
        """Raise ShapeProblem for a scoring rule this type does not have."""
        codes = [entry.code for entry in self.scorings]
        if "scoring" in body and body["scoring"] not in codes:
            raise ShapeProblem("scoring", gettext_noop("不认识的计分规则“%(code)s”。"), code=body["scoring"])


def is_storable(text: str, *, breaks: bool = False) -> bool:
    """Tell whether a typed text can be kept; `breaks` allows tabs and line breaks.

    Control characters (NUL, which PostgreSQL refuses) and lone surrogates cannot. All else people type or paste is
    an answer: ideographic spaces, joined emoji, rare characters newer than this Python's tables.
    """
    return all(
        unicodedata.category(letter) not in {"Cc", "Cs"} or (breaks and letter in "\n\r\t") for letter in text
    )


def option_texts(content: Content, ids: Sequence[str]) -> str:
    """Return the texts of options, for a line of the review."""
    texts = {entry["id"]: entry["text"] for entry in content.options}
    return "；".join(texts[option_id] for option_id in ids if option_id in texts)


def body_with(chosen: str | None, scorings: Sequence[Scoring]) -> dict[str, Any]:
    """Return a body that holds the chosen scoring rule, unless it is the usual one."""
    chosen = chosen or ""
    return {"scoring": chosen} if scorings and chosen not in {"", scorings[0].code} else {}


def check_options(options: Sequence[Option], *, field: str = "options", least: int = 2) -> None:
    """Raise ShapeProblem unless there are `least` to 10 options with distinct ids and distinct, non-empty texts."""
    if len(options) < least:
        raise ShapeProblem(field, gettext_noop("至少要有两个选项，现在只有 %(n)s 个。"), n=len(options))
    if len(options) > MAX_OPTIONS:
        raise ShapeProblem(
            field, gettext_noop("最多 %(max)s 个选项，现在有 %(n)s 个。"), max=MAX_OPTIONS, n=len(options)
        )
    seen: set[str] = set()
    for place, option in enumerate(options, start=1):
        text = squeeze(option["text"])
        if not text:
            raise ShapeProblem(field, gettext_noop("第 %(place)s 个选项是空的。"), place=place)
        if len(text) > MAX_OPTION_LENGTH:
            raise ShapeProblem(
                field,
                gettext_noop("第 %(place)s 个选项有 %(n)s 个字，最多 %(max)s 个字。"),
                place=place,
                n=len(text),
                max=MAX_OPTION_LENGTH,
            )
        if text in seen:
            raise ShapeProblem(field, gettext_noop("选项“%(text)s”重复了。"), text=text)
        seen.add(text)
    if len({option["id"] for option in options}) != len(options):
        raise ShapeProblem(field, gettext_noop("选项的编号有重复。"))


def check_key(options: Sequence[Option], correct: Sequence[str]) -> None:
    """Raise ShapeProblem unless the key names at least one option, each one once, and only existing ones."""
    if not isinstance(correct, list):
        raise ShapeProblem("correct", gettext_noop("正确答案要写成选项编号的列表。"))
    if not correct:
        raise ShapeProblem("correct", gettext_noop("没有标出正确答案。"))
    if len(set(correct)) != len(correct):
        raise ShapeProblem("correct", gettext_noop("同一个正确答案写了两次。"))
    unknown = sorted(set(correct) - {option["id"] for option in options})
    if unknown:
        raise ShapeProblem(
            "correct", gettext_noop("正确答案“%(text)s”不在选项之中。"), text="、".join(unknown)
        )
