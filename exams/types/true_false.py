"""判断题: a statement that is right or wrong. Its two options are always the same and keep their order."""

from collections.abc import Sequence
from fractions import Fraction

from exams.shapes import Option
from exams.types.base import QuestionType, ShapeProblem, check_key, gettext_noop

TRUE = "true"
FALSE = "false"


class TrueFalse(QuestionType):
    """Right or wrong."""

    kind = "true_false"
    control = "radio"
    shuffles = False
    fixed_options = (
        Option(id=TRUE, text=gettext_noop("正确")),
        Option(id=FALSE, text=gettext_noop("错误")),
    )

    def validate(self, options: Sequence[Option], correct: Sequence[str]) -> None:
        """Raise ShapeProblem unless the options are the two fixed ones and one of them is the key."""
        if list(options) != list(self.fixed_options):
            raise ShapeProblem("options", gettext_noop("判断题的选项固定为“正确”和“错误”，不能改动。"))
        check_key(options, correct)
        if len(correct) != 1:
            raise ShapeProblem("correct", gettext_noop("判断题只能选“正确”或“错误”之一作为答案。"))

    def mark(self, response: Sequence[str], correct: Sequence[str]) -> Fraction:
        """Return 1 for the right judgement, else 0."""
        return Fraction(list(response) == list(correct))


TYPE = TrueFalse()
