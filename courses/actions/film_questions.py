"""Questions a film asks, and how films are shown on the whole site: what editors decide about them."""

import datetime as dt

from django.db import transaction

from courses.models import Film, FilmQuestion, PlayerSettings
from courses.shapes import CheckOption
from people.audit import record_audit
from people.models import User


def save_film_question(
    *,
    film: Film,
    question: FilmQuestion | None,
    at_s: float,
    stem: str,
    options: list[CheckOption],
    explanation: str,
    acting_user: User | None,
) -> FilmQuestion:
    """Add a question to a film (`question` None), or change one. The caller has checked content and permission.

    Checks already asked keep the words they were asked in.
    """
    with transaction.atomic():
        kept = FilmQuestion(film=film)
        if question is not None:
            kept = FilmQuestion.objects.select_for_update().get(pk=question.pk, film=film)
        before = {"at_s": kept.at_s, "stem": kept.stem} if question is not None else {}
        kept.at_s, kept.stem, kept.options, kept.explanation = at_s, stem, options, explanation
        kept.save()
        record_audit(
            film,
            "courses.film_question.save",
            acting_user,
            {"question": kept.pk, "before": before, "after": {"at_s": at_s, "stem": stem}},
        )
    return kept


def retire_film_question(
    *, question: FilmQuestion, is_retired: bool, acting_user: User | None, now: dt.datetime
) -> FilmQuestion:
    """Stop asking a question, or ask it again; nothing happens if it is so already."""
    with transaction.atomic():
        kept = FilmQuestion.objects.select_for_update(of=("self",)).select_related("film").get(pk=question.pk)
        if (kept.retired_at is not None) == is_retired:
            return kept
        kept.retired_at = now if is_retired else None
        kept.save(update_fields=["retired_at"])
        code = "courses.film_question.retire" if is_retired else "courses.film_question.restore"
        record_audit(kept.film, code, acting_user, {"question": kept.pk, "stem": kept.stem})
    return kept


def save_player_settings(*, has_name_mark: bool, acting_user: User | None) -> PlayerSettings:
    """Decide how films are shown on the whole site. The caller has checked the permission."""
    with transaction.atomic():
        kept, _created = PlayerSettings.objects.select_for_update().get_or_create(pk=PlayerSettings.ONLY)
        if kept.has_name_mark != has_name_mark:
            kept.has_name_mark = has_name_mark
            kept.save(update_fields=["has_name_mark"])
            record_audit(
                kept,
                "courses.player.save",
                acting_user,
                {"has_name_mark": {"before": not has_name_mark, "after": has_name_mark}},
            )
    return kept
