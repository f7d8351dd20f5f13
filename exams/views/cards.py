"""The questions of a paper as HTML. What all candidates see of a question alike is made once a process.

A question not yet answered differs between two papers in the number and the tokens, the order of its options, and the
address of its picture. Its template is rendered once with marks in these places, and each paper's own are put there. So nothing
of one person is kept, and no key is known here.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from common.kept import Kept
from exams.queries.papers import ShownQuestion
from exams.types.base import Choice
from exams.types.choices import ChoiceType

TEMPLATE = "exams/_question.html"
# Nobody who writes questions can guess it.
_MARK = secrets.token_hex(12)
_MARKS = re.compile(f"{_MARK}-([a-z]+[0-9]*)-")

# Text, mark, text, mark, … text.
_pieces: Kept[tuple[Any, ...], tuple[str, ...]] = Kept(2_000)


def question_cards(questions: Iterable[ShownQuestion]) -> list[SafeString]:
    """Return the questions of a page in order, the first one as the one at hand."""
    return [_card(question, first=place == 0) for place, question in enumerate(questions)]


def _card(question: ShownQuestion, *, first: bool) -> SafeString:
    if not question.version_id or question.response or question.template != ChoiceType.template:
        return render_to_string(TEMPLATE, {"question": question, "first": first})
    key = (
        *(question.version_id, get_language(), first, question.points, question.must_know),
        len(question.options),
    )
    pieces = _pieces.get(key)
    if pieces is None:
        html = render_to_string(TEMPLATE, {"question": _marked(question), "first": first})
        pieces = tuple(_MARKS.split(html))
        _pieces.keep(key, pieces)
    own = {"slot": str(question.slot), "seq": str(question.seq)}
    for place, option in enumerate(question.options):
        own[f"token{place}"] = escape(option.token)
        own[f"text{place}"] = escape(option.text)
    if question.media:
        own["media"] = escape(question.media.url)
    filled = list(pieces)
    filled[1::2] = [own[name] for name in pieces[1::2]]
    return mark_safe("".join(filled))  # noqa: S308 - the template escaped its part, and what is put in is escaped above


def _mark(name: str) -> Any:
    return f"{_MARK}-{name}-"


def _marked(question: ShownQuestion) -> ShownQuestion:
    options = tuple(
        Choice(letter=option.letter, token=_mark(f"token{place}"), text=_mark(f"text{place}"), chosen=False)
        for place, option in enumerate(question.options)
    )
    media = replace(question.media, url=_mark("media")) if question.media else None
    return replace(question, slot=_mark("slot"), seq=_mark("seq"), options=options, media=media)
