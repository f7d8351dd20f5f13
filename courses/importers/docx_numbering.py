"""Word's automatic numbers as text: they are counted by Word and stand nowhere in the paragraphs."""

from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HAN = "零一二三四五六七八九"


def han_number(number: int) -> str:
    """Write 1 to 99 in Chinese; larger numbers in digits."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("" if tens == 1 else _HAN[tens]) + "十"
    return head + (_HAN[ones] if ones else "")


def _roman(number: int) -> str:
    parts = (
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    )
    text = ""
    for value, sign in parts:
        while number >= value:
            text, number = text + sign, number - value
    return text


def format_number(number: int, numbering_format: str) -> str:
    """Write a number the way a `w:numFmt` says."""
    lowered = numbering_format.lower()
    if any(word in lowered for word in ("chinese", "japanese", "ideograph", "taiwanese")):
        return han_number(number)
    if lowered == "decimalenclosedcircle" or lowered == "decimalenclosedcirclechinese":
        return chr(0x2460 + number - 1) if 1 <= number <= 20 else str(number)
    if lowered.endswith("letter") and number >= 1:
        letter = chr(ord("a") + (number - 1) % 26)
        return letter.upper() if lowered.startswith("upper") else letter
    if lowered.endswith("roman") and 1 <= number < 400:
        return _roman(number) if lowered.startswith("upper") else _roman(number).lower()
    return str(number)


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a numbering: its format, its text with `%1` for the number, its first number."""

    format: str
    text: str
    start: int
    legal: bool


@dataclass(slots=True)
class Numbering:
    """All numberings of a document and how far each has counted."""

    levels: dict[str, dict[int, Level]] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def label(self, numbering: str, depth: int) -> tuple[str, bool] | None:
        """Count one more item and return its label and whether it is a bullet; None if it has no number."""
        level = self.levels.get(numbering, {}).get(depth)
        if level is None or level.format == "none":
            return None
        if level.format == "bullet":
            return "", True
        counts = self.counts.setdefault(self.families[numbering], {})
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [key for key in counts if key > depth]:
            del counts[deeper]
        text = level.text
        for place in range(depth, -1, -1):
            outer = self.levels[numbering].get(place)
            if outer is not None:
                number = counts.get(place, outer.start)
                written = str(number) if level.legal else format_number(number, outer.format)
                text = text.replace(f"%{place + 1}", written)
        return text, False


def read_numbering(root: Any) -> Numbering:
    """Read the root element of `word/numbering.xml`; None gives a document without numberings."""
    found = Numbering()
    if root is None:
        return found
    abstract = {
        one.get(f"{W}abstractNumId"): {
            int(level.get(f"{W}ilvl", "0")): _level(level) for level in one.findall(f"{W}lvl")
        }
        for one in root.findall(f"{W}abstractNum")
    }
    for one in root.findall(f"{W}num"):
        identity = one.get(f"{W}numId", "")
        reference = one.find(f"{W}abstractNumId")
        family = reference.get(f"{W}val", "") if reference is not None else ""
        levels = dict(abstract.get(family, {}))
        restarts = False
        for override in one.findall(f"{W}lvlOverride"):
            depth = int(override.get(f"{W}ilvl", "0"))
            own = override.find(f"{W}lvl")
            if own is not None:
                levels[depth] = _level(own)
            restarts = restarts or override.find(f"{W}startOverride") is not None
        found.levels[identity] = levels
        # Numberings of one family count on from each other unless one says where it starts.
        found.families[identity] = f"num-{identity}" if restarts else f"abstract-{family}"
    return found


def _value(element: Any, name: str, default: str) -> str:
    child = element.find(f"{W}{name}")
    return default if child is None else child.get(f"{W}val", default)


def _level(element: Any) -> Level:
    start = _value(element, "start", "1")
    return Level(
        format=_value(element, "numFmt", "decimal"),
        text=_value(element, "lvlText", ""),
        start=int(start) if start.isdecimal() else 1,
        legal=element.find(f"{W}isLgl") is not None,
    )
