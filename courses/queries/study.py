"""Read study proof: what a lesson asks for and how far a person is."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from courses import watching
from courses.content import content_digest, named_sections, section_lines
from courses.differences import PartChange, changed_parts
from courses.models import (
    LessonContent,
    LessonPage,
    OperatingRulePage,
    PlaySession,
    StudyProgress,
    StudyRecord,
)
from courses.shapes import StudyNeeds

PACKAGE_SECTION = "package"  # what study proof calls the time a package is open


@dataclass(frozen=True, slots=True)
class PinnedContent:
    """Which text and film of a lesson are meant, and what they ask for."""

    revision_id: int | None
    content_sha256: str
    needs: StudyNeeds


def needs_of(stored: StudyNeeds) -> watching.Needs:
    """Return stored needs as the rules of study want them."""
    return watching.Needs(stored["film_s"], stored["watch_pct"], stored["sections"])


def intervals_of(stored: Iterable[Iterable[float]]) -> watching.Intervals:
    """Return stored intervals as the rules of study want them."""
    return tuple((left, right) for left, right in stored)


def progress_pct(progress: StudyProgress) -> int:
    """Return how much of the asked time a progress has earned, 0 to 100."""
    return watching.done_pct(intervals_of(progress.watched), progress.read_s, needs_of(progress.needs))


def pinned_content(lesson: LessonPage) -> PinnedContent:
    """Return the lesson's live content as a person studies it now."""
    film, package = lesson.film, lesson.package
    film_sha256 = film.sha256 if film else ""
    needs: StudyNeeds = {
        "film_s": film.duration if film else 0.0,
        "film_sha256": film_sha256,
        "watch_pct": lesson.watch_pct,
        "sections": {
            name: watching.seconds_needed(section.readable_chars)
            for name, section in named_sections(lesson.body, lesson.facts).items()
        },
    }
    if package is not None:
        needs["package"] = {
            "id": package.pk,
            "sha256": package.sha256,
            "parts": package.reporting_parts,
            "rule": lesson.package_rule,
        }
        if lesson.package_minutes:
            # The time a package is open counts like the reading of a section: by the beats of this page.
            needs["sections"][PACKAGE_SECTION] = lesson.package_minutes * 60.0
    return PinnedContent(
        revision_id=lesson.live_revision_id,
        content_sha256=content_digest(
            lesson.body, film_sha256, lesson.facts, package.sha256 if package else ""
        ),
        needs=needs,
    )


def study_records_of(employee_id: int, lesson_ids: Collection[int]) -> QuerySet[StudyRecord]:
    """Return a person's study records of these lessons, oldest first.

    A record counts for the content that was current when it was completed; a later republication does not
    undo it, but a person may complete the new content too, so a lesson can have several records.
    """
    return StudyRecord.objects.filter(employee_id=employee_id, lesson_id__in=lesson_ids)


# How much of what a first study asks for a second one must take: whoever knows it reads faster.
RESTUDY_SHARE = 0.5


def studied_again(employee_id: int, lesson_ids: Collection[int], since: dt.datetime) -> set[int]:
    """Return which of these lessons a person has had open since, for at least half the time a first study takes.

    A completed lesson makes no second record of the same content, so the sessions are counted, from opening to the
    last beat. One statement.
    """
    seconds: dict[int, float] = defaultdict(float)
    needed: dict[int, float] = {}
    sessions = PlaySession.objects.filter(
        employee_id=employee_id, progress__lesson_id__in=lesson_ids, opened_at__gt=since
    ).values_list("progress__lesson_id", "progress__needs", "opened_at", "last_beat_at")
    for lesson_id, stored, opened_at, last_beat_at in sessions:
        seconds[lesson_id] += (last_beat_at - opened_at).total_seconds()
        needs = needs_of(stored)
        needed[lesson_id] = needs.film_s * needs.watch_pct / 100 + sum(needs.sections.values())
    return {lesson_id for lesson_id, spent in seconds.items() if spent >= needed[lesson_id] * RESTUDY_SHARE}


def progress_of(employee_id: int, lesson: LessonPage) -> StudyProgress | None:
    """Return a person's progress in the lesson's live content, if they have begun it."""
    return StudyProgress.objects.filter(
        employee_id=employee_id,
        lesson_id=lesson.pk,
        content_sha256=pinned_content(lesson).content_sha256,
    ).first()


def content_studied_before(employee_id: int, lesson: LessonPage) -> LessonContent | None:
    """Return what a person last signed for of an operating rule, if it is not the rule's content of now.

    Rules this one supersedes count too. None for other kinds of lessons, for a first reading, and where the
    person has already confirmed the content of now. Two statements.
    """
    rule = lesson.specific
    if not isinstance(rule, OperatingRulePage):
        return None
    lesson_ids = [rule.pk, *_superseded_by(rule)]
    last = study_records_of(employee_id, lesson_ids).last()
    if last is None:
        return None
    now_sha256 = pinned_content(lesson).content_sha256
    if (last.lesson_id, last.content_sha256) == (rule.pk, now_sha256):
        return None
    return LessonContent.objects.filter(lesson_id=last.lesson_id, content_sha256=last.content_sha256).first()


def _superseded_by(rule: OperatingRulePage) -> list[int]:
    ids: list[int] = []
    earlier = rule.supersedes
    while earlier is not None and earlier.pk not in ids:
        ids.append(earlier.pk)
        earlier = earlier.supersedes
    return ids


def difference_since(before: LessonContent, lesson: LessonPage) -> list[PartChange]:
    """Return the sections of a lesson's live content that differ from what stood in `before`."""
    return changed_parts(section_lines(before.body, before.facts), section_lines(lesson.body, lesson.facts))
