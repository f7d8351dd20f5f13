"""How progress is put into words and figures for the page: one place for the first load and every reply."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from courses import watching
from courses.models import StudyProgress
from courses.queries import intervals_of, needs_of


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
        "can_confirm": watching.is_studied(watched, read_s, needs),
        "completed": completed_words(progress.completed_at) if progress.completed_at else "",
    }


def completed_words(completed_at: dt.datetime) -> str:
    """Return when a lesson was completed, in words."""
    when = date_format(timezone.localtime(completed_at), "Y-m-d H:i")
    return _("已学完，%(when)s 记入学习凭证") % {"when": when}


def _film(watched: watching.Intervals, needs: watching.Needs) -> dict[str, Any]:
    seen = watching.total(watching.clamp(watched, 0, needs.film_s))
    return {
        "duration_s": needs.film_s,
        "frontier_s": watching.frontier(watched),
        "intervals": [list(interval) for interval in watched],
        "done": watching.is_film_done(watched, needs),
        "label": _("已看 %(seen)s / %(total)s") % {"seen": minutes(seen), "total": minutes(needs.film_s)},
    }


def _reading(read_s: dict[str, float], needs: watching.Needs) -> dict[str, Any] | None:
    if not needs.sections:
        return None
    unread = len(watching.unread_sections(read_s, needs))
    count = len(needs.sections)
    return {
        "done": count - unread,
        "count": count,
        "label": _("正文已读 %(done)d / %(count)d 节") % {"done": count - unread, "count": count},
    }
