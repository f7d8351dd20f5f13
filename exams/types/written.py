"""What short answers and case analyses share: a text of the candidate's own, marked by a person by a rubric.

Body: `{}`. Key: `{"model": "…", "rubric": [{"point": "…", "share": 40}]}`, shares in percent, 100 together.
Response: one text.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar

from common.text import squeeze
from exams.shapes import Body, Key, Option
from exams.types.authoring import Field, Table, Values, flat, row_values
from exams.types.base import (
    Choice,
    Content,
    QuestionType,
    ReviewLine,
    ShapeProblem,
    gettext_noop,
    is_storable,
)

MAX_POINTS = 10
RUBRIC = Table(
    title=gettext_noop("评分标准"),
    help=gettext_noop("每行一个得分点和它占的百分比，合计 100。阅卷人照此给分，考生成绩公布后可见。"),
    columns=(Field("point", gettext_noop("得分点")), Field("share", gettext_noop("占比 %"))),
    rows=MAX_POINTS,
    shown=4,
    numbering="numbers",
)
MODEL = Field("model", gettext_noop("参考答案"), "long")


class Written(QuestionType):
    """A text marked by a person."""

    by_hand = True
    uses_tokens = False
    ordered = True
    shuffles = False
    template = "exams/types/_written.html"
    author = (MODEL, RUBRIC)
    max_text: ClassVar[int]
    rows: ClassVar[int]

    def hint(self, body: Body) -> str:
        """Say who marks it."""
        return gettext_noop("用自己的话写，由阅卷人评分")

    def clean(self, content: Content, key: Key) -> tuple[list[Option], dict[str, Any], Key]:
        """Squeeze the rubric; shares that are no numbers are left for `validate`."""
        given = key or {}
        rubric = [
            {"point": squeeze(row["point"]), "share": _number(row["share"])}
            for row in given.get("rubric", ())
        ]
        model = "\n".join(squeeze(line) for line in str(given.get("model") or "").splitlines()).strip()
        return [], {}, {"model": model, "rubric": rubric}

    def validate(self, content: Content, key: Key) -> None:
        """Raise ShapeProblem unless the rubric has points that make 100 percent together."""
        rubric = key["rubric"]
        if not rubric:
            raise ShapeProblem("point_0", gettext_noop("评分标准至少要有一个得分点，阅卷人才能评分。"))
        for place, row in enumerate(rubric):
            if not row["point"]:
                raise ShapeProblem(
                    f"point_{place}", gettext_noop("第 %(place)s 个得分点是空的。"), place=place + 1
                )
            if not isinstance(row["share"], int) or not 1 <= row["share"] <= 100:
                raise ShapeProblem(
                    f"share_{place}",
                    gettext_noop("第 %(place)s 个得分点的占比“%(text)s”要是 1 到 100 的整数。"),
                    place=place + 1,
                    text=row["share"],
                )
        total = sum(row["share"] for row in rubric)
        if total != 100:
            raise ShapeProblem("share_0", gettext_noop("各得分点的占比合计是 %(n)s，要正好是 100。"), n=total)
        if len(key["model"]) > 4000:
            raise ShapeProblem("model", gettext_noop("参考答案最多 4000 个字。"))

    def read(self, values: Values) -> tuple[list[Option], dict[str, Any], Key]:
        """Read model answer and rubric."""
        rubric = [{"point": row["point"] or "", "share": row["share"]} for row in row_values(values, RUBRIC)]
        return [], {}, {"model": values.get("model") or "", "rubric": rubric}

    def write(self, content: Content, key: Key) -> dict[str, Any]:
        """Write model answer and rubric."""
        rows = [{"point": row["point"], "share": str(row["share"])} for row in key["rubric"]]
        return {"model": key["model"], **flat(rows)}

    def accepts(self, response: Sequence[str], tokens: Sequence[str]) -> bool:
        """Accept one text of this type's length; tabs and line breaks are part of a text."""
        return len(response) <= 1 and all(
            len(text) <= self.max_text and is_storable(text, breaks=True) for text in response
        )

    def present(self, choices: Sequence[Choice], body: Body, response: Sequence[str]) -> dict[str, Any]:
        """Return the text and how much room it has."""
        return {"text": "".join(response[:1]), "max": self.max_text, "rows": self.rows}

    def mark(self, response: Sequence[str], body: Body, key: Key) -> Fraction | None:
        """Return 0 for no text; a person says the rest."""
        return None if self.is_answer(response) else Fraction(0)

    def right_response(self, content: Content, key: Key) -> list[str]:
        """Return the model answer, or the rubric's points where there is none."""
        return [(key["model"] or "；".join(row["point"] for row in key["rubric"]))[: self.max_text]]

    def review(self, content: Content, response: Sequence[str], key: Key) -> list[ReviewLine]:
        """Return the text beside the model answer, then the rubric."""
        lines = [ReviewLine("", "".join(response[:1]), key["model"], None)]
        lines += [ReviewLine(f"{row['share']}%", "", row["point"], None) for row in key["rubric"]]
        return lines


def _number(value: Any) -> Any:
    text = squeeze(str(value or "")).removesuffix("%").removesuffix("％")
    return int(text) if text.isdecimal() else text
