"""The numbers of the rules as the office sees them: in force, to come, their history, and what a change would mean."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.text import plain_number
from training.models import (
    HELD_KINDS,
    Component,
    ComponentKind,
    Obligation,
    ObligationState,
    Programme,
    ProgrammeKind,
    TrainingParameter,
)
from training.parameters import USES, Use
from training.queries.figures import shipped_parameters


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One number on the page: the version in force and the next one to come, if there is one."""

    current: TrainingParameter
    use: Use
    coming: TrainingParameter | None


def parameter_versions(code: str | None = None) -> dict[str, list[TrainingParameter]]:
    """Return the versions of every number (or of one), the newest first; what was never loaded as it ships.

    One query. What ships is not saved: it has no primary key.
    """
    rows = TrainingParameter.objects.select_related("recorded_by")
    found: dict[str, list[TrainingParameter]] = defaultdict(list)
    for row in rows.filter(code=code) if code else rows:
        found[row.code].append(row)
    for shipped in shipped_parameters():
        if shipped["code"] not in found or found[shipped["code"]][0].pk is None:
            found[shipped["code"]].append(TrainingParameter(**shipped))
    for versions in found.values():
        versions.sort(key=lambda item: item.effective_from, reverse=True)
    return {known: found[known] for known in USES if known in found and code in (None, known)}


def parameter_rows(on: dt.date) -> list[ParameterRow]:
    """Return every number with its version of a day. One query."""
    rows = []
    for code, versions in parameter_versions().items():
        current = next((item for item in versions if item.effective_from <= on), versions[-1])
        coming = next((item for item in reversed(versions) if item.effective_from > on), None)
        rows.append(ParameterRow(current, USES[code], coming if coming is not current else None))
    return rows


def consequences(
    before: TrainingParameter, *, value: Decimal | None, kinds: Sequence[str], since: dt.date
) -> list[str]:
    """Say what a version from a day on would change, in sentences. At most two queries, whatever there is."""
    day = date_format(since, "Y-m-d")
    told = [_("%(day)s 前的学时按原来的数值计算，不变。") % {"day": day}]
    match before.code:
        case "credit_hour_minutes":
            told += _of_minutes(before.value or Decimal(0), value or Decimal(0), since)
        case "daily_hours":
            told += _of_ceiling(value or Decimal(0), since)
        case "online_share_pct":
            told += _gathering(since)
        case "counts_towards_annual" | "counts_towards_managers":
            told += _of_kinds(before.kinds, kinds) + _gathering(since)
        case _:
            told.append(_("这个数值供查阅，改动不影响已有的任务。"))
    return told


def _of_minutes(before: Decimal, value: Decimal, since: dt.date) -> list[str]:
    values = {"before": plain_number(before * 8), "after": plain_number(value * 8)}
    count = _people_with(HELD_KINDS, since)
    return [
        _("登记 8 学时的现场教育，时段至少要 %(after)s 分钟（现在 %(before)s 分钟）。") % values,
        ngettext(
            "%(count)s 人有这一天或以后到期、还没完成的现场教育、授课或演练。",
            "%(count)s 人有这一天或以后到期、还没完成的现场教育、授课或演练。",
            count,
        )
        % {"count": count},
    ]


def _of_ceiling(value: Decimal, since: dt.date) -> list[str]:
    above = Programme.objects.filter(is_active=True, daily_hours__gt=value).order_by("code")
    told = [
        _("培训方案“%(title)s”自己的每日上限高于这个数值，以这个数值为准。") % {"title": title}
        for title in above.values_list("title", flat=True)[:20]
    ]
    return told + _gathering(since)


def _of_kinds(before: Sequence[str], after: Sequence[str]) -> list[str]:
    told = []
    for text, kinds in (
        (_("新计入：%(kinds)s。"), set(after) - set(before)),
        (_("不再计入：%(kinds)s。"), set(before) - set(after)),
    ):
        if kinds:
            told.append(
                text % {"kinds": "、".join(str(kind.label) for kind in ProgrammeKind if kind in kinds)}
            )
    return told


def _gathering(since: dt.date) -> list[str]:
    count = _people_with((ComponentKind.HOURS,), since)
    return [
        ngettext(
            "%(count)s 人有这一天或以后到期、还没凑满的累计学时。",
            "%(count)s 人有这一天或以后到期、还没凑满的累计学时。",
            count,
        )
        % {"count": count}
    ]


def _people_with(kinds: Sequence[str], since: dt.date) -> int:
    """Return how many people have an open task with such a part that is due on a day or later. One query."""
    parts = Component.objects.filter(kind__in=kinds).values("programme")
    owed = Obligation.objects.filter(state=ObligationState.OPEN, due_on__gte=since, programme__in=parts)
    return owed.values("employee").distinct().count()
