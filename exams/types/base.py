"""What a question type is, and the checks all types with options share. No Django here."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar, Literal

from common.text import squeeze
from exams.shapes import Option

MAX_OPTIONS = 10
MAX_OPTION_LENGTH = 500


def gettext_noop(message: str) -> str:
    """Mark a message for translation; who shows it translates it (`gettext(problem.message)`)."""
    return message


class ShapeProblem(Exception):
    """The options or the key of a question do not fit its type.

    `field` is `options` or `correct`; `message` is a translatable text with `%(name)s` places for `params`.
    """

    def __init__(self, field: str, message: str, **params: object) -> None:
        self.field = field
        self.message = message
        self.params = params
        super().__init__(message % params)


class QuestionType(ABC):
    """One kind of question: what it must look like, and what a response earns."""

    kind: ClassVar[str]
    # Which control a candidate uses: one choice among the options, or any number of them.
    control: ClassVar[Literal["radio", "checkbox"]]
    # Whether each paper shows the options in an order of its own.
    shuffles: ClassVar[bool] = True
    # Options every question of this type has; None where the author writes them.
    fixed_options: ClassVar[tuple[Option, ...] | None] = None

    @abstractmethod
    def validate(self, options: Sequence[Option], correct: Sequence[str]) -> None:
        """Raise ShapeProblem unless options and key make a question of this type."""

    @abstractmethod
    def mark(self, response: Sequence[str], correct: Sequence[str]) -> Fraction:
        """Return the earned fraction, 0 to 1, of a response given as option ids (empty: not answered)."""

    def accepts(self, response: Sequence[str]) -> bool:
        """Tell whether a response has a shape a candidate of this type can send (ids are checked elsewhere)."""
        if len(set(response)) != len(response):
            return False
        return self.control == "checkbox" or len(response) <= 1


def check_options(options: Sequence[Option]) -> None:
    """Raise ShapeProblem unless there are 2 to 10 options with distinct ids and distinct, non-empty texts."""
    if len(options) < 2:
        raise ShapeProblem("options", gettext_noop("至少要有两个选项，现在只有 %(n)s 个。"), n=len(options))
    if len(options) > MAX_OPTIONS:
        raise ShapeProblem(
            "options", gettext_noop("最多 %(max)s 个选项，现在有 %(n)s 个。"), max=MAX_OPTIONS, n=len(options)
        )
    seen: set[str] = set()
    for place, option in enumerate(options, start=1):
        text = squeeze(option["text"])
        if not text:
            raise ShapeProblem("options", gettext_noop("第 %(place)s 个选项是空的。"), place=place)
        if len(text) > MAX_OPTION_LENGTH:
            raise ShapeProblem(
                "options",
                gettext_noop("第 %(place)s 个选项有 %(n)s 个字，最多 %(max)s 个字。"),
                place=place,
                n=len(text),
                max=MAX_OPTION_LENGTH,
            )
        if text in seen:
            raise ShapeProblem("options", gettext_noop("选项“%(text)s”重复了。"), text=text)
        seen.add(text)
    if len({option["id"] for option in options}) != len(options):
        raise ShapeProblem("options", gettext_noop("选项的编号有重复。"))


def check_key(options: Sequence[Option], correct: Sequence[str]) -> None:
    """Raise ShapeProblem unless the key names at least one option, each one once, and only existing ones."""
    if not correct:
        raise ShapeProblem("correct", gettext_noop("没有标出正确答案。"))
    if len(set(correct)) != len(correct):
        raise ShapeProblem("correct", gettext_noop("同一个正确答案写了两次。"))
    unknown = sorted(set(correct) - {option["id"] for option in options})
    if unknown:
        raise ShapeProblem(
            "correct", gettext_noop("正确答案“%(text)s”不在选项之中。"), text="、".join(unknown)
        )
