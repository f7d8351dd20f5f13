"""排序题: the steps of an operation, to be put in order.

The options are the steps; the key is the list of their ids in the right order. Response: the steps' tokens in
the candidate's order, empty texts for places left open.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from exams.shapes import Body, Key, Option
from exams.types.authoring import Field, Table, Values, flat, row_values
from exams.types.base import (
    MAX_OPTIONS,
    Choice,
    Content,
    QuestionType,
    ReviewLine,
    Scoring,
    ShapeProblem,
    body_with,
    check_options,
    gettext_noop,
)

SCORINGS = (
    Scoring("all", gettext_noop("顺序全对才得分"), gettext_noop("把步骤排成正确的顺序，全对才得分")),
    Scoring(
        "places",
        gettext_noop("按排对位置的步骤比例得分"),
        gettext_noop("把步骤排成正确的顺序，按排对位置的步骤得分"),
    ),
)
STEPS = Table(
    title=gettext_noop("步骤"),
    help=gettext_noop("按正确的顺序每行写一步，考生看到的顺序是打乱的。不用的行留空。"),
    columns=(Field("step", gettext_noop("步骤")),),
    rows=MAX_OPTIONS,
    numbering="numbers",
)


class Ordering(QuestionType):
    """Steps to be put in order."""

    kind = "ordering"
    label = gettext_noop("排序题")
    rank = 50
    ordered = True
    scorings = SCORINGS
    template = "exams/types/_ordering.html"
    script = "js/exam/types/ordering.js"
    author = (
        STEPS,
        Field(
            "order_scoring",
            gettext_noop("计分规则"),
            "choice",
            choices=tuple((entry.code, entry.label) for entry in SCORINGS),
        ),
    )

    def clean(self, content: Content, key: Key) -> tuple[list[Option], dict[str, Any], Key]:
        """Store the steps in their right order, so that every way of writing a question is the same version."""
        options, body, key = super().clean(content, list(key or []))
        by_id = {option["id"]: option for option in options}
        if len(by_id) != len(options) or sorted(key) != sorted(by_id):
            return options, body, key  # for `validate` to refuse
        options = [Option(id=str(n), text=by_id[step]["text"]) for n, step in enumerate(key, start=1)]
        return options, body, [option["id"] for option in options]

    def validate(self, content: Content, key: Key) -> None:
        """Raise ShapeProblem unless there are proper steps and the key is an order of all of them."""
        for place, option in enumerate(content.options):
            check_step = option["text"]
            if len(check_step) > 200:
                raise ShapeProblem(
                    f"step_{place}",
                    gettext_noop("第 %(place)s 步有 %(n)s 个字，最多 200 个字。"),
                    place=place + 1,
                    n=len(check_step),
                )
        if len(content.options) < 3:
            raise ShapeProblem(
                "step_0", gettext_noop("排序题至少要有三步，现在只有 %(n)s 步。"), n=len(content.options)
            )
        check_options(content.options)
        if sorted(key) != sorted(option["id"] for option in content.options):
            raise ShapeProblem("correct", gettext_noop("正确顺序要把每一步各写一次。"))
        self.check_scoring(content.body)

    def read(self, values: Values) -> tuple[list[Option], dict[str, Any], Key]:
        """Read the steps, which are written in the right order."""
        options = [
            Option(id=str(number), text=row["step"])
            for number, row in enumerate(row_values(values, STEPS), start=1)
        ]
        body = body_with(values.get("order_scoring"), self.scorings)
        return options, body, [option["id"] for option in options]

    def write(self, content: Content, key: Key) -> dict[str, Any]:
        """Write the steps in the right order."""
        texts = {option["id"]: option["text"] for option in content.options}
        scoring = self.scoring(content.body)
        return flat([{"step": texts[step]} for step in key]) | {"order_scoring": scoring and scoring.code}

    def accepts(self, response: Sequence[str], tokens: Sequence[str]) -> bool:
        """Accept known tokens, none twice, with empty texts for places left open."""
        given = [token for token in response if token]
        return len(response) <= len(tokens) and set(given) <= set(tokens) and len(set(given)) == len(given)

    def present(self, choices: Sequence[Choice], body: Body, response: Sequence[str]) -> dict[str, Any]:
        """Return the places with the steps put there."""
        given = list(response) + [""] * len(choices)
        return {"places": [{"number": n + 1, "token": given[n]} for n in range(len(choices))]}

    def mark(self, response: Sequence[str], body: Body, key: Key) -> Fraction:
        """Return 1 for the right order; by the rule "places", the share of steps in their right place."""
        hits = sum(given == step for given, step in zip(response, key, strict=False))
        share = Fraction(hits, len(key))
        return (
            share if body.get("scoring") == "places" else Fraction(share == 1 and len(response) == len(key))
        )

    def right_response(self, content: Content, key: Key) -> list[str]:
        """Return the right order."""
        return list(key)

    def review(self, content: Content, response: Sequence[str], key: Key) -> list[ReviewLine]:
        """Return a line for each place."""
        texts = {option["id"]: option["text"] for option in content.options}
        given = list(response) + [""] * len(key)
        return [
            ReviewLine(str(place + 1), texts.get(given[place], ""), texts[step], given[place] == step)
            for place, step in enumerate(key)
        ]


TYPE = Ordering()
