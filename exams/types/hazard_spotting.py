"""找隐患题: hazards to be tapped on a picture.

Places are in ten-thousandths of the picture's width and height. Body: `{"size": [w, h], "taps": 5}` (pixels; how
many marks a candidate may set) and the scoring rule. Key: `[{"name": "…", "shape": "rect", "at": [x1, y1, x2,
y2]}]`, `circle` with `[x, y, r]` (r in ten-thousandths of the width) or `polygon` with `[x, y, x, y, …]`.
Response: `"x,y"` for a tap, or `"c4-2"` for a cell (column-row, from 1) of the numbered grid, which is there for
those who cannot tap. A cell finds what it touches.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    Scoring,
    ShapeProblem,
    body_with,
    gettext_noop,
)

FULL = 10_000
COLUMNS, ROWS = 8, 6
MAX_REGIONS = 10
MAX_TAPS = 20
TAP = re.compile(r"(0|[1-9]\d{0,4}),(0|[1-9]\d{0,4})")
CELL = re.compile(r"c([1-8])-([1-6])")
SHAPES = {"rect": gettext_noop("矩形"), "circle": gettext_noop("圆"), "polygon": gettext_noop("多边形")}
PROBES = 5  # a cell is looked at in 5 × 5 places

SCORINGS = (
    Scoring(
        "penalty",
        gettext_noop("找对一处得一份分，点错一处抵一处"),
        gettext_noop("点出图中的隐患，点错一处抵掉一处"),
    ),
    Scoring("free", gettext_noop("找对一处得一份分，点错不扣"), gettext_noop("点出图中的隐患，点错不扣分")),
)
REGIONS = Table(
    title=gettext_noop("隐患区域"),
    help=gettext_noop(
        "每行一处隐患。位置用占图宽、图高的百分比：矩形写两个对角（左,上,右,下），圆写圆心和半径（横,竖,半径），"
        "多边形依次写各个角。先选中一行，再在图上点，位置会自动填好。"
    ),
    columns=(
        Field("hazard", gettext_noop("隐患名称")),
        Field("shape", gettext_noop("形状"), "choice", choices=tuple(SHAPES.items())),
        Field("at", gettext_noop("位置 %")),
    ),
    rows=MAX_REGIONS,
    shown=4,
    numbering="numbers",
)


@dataclass(frozen=True, slots=True)
class Region:
    """One hazard on the picture."""

    shape: str
    at: tuple[int, ...]
    aspect: Fraction  # height by width, in pixels: a circle is round on the picture

    def holds(self, x: int, y: int) -> bool:
        """Tell whether a place lies in the region, its border included."""
        if self.shape == "rect":
            x1, y1, x2, y2 = self.at
            return min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2)
        if self.shape == "circle":
            centre_x, centre_y, radius = self.at
            return (x - centre_x) ** 2 + ((y - centre_y) * self.aspect) ** 2 <= radius**2
        return self._in_polygon(x, y)

    def _in_polygon(self, x: int, y: int) -> bool:
        inside = False
        corners = list(zip(self.at[::2], self.at[1::2], strict=True))
        for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
            cross = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
            if cross == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
                return True
            if (y1 > y) != (y2 > y) and (cross < 0) == (y2 < y1):
                inside = not inside
        return inside

    def some_place(self) -> tuple[int, int]:
        """Return a place inside: the middle of a rectangle or circle, a corner of a polygon."""
        if self.shape == "rect":
            return (self.at[0] + self.at[2]) // 2, (self.at[1] + self.at[3]) // 2
        return self.at[0], self.at[1]


class HazardSpotting(QuestionType):
    """Places on a picture."""

    kind = "hazard_spotting"
    label = gettext_noop("找隐患题")
    rank = 70
    answering_s = 75
    uses_tokens = False
    shuffles = False
    scorings = SCORINGS
    template = "exams/types/_hazard_spotting.html"
    places_media = True
    review_template = "exams/types/_review_hazards.html"
    script = "js/exam/types/hazard_spotting.js"
    author_script = "js/exams_office_regions.js"
    author = (
        REGIONS,
        Field(
            "taps",
            gettext_noop("最多标几处"),
            "number",
            help=gettext_noop("考生最多能标的处数；0 表示隐患数加两处。"),
            most=MAX_TAPS,
        ),
        Field(
            "hazard_scoring",
            gettext_noop("计分规则"),
            "choice",
            choices=tuple((entry.code, entry.label) for entry in SCORINGS),
        ),
    )

    def clean(self, content: Content, key: Key) -> tuple[list[Option], dict[str, Any], Key]:
        """Take the picture's size down, and squeeze the names."""
        regions = [
            {"name": squeeze(entry["name"]), "shape": entry["shape"], "at": list(entry["at"])}
            for entry in key or []
        ]
        body = dict(content.body)
        if content.media is not None and content.media.width:
            body["size"] = [content.media.width, content.media.height]
        body["taps"] = body.get("taps") or len(regions) + 2
        return [], body, regions

    def validate(self, content: Content, key: Key) -> None:
        """Raise ShapeProblem unless there is a picture and there are proper regions on it."""
        if content.media is None or content.media.kind != "image" or not content.body.get("size"):
            raise ShapeProblem("media", gettext_noop("找隐患题要有一张图片，请先上传。"))
        if not key:
            raise ShapeProblem("hazard_0", gettext_noop("至少要标出一处隐患。"))
        if len(key) > MAX_REGIONS:
            raise ShapeProblem("correct", gettext_noop("最多 %(max)s 处隐患。"), max=MAX_REGIONS)
        for place, entry in enumerate(key):
            _check_region(place, entry)
        taps = content.body["taps"]
        if not len(key) <= taps <= MAX_TAPS:
            raise ShapeProblem(
                "taps",
                gettext_noop("最多标的处数要在隐患数 %(n)s 和 %(max)s 之间。"),
                n=len(key),
                max=MAX_TAPS,
            )
        self.check_scoring(content.body)

    def read(self, values: Values) -> tuple[list[Option], dict[str, Any], Key]:
        """Read the regions; a place that cannot be read stays a text for `validate` to name."""
        key = [
            {"name": row["hazard"] or "", "shape": row["shape"] or "rect", "at": _places(row["at"] or "")}
            for row in row_values(values, REGIONS)
            if (row["hazard"] or "").strip() or (row["at"] or "").strip()
        ]
        body = body_with(values.get("hazard_scoring"), self.scorings)
        return [], body | {"taps": values.get("taps") or 0}, key

    def write(self, content: Content, key: Key) -> dict[str, Any]:
        """Write the regions in percent."""
        rows = [
            {
                "hazard": entry["name"],
                "shape": entry["shape"],
                "at": ", ".join(f"{number / 100:g}" for number in entry["at"]),
            }
            for entry in key
        ]
        scoring = self.scoring(content.body)
        return {**flat(rows), "taps": content.body["taps"], "hazard_scoring": scoring and scoring.code}

    def accepts(self, response: Sequence[str], tokens: Sequence[str]) -> bool:
        """Accept places on the picture and cells of the grid, none twice."""
        return (
            len(response) <= MAX_TAPS
            and len(set(response)) == len(response)
            and all(_place(text) is not None for text in response)
        )

    def present(self, choices: Sequence[Choice], body: Body, response: Sequence[str]) -> dict[str, Any]:
        """Return the marks set so far and the cells of the grid."""
        cells = [f"c{column}-{row}" for row in range(1, ROWS + 1) for column in range(1, COLUMNS + 1)]
        return {
            "taps": body.get("taps", MAX_TAPS),
            "size": body.get("size") or [4, 3],
            "marks": [
                {"value": text, "number": number, "x": place[0] / 100, "y": place[1] / 100}
                for number, text in enumerate(response, start=1)
                if (place := _place(text)) and not text.startswith("c")
            ],
            "rows": [
                [
                    {"value": cell, "number": n + 1, "chosen": cell in response}
                    for n, cell in list(enumerate(cells))[start : start + COLUMNS]
                ]
                for start in range(0, len(cells), COLUMNS)
            ],
        }

    def mark(self, response: Sequence[str], body: Body, key: Key) -> Fraction:
        """Return the share of hazards found, less one for each wrong mark where the rule says so.

        Marks beyond the allowed number count for nothing; several on one hazard are one.
        """
        found, wrong = _found(response, body, key)
        cost = 0 if body.get("scoring") == "free" else wrong
        return max(Fraction(len(found) - cost, len(key)), Fraction(0))

    def right_response(self, content: Content, key: Key) -> list[str]:
        """Return a place inside each hazard."""
        places = (region.some_place() for region in _regions(content.body, key))
        return list(dict.fromkeys(f"{x},{y}" for x, y in places))

    def review(self, content: Content, response: Sequence[str], key: Key) -> list[ReviewLine]:
        """Return a line for each hazard."""
        found, _wrong = _found(response, content.body, key)
        return [
            ReviewLine(str(place + 1), "", entry["name"], place in found) for place, entry in enumerate(key)
        ]

    def review_view(self, content: Content, response: Sequence[str], key: Key) -> dict[str, Any]:
        """Return what to draw over the picture: the hazards' regions and the candidate's marks."""
        width, height = content.body["size"]
        regions = [
            {"number": place + 1, "shape": entry["shape"], **_svg(entry, width, height)}
            for place, entry in enumerate(key)
        ]
        marks = [
            {"x": place[0] * width // FULL, "y": place[1] * height // FULL}
            for text in response
            if (place := _place(text))
        ]
        unit = max(width, height) // 100 or 1
        return {
            "width": width,
            "height": height,
            "regions": regions,
            "marks": marks,
            "unit": unit,
            "radius": unit * 2,
            "font": unit * 5,
            "wrong": _found(response, content.body, key)[1],
        }


def _place(text: str) -> tuple[int, int] | None:
    """Return the place a mark names (a cell's middle), or None for a text that names none."""
    if cell := CELL.fullmatch(text):
        column, row = int(cell[1]), int(cell[2])
        return (2 * column - 1) * FULL // (2 * COLUMNS), (2 * row - 1) * FULL // (2 * ROWS)
    tap = TAP.fullmatch(text)
    if not tap or int(tap[1]) > FULL or int(tap[2]) > FULL:
        return None
    return int(tap[1]), int(tap[2])


def _probes(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places a mark stands for: one for a tap, 25 in the inner part of a cell."""
    cell = CELL.fullmatch(text)
    place = _place(text)
    if place is None:
        return
    if not cell:
        yield place
        return
    for across in range(PROBES):
        for down in range(PROBES):
            yield (
                ((int(cell[1]) - 1) * 2 * PROBES + 2 * across + 1) * FULL // (COLUMNS * 2 * PROBES),
                ((int(cell[2]) - 1) * 2 * PROBES + 2 * down + 1) * FULL // (ROWS * 2 * PROBES),
            )


def _regions(body: Body, key: Key) -> list[Region]:
    width, height = body.get("size") or (1, 1)
    aspect = Fraction(height, width)
    return [Region(entry["shape"], tuple(entry["at"]), aspect) for entry in key]


def _found(response: Sequence[str], body: Body, key: Key) -> tuple[set[int], int]:
    """Return which regions were found, and how many marks hit none."""
    regions = _regions(body, key)
    found: set[int] = set()
    wrong = 0
    # Sorted, so that which marks are beyond the allowed number does not hang on the order of tapping.
    for text in sorted(response)[: body.get("taps", MAX_TAPS)]:
        hits = {n for n, region in enumerate(regions) if any(region.holds(x, y) for x, y in _probes(text))}
        found |= hits
        wrong += not hits
    return found, wrong


def _places(text: str) -> list[int] | str:
    parts = [part for part in re.split(r"[,，\s;；]+", text.strip()) if part]
    try:
        return [round(float(part) * 100) for part in parts]
    except (ValueError, OverflowError):
        return text


def _check_region(place: int, entry: dict[str, Any]) -> None:
    if not entry["name"] or len(entry["name"]) > 60:
        raise ShapeProblem(
            f"hazard_{place}", gettext_noop("第 %(place)s 处隐患的名称要有 1 到 60 个字。"), place=place + 1
        )
    wanted = {"rect": 4, "circle": 3}
    at, shape = entry["at"], entry["shape"]
    if shape not in SHAPES:
        raise ShapeProblem(
            f"shape_{place}", gettext_noop("第 %(place)s 处隐患的形状不认识。"), place=place + 1
        )
    is_numbers = isinstance(at, list) and all(isinstance(number, int) for number in at)
    enough = is_numbers and (
        len(at) == wanted[shape] if shape in wanted else len(at) >= 6 and not len(at) % 2
    )
    if not enough or not all(0 <= number <= FULL for number in at):
        raise ShapeProblem(
            f"at_{place}",
            gettext_noop(
                "第 %(place)s 处隐患的位置不对：矩形要 4 个数，圆要 3 个数，多边形至少 3 个角 6 个数，都在 0 到 100 之间。"
            ),
            place=place + 1,
        )


def _svg(entry: dict[str, Any], width: int, height: int) -> dict[str, Any]:
    """Return a region in the picture's pixels, as SVG draws it."""
    at = entry["at"]
    if entry["shape"] == "circle":
        x, y, radius = at[0] * width // FULL, at[1] * height // FULL, at[2] * width // FULL
        return {"cx": x, "cy": y, "r": radius, "x": x, "y": y}
    if entry["shape"] == "rect":
        at = [at[0], at[1], at[2], at[1], at[2], at[3], at[0], at[3]]
    corners = [(x * width // FULL, y * height // FULL) for x, y in zip(at[::2], at[1::2], strict=True)]
    return {
        "points": " ".join(f"{x},{y}" for x, y in corners),
        "x": sum(x for x, _y in corners) // len(corners),
        "y": sum(y for _x, y in corners) // len(corners),
    }


TYPE = HazardSpotting()
