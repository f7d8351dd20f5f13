"""连线题: each thing on the left (a sign, a colour) belongs to one meaning on the right.

The options are the right sides, more of them than things if some belong to nothing. Body: `{"left": ["…"]}`.
Key: the id of the option for each left thing. Response: a token for each left thing, empty where left open.
Each thing earns the same share.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from common.text import squeeze
from exams.shapes import Body, Key, Option
from exams.types.authoring import Field, Table, Values, flat, row_values
from exams.types.base import (
    MAX_OPTIONS,
    Choice,
    Content,
    QuestionType,
    ReviewLine,
    ShapeProblem,
    check_options,
    gettext_noop,
)

PAIRS = Table(
    title=gettext_noop("配对"),
    help=gettext_noop(
        "每行一对：左边是标志或名称，右边是它的含义。左边留空的行是干扰项。标志是图时，"
        "在图上标好编号放进题干，左边写编号。"
    ),
    columns=(Field("left", gettext_noop("左边")), Field("meaning", gettext_noop("右边（含义）"))),
    rows=MAX_OPTIONS,
    numbering="numbers",
)


class Matching(QuestionType):
    """Things and their meanings, joined by choosing."""

    kind = "matching"
    label = gettext_noop("连线题")
    rank = 60
    ordered = True
    template = "exams/types/_matching.html"
    author = (PAIRS,)

    def hint(self, body: Body) -> str:
        """Say what to do and what it earns."""
        return gettext_noop("给左边的每一项选出对应的含义，每对一项得一份分")

    def clean(self, content: Content, key: Key) -> tuple[list[Option], dict[str, Any], Key]:
        """Store the meanings in the order of the things, those of nothing last, for one form of a question."""
        options, _body, key = super().clean(Content(options=content.options), list(key or []))
        body = {"left": [squeeze(text) for text in content.body.get("left", [])]}
        by_id = {option["id"]: option["text"] for option in options}
        if len(by_id) != len(options) or len(set(key)) != len(key) or not set(key) <= set(by_id):
            return options, body, key  # for `validate` to refuse
        order = [*key, *(option_id for option_id in by_id if option_id not in key)]
        ids = {option_id: str(number) for number, option_id in enumerate(order, start=1)}
        options = [Option(id=ids[option_id], text=by_id[option_id]) for option_id in order]
        return options, body, [ids[option_id] for option_id in key]

    def validate(self, content: Content, key: Key) -> None:
        """Raise ShapeProblem unless there are two to ten things, each with a meaning of its own."""
        left = content.body.get("left", [])
        if len(left) < 2:
            raise ShapeProblem(
                "left_0", gettext_noop("连线题左边至少要有两项，现在有 %(n)s 项。"), n=len(left)
            )
        for place, text in enumerate(left):
            if not text or len(text) > 100:
                raise ShapeProblem(
                    f"left_{place}",
                    gettext_noop("第 %(place)s 行的左边要有 1 到 100 个字。"),
                    place=place + 1,
                )
            if text in left[:place]:
                raise ShapeProblem(f"left_{place}", gettext_noop("左边“%(text)s”重复了。"), text=text)
        known = {option["id"] for option in content.options}
        if len(key) != len(left) or not set(key) <= known:
            place = next((n for n, option_id in enumerate(key) if option_id not in known), len(key))
            raise ShapeProblem(
                f"meaning_{min(place, MAX_OPTIONS - 1)}",
                gettext_noop("第 %(place)s 行的左边没有对应的含义。"),
                place=place + 1,
            )
        check_options(content.options, field="meaning_0")
        if len(set(key)) != len(key):
            raise ShapeProblem("meaning_0", gettext_noop("两项左边不能是同一个含义。"))

    def read(self, values: Values) -> tuple[list[Option], dict[str, Any], Key]:
        """Read the pairs; a row without a left side is a distractor."""
        rows = row_values(values, PAIRS)
        written = [row["place"] for row in rows if (row["meaning"] or "").strip()]
        ids = {place: str(number) for number, place in enumerate(written, start=1)}
        options = [Option(id=ids[row["place"]], text=row["meaning"]) for row in rows if row["place"] in ids]
        pairs = [row for row in rows if (row["left"] or "").strip()]
        key = [ids.get(row["place"], "") for row in pairs]
        return options, {"left": [row["left"] for row in pairs]}, key

    def write(self, content: Content, key: Key) -> dict[str, Any]:
        """Write the pairs, each at the place its option's id names, so that ids stay what they are."""
        left = dict(zip(key, content.body["left"], strict=True))
        return flat(
            [{"left": left.get(entry["id"], ""), "meaning": entry["text"]} for entry in content.options]
        )

    def accepts(self, response: Sequence[str], tokens: Sequence[str]) -> bool:
        """Accept known tokens and empty texts, up to ten."""
        return len(response) <= MAX_OPTIONS and set(response) <= {*tokens, ""}

    def present(self, choices: Sequence[Choice], body: Body, response: Sequence[str]) -> dict[str, Any]:
        """Return the left things with what was chosen for them."""
        given = list(response) + [""] * MAX_OPTIONS
        return {
            "pairs": [
                {"number": place + 1, "text": text, "token": given[place]}
                for place, text in enumerate(body.get("left", []))
            ]
        }

    def mark(self, response: Sequence[str], body: Body, key: Key) -> Fraction:
        """Return the share of things with their right meaning."""
        hits = sum(given == right for given, right in zip(response, key, strict=False))
        return Fraction(hits, len(key))

    def right_response(self, content: Content, key: Key) -> list[str]:
        """Return each thing's meaning."""
        return list(key)

    def review(self, content: Content, response: Sequence[str], key: Key) -> list[ReviewLine]:
        """Return a line for each thing."""
        texts = {option["id"]: option["text"] for option in content.options}
        given = list(response) + [""] * len(key)
        return [
            ReviewLine(text, texts.get(given[place], ""), texts[key[place]], given[place] == key[place])
            for place, text in enumerate(content.body["left"])
        ]


TYPE = Matching()
