"""Programmes and rules: data with a legal basis and a time in force, never edited behind an obligation's back."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from courses.models import CoursePage
from exams.models import Exam
from people.audit import record_audit
from people.models import OrgUnit, Post, User
from people.permissions import Capability, allows, scope_for
from training.errors import ProgrammeRefused, RuleRefused
from training.models import Audience, Component, Obligation, Programme, TrainingRule

TEMPLATES = Path(__file__).resolve().parent.parent / "data" / "rules.yaml"


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """A component as it should be: its subject by kind (training.models.ComponentKind), `hours` in 学时."""

    kind: str
    title: str
    hours: Decimal = Decimal(0)
    level: str = ""
    course: CoursePage | None = None
    exam: Exam | None = None


@dataclass(frozen=True, slots=True)
class LoadedTemplates:
    """The codes of what was created; what existed before was left as it is."""

    programmes: tuple[str, ...]
    rules: tuple[str, ...]


def save_programme(
    *,
    code: str,
    title: str,
    kind: str,
    components: Sequence[ComponentSpec],
    summary: str = "",
    valid_months: int | None = None,
    is_active: bool = True,
    acting_user: User | None,
    now: dt.datetime,
) -> Programme:
    """Create the programme of this code, or bring it to this state; saving the same again changes nothing.

    Components may change only while nobody owes or owed the programme: what a record vouches for must not turn
    into something else. Raises ProgrammeRefused if they would, or if there are none; PermissionDenied.
    """
    if acting_user is not None and not allows(acting_user, Capability.MANAGE_TRAINING):
        raise PermissionDenied
    if not components:
        raise ProgrammeRefused(
            _("培训方案“%(title)s”没有环节：请至少加一个课程、考试或现场教育。") % {"title": title}
        )
    with transaction.atomic():
        programme, created = Programme.objects.select_for_update().get_or_create(
            code=code, defaults={"title": title, "kind": kind}
        )
        before = {
            name: getattr(programme, name)
            for name in ("title", "kind", "summary", "valid_months", "is_active")
        }
        wanted = {
            "title": title,
            "kind": kind,
            "summary": summary,
            "valid_months": valid_months,
            "is_active": is_active,
        }
        changed = {name for name, value in wanted.items() if str(before[name]) != str(value)}
        for name, value in wanted.items():
            setattr(programme, name, value)
        programme.save(update_fields=list(wanted))
        components_changed = _save_components(programme, components)
        if created or changed or components_changed:
            record_audit(
                programme,
                "training.programme.save",
                acting_user,
                {"code": code, "fields": sorted(changed), "components_changed": components_changed},
            )
    return programme


def _save_components(programme: Programme, specs: Sequence[ComponentSpec]) -> bool:
    """Make the components equal `specs`; return whether that changed anything."""
    present = [
        (item.kind, item.title, item.hours, item.level, item.course_id, item.exam_id)
        for item in programme.components.order_by("position")
    ]
    wanted = [
        (
            str(spec.kind),
            spec.title,
            spec.hours,
            str(spec.level),
            spec.course.pk if spec.course else None,
            spec.exam.pk if spec.exam else None,
        )
        for spec in specs
    ]
    if present == wanted:
        return False
    if Obligation.objects.filter(programme=programme).exists():
        raise ProgrammeRefused(
            _(
                "培训方案“%(title)s”（%(code)s）已有培训任务，环节不能再改：请用新编码另存一个方案，再让规则指向它。"
            )
            % {"title": programme.title, "code": programme.code}
        )
    programme.components.all().delete()
    Component.objects.bulk_create(
        [
            Component(
                programme=programme,
                position=position,
                kind=spec.kind,
                title=spec.title,
                hours=spec.hours,
                level=spec.level,
                course=spec.course,
                exam=spec.exam,
            )
            for position, spec in enumerate(specs, start=1)
        ]
    )
    return True


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
    acting_user: User | None,
    now: dt.datetime,
) -> TrainingRule:
    """Create the version of rule `code` that takes effect on `effective_from`; saving it again changes nothing.

    The version before it ends that day, a later one ends this one. A version that made someone owe training
    cannot be changed: save a new one with a later date. Raises RuleRefused; PermissionDenied unless the user
    manages training for the rule's unit, or for the whole organisation where it names none.
    """
    _check_may_rule(acting_user, unit)
    if not legal_basis.strip():
        raise RuleRefused(_("规则“%(title)s”没有依据：请写明法律条文或公司制度。") % {"title": title})
    if effective_before is not None and effective_before <= effective_from:
        raise RuleRefused(_("规则“%(title)s”的失效日期须晚于施行日期。") % {"title": title})
    post_list = sorted(posts, key=lambda post: post.pk)
    with transaction.atomic():
        others = TrainingRule.objects.select_for_update().filter(code=code)
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
        }
        rule = others.filter(effective_from=effective_from).first()
        if rule is not None and _same_rule(rule, wanted, post_list):
            return rule
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


def _check_may_rule(acting_user: User | None, unit: OrgUnit | None) -> None:
    if acting_user is None:
        return
    scope = scope_for(acting_user, Capability.MANAGE_TRAINING)
    units = [unit] if unit is not None else list(OrgUnit.get_root_nodes())
    if not scope or not all(scope.includes(item) for item in units):
        raise PermissionDenied


def _same_rule(rule: TrainingRule, wanted: dict[str, Any], posts: Sequence[Post]) -> bool:
    return all(getattr(rule, name) == value for name, value in wanted.items()) and {
        post.pk for post in rule.posts.all()
    } == {post.pk for post in posts}


def end_rule(
    *, rule: TrainingRule, effective_before: dt.date, acting_user: User | None, now: dt.datetime
) -> TrainingRule:
    """Let a rule end on a day (that day not included). Obligations it brought before stay.

    Raises RuleRefused if the day is not after its start; PermissionDenied.
    """
    _check_may_rule(acting_user, rule.unit)
    if effective_before <= rule.effective_from:
        raise RuleRefused(_("规则“%(title)s”的失效日期须晚于施行日期。") % {"title": rule.title})
    with transaction.atomic():
        locked = TrainingRule.objects.select_for_update().get(pk=rule.pk)
        locked.effective_before = effective_before
        locked.save(update_fields=["effective_before"])
        record_audit(
            locked, "training.rule.end", acting_user, {"effective_before": effective_before.isoformat()}
        )
    return locked


def load_templates(*, acting_user: User | None, now: dt.datetime, path: Path = TEMPLATES) -> LoadedTemplates:
    """Create the programmes and rules that ship with the platform where their codes do not exist yet.

    What exists is left alone, whatever an administrator made of it; a second call does nothing.
    """
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    with transaction.atomic():
        known_programmes = set(Programme.objects.values_list("code", flat=True))
        known_rules = set(TrainingRule.objects.values_list("code", flat=True))
        new_programmes = [item for item in data["programmes"] if item["code"] not in known_programmes]
        new_rules = [item for item in data["rules"] if item["code"] not in known_rules]
        for item in new_programmes:
            components = [
                ComponentSpec(**{**component, "hours": Decimal(component["hours"])})
                for component in item["components"]
            ]
            save_programme(**{**item, "components": components}, acting_user=acting_user, now=now)
        programmes = Programme.objects.in_bulk(field_name="code")
        for item in new_rules:
            save_rule(
                **{**item, "programme": programmes[item["programme"]]}, acting_user=acting_user, now=now
            )
    return LoadedTemplates(
        tuple(item["code"] for item in new_programmes), tuple(item["code"] for item in new_rules)
    )
