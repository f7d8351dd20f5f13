"""What a lesson's template asks about its page; the same for a live page and for a preview."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from courses.content import SECTION_LEVEL, START, Section, named_sections, outline
from courses.models import LessonPage, OperatingRulePage, PolicySpeechPage, WarningCasePage
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
}


@dataclass(frozen=True, slots=True)
class Part:
    """A section with the blocks to show. `name` is what study proof calls it."""

    name: str
    section: Section
    blocks: list[Any]


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
