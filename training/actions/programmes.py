"""Programmes: what a training consists of. One that somebody owes keeps its components; a change is a new version."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import CoursePage
from exams.models import Exam
from people.audit import record_audit
from people.models import LicenceType, User
from people.permissions import Capability, allows
from training.actions.rules import check_may_rule
from training.errors import ProgrammeRefused
from training.models import (
    HELD_KINDS,
    Assessor,
    Component,
    ComponentKind,
    Obligation,
    PassRule,
    Programme,
    Stage,
    TrainingRule,
)

MAX_DAILY_HOURS = Decimal(8)


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """A component as it should be: its subject by kind (training.models.ComponentKind), `hours` in 学时.

    `stage` is the title of its stage, empty for none; the stages stand in the order in which they first appear.
    """

    kind: str
    title: str
    hours: Decimal = Decimal(0)
    level: str = ""
    course: CoursePage | None = None
    exam: Exam | None = None
    stage: str = ""
    body: str = ""
    checklist: tuple[str, ...] = ()
    licence_type: LicenceType | None = None
    pass_mark: int | None = None


@dataclass(frozen=True, slots=True)
class StageSpec:
    """What a stage asks for beyond its components; see training.models.Stage."""

    title: str
    min_days_after: int = 0
    pass_rule: str = PassRule.ALL
    assessor: str = Assessor.ANYONE


def save_programme(
    *,
    code: str,
    title: str,
    kind: str,
    components: Sequence[ComponentSpec],
    summary: str = "",
    valid_months: int | None = None,
    daily_hours: Decimal | None = None,
    is_active: bool = True,
    stages: Sequence[StageSpec] = (),
    acting_user: User | None,
    now: dt.datetime,
) -> Programme:
    """Create the programme of this code, or bring it to this state; saving the same again changes nothing.

    Components and stages may change only while nobody owes or owed the programme: what a record vouches for must
    not turn into something else. What does not touch that may always change: the words about it, its validity,
    the hours a day and the days between stages. Stages without a spec of their own ask for nothing more.
    Who manages the training of some units changes no programme that a rule asks for in others.
    Raises ProgrammeRefused if something is wrong or may not change; PermissionDenied.
    """
    if acting_user is not None and not allows(acting_user, Capability.MANAGE_TRAINING):
        raise PermissionDenied
    if not components:
        raise ProgrammeRefused(
            _("培训方案“%(title)s”没有环节：请至少加一个课程、考试或现场教育。") % {"title": title}
        )
    problems = _problems(title, components, daily_hours)
    if problems:
        raise ProgrammeRefused("\n".join(problems))
    with transaction.atomic():
        programme, created = Programme.objects.select_for_update().get_or_create(
            code=code, defaults={"title": title, "kind": kind}
        )
        before = {
            name: getattr(programme, name)
            for name in ("title", "kind", "summary", "valid_months", "daily_hours", "is_active")
        }
        wanted = {
            "title": title,
            "kind": kind,
            "summary": summary,
            "valid_months": valid_months,
            "daily_hours": daily_hours,
            "is_active": is_active,
        }
        changed = {name for name, value in wanted.items() if str(before[name]) != str(value)}
        for name, value in wanted.items():
            setattr(programme, name, value)
        programme.save(update_fields=list(wanted))
        components_changed = _save_parts(programme, components, stages)
        if not created and (changed or components_changed):
            _check_may_change(programme, acting_user)
        if created or changed or components_changed:
            record_audit(
                programme,
                "training.programme.save",
                acting_user,
                {"code": code, "fields": sorted(changed), "components_changed": components_changed},
            )
    return programme


def _check_may_change(programme: Programme, acting_user: User | None) -> None:
    """Raise ProgrammeRefused if a rule the user may not change asks for the programme: it would change with it."""
    rules = TrainingRule.objects.filter(programme=programme).select_related("unit")
    for unit in dict.fromkeys(rule.unit for rule in rules):
        try:
            check_may_rule(acting_user, unit)
        except PermissionDenied as error:
            values = {"title": programme.title, "unit": unit.name if unit else _("全公司")}
            raise ProgrammeRefused(
                _(
                    "培训方案“%(title)s”由%(unit)s的规则使用，您不能改：请用新编码另存一个方案，"
                    "或请管理全部单位培训的人来改。"
                )
                % values
            ) from error


def _problems(title: str, components: Sequence[ComponentSpec], daily_hours: Decimal | None) -> list[str]:
    """Return what is wrong with the parts of a programme, each naming the place and the cure."""
    problems: list[str] = []
    if daily_hours is not None and not Decimal(0) < daily_hours <= MAX_DAILY_HOURS:
        problems.append(_("培训方案“%(title)s”：每人每天最多学时须在 0.5 到 8 之间。") % {"title": title})
    for number, spec in enumerate(components, start=1):
        what = _wanting(spec)
        if what:
            values = {"number": number, "part": spec.title, "what": what}
            problems.append(_("第 %(number)s 个环节“%(part)s”：%(what)s。") % values)
    return problems


def _wanting(spec: ComponentSpec) -> str:
    """Return what a component of its kind lacks, empty if nothing."""
    match spec.kind:
        case ComponentKind.COURSE if spec.course is None:
            return _("请选择课程")
        case ComponentKind.EXAM if spec.exam is None:
            return _("请选择考试")
        case ComponentKind.LICENCE if spec.licence_type is None:
            return _("请选择证件种类")
        case ComponentKind.LETTER if not spec.body.strip():
            return _("请填写责任书正文")
        case ComponentKind.PRACTICAL if not spec.checklist:
            return _("请填写考核项目，每行一项")
    if spec.pass_mark is not None and not (spec.kind in HELD_KINDS and 1 <= spec.pass_mark <= 100):
        return _("合格分须在 1 到 100 之间，只用于现场教育、授课和演练")
    needs_hours = spec.kind == ComponentKind.HOURS or spec.kind in HELD_KINDS
    return _("请填写学时") if needs_hours and spec.hours <= 0 else ""


def _save_parts(
    programme: Programme, components: Sequence[ComponentSpec], stages: Sequence[StageSpec]
) -> bool:
    """Make components and stages equal the specs; return whether that changed anything."""
    given = {spec.title: spec for spec in stages}
    titles = list(dict.fromkeys(spec.stage for spec in components if spec.stage))
    wanted_stages = [given.get(title) or StageSpec(title) for title in titles]
    wanted = [_parts_of_spec(spec) for spec in components]
    present_stages = list(programme.stages.order_by("position"))
    present = [_parts_of(item) for item in programme.components.select_related("stage").order_by("position")]
    same = present == wanted and [_asked_by(stage) for stage in present_stages] == [
        (spec.title, spec.pass_rule, spec.assessor) for spec in wanted_stages
    ]
    if same:
        return _save_spacing(present_stages, wanted_stages)
    if Obligation.objects.filter(programme=programme).exists():
        raise ProgrammeRefused(
            _(
                "培训方案“%(title)s”（%(code)s）已有培训任务，环节不能再改：请用新编码另存一个方案，再让规则指向它。"
            )
            % {"title": programme.title, "code": programme.code}
        )
    programme.components.all().delete()
    programme.stages.all().delete()
    made = {
        spec.title: Stage.objects.create(
            programme=programme,
            position=position,
            title=spec.title,
            min_days_after=spec.min_days_after,
            pass_rule=spec.pass_rule,
            assessor=spec.assessor,
        )
        for position, spec in enumerate(wanted_stages, start=1)
    }
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
                stage=made.get(spec.stage),
                body=spec.body,
                checklist=list(spec.checklist),
                licence_type=spec.licence_type,
                pass_mark=spec.pass_mark,
            )
            for position, spec in enumerate(components, start=1)
        ]
    )
    return True


def _save_spacing(present: Sequence[Stage], wanted: Sequence[StageSpec]) -> bool:
    """Set the days between stages, which touch nothing that was done; return whether any changed."""
    changed = []
    for stage, spec in zip(present, wanted, strict=True):
        if stage.min_days_after != spec.min_days_after:
            stage.min_days_after = spec.min_days_after
            changed.append(stage)
    Stage.objects.bulk_update(changed, ["min_days_after"])
    return bool(changed)


def _asked_by(stage: Stage) -> tuple[str, str, str]:
    return (stage.title, stage.pass_rule, stage.assessor)


def _parts_of(item: Component) -> tuple[Any, ...]:
    stage = item.stage.title if item.stage else ""
    return (
        *(item.kind, item.title, item.hours, item.level, item.course_id, item.exam_id, stage),
        *(item.body, list(item.checklist), item.licence_type_id, item.pass_mark),
    )


def _parts_of_spec(spec: ComponentSpec) -> tuple[Any, ...]:
    course, exam = spec.course.pk if spec.course else None, spec.exam.pk if spec.exam else None
    return (
        *(str(spec.kind), spec.title, spec.hours, str(spec.level), course, exam, spec.stage),
        *(spec.body, list(spec.checklist), spec.licence_type.pk if spec.licence_type else None),
        spec.pass_mark,
    )


def specs_of(programme: Programme) -> tuple[list[ComponentSpec], list[StageSpec]]:
    """Return the parts of a programme as they could be saved again. Two queries."""
    components = programme.components.select_related("stage", "course", "exam", "licence_type")
    parts = [
        ComponentSpec(
            kind=item.kind,
            title=item.title,
            hours=item.hours,
            level=item.level,
            course=item.course,
            exam=item.exam,
            stage=item.stage.title if item.stage else "",
            body=item.body,
            checklist=tuple(item.checklist),
            licence_type=item.licence_type,
            pass_mark=item.pass_mark,
        )
        for item in components.order_by("position")
    ]
    stages = [
        StageSpec(stage.title, stage.min_days_after, stage.pass_rule, stage.assessor)
        for stage in programme.stages.order_by("position")
    ]
    return parts, stages


def copy_programme(
    *,
    programme: Programme,
    code: str,
    title: str,
    as_version: bool = False,
    acting_user: User | None,
    now: dt.datetime,
) -> Programme:
    """Make an own programme of a template, or with `as_version` the next version of one in use.

    The copy may be changed until somebody owes it; rules go on pointing to the old one until they are changed.
    Raises ProgrammeRefused if the code is taken, or the programme has a next version already; PermissionDenied.
    """
    code = code.strip()
    if not code or Programme.objects.filter(code=code).exists():
        raise ProgrammeRefused(_("编码“%(code)s”已被使用或为空：请换一个编码。") % {"code": code})
    with transaction.atomic():
        programme = Programme.objects.select_for_update().get(pk=programme.pk)
        parts, stages = specs_of(programme)
        later = Programme.objects.filter(supersedes=programme).first()
        if as_version and later is not None:
            raise ProgrammeRefused(
                _("“%(title)s”已有下一版（%(code)s）：请在那一版上修改。")
                % {"title": programme.title, "code": later.code}
            )
        copy = save_programme(
            code=code,
            title=title,
            kind=programme.kind,
            summary=programme.summary,
            valid_months=programme.valid_months,
            daily_hours=programme.daily_hours,
            components=parts,
            stages=stages,
            acting_user=acting_user,
            now=now,
        )
        if as_version:
            copy.supersedes = programme
            copy.save(update_fields=["supersedes"])
    return copy
