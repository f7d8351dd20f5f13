"""What changed between two states of a lesson, line by line and word by word. Pure.

A person who signed for the last edition of an operating rule reads what is different, not the whole again.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

# Lines less alike than this are shown as one taken out and one put in, not as one changed.
ALIKE = 0.5
# Beyond this many pairs of lines likeness is not looked for: the comparison would take seconds.
MOST_PAIRS = 4_000


class Mark(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line with one mark."""

    text: str
    mark: Mark


Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class PartChange:
    """The changed lines of one section. `name` is its name in the new text, or in the old if it is gone."""

    name: str
    title: str
    lines: tuple[Line, ...]
    is_gone: bool = False


def changed_parts(old: Mapping[str, Sequence[str]], new: Mapping[str, Sequence[str]]) -> list[PartChange]:
    """Return the sections whose words changed, in the order of the new text, those taken out last.

    Both map names of sections to their lines, the first being the heading (courses.content.section_lines).
    A section is recognised by its heading, so that one put in front does not make all others look changed.
    """
    partners = _partners(old, new)
    changes = []
    for name, lines in new.items():
        before = old[partners[name]] if name in partners else ()
        shown = changed_lines(before, lines)
        if shown:
            changes.append(PartChange(name, lines[0] if lines else "", shown))
    kept = set(partners.values())
    for name in (name for name in old if name not in kept):
        if shown := changed_lines(old[name], ()):
            changes.append(PartChange(name, old[name][0], shown, is_gone=True))
    return changes


def _partners(old: Mapping[str, Sequence[str]], new: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Pair each new section with an old one: by heading first, then by name among those left over."""
    free = dict.fromkeys(old)
    pairs: dict[str, str] = {}
    for same in (lambda left, right: bool(old[left][:1]) and old[left][:1] == new[right][:1],
                 lambda left, right: left == right):  # fmt: skip
        for name in new:
            if name in pairs:
                continue
            partner = next((candidate for candidate in free if same(candidate, name)), None)
            if partner is not None:
                pairs[name] = partner
                del free[partner]
    return pairs


def changed_lines(old: Sequence[str], new: Sequence[str]) -> tuple[Line, ...]:
    """Return the lines that are not the same, marked; nothing if all are."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    lines: list[Line] = []
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        if tag != "equal":
            lines += _replaced(old[left:left_end], new[right:right_end])
    return tuple(lines)


def _replaced(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    lines: list[Line] = []
    waiting = list(new)
    looks = len(old) * len(new) <= MOST_PAIRS
    for line in old:
        alike = difflib.get_close_matches(line, waiting, n=1, cutoff=ALIKE) if looks else []
        if not alike:
            lines.append((Piece(line, Mark.REMOVED),))
            continue
        place = waiting.index(alike[0])
        lines += [(Piece(text, Mark.ADDED),) for text in waiting[:place]]
        lines.append(_within(line, alike[0]))
        waiting = waiting[place + 1 :]
    return lines + [(Piece(line, Mark.ADDED),) for line in waiting]


def _within(old: str, new: str) -> Line:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    pieces: list[Piece] = []
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece(new[right:right_end], Mark.SAME))
            continue
        if left_end > left:
            pieces.append(Piece(old[left:left_end], Mark.REMOVED))
        if right_end > right:
            pieces.append(Piece(new[right:right_end], Mark.ADDED))
    return tuple(pieces)
