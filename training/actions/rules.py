"""Rules: data with a legal basis and a time in force, never edited behind an obligation's back."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from people.audit import record_audit
from people.models import OrgUnit, Post, User
from people.permissions import Capability, allows, allows_everywhere
from training.errors import RuleRefused
from training.models import Audience, Programme, ScopeNeed, TrainingRule, Trigger, Window
from training.recurring import TRIGGERS as WITHOUT_EVENT


def save_rule(
    *,
    code: str,
    title: str,
    trigger: str,
    programme: Programme,
    legal_basis: str,
    effective_from: dt.date,
    effective_before: dt.date | None = None,
    audience: str = Audience.ANYONE,
    unit: OrgUnit | None = None,
    posts: Iterable[Post] = (),
    employment_types: Iterable[str] = (),
    high_risk: bool | None = None,
    min_days_away: int | None = None,
    due_days: int = 7,
    before_work: bool = True,
    basis_verified: bool = False,
    licence_family: str = "",
    min_repeats: int | None = None,
    window: str = Window.NONE,
    every_months: int | None = None,
    lead_days: int = 0,
    joiners_wait: bool = True,
    adopted_on: dt.date | None = None,
    blocks_overdue: bool = False,
    scope_need: str = ScopeNeed.NOTHING,
    instead_of: Iterable[str] = (),
    acting_user: User | None,
    now: dt.datetime,
) -> TrainingRule:
    """Create the version of rule `code` that takes effect on `effective_from`; saving it again changes nothing.

    The version before it ends that day, a later one ends this one. A version that made someone owe training
    cannot be changed: save a new one with a later date. A rule that asks without an event binds from
    `adopted_on`: by default the day the first version of it is saved. With a `scope_need` it binds nobody until it
    names posts, or a unit. Raises RuleRefused; PermissionDenied unless the user
    manages training for the rule's unit and for that of the version it ends, or for the whole organisation where one
    names none or it newly stands in the place of other rules.
    """
    check_may_rule(acting_user, unit)
    names = {"title": title}
    if not legal_basis.strip():
        raise RuleRefused(_("规则“%(title)s”没有依据：请写明法律条文或公司制度。") % names)
    if effective_before is not None and effective_before <= effective_from:
        raise RuleRefused(_("规则“%(title)s”的失效日期须晚于施行日期。") % names)
    if (trigger == Trigger.WINDOW) != bool(window) or (window == Window.MONTHS) != bool(every_months):
        raise RuleRefused(
            _("规则“%(title)s”的周期不完整：触发选“周期”时须选周期，“距上次完成若干月”须填间隔。") % names
        )
    if trigger == Trigger.LICENCE_REVIEW and not licence_family:
        raise RuleRefused(_("规则“%(title)s”按证件复审触发：请选择证件类别。") % names)
    post_list = sorted(posts, key=lambda post: post.pk)
    with transaction.atomic():
        others = TrainingRule.objects.select_for_update().filter(code=code)
        instead = set(instead_of) - {code}
        if instead - {known for codes in others.values_list("instead_of", flat=True) for known in codes}:
            # To set another rule aside, even in one unit, is for those who make the rules of all.
            check_may_rule(acting_user, None)
        later = others.filter(effective_from__gt=effective_from).order_by("effective_from").first()
        if later is not None:
            effective_before = min(effective_before or later.effective_from, later.effective_from)
        wanted: dict[str, Any] = {
            "title": title,
            "trigger": trigger,
            "programme": programme,
            "audience": audience,
            "unit": unit,
            "employment_types": sorted(employment_types),
            "high_risk": high_risk,
            "min_days_away": min_days_away,
            "due_days": due_days,
            "before_work": before_work,
            "legal_basis": legal_basis.strip(),
            "basis_verified": basis_verified,
            "effective_before": effective_before,
            "licence_family": licence_family,
            "min_repeats": min_repeats,
            "window": window,
            "every_months": every_months,
            "lead_days": lead_days,
            "joiners_wait": joiners_wait,
            "adopted_on": _adopted_on(trigger, adopted_on, others, now),
            "blocks_overdue": blocks_overdue,
            "scope_need": scope_need,
            "instead_of": sorted(instead),
        }
        rule = others.filter(effective_from=effective_from).first()
        if rule is not None and _same_rule(rule, wanted, post_list):
            return rule
        _check_may_end(code, effective_from, acting_user)
        if rule is not None and rule.obligations.exists():
            raise RuleRefused(
                _(
                    "规则“%(title)s”（%(code)s，%(day)s 起）已产生培训任务，不能再改：请另存一个施行日期更晚的版本。"
                )
                % {"title": rule.title, "code": code, "day": effective_from.isoformat()}
            )
        rule = rule or TrainingRule(code=code, effective_from=effective_from)
        for name, value in wanted.items():
            setattr(rule, name, value)
        rule.save()
        rule.posts.set(post_list)
        others.filter(effective_from__lt=effective_from).filter(
            Q(effective_before__isnull=True) | Q(effective_before__gt=effective_from)
        ).update(effective_before=effective_from)
        record_audit(
            rule,
            "training.rule.save",
            acting_user,
            {"code": code, "effective_from": effective_from.isoformat(), "programme": programme.code},
        )
    return rule


def _check_may_end(code: str, effective_from: dt.date, acting_user: User | None) -> None:
    """Raise PermissionDenied if what a version ends, or takes the place of, binds more than the user may rule."""
    versions = TrainingRule.objects.filter(code=code, effective_from__lte=effective_from)
    for version in versions.exclude(effective_before__lte=effective_from).select_related("unit"):
        check_may_rule(acting_user, version.unit)


def check_may_rule(acting_user: User | None, unit: OrgUnit | None) -> None:
    """Raise PermissionDenied unless the user may make rules for a unit, or (None) for the whole organisation."""
    if acting_user is None:
        return
    if unit is None:
        allowed = allows_everywhere(acting_user, Capability.MANAGE_TRAINING)
    else:
        allowed = allows(acting_user, Capability.MANAGE_TRAINING, unit)
    if not allowed:
        raise PermissionDenied


def _adopted_on(
    trigger: str, given: dt.date | None, versions: QuerySet[TrainingRule], now: dt.datetime
) -> dt.date | None:
    if trigger not in WITHOUT_EVENT:
        return None
    first = versions.exclude(adopted_on=None).order_by("effective_from").first()
    return given or (first.adopted_on if first else timezone.localdate(now))


def _same_rule(rule: TrainingRule, wanted: dict[str, Any], posts: Sequence[Post]) -> bool:
    return all(getattr(rule, name) == value for name, value in wanted.items()) and {
        post.pk for post in rule.posts.all()
    } == {post.pk for post in posts}


def check_ending(rule: TrainingRule, effective_before: dt.date, acting_user: User | None) -> None:
    """Raise what `end_rule` would raise, before anybody has an end rehearsed that cannot be."""
    check_may_rule(acting_user, rule.unit)
    if effective_before <= rule.effective_from:
        raise RuleRefused(_("规则“%(title)s”的失效日期须晚于施行日期。") % {"title": rule.title})


def end_rule(
    *, rule: TrainingRule, effective_before: dt.date, acting_user: User | None, now: dt.datetime
) -> TrainingRule:
    """Let a rule end on a day (that day not included). What it made owed after events stays.

    What a standing or recurring rule asks for and is still open is cancelled by the next recomputation.

    Raises RuleRefused if the day is not after its start; PermissionDenied.
    """
    check_ending(rule, effective_before, acting_user)
    with transaction.atomic():
        locked = TrainingRule.objects.select_for_update().get(pk=rule.pk)
        locked.effective_before = effective_before
        locked.save(update_fields=["effective_before"])
        record_audit(
            locked, "training.rule.end", acting_user, {"effective_before": effective_before.isoformat()}
        )
    return locked
