"""How a search in Chinese is read: folding, synonyms, pairs of characters, and the piece of text that was found.

Pure. Chinese is written without spaces, so a search is not a list of words: what the synonyms know is taken
as a word with all its other names, and what is left is cut into overlapping pairs of characters. A text that
holds some of them is a find; one that holds all stands first (`courses.queries.search` counts and orders).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import yaml

SYNONYMS = Path(__file__).resolve().parent / "data" / "synonyms.yaml"
MOST_TERMS = 12  # each is looked for in every text
MOST_NAMES = 8  # of one term: its own and its synonyms
SNIPPET_CHARS = 72
# A find holds at least one in so many of the terms of each word written: of few, one is enough.
ONE_IN = 3

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―－"), "-")
_SPACES = re.compile(r"[^\S\n]+")
# A run of Latin letters and digits (a document number with its dashes is one), or of Chinese characters.
_RUNS = re.compile(r"[a-z0-9]+(?:[-./][a-z0-9]+)*|[\u3400-\u9fff\U00020000-\U0003ffff]+")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for: as it was written, and the other names it goes by."""

    own: str
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return all its names, its own first."""
        return (self.own, *self.others)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a search looks for: the terms of each word, as the writer set them apart by spaces.

    `phrase` is the search in one piece. A plan without words finds nothing.
    """

    phrase: str
    words: tuple[tuple[Term, ...], ...]

    @property
    def terms(self) -> tuple[Term, ...]:
        """Return the terms of all words."""
        return tuple(term for word in self.words for term in word)


def least(terms: Sequence[Term]) -> int:
    """Return how many terms of one word a text must hold: every word asked for must be met, if not whole."""
    return -(-len(terms) // ONE_IN)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a snippet; `is_hit` is what was looked for."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The synonyms: each word with its whole group, and the words of asking."""

    groups: dict[str, tuple[str, ...]]
    quiet: frozenset[str]
    longest: int


@cache
def lexicon(path: Path = SYNONYMS) -> Lexicon:
    """Read the synonyms file once. Raises ValueError for a word that stands in two groups."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    groups: dict[str, tuple[str, ...]] = {}
    for group in data["groups"]:
        words = tuple(folded(str(word)) for word in group)
        for word in words:
            if word in groups:
                raise ValueError(f"{path.name}: “{word}”在两组同义词里，请只留一处")
            groups[word] = words
    quiet = frozenset(folded(word) for word in data["quiet"])
    return Lexicon(groups, quiet, max(map(len, (*groups, *quiet))))


def folded(text: str) -> str:
    """Return a text as it is searched: half-width, lower case, without spaces; lines stay apart."""
    return _SPACES.sub("", "".join(_folded_characters(text)))


def _folded_characters(text: str) -> Iterator[str]:
    for character in text:
        yield unicodedata.normalize("NFKC", character).translate(_DASHES).casefold()


def plan(words: str) -> Plan:
    """Return what to look for when somebody writes `words` into the search."""
    spaced = "".join(_folded_characters(words))
    taken: dict[str, Term] = {}
    found = []
    for word in spaced.split():
        terms = [term for run in _RUNS.findall(word) for term in _terms(run) if term.own not in taken]
        terms = terms[: MOST_TERMS - len(taken)]
        taken |= {term.own: term for term in terms}
        if terms:
            found.append(tuple(dict.fromkeys(terms)))
    return Plan("".join(_RUNS.findall(spaced)), tuple(found))


def _terms(run: str) -> Iterator[Term]:
    known = lexicon()
    if run.isascii():
        yield _named(run)
        return
    rest, place = "", 0
    while place < len(run):
        word = next(
            (
                run[place : place + size]
                for size in range(min(known.longest, len(run) - place), 0, -1)
                if run[place : place + size] in known.groups or run[place : place + size] in known.quiet
            ),
            "",
        )
        if not word:
            rest += run[place]
            place += 1
            continue
        yield from _pairs(rest)
        rest = ""
        if word not in known.quiet:
            yield _named(word)
        place += len(word)
    yield from _pairs(rest)


def _named(word: str) -> Term:
    others = tuple(other for other in lexicon().groups.get(word, ()) if other != word)
    return Term(word, others[: MOST_NAMES - 1])


def _pairs(run: str) -> Iterator[Term]:
    if len(run) == 1:
        yield Term(run)
    for first, second in pairwise(run):
        yield Term(first + second)


def snippet(text: str, names: Sequence[str], length: int = SNIPPET_CHARS) -> list[Piece]:
    """Return the stretch of `text` with the most of `names` in it, cut into hits and what is between.

    An empty list where the text holds none. White space is squeezed; a cut end carries an ellipsis.
    """
    text = " ".join(text.split())
    hits = _hits(text, names)
    if not hits:
        return []
    start = max(hits, key=lambda hit: sum(hit[0] <= other[0] < hit[0] + length for other in hits))[0]
    begin = max(0, min(start - length // 4, len(text) - length))
    end = min(len(text), begin + length)
    pieces = [Piece("…", is_hit=False)] if begin else []
    at = begin
    for low, high in hits:
        if low < at or high > end:
            continue
        if low > at:
            pieces.append(Piece(text[at:low], is_hit=False))
        pieces.append(Piece(text[low:high], is_hit=True))
        at = high
    if at < end:
        pieces.append(Piece(text[at:end], is_hit=False))
    return [*pieces, Piece("…", is_hit=False)] if end < len(text) else pieces


def _hits(text: str, names: Sequence[str]) -> list[tuple[int, int]]:
    """Return where the names stand, overlapping ones joined, as places in the text as it is written."""
    places: list[int] = []
    folded_text = ""
    for place, character in enumerate(_folded_characters(text)):
        if not character.isspace():
            folded_text += character
            places += [place] * len(character)
    found = sorted(
        (match.start(), match.end())
        for name in set(names)
        if name
        for match in re.finditer(re.escape(name), folded_text)
    )
    joined: list[tuple[int, int]] = []
    for low, high in ((places[low], places[high - 1] + 1) for low, high in found):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined
