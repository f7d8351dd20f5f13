"""What a lesson's template asks about its page; the same for a live page and for a preview."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.clock import now
from courses import watching
from courses.content import FACT, SECTION_LEVEL, START, Section, named_sections, outline
from courses.differences import Line, Mark, PartChange
from courses.models import (
    Film,
    FilmSubtitle,
    LessonPage,
    OperatingRulePage,
    PackageLessonPage,
    PolicySpeechPage,
    WarningCasePage,
)
from courses.queries import encoding_job_of, file_address
from courses.queries.films import name_mark
from courses.rules import Severity, accident_severity
from courses.views.reports import minutes

register = template.Library()

SEVERITY_WORDS = {
    Severity.ORDINARY: _("一般事故"),
    Severity.LARGER: _("较大事故"),
    Severity.MAJOR: _("重大事故"),
    Severity.EXTREME: _("特别重大事故"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of lesson as readers see it. `sign` is one of the four safety signs, or empty."""

    code: str
    word: str | Promise
    sign: str


KINDS = {
    PolicySpeechPage: Kind("speech", _("政策讲话"), ""),
    WarningCasePage: Kind("case", _("警示案例"), "care"),
    OperatingRulePage: Kind("rule", _("操作规程"), "must"),
    PackageLessonPage: Kind("package", _("课件包"), ""),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A section with the blocks to show. `name` is what study proof calls it."""

    name: str
    section: Section
    blocks: list[Any]


@dataclass(frozen=True, slots=True)
class Player:
    """What is shown with a film: its subtitles, the speeds for who sees it again, the name over the picture."""

    tracks: list[FilmSubtitle]
    rates: tuple[float, ...]
    mark: str


@register.simple_tag(takes_context=True)
def player_of(context: dict[str, Any], film: Film) -> Player:
    """Return what the player shows of a film to whoever asked for the page; outside a page no name stands over it."""
    request = context.get("request")
    mark = name_mark(request.user) if request is not None else ""
    return Player(list(film.subtitles.all()), watching.POLICY.review_rates, mark)


@register.simple_tag(takes_context=True)
def film_file(context: dict[str, Any], film: Film) -> str:
    """Return the address of a film or a recording as one file, for whoever asked for the page."""
    request = context.get("request")
    return file_address(film, request.user, now()) if request is not None else film.url


@register.simple_tag
def lesson_kind(page: LessonPage) -> Kind:
    """Return the kind of a lesson, without loading its own fields."""
    return KINDS.get(page.specific_class, Kind("lesson", _("课件"), ""))


@register.simple_tag
def lesson_parts(page: LessonPage) -> list[Part]:
    """Return the sections of a lesson with their blocks."""
    named = named_sections(page.body)
    return [
        Part(name, section, blocks)
        for (name, section), blocks in zip(named.items(), _divided(page.body), strict=True)
    ]


# Fields shown above the body; the others follow it.
LEADING_FACTS = ("for_my_post", "study_points")
FACT_SIGNS = {"forbidden_acts": "stop", "emergency_actions": "care"}


@dataclass(frozen=True, slots=True)
class FactPart:
    """A field of a lesson as a section: `name` is what study proof calls it, `sign` a safety sign."""

    name: str
    title: str
    sign: str
    lines: list[str]


@register.simple_tag
def lesson_facts(page: LessonPage, place: str) -> list[FactPart]:
    """Return the filled fields of a lesson to show at a place: `above` the body or `below` it."""
    return [
        FactPart(
            f"{FACT}{fact['name']}",
            str(page._meta.get_field(fact["name"]).verbose_name),
            FACT_SIGNS.get(fact["name"], "must"),
            lines(fact["text"]),
        )
        for fact in page.written_facts()
        if (fact["name"] in LEADING_FACTS) == (place == "above")
    ]


def _divided(body: Any) -> Iterator[list[Any]]:
    """Yield the blocks of each section, cut at the same headings as courses.content.sections."""
    blocks: list[Any] = []
    for block in body:
        if block.block_type == "heading" and block.value["level"] == str(SECTION_LEVEL) and blocks:
            yield blocks
            blocks = []
        blocks.append(block)
    if blocks:
        yield blocks


@register.simple_tag
def lesson_contents(page: LessonPage) -> list[Section]:
    """Return the table of contents: every heading with the id of its block."""
    return [entry for entry in outline(page.body) if entry.id != START]


@register.simple_tag
def severity_words(page: WarningCasePage) -> str | Promise:
    """Return the level of a warning case's accident in words."""
    return SEVERITY_WORDS[accident_severity(page.deaths, page.serious_injuries, page.loss_yuan)]


register.filter("as_minutes", minutes)


@register.filter
def lines(text: str) -> list[str]:
    """Return the lines of a text that hold something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


@register.filter
def ten_thousand(yuan: int) -> str:
    """Return an amount of yuan in 万元, as loss is given in reports: 12.5."""
    return f"{yuan / 10_000:,.2f}".rstrip("0").rstrip(".")


@register.simple_tag
def change_title(page: LessonPage, part: PartChange) -> str:
    """Return the heading of a changed section in words: a field's name, the section's own heading, or 开头."""
    if part.name.startswith(FACT):
        name = part.name.removeprefix(FACT)
        return str(page.specific_class._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return part.title if part.name != START else gettext("开头")


@register.filter
def marked(line: Line) -> str:
    """Return a changed line with what was put in and taken out marked up."""
    tags = {Mark.ADDED: "ins", Mark.REMOVED: "del"}
    return format_html_join(
        "",
        "{}{}{}",
        (
            (mark_safe(f"<{tag}>"), piece.text, mark_safe(f"</{tag}>"))  # noqa: S308 - one of two words above
            if (tag := tags.get(piece.mark))
            else ("", piece.text, "")
            for piece in line
        ),
    )


@register.simple_tag
def encoding_of(film: Film) -> dict[str, Any]:
    """Return what an editor asks about a film's encoding: what was made, and the job that is at work on it."""
    return {"made": film.made, "job": encoding_job_of(film)}


@register.filter
def wave(peaks: list[int]) -> str:
    """Return the outline of a sound as the path of a drawing 100 high, one stroke for each height."""
    return "".join(
        f"M{place + 0.5} {50 - height / 2:g}v{max(height, 2)}" for place, height in enumerate(peaks)
    )
