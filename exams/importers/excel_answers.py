"""The answer cells of a question table: read as people write them, written as they are read. No Django here.

In 填空题 the blanks are separated by ；, synonyms by /, a number is `2±0.1`, a unit `[m]` stands last; a
backslash takes a sign's meaning away. In 连线题 each option is `左 → 右`, without a left side for a distractor.
"""

import re
import unicodedata
from typing import Any

from common.text import squeeze
from exams.importers.items import LETTERS, WHOLE_ANSWER, Item, lettered, numbered, scoring_body
from exams.types.base import gettext_noop
from exams.types.fill_in import BLANK
from exams.types.multiple_choice import SCORINGS
from exams.types.ordering import SCORINGS as ORDER_SCORINGS

RIGHT = {"对", "√", "✓", "✔", "正确", "是", "T", "TRUE", "YES", "Y", "1"}
WRONG = {"错", "×", "✗", "✘", "X", "错误", "否", "不正确", "不对", "F", "FALSE", "NO", "N", "0"}
_BRACKETS = re.compile(r"[（(][\s　_＿]*[）)]")
_POINT = re.compile(r"(.+)[（(]\s*(\d{1,3})\s*[%％]\s*[）)]", re.DOTALL)
_UNIT = re.compile(r"(?s)(.*)\[([^\[\]]*)\]")
_TOLERANCE = re.compile(r"\s*(.+?)\s*(?:±|\+/-|\+-)\s*(.+?)\s*")
# Signs with a backslash before them stand as non-characters of Unicode while the rest is cut.
_SIGNS = "；;/[]±→\\"
_HIDDEN = {sign: chr(0xFDD0 + place) for place, sign in enumerate(_SIGNS)}
_SHOWN = str.maketrans({hidden: sign for sign, hidden in _HIDDEN.items()})


class KindlyRefused(Exception):
    """A row that cannot be read, with the reason (translatable, `params` for its places)."""

    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(message)
        self.message, self.params = message, params


def answer_of(item: Item, options: list[str], answer: str, scoring: str) -> None:
    """Fill options, body and key of an item whose type is known. Raises KindlyRefused."""
    if item.kind == "true_false":
        item.key = [_judgement(answer, options)]
    elif item.kind in {"single_choice", "multiple_choice"}:
        item.options, item.key = lettered(options), _letters(answer, len(options))
        if any(not text for text in options):
            raise KindlyRefused(gettext_noop("选项中间有空着的格子，请把选项挪到一起。"))
        if item.kind == "multiple_choice":
            item.body = scoring_body(_scoring(scoring, SCORINGS))
    elif item.kind == "ordering":
        item.options, item.key = lettered(options), _letters(answer, len(options), is_order=True)
        item.body = scoring_body(_scoring(scoring, ORDER_SCORINGS))
    elif item.kind == "matching":
        _matching(item, options)
    elif item.kind == "fill_in":
        _fill_in(item, answer)
    else:
        item.key = {"model": answer, "rubric": [_point(text) for text in options if text]}
        if not item.key["rubric"]:
            item.key["rubric"] = [{"point": WHOLE_ANSWER, "share": 100}]


def _plain(text: str) -> str:
    return re.sub(r"[\s。.]+", "", unicodedata.normalize("NFKC", text)).upper()


def _judgement(answer: str, options: list[str]) -> str:
    text = _plain(answer).strip("()")
    if text in LETTERS[: len(options)] and text:
        text = _plain(options[LETTERS.index(text)])
    elif text in {"A", "B"} and not options:
        text = "对" if text == "A" else "错"
    if text in RIGHT:
        return "true"
    if text in WRONG:
        return "false"
    raise KindlyRefused(
        gettext_noop("判断题的答案“%(text)s”看不懂。写“对”或“错”（√、×、正确、错误也行）。"), text=answer[:20]
    )


def _letters(answer: str, count: int, *, is_order: bool = False) -> list[str]:
    text = re.sub(r"[\s,，、;；.。|/和及>-]+", "", unicodedata.normalize("NFKC", answer)).upper()
    if not text:
        raise KindlyRefused(gettext_noop("没有写答案。"))
    if not re.fullmatch(r"[A-J]+", text):
        raise KindlyRefused(
            gettext_noop("答案“%(text)s”看不懂。写选项的字母，如 B 或 ABD。"), text=answer[:20]
        )
    beyond = sorted(letter for letter in set(text) if LETTERS.index(letter) >= count)
    if beyond:
        raise KindlyRefused(gettext_noop("答案里的 %(text)s 没有对应的选项。"), text="、".join(beyond))
    return list(text) if is_order else list(dict.fromkeys(text))


def _scoring(text: str, scorings: Any) -> str:
    text = squeeze(text)
    for entry in scorings:
        if text in {entry.code, entry.label}:
            return str(entry.code)
    if text:
        raise KindlyRefused(gettext_noop("不认识的计分规则“%(text)s”。"), text=text[:30])
    return "all"


def _hide(text: str) -> str:
    for hidden in _HIDDEN.values():
        text = text.replace(hidden, "")
    return re.sub(r"\\([；;/\[\]±→\\])", lambda match: _HIDDEN[match[1]], text)


def _shown(text: str) -> str:
    return text.translate(_SHOWN).strip()


def escape(text: str) -> str:
    """Take away the meaning of the signs."""
    return re.sub(r"([；;/\[\]±→\\])", r"\\\1", text)


def _matching(item: Item, options: list[str]) -> None:
    pairs = []
    for text in (text for text in options if text):
        hidden = _hide(text)
        parts = hidden.split("→" if "→" in hidden else "->", maxsplit=1)
        if len(parts) != 2:
            raise KindlyRefused(
                gettext_noop("连线题的每个选项写成“左 → 右”，“%(text)s”里没有箭头。"), text=text[:20]
            )
        pairs.append((_shown(parts[0]), _shown(parts[1])))
    item.options = numbered([right for _left, right in pairs])
    item.key = [str(place) for place, (left, _right) in enumerate(pairs, start=1) if left]
    item.body = {"left": [left for left, _right in pairs if left]}


def _fill_in(item: Item, answer: str) -> None:
    if not BLANK.search(item.stem):
        item.stem = _BRACKETS.sub("___", item.stem)
    if not BLANK.search(item.stem):
        raise KindlyRefused(gettext_noop("填空题的题干里没有空。用 ___ 或（　）表示空。"))
    count = len(BLANK.findall(item.stem))
    hidden = _hide(answer)
    parts = re.split(r"[；;]", hidden)
    if len(parts) > count == 1:
        parts = [hidden.replace("；", "/").replace(";", "/")]  # many write synonyms so
    item.key, item.body = [], {"blanks": []}
    for part in parts:
        bare, unit = part, ""
        if match := _UNIT.fullmatch(part.strip()):
            bare, unit = match[1], _shown(match[2])
        item.body["blanks"].append({"unit": unit})
        number = _TOLERANCE.fullmatch(bare)
        item.key.append(
            {"number": _shown(number[1]), "tolerance": _shown(number[2])}
            if number
            else {"accept": [_shown(text) for text in bare.split("/") if text.strip()]}
        )


def _point(text: str) -> dict[str, Any]:
    match = _POINT.fullmatch(text.strip())
    if match is None:
        raise KindlyRefused(
            gettext_noop("评分标准写成“得分点（40%%）”，“%(text)s”里没有百分比。"), text=text[:20]
        )
    return {"point": match[1].strip(), "share": int(match[2])}


def blanks_text(item: Item) -> str:
    """Write the answers of a fill-in question."""
    parts = []
    for key, blank in zip(item.key, item.body["blanks"], strict=True):
        text = (
            f"{key['number']}±{key['tolerance']}"
            if "number" in key
            else "/".join(escape(text) for text in key["accept"])
        )
        parts.append(f"{text}[{escape(blank['unit'])}]" if blank["unit"] else text)
    return "；".join(parts)
