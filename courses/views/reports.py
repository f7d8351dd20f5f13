"""How progress is put into words and figures for the page: one place for the first load and every reply."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from courses import watching
from courses.models import StudyCheck, StudyProgress
from courses.queries import PACKAGE_SECTION, intervals_of, needs_of
from courses.queries.packages import is_package_done, package_needs, part_states
from courses.scorm import tracking


def minutes(seconds: float) -> str:
    """Return a span as people read it: 3 分 36 秒."""
    whole = int(seconds)
    if whole >= 60:
        return _("%(minutes)d 分 %(seconds)d 秒") % {"minutes": whole // 60, "seconds": whole % 60}
    return _("%(seconds)d 秒") % {"seconds": whole}


def progress_report(progress: StudyProgress) -> dict[str, Any]:
    """Return what the page shows of a progress; every figure is the server's."""
    needs, watched, read_s = needs_of(progress.needs), intervals_of(progress.watched), progress.read_s
    return {
        "film": _film(watched, needs) if needs.film_s > 0 else None,
        "sections": {
            name: {
                "read_s": read_s.get(name, 0.0),
                "need_s": needed,
                "done": read_s.get(name, 0.0) >= needed,
            }
            for name, needed in needs.sections.items()
        },
        "reading": _reading(read_s, needs),
        "package": _package(progress),
        "can_confirm": watching.is_studied(watched, read_s, needs) and is_package_done(progress),
        "completed": completed_words(progress.completed_at) if progress.completed_at else "",
    }


def completed_words(completed_at: dt.datetime) -> str:
    """Return when a lesson was completed, in words."""
    when = date_format(timezone.localtime(completed_at), "Y-m-d H:i")
    return _("已学完，%(when)s 记入学习凭证") % {"when": when}


def _film(watched: watching.Intervals, needs: watching.Needs) -> dict[str, Any]:
    seen = watching.total(watching.clamp(watched, 0, needs.film_s))
    is_done = watching.is_film_done(watched, needs)
    policy = watching.POLICY
    return {
        "duration_s": needs.film_s,
        "frontier_s": watching.frontier(watched),
        "intervals": [list(interval) for interval in watched],
        "done": is_done,
        "max_rate": policy.review_rates[-1] if is_done else policy.first_view_rate,
        "label": _("已看 %(seen)s / %(total)s") % {"seen": minutes(seen), "total": minutes(needs.film_s)},
    }


def _package(progress: StudyProgress) -> dict[str, Any] | None:
    """Return how far a package is, in words; a score is always called the package's own."""
    needs = package_needs(progress)
    if needs is None:
        return None
    states = part_states(progress)
    spent, asked = progress.read_s.get(PACKAGE_SECTION, 0.0), progress.needs["sections"].get(PACKAGE_SECTION)
    is_done = is_package_done(progress)
    words = [_("课件包已完成") if is_done else _("课件包未完成")]
    if asked:
        words.append(
            _("已学 %(spent)s / %(asked)s") % {"spent": minutes(min(spent, asked)), "asked": minutes(asked)}
        )
    return {
        "done": is_done,
        "label": " · ".join(words),
        "parts": {part: _part(state, needs["rule"]) for part, state in states.items()},
    }


def _part(state: tracking.PartState, rule: str) -> dict[str, Any]:
    is_done = state.has_passed if rule == tracking.PASSED else state.is_through
    if state.success == tracking.FAILED and not is_done:
        words = _("课件包报告不合格")
    elif is_done:
        words = _("已完成")
    else:
        words = _("学习中")
    if state.score_pct is not None:
        words = _("%(words)s，课件自测 %(score)s 分") % {"words": words, "score": f"{state.score_pct:g}"}
    return {"done": is_done, "failed": state.success == tracking.FAILED and not is_done, "words": words}


def _reading(read_s: dict[str, float], needs: watching.Needs) -> dict[str, Any] | None:
    names = set(needs.sections) - {PACKAGE_SECTION}
    if not names:
        return None
    unread = len(set(watching.unread_sections(read_s, needs)) & names)
    count = len(names)
    return {
        "done": count - unread,
        "count": count,
        "label": _("正文已读 %(done)d / %(count)d 节") % {"done": count - unread, "count": count},
    }


def check_report(check: StudyCheck | None, now: dt.datetime) -> dict[str, Any] | None:
    """Return what the page shows of a check that waits: never which answer is right."""
    if check is None:
        return None
    return {
        "number": check.number,
        "stem": check.content["stem"],
        "options": [option["text"] for option in check.content["options"]],
        "left_s": max(0, round((check.due_at - now).total_seconds())),
    }
