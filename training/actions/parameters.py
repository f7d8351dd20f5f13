"""Changing a number of the rules: always a further version from a day to come, never the past."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from common.text import plain_number
from people.audit import record_audit
from people.models import User
from training.actions.rules import check_may_rule
from training.errors import ParameterRefused
from training.models import ProgrammeKind, TrainingParameter
from training.parameters import USES, Use
from training.queries.figures import shipped_parameters


def save_parameter(
    *,
    code: str,
    value: Decimal | None = None,
    kinds: Iterable[str] = (),
    legal_basis: str,
    basis_verified: bool = False,
    effective_from: dt.date,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
) -> TrainingParameter:
    """Create the version of a number, or of a list of kinds, that holds from a day to come.

    The version before ends that day, a later one ends this one. A version still to come may be saved again; the
    same once more changes nothing. One that has begun is never touched: the hours of its days were reckoned with it.
    What ships is put down first where a house never loaded it, so that the history is whole.
    Locks: the versions of the code. Raises ParameterRefused naming the fault; PermissionDenied unless the user
    manages the training of the whole organisation: the numbers are the same for all.
    """
    check_may_rule(acting_user, None)
    use = USES.get(code)
    if use is None:
        raise ParameterRefused(_("没有编码为“%(code)s”的规则数值。") % {"code": code})
    wanted: dict[str, Any] = {
        "value": None if use.is_list else value,
        "kinds": sorted(set(kinds)) if use.is_list else [],
        "legal_basis": legal_basis.strip(),
        "basis_verified": basis_verified,
        "reason": reason.strip(),
    }
    _check(use, wanted, effective_from, timezone.localdate(now))
    with transaction.atomic():
        _put_down_shipped(code)
        versions = {
            item.effective_from: item
            for item in TrainingParameter.objects.select_for_update().filter(code=code)
        }
        known = versions.get(effective_from)
        if known is not None and all(getattr(known, name) == given for name, given in wanted.items()):
            return known
        first = next(iter(versions.values()))
        later = min((day for day in versions if day > effective_from), default=None)
        parameter = known or TrainingParameter(
            code=code,
            effective_from=effective_from,
            title=first.title,
            unit=first.unit,
            effective_before=later,
        )
        for name, given in wanted.items():
            setattr(parameter, name, given)
        parameter.recorded_by, parameter.recorded_at = acting_user, now
        parameter.save()
        TrainingParameter.objects.filter(
            Q(effective_before__isnull=True) | Q(effective_before__gt=effective_from),
            code=code,
            effective_from__lt=effective_from,
        ).update(effective_before=effective_from)
        record_audit(
            parameter,
            "training.parameter.save",
            acting_user,
            {"code": code, "effective_from": effective_from.isoformat(), "value": parameter.shown},
        )
    return parameter


def _check(use: Use, wanted: dict[str, Any], effective_from: dt.date, today: dt.date) -> None:
    value = wanted["value"]
    if effective_from <= today:
        raise ParameterRefused(
            _("施行日期须晚于今天：已经过去的日子按当时的数值计算，不能改。请选择明天或以后的日期。")
        )
    if not wanted["legal_basis"]:
        raise ParameterRefused(_("没有依据：请写明法律条文，或企业制度的名称。"))
    if not wanted["reason"]:
        raise ParameterRefused(_("没有写修改原因：请写明为什么改。"))
    if use.is_list:
        if not wanted["kinds"] or not set(wanted["kinds"]) <= set(ProgrammeKind.values):
            raise ParameterRefused(_("请至少选择一种计入的培训类别。"))
    elif value is None or not use.low <= value <= use.high:
        raise ParameterRefused(
            _("数值须在 %(low)s 到 %(high)s 之间。")
            % {"low": plain_number(use.low), "high": plain_number(use.high)}
        )


def _put_down_shipped(code: str) -> None:
    if not TrainingParameter.objects.filter(code=code).exists():
        TrainingParameter.objects.bulk_create(
            TrainingParameter(**row) for row in shipped_parameters() if row["code"] == code
        )
