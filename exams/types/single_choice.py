"""单选题: exactly one option is right."""

from fractions import Fraction

from exams.shapes import Body, Key
from exams.types.base import Content, ShapeProblem, check_key, check_options, gettext_noop
from exams.types.choices import OPTIONS, ChoiceType


class SingleChoice(ChoiceType):
    """One right option, and one choice."""

    kind = "single_choice"
    label = gettext_noop("单选题")
    rank = 10
    answering_s = 25
    control = "radio"
    author = (OPTIONS,)

    def validate(self, content: Content, key: Key) -> None:
        """Raise ShapeProblem unless there are proper options and exactly one of them is the key."""
        check_options(content.options)
        check_key(content.options, key)
        if len(key) != 1:
            raise ShapeProblem(
                "correct", gettext_noop("单选题只能有一个正确答案，现在标了 %(n)s 个。"), n=len(key)
            )

    def mark_chosen(self, chosen: set[str], right: set[str], body: Body) -> Fraction:
        """Return 1 for the right option, else 0."""
        return Fraction(chosen == right)


TYPE = SingleChoice()
