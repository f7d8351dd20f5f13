"""The wall card of an operating rule as a PDF: WeasyPrint over templates/pdf/wall_card.html, one A4 page."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from common.printing import STATIC_SCHEME, OwnFilesOnly, RenderingFailed, qr_svg
from courses.wall_card import Card, cut

# Sizes of the text in points, largest first: below the last a card cannot be read at arm's length.
SIZES = (13, 12, 11, 10, 9)
# Lines beyond this are cut before anything is laid out, so that a huge rule costs no more than a long one.
MOST_LINES = 120
_SYMBOL = re.compile(r'<symbol id="([a-z-]+)" viewBox="([\d ]+)">(.*?)</symbol>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class CardHead:
    """What stands above a card's lines. `ppe` are the names in img/ppe.svg with their words."""

    title: str
    document_no: str
    edition: str
    effective_on: str
    equipment: str
    ppe: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """A PDF of one page, and how many lines of the rule are not on it."""

    pdf: bytes
    left_out: int


@cache
def ppe_svg(name: str) -> SafeString:
    """Return one picture of img/ppe.svg as inline SVG; empty for a name it does not hold."""
    found = finders.find("img/ppe.svg")
    if not isinstance(found, str):
        raise RenderingFailed("there is no static file img/ppe.svg")
    for symbol, box, paths in _SYMBOL.findall(Path(found).read_text(encoding="utf-8")):
        if symbol == name:
            return mark_safe(f'<svg class="ppe" viewBox="{box}">{paths}</svg>')  # noqa: S308 - our own file
    return SafeString("")


def card_html(card: Card, head: CardHead, address: str, *, size: int) -> str:
    """Return the page WeasyPrint prints. Every text is escaped; editors' text brings no markup."""
    context: dict[str, Any] = {
        "card": card,
        "head": head,
        "worn": [(ppe_svg(name), words) for name, words in head.ppe],
        "first_left_out": len(card.steps) + 1,
        "qr": qr_svg(address),
        "size": size,
    }
    # A wall card is a Chinese document, whatever language the reader's screens are in.
    with translation.override(settings.LANGUAGE_CODE):
        return render_to_string("pdf/wall_card.html", context)


def print_card(card: Card, head: CardHead, address: str) -> PrintedCard:
    """Return the card on one A4 page: in the largest text that fits, or cut to what fits in the smallest.

    The same rule gives the same bytes. Raises RenderingFailed if the page asks for anything from outside.
    """
    fonts = FontConfiguration()
    full = cut(card, MOST_LINES)

    def laid_out(shown: Card, size: int) -> tuple[Any, str]:
        page = card_html(shown, head, address, size=size)
        document = HTML(string=page, base_url=STATIC_SCHEME, url_fetcher=OwnFilesOnly())
        return document.render(font_config=fonts), page

    for size in SIZES:
        document, page = laid_out(full, size)
        if len(document.pages) == 1:
            return _written(document, page, full)
    # The most lines that fit: `low` always fits (a head alone does), `high` never does.
    low, high = 0, full.size
    document, page = laid_out(cut(card, 0), SIZES[-1])
    while high - low > 1:
        middle = (low + high) // 2
        tried = laid_out(cut(card, middle), SIZES[-1])
        if len(tried[0].pages) == 1:
            low, (document, page) = middle, tried
        else:
            high = middle
    return _written(document, page, cut(card, low))


def _written(document: Any, page: str, shown: Card) -> PrintedCard:
    identifier = hashlib.sha256(page.encode()).digest()[:16]
    return PrintedCard(bytes(document.write_pdf(pdf_identifier=identifier)), shown.left_out)
