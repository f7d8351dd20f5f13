"""Programmes, rules, obligations, ledger rows and licences, and what satisfies them."""

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone

from courses.models import CoursePage, StudyRecord
from courses.signals import StudyCompleted
from exams.models import Attempt, AttemptState, Bank, Exam
from exams.signals import AttemptGraded
from people.models import Employee, EmploymentEvent, EventKind, Hazard, LicenceType, Post
from tests.factories.courses import WarningCaseFactory
from tests.factories.people import EmployeeFactory, HazardFactory, PostFactory
from training.actions.completion import purpose_of
from training.actions.ledger import RecordDraft, add_record
from training.actions.pushes import push_case, spread_push
from training.models import (
    CasePush,
    Component,
    ComponentKind,
    Licence,
    Obligation,
    Programme,
    ProgrammeKind,
    RecordKind,
    TrainingRecord,
    TrainingRule,
    Trigger,
)

HIRED_ON = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # 09:00 in Shanghai


def at(day: str, clock: str = "09:00") -> dt.datetime:
    """Return a local wall-clock time as an aware one."""
    return timezone.make_aware(dt.datetime.fromisoformat(f"{day}T{clock}"))


class ExamFactory(factory.django.DjangoModelFactory):
    """An exam with an empty bank: enough to be named by a component."""

    class Meta:
        model = Exam

    code = factory.Sequence(lambda n: f"exam-{n}")
    title = factory.Sequence(lambda n: f"岗前考试{n}")
    bank = factory.LazyFunction(lambda: Bank.objects.get_or_create(code="bank", name="题库")[0])


class ProgrammeFactory(factory.django.DjangoModelFactory):
    """A programme; `on_site=[8, 8]` adds on-site components, `course=…` and `exam=…` put theirs before them."""

    class Meta:
        model = Programme
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"programme-{n}")
    title = factory.Sequence(lambda n: f"岗前三级安全教育{n}")
    kind = ProgrammeKind.PRE_JOB

    @classmethod
    def _create(cls, model_class: type[Programme], *args: Any, **kwargs: Any) -> Programme:
        course: CoursePage | None = kwargs.pop("course", None)
        exam: Exam | None = kwargs.pop("exam", None)
        on_site = kwargs.pop("on_site", [] if course or exam else [8])
        programme = super()._create(model_class, *args, **kwargs)
        position = 0
        for kind, subject in ((ComponentKind.COURSE, course), (ComponentKind.EXAM, exam)):
            if subject is not None:
                position += 1
                Component.objects.create(
                    programme=programme,
                    position=position,
                    kind=kind,
                    title=subject.title,
                    hours=2 if kind == ComponentKind.COURSE else 0,
                    **{kind: subject},
                )
        levels = ["factory", "workshop", "team"]
        for index, hours in enumerate(on_site):
            position += 1
            Component.objects.create(
                programme=programme,
                position=position,
                kind=ComponentKind.ON_SITE,
                level=levels[index % 3],
                title=f"{['厂级', '车间级', '班组级'][index % 3]}安全教育",
                hours=hours,
            )
        return programme


class TrainingRuleFactory(factory.django.DjangoModelFactory):
    """A rule for everyone hired, in force since 2020; its clause was not compared with the law."""

    class Meta:
        model = TrainingRule

    code = factory.Sequence(lambda n: f"rule-{n}")
    title = "新上岗人员岗前安全教育"
    trigger = Trigger.HIRED
    programme = factory.SubFactory(ProgrammeFactory)
    legal_basis = "总局令第3号第十二条"
    effective_from = dt.date(2020, 1, 1)


class EmploymentEventFactory(factory.django.DjangoModelFactory):
    """A hire on the usual day, recorded that morning."""

    class Meta:
        model = EmploymentEvent

    employee = factory.SubFactory(EmployeeFactory)
    kind = EventKind.HIRED
    effective_on = HIRED_ON
    recorded_at = factory.LazyAttribute(lambda event: at(event.effective_on.isoformat()))


class ObligationFactory(factory.django.DjangoModelFactory):
    """An open obligation from a hire on the usual day, due a week later."""

    class Meta:
        model = Obligation

    rule = factory.SubFactory(TrainingRuleFactory)
    programme = factory.LazyAttribute(lambda obligation: obligation.rule.programme)
    employee = factory.SubFactory(EmployeeFactory)
    event = factory.LazyAttribute(
        lambda obligation: EmploymentEventFactory(
            employee=obligation.employee, effective_on=obligation.owed_from
        )
    )
    cause = factory.LazyAttribute(lambda obligation: f"event:{obligation.event.pk}")
    before_work = True
    owed_from = HIRED_ON
    due_on = factory.LazyAttribute(lambda obligation: obligation.owed_from + dt.timedelta(days=7))
    created_at = NOW


class LicenceTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LicenceType
        django_get_or_create = ("code",)

    code = "welding"
    name = "熔化焊接与热切割作业"
    family = LicenceType.Family.SPECIAL_OPERATION
    legal_basis = "安全生产法第三十条"
    basis_verified = True


class LicenceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Licence

    employee = factory.SubFactory(EmployeeFactory)
    licence_type = factory.SubFactory(LicenceTypeFactory)
    number = factory.Sequence(lambda n: f"T{n:08d}")
    valid_from = dt.date(2025, 1, 1)
    valid_until = dt.date(2030, 12, 31)


def make_record(employee: Employee | None = None, **changes: Any) -> TrainingRecord:
    """Add a row to the ledger that stands for itself."""
    fields: dict[str, Any] = {
        "employee": employee or EmployeeFactory(),
        "kind": RecordKind.ON_SITE,
        "title": "厂级安全教育",
        "hours": Decimal(8),
        "started_at": at("2026-03-02", "08:00"),
        "completed_at": at("2026-03-02", "16:00"),
        **changes,
    }
    return add_record(draft=RecordDraft(**fields), acting_user=None, now=at("2026-03-02", "17:00"))


def prove_study(
    employee: Employee, lesson: Any, completed_at: dt.datetime = NOW, sha256: str = "c" * 64
) -> StudyCompleted:
    """Write the study record of a lesson and return the event that reports it (not sent)."""
    record = StudyRecord.objects.create(
        employee=employee,
        lesson_id=lesson.pk,
        lesson_title=lesson.title,
        revision_id=7,
        content_sha256=sha256,
        film_sha256="f" * 64,
        started_at=completed_at - dt.timedelta(minutes=30),
        completed_at=completed_at,
    )
    return StudyCompleted(record.pk, employee.pk, lesson.pk, completed_at)


def grade_attempt(
    obligation: Obligation,
    exam: Exam,
    submitted_at: dt.datetime = NOW,
    passed: bool = True,
    score_pct: Decimal = Decimal("92.00"),
    employee: Employee | None = None,
) -> AttemptGraded:
    """Write a closed attempt for an obligation and return the event that reports its mark (not sent)."""
    purpose = purpose_of(obligation)
    employee = employee or obligation.employee
    attempt = Attempt.objects.create(
        exam=exam,
        employee=employee,
        purpose=purpose,
        number=Attempt.objects.filter(employee=employee, exam=exam, purpose=purpose).count() + 1,
        paper={"format": 1, "slots": [], "policy": {}},
        seed=uuid.uuid4().hex,
        state=AttemptState.GRADED,
        started_at=submitted_at - dt.timedelta(minutes=20),
        deadline_at=submitted_at + dt.timedelta(minutes=10),
        submitted_at=submitted_at,
    )
    return AttemptGraded(
        attempt_id=attempt.pk,
        mark_id=1,
        employee_id=employee.pk,
        exam_id=exam.pk,
        purpose=purpose,
        passed=passed,
        score_pct=score_pct,
        submitted_at=submitted_at,
        marked_at=submitted_at,
    )


def make_case(
    hazards: Iterable[str] = ("机械伤害试验",), *, posts_named: Iterable[Post] = (), **fields: Any
) -> Any:
    """Publish a warning case about these hazards (made if they are missing) and posts."""
    case = WarningCaseFactory(**fields)
    case.hazards.set([hazard_named(name) for name in hazards])
    case.posts.set(posts_named)
    case.save_revision().publish()
    case.refresh_from_db()
    return case


def hazard_named(name: str) -> Hazard:
    """Return the hazard of this name of the standard made for tests."""
    return Hazard.objects.filter(name=name).first() or HazardFactory(name=name)


def post_with(*hazards: str, **fields: Any) -> Post:
    """Return a new post exposed to these hazards."""
    post = PostFactory(**fields)
    post.hazards.set([hazard_named(name) for name in hazards])
    return post


def push_to_all(lesson: Any, *, now: dt.datetime, days: int = 7, **fields: Any) -> CasePush:
    """Push a lesson and make everyone concerned owe it at once, as the queued job does."""
    push = push_case(
        lesson=lesson,
        due_on=timezone.localdate(now) + dt.timedelta(days=days),
        **{"acting_user": None, **fields},
        now=now,
    )
    spread_push(push=push, now=now)
    return push


SIGNATURE = "M10 100L60 20L110 180L160 20L210 180L260 20L310 180L360 20L410 100"
REFLECTION = "我是操作工，每班开机前先挂牌上锁，确认护罩装好，手不伸进转动的地方，发现异响马上停机报告班长。"
