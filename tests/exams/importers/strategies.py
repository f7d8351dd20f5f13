"""Questions of every type as Hypothesis makes them, in the one form in which the bank keeps them."""

import base64
import io
import string

from hypothesis import strategies as st
from PIL import Image

from common.text import squeeze
from exams.importers.items import LETTERS, Item, Picture, lettered, numbered
from exams.shapes import Option
from exams.types.fill_in import BLANK

SIGNS = "~=#{}:\\/%[]|<>&\"'；;、，。（）→±*.-_$ "
ALPHABET = string.ascii_letters + string.digits + SIGNS + "安全生产动火作业受限空间高处米㎡²\U00020000"


def _is_plain(text: str) -> bool:
    return bool(text) and not BLANK.search(text) and text == squeeze(text)


texts = st.text(ALPHABET, min_size=1, max_size=24).map(squeeze).filter(_is_plain)
stems = st.lists(texts, min_size=1, max_size=3).map("\n".join)
words = st.text(string.ascii_letters + string.digits + "安全生产-_.", min_size=1, max_size=12).filter(
    lambda text: not BLANK.search(text) and text == squeeze(text)
)
codes = st.text(string.ascii_letters + string.digits + "-题", min_size=1, max_size=20)


def _shares(count: int) -> list[int]:
    return [100 // count] * (count - 1) + [100 - 100 // count * (count - 1)]


def distinct(least: int, most: int):
    return st.lists(texts, min_size=least, max_size=most, unique=True)


@st.composite
def choices(draw, kind):
    options = lettered(draw(distinct(2, 8)))
    ids = [option["id"] for option in options]
    if kind == "single_choice":
        return {"options": options, "key": [draw(st.sampled_from(ids))]}
    key = sorted(draw(st.sets(st.sampled_from(ids), min_size=2)))
    scoring = draw(st.sampled_from(["all", "share", "penalty"]))
    return {"options": options, "key": key, "body": {} if scoring == "all" else {"scoring": scoring}}


@st.composite
def blanks(draw):
    count = draw(st.integers(1, 3))
    lines = [draw(texts) for _ in range(count + 1)]
    stem = " ___ ".join(lines)
    keys, body = [], []
    for _ in range(count):
        body.append({"unit": draw(st.sampled_from(["", "m", "米/秒", "[m]"]))})
        if draw(st.booleans()):
            number = st.decimals(-1000, 1000, places=2).map(lambda d: f"{d.normalize() + 0:f}")
            keys.append({"number": draw(number), "tolerance": draw(st.sampled_from(["0", "0.5", "12"]))})
        else:
            keys.append({"accept": draw(distinct(1, 3))})
    return {"stem": stem, "body": {"blanks": body}, "key": keys}


@st.composite
def orders(draw):
    steps = numbered(draw(distinct(3, 6)))
    body = draw(st.sampled_from([{}, {"scoring": "places"}]))
    return {"options": steps, "key": [step["id"] for step in steps], "body": body}


@st.composite
def pairs(draw):
    left = draw(distinct(2, 5))
    right = draw(distinct(len(left), len(left) + 2))
    options = numbered(right)
    return {"options": options, "body": {"left": left}, "key": [o["id"] for o in options][: len(left)]}


@st.composite
def rubrics(draw):
    points = draw(st.lists(words, min_size=1, max_size=4))
    rubric = [
        {"point": point, "share": share} for point, share in zip(points, _shares(len(points)), strict=True)
    ]
    return {"key": {"model": "\n".join(draw(st.lists(words, max_size=3))), "rubric": rubric}}


PARTS = {
    "single_choice": choices("single_choice"),
    "multiple_choice": choices("multiple_choice"),
    "true_false": st.sampled_from(["true", "false"]).map(lambda value: {"key": [value]}),
    "fill_in": blanks(),
    "ordering": orders(),
    "matching": pairs(),
    "short_answer": rubrics(),
    "case_analysis": rubrics(),
}


@st.composite
def items(draw, kinds=tuple(PARTS)):
    """An item with everything a bank knows of a question."""
    kind = draw(st.sampled_from(kinds))
    parts = {"stem": draw(stems), **draw(PARTS[kind])}
    return Item(
        line=0,
        kind=kind,
        code=draw(codes),
        explanation=draw(st.none() | stems),
        topic=draw(words),
        difficulty=draw(st.integers(1, 5)),
        source=draw(st.none() | texts),
        must_know=draw(st.booleans()),
        tags=draw(st.none() | st.lists(words, min_size=1, max_size=2, unique=True).map(sorted)),
        **parts,
    )


def drawn_picture(width: int = 100, height: int = 50) -> Picture:
    """A small picture with its alternative text."""
    data = io.BytesIO()
    Image.new("RGB", (width, height), "#336699").save(data, "PNG")
    return Picture("site.png", base64.b64encode(data.getvalue()).decode(), "车间一角", width, height)


__all__ = ["LETTERS", "Option", "drawn_picture", "items"]
