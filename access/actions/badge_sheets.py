"""Badges on paper: A4 sheets to print, cut and put into sleeves."""

import base64
import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from access.actions.badges import badge_url, issue_badges, note_printed
from access.queries.badges import badge_people
from common.printing import STATIC_SCHEME, OwnFilesOnly, qr_svg
from people.models import EmployeePhoto, User

AT_ONCE = 300


def badge_sheet(
    *, employee_ids: Sequence[int], with_photo: bool, acting_user: User, now: dt.datetime
) -> tuple[bytes, int]:
    """Return the PDF of these people's badges, ten to a page, and how many there are.

    Who has no badge gets one, and all of them are noted as printed. People out of the user's scope are left out.
    """
    people = list(badge_people(acting_user).filter(pk__in=employee_ids)[:AT_ONCE])
    badges = issue_badges(people=people, acting_user=acting_user, now=now)
    own = {person.pk: person for person in people}
    photos = _photos(list(own)) if with_photo else {}
    cards: list[dict[str, Any]] = [
        {
            "employee": own[badge.employee_id],
            "unit": getattr(own[badge.employee_id], "last_unit_name", "") or "",
            "post": getattr(own[badge.employee_id], "last_post_name", "") or "",
            "qr": qr_svg(badge_url(badge)),
            "photo": photos.get(badge.employee_id, ""),
        }
        for badge in badges
    ]
    # A badge is a Chinese document, whatever language the reader's screens are in.
    with translation.override(settings.LANGUAGE_CODE):
        page = render_to_string(
            "pdf/badges.html",
            {"cards": cards, "organisation": settings.ORGANISATION_NAME, "with_photo": with_photo},
        )
    document = HTML(string=page, base_url=STATIC_SCHEME, url_fetcher=OwnFilesOnly())
    pdf = bytes(document.write_pdf(font_config=FontConfiguration()))
    note_printed(badges=badges, acting_user=acting_user, now=now)
    return pdf, len(cards)


def _photos(ids: Sequence[int]) -> dict[int, str]:
    found = {}
    for photo in EmployeePhoto.objects.filter(employee_id__in=ids):
        with photo.file.open("rb") as handle:
            found[photo.employee_id] = "data:image/jpeg;base64," + base64.b64encode(handle.read()).decode()
    return found
