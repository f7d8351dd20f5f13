"""What stands on the wall card of an operating rule, and what is left out when one page cannot hold it.

Pure. A card keeps what saves a life for longest: forbidden acts and emergency actions go last. Steps are left
out from the end, because the first ones are those before the machine is started.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from common.canonical import canonical_json
from courses.content import Body, Facts, Prepared, named_sections, section_lines

MARK_CHARS = 12
_FORBIDDEN = re.compile("严禁|禁止|不准|不许")
_EMERGENCY = re.compile("应急|急救|救人|出事|出了事|万一|怎么办")


@dataclass(frozen=True, slots=True)
class CardStep:
    """A step as it hangs on the wall: what to wear, by the names of static/img/ppe.svg, and when to stop."""

    text: str
    ppe: tuple[str, ...] = ()
    stop_point: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """The lines of a card, and how many of each kind are not on it."""

    steps: tuple[CardStep, ...]
    forbidden: tuple[str, ...]
    emergency: tuple[str, ...]
    ppe: tuple[str, ...] = ()  # of all steps, those left out too, in the order it is first asked for
    steps_left_out: int = 0
    forbidden_left_out: int = 0
    emergency_left_out: int = 0

    @property
    def size(self) -> int:
        """Return how many lines there are to keep."""
        return len(self.steps) + len(self.forbidden) + len(self.emergency)

    @property
    def left_out(self) -> int:
        """Return how many lines are not on the card."""
        return self.steps_left_out + self.forbidden_left_out + self.emergency_left_out


def card_of(body: Body, facts: Facts) -> Card:
    """Return all a card could say: the steps of every block of steps, and the forbidden and emergency lines.

    A rule whose fields for those are empty may say it under a heading (五、严禁的事); a rule without blocks of
    steps, as an import makes it, gives the lines of its other sections.
    """
    said = {fact["name"]: tuple(_lines(fact["text"])) for fact in facts}
    sections = section_lines(body)
    titles = [section.title for section in named_sections(body).values()]
    forbidden, emergency, others = [], [], []
    for title, lines in zip(titles, sections.values(), strict=True):
        below = lines[1:] if title else lines
        if _FORBIDDEN.search(title):
            forbidden += below
        elif _EMERGENCY.search(title):
            emergency += below
        else:
            others += below
    steps = tuple(_steps(body)) or tuple(CardStep(line) for line in others)
    return Card(
        steps,
        said.get("forbidden_acts") or tuple(forbidden),
        said.get("emergency_actions") or tuple(emergency),
        ppe=tuple(dict.fromkeys(name for step in steps for name in step.ppe)),
    )


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines() if line.strip())


def _steps(body: Body) -> Iterator[CardStep]:
    for block in body.get_prep_value() if isinstance(body, Prepared) else body:
        if block["type"] != "steps":
            continue
        for item in block["value"]["steps"]:
            step = item.get("value", item)
            yield CardStep(step["text"], tuple(step.get("ppe") or ()), step.get("stop_point") or "")


def cut(card: Card, keep: int) -> Card:
    """Return the card with its `keep` most important lines: emergency first, then forbidden, then the steps."""
    emergency = card.emergency[:keep]
    forbidden = card.forbidden[: keep - len(emergency)]
    steps = card.steps[: keep - len(emergency) - len(forbidden)]
    return replace(
        card,
        steps=steps,
        forbidden=forbidden,
        emergency=emergency,
        steps_left_out=len(card.steps) - len(steps),
        forbidden_left_out=len(card.forbidden) - len(forbidden),
        emergency_left_out=len(card.emergency) - len(emergency),
    )


def card_mark(content_sha256: str, head: Sequence[str]) -> str:
    """Return the short mark in a card's QR that stands for what the rule said when the card was printed.

    `head` is what stands in the card's head: title, document number, edition and effective date.
    """
    state = canonical_json({"content": content_sha256, "head": list(head)})
    return hashlib.sha256(state).hexdigest()[:MARK_CHARS]
