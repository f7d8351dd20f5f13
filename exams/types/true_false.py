"""判断题: a statement that is right or wrong. Its two options are always the same and keep their order."""

from fractions import Fraction
from typing import Any

from exams.shapes import Body, Key, Option
from exams.types.authoring import Field, Values
from exams.types.base import Content, ShapeProblem, check_key, gettext_noop
from exams.types.choices import ChoiceType

TRUE = "true"
FALSE = "false"


class TrueFalse(ChoiceType):
    """Right or wrong."""

    kind = "true_false"
    label = gettext_noop("判断题")
    rank = 30
    answering_s = 15
    control = "radio"
    shuffles = False
    fixed_options = (
        Option(id=TRUE, text=gettext_noop("正确")),
        Option(id=FALSE, text=gettext_noop("错误")),
    )
    author = (
        Field(
            "judgement",
            gettext_noop("这句话"),
            "radio",
            choices=tuple((option["id"], option["text"]) for option in fixed_options),
        ),
    )

    def validate(self, content: Content, key: Key) -> None:
        """Raise ShapeProblem unless the options are the two fixed ones and one of them is the key."""
        if list(content.options) != list(self.fixed_options):
            raise ShapeProblem("options", gettext_noop("判断题的选项固定为“正确”和“错误”，不能改动。"))
        check_key(content.options, key)
        if len(key) != 1:
            raise ShapeProblem("correct", gettext_noop("判断题只能选“正确”或“错误”之一作为答案。"))

    def read(self, values: Values) -> tuple[list[Option], dict[str, Any], Key]:
        """Read the judgement."""
        return list(self.fixed_options), {}, [values["judgement"]] if values.get("judgement") else []

    def write(self, content: Content, key: Key) -> dict[str, Any]:
        """Write the judgement."""
        return {"judgement": key[0]}

    def mark_chosen(self, chosen: set[str], right: set[str], body: Body) -> Fraction:
        """Return 1 for the right judgement, else 0."""
        return Fraction(chosen == right)


TYPE = TrueFalse()
