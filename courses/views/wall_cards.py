"""The wall card of an operating rule: its PDF, and the address in its QR that says whether it is in force."""

import hashlib
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.clock import now
from common.throttle import within_limit
from courses.blocks import PPE
from courses.models import LessonPage, OperatingRulePage
from courses.queries import get_lesson_for, pinned_content
from courses.rendering import CardHead, PrintedCard, card_html, print_card
from courses.wall_card import card_mark, card_of

KEPT_S = 3600
MOST_A_MINUTE = 20
_WORDS = dict(PPE)


def mark_of(rule: OperatingRulePage) -> str:
    """Return the mark of a rule as it is now; a card printed from it carries the same one."""
    day = rule.effective_on.isoformat() if rule.effective_on else ""
    head = [rule.title, rule.document_no, rule.edition, day]
    return card_mark(pinned_content(rule).content_sha256, head)


def card_state(rule: LessonPage, mark: str) -> str:
    """Tell what a scanned card is worth: `current`, `old` (the rule was changed) or `replaced` by another rule."""
    if not isinstance(rule, OperatingRulePage) or not mark:
        return ""
    if rule.superseded_by.live().exists():
        return "replaced"
    return "current" if mark == mark_of(rule) else "old"


@require_safe
@login_required
def wall_card(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the card as a PDF of one page; `X-Left-Out` says how many lines of the rule are not on it."""
    rule = _rule_or_404(request, pk)
    if not within_limit("wall-card", str(request.user.pk), limit=MOST_A_MINUTE, window_s=60, now=now()):
        return HttpResponse(
            _("打印墙卡太频繁：请过一分钟再点“打印上墙卡”。"),
            status=429,
            content_type="text/plain; charset=utf-8",
        )
    card = card_of(rule.body, rule.facts)
    head = CardHead(
        title=rule.title,
        document_no=rule.document_no,
        edition=rule.edition,
        effective_on=rule.effective_on.isoformat() if rule.effective_on else "",
        equipment=rule.equipment,
        ppe=[(name, str(_WORDS[name])) for name in card.ppe if name in _WORDS],
    )
    query = urlencode({"mark": mark_of(rule)})
    address = f"{settings.PUBLIC_BASE_URL}{reverse('courses:scanned-card', args=[rule.pk])}?{query}"
    # What the card would say in full names it: the layout is tried several times, so it is kept for an hour.
    state = hashlib.sha256(card_html(card, head, address, size=0).encode()).hexdigest()
    printed: PrintedCard | None = cache.get(f"wall-card:{state}")
    if printed is None:
        printed = print_card(card, head, address)
        cache.set(f"wall-card:{state}", printed, KEPT_S)
    return HttpResponse(
        printed.pdf,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="wall-card-{rule.pk}.pdf"',
            "Cache-Control": "private, no-cache",
            "X-Left-Out": str(printed.left_out),
        },
    )


@require_safe
@login_required
def scanned_card(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead from a card's QR to the live rule, wherever it stands by now; the page says what the card is worth."""
    rule = _rule_or_404(request, pk)
    return redirect(f"{rule.get_url(request)}?{urlencode({'card': request.GET.get('mark', '')[:64] or '-'})}")


def _rule_or_404(request: HttpRequest, pk: int) -> OperatingRulePage:
    try:
        lesson = get_lesson_for(request.user, pk)
        return OperatingRulePage.objects.select_related("film").get(pk=lesson.pk)
    except (LessonPage.DoesNotExist, OperatingRulePage.DoesNotExist) as error:
        raise Http404 from error
