"""填空题: one or several blanks, each a text with synonyms or a number with tolerance and unit.

The stem marks each blank with three or more underscores. Full-width and half-width, capitals and white space
make no difference. Each blank earns the same share.
Body: `{"blanks": [{"unit": "米"}]}`. Key: `[{"accept": ["…"]}]` or `[{"number": "2", "tolerance": "0.1"}]`.
Response: the texts in the order of the blanks.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

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

MAX_BLANKS = 10
MAX_TEXT = 200
BLANK = re.compile(r"_{3,}|＿{2,}")
SYNONYMS = re.compile(r"[|｜;；]")
NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)")

BLANKS = Table(
    title=gettext_noop("各空的答案"),
    help=gettext_noop(
        "题干里用三个以上的下划线 ___ 表示一个空，这里按顺序每空一行。几种写法都对时用分号隔开，"
        "全角半角、大小写不分。数字题填上误差（没有误差填 0），单位会显示在空的后面。"
    ),
    columns=(
        Field("blank", gettext_noop("答案")),
        Field("tolerance", gettext_noop("误差（数字题）")),
        Field("unit", gettext_noop("单位")),
    ),
    rows=MAX_BLANKS,
    shown=3,
    numbering="numbers",
)


def fold(text: str) -> str:
    """Return a text without what makes no difference: width, capitals, white space, marks nobody sees."""
    seen = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return re.sub(r"\s+", "", squeeze(unicodedata.normalize("NFKC", seen)).casefold())


@dataclass(frozen=True, slots=True)
class BlankKey:
    """What one blank accepts: texts, or a number. `unit` may be typed behind the number."""

    accept: tuple[str, ...] = ()
    number: Decimal | None = None
    tolerance: Decimal = Decimal(0)
    unit: str = ""

    @classmethod
    def of(cls, key: dict[str, Any], unit: str) -> "BlankKey":
        """Read a stored key."""
        if "number" in key:
            return cls(number=Decimal(key["number"]), tolerance=Decimal(key["tolerance"]), unit=unit)
        return cls(accept=tuple(key["accept"]), unit=unit)

    def fits(self, text: str) -> bool:
        """Tell whether a typed text is right."""
        given = fold(text)
        if not given:
            return False
        unit = fold(self.unit)
        if self.number is not None:
            # Without the separators of thousands, and with or without the unit that is shown anyway.
            bare = given.removesuffix(unit).replace(",", "") if unit else given.replace(",", "")
            return bool(NUMBER.fullmatch(bare)) and abs(Decimal(bare) - self.number) <= self.tolerance
        wanted = {fold(text) for text in self.accept}
        return given in wanted or bool(unit and given.endswith(unit) and given.removesuffix(unit) in wanted)


class FillIn(QuestionType):
    """Blanks to be typed in."""

    kind = "fill_in"
    label = gettext_noop("填空题")
    rank = 40
    answering_s = 45
    uses_tokens = False
    ordered = True
    shuffles = False
    template = "exams/types/_fill_in.html"
    author = (BLANKS,)

    def clean(self, content: Content, key: Key) -> tuple[list[Option], dict[str, Any], Key]:
        """Squeeze the accepted texts and write numbers plainly; what is no number is left for `validate`."""
        body = {
            "blanks": [{"unit": squeeze(entry.get("unit") or "")} for entry in content.body.get("blanks", [])]
        }
        return [], body, [_clean_key(entry) for entry in key or []]

    def validate(self, content: Content, key: Key) -> None:
        """Raise ShapeProblem unless the stem has as many blanks as there are answers, each a proper one."""
        if not key:
            raise ShapeProblem("blank_0", gettext_noop("没有写出任何一空的答案。"))
        if len(key) > MAX_BLANKS:
            raise ShapeProblem("correct", gettext_noop("最多 %(max)s 个空。"), max=MAX_BLANKS)
        found = len(BLANK.findall(content.stem))
        if found != len(key) or len(content.body.get("blanks", [])) != len(key):
            raise ShapeProblem(
                "stem",
                gettext_noop(
                    "题干里有 %(found)s 个空（___），答案有 %(n)s 行。请让两边一样多，顺序也要对上。"
                ),
                found=found,
                n=len(key),
            )
        for place, entry in enumerate(key):
            _check_blank(place, entry)

    def read(self, values: Values) -> tuple[list[Option], dict[str, Any], Key]:
        """Read the table of blanks; a tolerance makes a blank a number."""
        rows = row_values(values, BLANKS)
        key = [
            {"number": row["blank"] or "", "tolerance": row["tolerance"]}
            if (row["tolerance"] or "").strip()
            else {"accept": SYNONYMS.split(row["blank"] or "")}
            for row in rows
        ]
        return [], {"blanks": [{"unit": row["unit"] or ""} for row in rows]}, key

    def write(self, content: Content, key: Key) -> dict[str, Any]:
        """Write the table of blanks."""
        return flat(
            [
                {
                    "blank": entry.get("number") or "；".join(entry.get("accept", ())),
                    "tolerance": entry.get("tolerance", ""),
                    "unit": blank["unit"],
                }
                for entry, blank in zip(key, content.body["blanks"], strict=True)
            ]
        )

    def accepts(self, response: Sequence[str], tokens: Sequence[str]) -> bool:
        """Accept up to ten short lines."""
        return len(response) <= MAX_BLANKS and all(
            len(text) <= MAX_TEXT and is_storable(text) for text in response
        )

    def present(self, choices: Sequence[Choice], body: Body, response: Sequence[str]) -> dict[str, Any]:
        """Return the blanks with what is typed in them."""
        given = list(response) + [""] * MAX_BLANKS
        return {
            "blanks": [
                {"number": place + 1, "unit": blank["unit"], "value": given[place]}
                for place, blank in enumerate(body.get("blanks", []))
            ]
        }

    def mark(self, response: Sequence[str], body: Body, key: Key) -> Fraction:
        """Return the share of blanks that are right."""
        return Fraction(sum(_fitting(response, body, key)), len(key))

    def right_response(self, content: Content, key: Key) -> list[str]:
        """Return the first accepted text of each blank."""
        return [entry["number"] if "number" in entry else entry["accept"][0] for entry in key]

    def review(self, content: Content, response: Sequence[str], key: Key) -> list[ReviewLine]:
        """Return a line for each blank."""
        given = list(response) + [""] * len(key)
        units = [blank["unit"] for blank in content.body["blanks"]]
        lines = []
        for place, fits in enumerate(_fitting(response, content.body, key)):
            expected = "；".join(key[place].get("accept", ())) or _spoken(key[place])
            lines.append(ReviewLine(str(place + 1), given[place], f"{expected} {units[place]}".strip(), fits))
        return lines


def _clean_key(entry: dict[str, Any]) -> dict[str, Any]:
    if "number" in entry:
        number, tolerance = (
            unicodedata.normalize("NFKC", squeeze(str(entry[name]))).replace(",", "")
            for name in ("number", "tolerance")
        )
        return {"number": number, "tolerance": tolerance}
    texts = (squeeze(text) for text in entry.get("accept", ()))
    return {"accept": list(dict.fromkeys(text for text in texts if text))}


def _check_blank(place: int, entry: dict[str, Any]) -> None:
    if "number" in entry:
        for name, field in (("number", "blank"), ("tolerance", "tolerance")):
            if not NUMBER.fullmatch(entry[name]):
                raise ShapeProblem(
                    f"{field}_{place}",
                    gettext_noop(
                        "第 %(place)s 空：“%(text)s”不是数字。数字题的答案和误差都要写成数字，如 0.5。"
                    ),
                    place=place + 1,
                    text=entry[name],
                )
        if Decimal(entry["tolerance"]) < 0:
            raise ShapeProblem(
                f"tolerance_{place}", gettext_noop("第 %(place)s 空的误差不能是负数。"), place=place + 1
            )
        return
    if not entry["accept"]:
        raise ShapeProblem(f"blank_{place}", gettext_noop("第 %(place)s 空没有答案。"), place=place + 1)
    if any(len(text) > MAX_TEXT for text in entry["accept"]):
        raise ShapeProblem(
            f"blank_{place}",
            gettext_noop("第 %(place)s 空的答案太长，每种写法最多 %(max)s 个字。"),
            place=place + 1,
            max=MAX_TEXT,
        )


def _fitting(response: Sequence[str], body: Body, key: Key) -> list[bool]:
    given = list(response) + [""] * len(key)
    units = [blank.get("unit", "") for blank in body.get("blanks", [])] + [""] * len(key)
    return [_fits(entry, units[place], given[place]) for place, entry in enumerate(key)]


def _fits(entry: dict[str, Any], unit: str, text: str) -> bool:
    try:
        return BlankKey.of(entry, unit).fits(text)
    except InvalidOperation as error:
        raise KeyError(f"blank {entry}") from error  # a damaged key is not guessed at


def _spoken(entry: dict[str, Any]) -> str:
    return f"{entry['number']} ± {entry['tolerance']}" if Decimal(entry["tolerance"]) else entry["number"]


TYPE = FillIn()
