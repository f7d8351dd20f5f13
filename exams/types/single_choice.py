"""单选题: exactly one option is right."""

from collections.abc import Sequence
from fractions import Fraction

from exams.shapes import Option
from exams.types.base import QuestionType, ShapeProblem, check_key, check_options, gettext_noop


class SingleChoice(QuestionType):
    """One right option, and one choice."""

    kind = "single_choice"
    control = "radio"

    def validate(self, options: Sequence[Option], correct: Sequence[str]) -> None:
        """Raise ShapeProblem unless there are proper options and exactly one of them is the key."""
        check_options(options)
        check_key(options, correct)
        if len(correct) != 1:
            raise ShapeProblem(
                "correct", gettext_noop("单选题只能有一个正确答案，现在标了 %(n)s 个。"), n=len(correct)
            )

    def mark(self, response: Sequence[str], correct: Sequence[str]) -> Fraction:
        """Return 1 for the right option, else 0."""
        return Fraction(list(response) == list(correct))


TYPE = SingleChoice()
