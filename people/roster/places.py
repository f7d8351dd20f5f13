"""Which unit or post a name in a list means."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_HINTS = 100  # looking for what comes near takes long; a list with more unknown names is another's
SEPARATORS = re.compile(r"\s*[/\\>→]\s*")


@dataclass(slots=True)
class Places:
    """The names that exist, and what an unknown one comes to.

    `names` are full paths (units) or plain names (posts); `codes` maps a code to its name. With `may_create`
    an unknown name is taken as it is. Only in a tree is the end of a path a name for the whole.
    """

    names: frozenset[str]
    codes: dict[str, str] = field(default_factory=dict)
    may_create: bool = False
    is_tree: bool = True
    _endings: dict[str, list[str]] = field(default_factory=dict)
    _found: dict[str, "Found"] = field(default_factory=dict)
    _hints: int = 0

    def __post_init__(self) -> None:
        for name in sorted(self.names) if self.is_tree else ():
            parts = name.split("/")
            for start in range(1, len(parts)):
                self._endings.setdefault("/".join(parts[start:]), []).append(name)


@dataclass(frozen=True, slots=True)
class Found:
    """The full name meant, or why there is none: `unknown` or `ambiguous`, and the names that come near."""

    name: str = ""
    why_not: str = ""
    near: tuple[str, ...] = ()
    is_new: bool = False


def split_path(text: str) -> tuple[str, ...]:
    """Split a path written with a slash, a backslash, > or → into names; empty parts are dropped."""
    return tuple(part for part in SEPARATORS.split(text.strip()) if part)


def resolve_place(places: Places, text: str) -> Found:
    """Return what `text` means among `places`; the same text is looked up once.

    A full path wins, then a code, then the end of exactly one path (甲班 if there is only one); after that a
    new name is made or, where that is not allowed, the nearest existing ones are named.
    """
    if text not in places._found:
        places._found[text] = _resolve(places, "/".join(split_path(text)) if places.is_tree else text)
    return places._found[text]


def _resolve(places: Places, name: str) -> Found:
    if name in places.names:
        return Found(name)
    if name in places.codes:
        return Found(places.codes[name])
    endings = places._endings.get(name, [])
    if len(endings) == 1:
        return Found(endings[0])
    if len(endings) > 1:
        return Found(why_not="ambiguous", near=tuple(endings[:3]))
    if places.may_create:
        return Found(name, is_new=True)
    places._hints += 1
    return Found(why_not="unknown", near=_near(places.names, name) if places._hints <= MAX_HINTS else ())


def _near(names: Iterable[str], wanted: str) -> tuple[str, ...]:
    """Return up to two names that look like `wanted`, comparing whole paths, then last parts."""
    every = sorted(names)
    whole = difflib.get_close_matches(wanted, every, n=2, cutoff=0.5)
    if whole:
        return tuple(whole)
    last = wanted.rsplit("/", 1)[-1]
    by_last: dict[str, str] = {}
    for name in every:
        by_last.setdefault(name.rsplit("/", 1)[-1], name)
    return tuple(by_last[hit] for hit in difflib.get_close_matches(last, by_last, n=2, cutoff=0.5))
