"""多选题: two or more options are right; the question's scoring rule says what a part of them earns."""

from fractions import Fraction

from exams.shapes import Body, Key
from exams.types.authoring import Field
from exams.types.base import Content, Scoring, ShapeProblem, check_key, check_options, gettext_noop
from exams.types.choices import OPTIONS, ChoiceType

SCORINGS = (
    # The usual rule: a worker who knows only half of a safety measure is not safe by half.
    Scoring("all", gettext_noop("全部选对才得分"), gettext_noop("可选多项，全部选对才得分")),
    Scoring(
        "share",
        gettext_noop("少选按比例得分，有错选不得分"),
        gettext_noop("可选多项，少选按比例得分，有错选不得分"),
    ),
    Scoring(
        "penalty",
        gettext_noop("选对按比例得分，错选一项抵一项"),
        gettext_noop("可选多项，选对按比例得分，错选一项抵掉一项"),
    ),
)


class MultipleChoice(ChoiceType):
    """Tick boxes with three ways of scoring."""

    kind = "multiple_choice"
    label = gettext_noop("多选题")
    rank = 20
    answering_s = 45
    control = "checkbox"
    scorings = SCORINGS
    author = (
        OPTIONS,
        Field(
            "scoring",
            gettext_noop("计分规则"),
            "choice",
            choices=tuple((entry.code, entry.label) for entry in SCORINGS),
        ),
    )

    def validate(self, content: Content, key: Key) -> None:
        """Raise ShapeProblem unless there are proper options and at least two of them are the key."""
        check_options(content.options)
        check_key(content.options, key)
        if len(key) < 2:
            raise ShapeProblem(
                "correct", gettext_noop("多选题至少要有两个正确答案；只有一个时请改用单选题。")
            )
        self.check_scoring(content.body)

    def mark_chosen(self, chosen: set[str], right: set[str], body: Body) -> Fraction:
        """Return what the rule gives: all or nothing, the share without a wrong one, or right less wrong."""
        hits, misses = len(chosen & right), len(chosen - right)
        rule = body.get("scoring", "all")
        if rule == "share":
            return Fraction(0) if misses else Fraction(hits, len(right))
        if rule == "penalty":
            return max(Fraction(hits - misses, len(right)), Fraction(0))
        return Fraction(chosen == right)


TYPE = MultipleChoice()
