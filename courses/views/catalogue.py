"""The catalogue on the learning home: search, facets with their counts, and the page of entries found."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page as ListPage
from django.core.paginator import Paginator
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.clock import today
from courses.facets import FACETS, Chosen, Entry, counted, narrowed
from courses.models import CoursePage, Industry, LessonPage
from courses.queries import (
    LessonStanding,
    catalogue_entries,
    hazard_names,
    post_names,
    posts_of,
    ranked_pages,
    standings,
    work_names,
)
from courses.searching import Piece, plan, snippet
from people.models import Employee

PER_PAGE = 20
MOST_WORDS = 60  # characters of a search
FIRST_SHOWN = 8  # values of a facet before the rest is folded away
TITLES = {
    "kind": _("类型"),
    "hazard": _("危险因素"),
    "work": _("设备与作业"),
    "post": _("岗位"),
    "industry": _("行业"),
}
KINDS = {
    "speech": _("讲话"),
    "case": _("案例"),
    "rule": _("规程"),
    "package": _("课件包"),
    "course": _("课程"),
}


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a facet: what choosing it shows, and the address without it where it is chosen."""

    value: str
    words: str | Promise
    count: int
    is_chosen: bool
    without: str


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet with its values, the most frequent first; chosen ones are always among the first."""

    name: str
    title: str | Promise
    options: list[Option]

    @property
    def first(self) -> list[Option]:
        """Return the values shown at once."""
        return [
            option for place, option in enumerate(self.options) if place < FIRST_SHOWN or option.is_chosen
        ]

    @property
    def more(self) -> list[Option]:
        """Return the values folded away."""
        return [option for option in self.options[FIRST_SHOWN:] if not option.is_chosen]


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry on the page shown: a course, or a lesson with how far the reader is; and where the words stand."""

    course: CoursePage | None
    item: LessonStanding | None
    title: list[Piece]
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the learning home shows of the catalogue. `mine` is the query of 给我的岗位, empty without a post."""

    is_asked: bool
    words: str
    facets: list[Facet]
    chosen: list[Option]
    mine: str
    mine_count: int
    is_mine: bool
    shown: ListPage[Entry]
    hits: list[Hit]


def catalogue(request: HttpRequest, employee: Employee | None) -> Catalogue:
    """Return the catalogue as `?q=` and the facets in the address ask for it; unknown values find nothing."""
    words = request.GET.get("q", "").strip()[:MOST_WORDS]
    chosen = {name: frozenset(request.GET.getlist(name)) - {""} for name in FACETS}
    is_asked = bool(words) or any(chosen.values()) or "list" in request.GET
    entries = catalogue_entries(request.user)
    if words:
        ranks = {pk: place for place, pk in enumerate(ranked_pages(words))}
        entries = sorted((entry for entry in entries if entry.pk in ranks), key=lambda one: ranks[one.pk])
    facets = _facets(request.GET, counted(entries, chosen), chosen)
    posts = posts_of(employee.pk, today()) if employee else frozenset()
    shown = Paginator(narrowed(entries, chosen) if is_asked else [], PER_PAGE).get_page(
        request.GET.get("page")
    )
    return Catalogue(
        is_asked=is_asked,
        words=words,
        facets=facets,
        chosen=[option for facet in facets for option in facet.options if option.is_chosen],
        mine=_query(request.GET, "post", posts) if posts else "",
        mine_count=len(narrowed(entries, {"post": posts})) if posts else 0,
        is_mine=bool(posts) and chosen["post"] == posts,
        shown=shown,
        hits=_hits([entry.pk for entry in shown], words, employee),
    )


def _facets(asked: QueryDict, counts: dict[str, Counter[str]], chosen: Chosen) -> list[Facet]:
    names: dict[str, Any] = {
        "kind": KINDS,
        "hazard": hazard_names(_numbers(counts["hazard"], chosen["hazard"])),
        "work": work_names(_numbers(counts["work"], chosen["work"])),
        "post": post_names(_numbers(counts["post"], chosen["post"])),
        "industry": dict(Industry.choices),
    }
    facets = []
    for name in FACETS:
        known = names[name]
        values = [value for value in known if counts[name][value] or value in chosen[name]]
        if name != "kind":
            values.sort(key=lambda value: (-counts[name][value], str(known[value])))
        options = [
            Option(
                value,
                known[value],
                counts[name][value],
                value in chosen[name],
                _query(asked, name, chosen[name] - {value}),
            )
            for value in values
        ]
        if options:
            facets.append(Facet(name, TITLES[name], options))
    return facets


def _numbers(counts: Counter[str], chosen: frozenset[str]) -> list[str]:
    """Return the numbers to name; what somebody wrote into the address is asked for only if it is one."""
    written = {value for value in chosen if value.isascii() and value.isdigit() and len(value) < 18}
    return sorted({*counts, *written})


def _query(asked: QueryDict, name: str, values: frozenset[str]) -> str:
    """Return the address's query with other values for a facet, from the first page on."""
    query = asked.copy()
    query.pop("page", None)
    query.setlist(name, sorted(values))
    query["list"] = "1"
    return query.urlencode()


def _hits(numbers: list[int], words: str, employee: Employee | None) -> list[Hit]:
    if not numbers:
        return []
    names = [name for term in plan(words).terms for name in term.names]
    courses = CoursePage.objects.in_bulk(numbers)
    lessons = LessonPage.objects.in_bulk([pk for pk in numbers if pk not in courses])
    items = {
        item.lesson.pk: item for item in standings(employee.pk if employee else None, list(lessons.values()))
    }
    return [
        Hit(courses.get(pk), items.get(pk), *_found_words(courses.get(pk) or lessons[pk], names))
        for pk in numbers
        if pk in courses or pk in lessons
    ]


def _found_words(page: CoursePage | LessonPage, names: list[str]) -> tuple[list[Piece], list[Piece]]:
    """Return the title with what was found in it marked, and the stretch of the page's words found."""
    title = snippet(page.title, names, length=len(page.title)) or [Piece(page.title, is_hit=False)]
    texts = [page.intro] if isinstance(page, CoursePage) else [page.summary, page.search_text]
    return title, max(
        (snippet(text, names) for text in texts), key=lambda found: sum(p.is_hit for p in found)
    )
