"""多选题: two or more options are right; all of them and no other earns the points."""

from collections.abc import Sequence
from fractions import Fraction

from exams.shapes import Option
from exams.types.base import QuestionType, ShapeProblem, check_key, check_options, gettext_noop


class MultipleChoice(QuestionType):
    """All or nothing: a worker who knows only half of a safety measure is not safe by half."""

    kind = "multiple_choice"
    control = "checkbox"

    def validate(self, options: Sequence[Option], correct: Sequence[str]) -> None:
        """Raise ShapeProblem unless there are proper options and at least two of them are the key."""
        check_options(options)
        check_key(options, correct)
        if len(correct) < 2:
            raise ShapeProblem(
                "correct", gettext_noop("多选题至少要有两个正确答案；只有一个时请改用单选题。")
            )

    def mark(self, response: Sequence[str], correct: Sequence[str]) -> Fraction:
        """Return 1 if exactly the right options are chosen, in any order, else 0."""
        return Fraction(bool(response) and set(response) == set(correct))


TYPE = MultipleChoice()
