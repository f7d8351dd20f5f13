"""HR's page of the day, and the page of each of its sections."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common import clock
from people.permissions import Capability
from training.permissions import require_scope
from training.queries.worklist import work_section, work_sections
from training.views.pages import admin_page, page_of, query_without_page, signed_in

SHOWN = 5  # lines of each section on the page of the day; the rest is behind the section's link


@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Show what waits for the reader today, each line with what settles it."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    now, on = clock.now(), clock.today()
    sections = work_sections(signed_in(request), now, on)
    context = {
        "sections": [(section, section[:SHOWN]) for section in sections],
        "now": now,
        "shown": SHOWN,
    }
    return admin_page(request, "training/worklist.html", _("今天要办的事"), context, icon="tasks")


@require_safe
def worklist_section(request: HttpRequest, name: str) -> HttpResponse:
    """Show one section whole, page by page."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    now, on = clock.now(), clock.today()
    section = work_section(signed_in(request), name, now, on)
    if section is None:
        raise Http404
    page = page_of(request, section)
    batch = section.batch
    sent = [
        each for line in page for act in line.acts if batch and act.link == batch.link for each in act.fields
    ]
    context = {
        "section": section,
        "page": page,
        "sent": sent if len(sent) > 1 else [],
        "sent_label": batch.label(len(sent)) if batch else "",
        "query": query_without_page(request),
        "now": now,
    }
    return admin_page(
        request,
        "training/worklist_section.html",
        section.title,
        context,
        parents=((reverse("training_office:worklist"), _("今天要办的事")),),
        icon="tasks",
    )
