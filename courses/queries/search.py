"""Find lessons and courses by what they say, best first, the same on every database."""

from collections.abc import Iterable
from functools import reduce
from operator import add

from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from courses.models import PageWords
from courses.searching import Term, least, plan

# Where a term stands says what it is worth: its own name, and another name for it.
WORTH = {"title": (9, 7), "head": (6, 5), "facts": (4, 3), "body": (2, 1)}
PHRASE_WORTH = {"title": 60, "head": 30, "facts": 15, "body": 10}
# More than one term can be worth: more terms held come before better places.
HELD = 1000
MOST_FOUND = 1000


def ranked_pages(words: str) -> dict[int, int]:
    """Return the live pages a search finds, best first, with what each is worth; at most 1,000.

    One statement, which reads the words of every page once. A page holds enough of
    every word (courses.searching.least); among equals the newest comes first. Access is not asked here.
    """
    wanted = plan(words)
    if not wanted.words:
        return {}
    # One column a word: every word written is asked for, and all are added up for the order.
    each = {f"word_{place}": _sum(map(_worth, terms)) for place, terms in enumerate(wanted.words)}
    enough = {f"word_{place}__gte": HELD * least(terms) for place, terms in enumerate(wanted.words)}
    # Of a single word too: who writes 硫化氢 means it, though 一氧化碳 in a title is as near as a synonym.
    phrase = [_phrase(wanted.phrase)]
    found = (
        PageWords.objects.filter(page__live=True)
        .alias(**each)
        .filter(**enough)
        .annotate(worth=_sum([*map(F, each), *phrase]))
        .order_by("-worth", F("page__first_published_at").desc(nulls_last=True), "-page_id")
    )
    return dict(found.values_list("page_id", "worth")[:MOST_FOUND])


def _sum(parts: Iterable[Combinable]) -> Combinable:
    return reduce(add, parts)


def _worth(term: Term) -> Case:
    """Return what one term adds: the best place it stands in."""
    places = []
    for name, (own, other) in WORTH.items():
        places.append(When(_holds(name, term.own), then=Value(HELD + own)))
        places += [When(_holds(name, word), then=Value(HELD + other)) for word in term.others]
    return Case(*places, default=Value(0), output_field=IntegerField())


def _phrase(phrase: str) -> Case:
    places = [When(_holds(name, phrase), then=Value(worth)) for name, worth in PHRASE_WORTH.items()]
    return Case(*places, default=Value(0), output_field=IntegerField())


def _holds(name: str, word: str) -> GreaterThan:
    # StrIndex compares characters as they are on both databases; LIKE would read % and _ and fold Latin only.
    return GreaterThan(StrIndex(name, Value(word)), 0)
