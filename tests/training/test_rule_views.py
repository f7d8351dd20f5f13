"""Rules, programmes, occurrences and requests in the office, and the letter on the phone."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
    UserFactory,
)
from tests.factories.training import (
    SIGNATURE,
    EmploymentEventFactory,
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    at,
)
from training.actions.occurrences import Concerned, record_occurrence, withdraw_occurrence
from training.actions.programmes import ComponentSpec, save_programme
from training.actions.recompute import recompute_obligations
from training.actions.rules import save_rule
from training.models import (
    Dispensation,
    Obligation,
    Occurrence,
    PracticalCheck,
    Programme,
    TrainingRule,
)
from training.queries import replay
from training.queries.rehearsal import rehearse
from training.views import rules as rule_views

pytestmark = pytest.mark.django_db
NOW = at("2026-03-05")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def sign_in(client, user):
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(user)
    return user


@pytest.fixture
def unit():
    return OrgUnitFactory(name="一车间")


@pytest.fixture
def officer(client, unit):
    return sign_in(client, RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user)


@pytest.fixture
def boss(client):
    return sign_in(client, UserFactory(is_superuser=True))


def url(name, *args):
    return reverse(f"training_office:{name}", args=args)


def worker(unit, **fields):
    employee = EmployeeFactory(**fields)
    AssignmentFactory(employee=employee, unit=unit, starts_on=dt.date(2020, 1, 1))
    return employee


def rule_data(programme, **fields):
    return {
        "code": "fire",
        "title": "消防培训",
        "trigger": "window",
        "window": "year",
        "joiners_wait": "on",
        "programme": programme.pk,
        "due_days": 30,
        "legal_basis": "公司消防制度",
        "effective_from": "2026-03-05",
        **fields,
    }


def test_rule_is_rehearsed_and_then_saved_and_carried_out(client, boss, unit):
    programme = ProgrammeFactory(title="消防培训方案")
    people = [worker(unit, name="张伟"), worker(unit, name="李娜")]

    asked = client.post(url("rule-add"), rule_data(programme))
    run_pending_jobs()
    assert asked.status_code == 302
    job_id = uuid.UUID(asked.url.rstrip("/").rpartition("/")[2])
    assert not TrainingRule.objects.exists()

    page = url("rule-preview", job_id)
    shown = client.get(page, {"side": "added", "unit": unit.pk}).content.decode()
    assert "多 2 人，少 0 人" in shown
    assert "条文待核对原文" in shown
    assert "张伟" in shown
    saved = client.post(page)
    run_pending_jobs()
    rule = TrainingRule.objects.get()
    assert (rule.adopted_on, rule.window) == (dt.date(2026, 3, 5), "year")
    assert saved.status_code == 302
    owed = Obligation.objects.filter(rule=rule).values_list("employee", "due_on")
    assert set(owed) == {(person.pk, dt.date(2026, 12, 31)) for person in people}


def test_next_version_closes_the_one_before(client, boss, unit):
    rule = TrainingRuleFactory(trigger="window", window="year", code="fire", before_work=False)
    worker(unit)
    form = client.get(url("rule-edit", rule.pk)).content.decode()
    assert "2026-03-06" in form  # a version holds from tomorrow on, unless somebody says otherwise

    post = PostFactory()
    asked = client.post(
        url("rule-edit", rule.pk), rule_data(rule.programme, posts=[post.pk], effective_from="2026-07-01")
    )
    run_pending_jobs()
    page = url("rule-preview", asked.url.rstrip("/").rpartition("/")[2])
    assert "多 0 人，少 1 人" in client.get(page).content.decode()
    client.post(page)
    rule.refresh_from_db()
    assert rule.effective_before == dt.date(2026, 7, 1)
    assert TrainingRule.objects.latest("effective_from").posts.get() == post


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"window": ""}, "请选择周期"),
        ({"window": "months"}, "请填写间隔几个月"),
        ({"trigger": "licence_review", "window": ""}, "请选择证件类别"),
        ({"code": "taken"}, "已有规则"),
    ],
)
def test_rule_form_says_what_is_missing(client, boss, fields, words):
    TrainingRuleFactory(code="taken")
    answer = client.post(url("rule-add"), rule_data(ProgrammeFactory(), **fields))

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_officer_of_a_unit_makes_rules_for_it_alone(client, officer, unit):
    OrgUnitFactory(name="别的厂")  # whoever has all there is has everything
    general, own = TrainingRuleFactory(), TrainingRuleFactory(unit=unit)
    assert client.get(url("rule-edit", general.pk)).status_code == 404
    assert client.get(url("rule-edit", own.pk)).status_code == 200
    answer = client.post(url("rule-add"), rule_data(ProgrammeFactory()))
    assert answer.status_code == 422
    assert client.post(url("rule-end", general.pk), {"effective_before": "2026-04-01"}).status_code == 404
    client.post(ending_of(client, own, "2026-04-01"))
    own.refresh_from_db()
    assert own.effective_before == dt.date(2026, 4, 1)


def ending_of(client, rule, day):
    """Have the end of a rule rehearsed and return the address of the preview."""
    asked = client.post(url("rule-end", rule.pk), {"effective_before": day})
    run_pending_jobs()
    return url("rule-preview", asked.url.rstrip("/").rpartition("/")[2])


def test_end_of_a_rule_is_rehearsed_and_lets_off_whom_it_named(client, boss, unit):
    rule = TrainingRuleFactory(trigger="window", window="year", before_work=False, title="年度消防")
    people = [worker(unit) for _ in range(2)]
    recompute_obligations(now=NOW)
    open_tasks = Obligation.objects.filter(rule=rule, state="open")
    assert open_tasks.count() == 2

    page = ending_of(client, rule, "2026-03-05")
    shown = client.get(page).content.decode()
    assert "多 0 人，少 2 人" in shown
    assert "停用这条规则" in shown
    named = client.get(f"{page}?side=removed&unit={unit.pk}").content.decode()
    assert all(person.employee_no in named for person in people)
    rule.refresh_from_db()
    assert rule.effective_before is None  # nothing yet
    assert open_tasks.count() == 2

    done = client.post(page)
    run_pending_jobs()
    rule.refresh_from_db()
    assert rule.effective_before == dt.date(2026, 3, 5)
    assert done.status_code == 302
    assert not open_tasks.exists()
    assert client.post(page).status_code == 302  # pressed twice
    rule.refresh_from_db()
    assert rule.effective_before == dt.date(2026, 3, 5)


def test_end_of_a_rule_shows_whom_the_general_one_takes_back(client, boss, unit):
    general = TrainingRuleFactory(trigger="hired")
    special = TrainingRuleFactory(trigger="hired", unit=unit, instead_of=[general.code])
    EmploymentEventFactory(employee=worker(unit), to_unit=unit, to_post=PostFactory())
    shown = client.get(ending_of(client, special, "2026-04-01")).content.decode()
    assert "多 1 人，少 1 人" in shown
    assert "停用以前的事产生的任务不变" in shown


def test_a_rule_cannot_end_before_it_began(client, boss):
    rule = TrainingRuleFactory(effective_from=dt.date(2026, 3, 1))
    answer = client.post(url("rule-end", rule.pk), {"effective_before": "2026-03-01"}, follow=True)
    assert "失效日期须晚于施行日期" in answer.content.decode()
    assert not Job.objects.exists()
    page = ending_of(client, rule, "2026-03-02")
    TrainingRule.objects.update(effective_from=dt.date(2026, 4, 1))
    refused = client.post(page)
    assert refused.status_code == 422
    assert "失效日期须晚于施行日期" in refused.content.decode()


def test_somebody_elses_look_at_an_end_is_not_for_others(client, boss, officer, unit):
    own = TrainingRuleFactory(unit=unit)
    client.force_login(boss)
    page = ending_of(client, own, "2026-04-01")
    client.force_login(officer)
    assert client.post(page).status_code == 404
    own.refresh_from_db()
    assert own.effective_before is None


def test_rule_about_events_is_rehearsed_with_those_of_the_last_year(boss, unit):
    post = PostFactory()
    hired = EmployeeFactory()
    EmploymentEventFactory(employee=hired, to_unit=unit, to_post=post)
    rule = TrainingRuleFactory(code="pre-job")
    draft = {
        **{name: getattr(rule, name) for name in ("title", "audience", "licence_family", "legal_basis")},
        "code": "pre-job",
        "trigger": "hired",
        "window": "",
        "every_months": None,
        "lead_days": 0,
        "min_days_away": None,
        "min_repeats": None,
        "due_days": 7,
        "joiners_wait": True,
        "before_work": True,
        "blocks_overdue": False,
        "basis_verified": False,
        "high_risk": True,
        "unit_id": None,
        "post_ids": [],
        "employment_types": [],
        "programme_id": rule.programme_id,
        "effective_from": "2026-04-01",
        "adopted_on": None,
    }
    found = rehearse(draft, today=dt.date(2026, 3, 5))

    assert (found["way"], found["added"], found["removed_ids"]) == ("year", 0, [hired.pk])
    assert rehearse({**draft, "trigger": "violation"}, today=dt.date(2026, 3, 5))["way"] == "none"


def draft_of(client, rule, **fields):
    """Have the next version of a rule rehearsed and return the address of the preview."""
    data = {
        "code": rule.code,
        "title": rule.title,
        "trigger": rule.trigger,
        "programme": rule.programme_id,
        "due_days": 7,
        "legal_basis": "公司制度",
        "effective_from": "2026-04-01",
        **fields,
    }
    asked = client.post(url("rule-edit", rule.pk), data)
    assert asked.status_code == 302, asked.content.decode()
    run_pending_jobs()
    return url("rule-preview", asked.url.rstrip("/").rpartition("/")[2])


def note(kind, *people, day="2026-02-02", units=(), **fields):
    """Record an occurrence as the office does."""
    return record_occurrence(
        kind=kind,
        title="事由",
        happened_on=dt.date.fromisoformat(day),
        concerned=Concerned(employees=people, units=units),
        acting_user=None,
        now=at(day),
        **fields,
    )


def test_rule_about_occurrences_is_rehearsed_with_those_of_the_last_year(client, boss, unit):
    rule = TrainingRuleFactory(code="violation", trigger="violation")
    once, twice, office = worker(unit, name="张伟"), worker(unit, name="李娜"), worker(unit, name="王芳")
    note("violation", once)
    note("violation", twice, day="2026-01-12")
    note("violation", twice, day="2026-02-12")
    withdrawn = note("violation", office)
    withdraw_occurrence(occurrence=withdrawn, reason="登记有误", acting_user=None, now=NOW)
    note("violation", office, day="2024-12-02")

    page = draft_of(client, rule, min_repeats="2")
    shown = client.get(page, {"side": "removed"}).content.decode()
    assert "按过去一年登记的 3 件事推算：多 0 人，少 2 人" in shown
    assert "张伟" in shown
    assert "王芳" not in shown
    assert Obligation.objects.filter(rule=rule).count() == 5


def test_nothing_of_the_kind_happened_is_said_so(client, boss, unit):
    page = draft_of(client, TrainingRuleFactory(code="four-new", trigger="four_new"))

    assert "过去一年没有登记过这一类" in client.get(page).content.decode()


def test_a_fatal_accident_counts_for_the_rule_about_accidents(client, boss, unit):
    rule = TrainingRuleFactory(code="accident", trigger="accident")
    worker(unit)
    note("fatal_accident", units=[unit])

    page = draft_of(client, rule, programme=ProgrammeFactory().pk)
    assert "多 1 人，少 1 人" in client.get(page).content.decode()


def test_above_the_limits_the_preview_says_what_it_left_off(client, boss, unit, monkeypatch):
    rule = TrainingRuleFactory(code="violation", trigger="violation")
    people = [worker(unit) for _ in range(3)]
    for person in people:
        note("violation", person)
    monkeypatch.setattr(replay, "MOST_OCCURRENCES", 2)
    page = draft_of(client, rule, min_repeats="2")
    assert "只推算了最近的 2 件，更早的 1 件没有算" in client.get(page).content.decode()

    monkeypatch.setattr(replay, "MOST_OCCURRENCES", 1000)
    monkeypatch.setattr(rule_views, "SHOWN", 2)
    monkeypatch.setattr(rule_views, "NAMED", 2)
    page = draft_of(client, rule, min_repeats="2", effective_from="2026-04-02")
    shown = client.get(page, {"side": "removed"}).content.decode()
    assert "共 3 人，太多，名单只保留其中 2 人" in shown
    assert "这里有 3 人，只列出前 2 人" in shown


def test_a_rule_that_awaits_its_posts_binds_nobody_until_they_are_chosen(client, boss, unit):
    rule = TrainingRuleFactory(code="confined", trigger="hired", scope_need="posts")
    assert "未选适用岗位，暂不生效" in client.get(url("rules")).content.decode()
    data = rule_data(rule.programme, code="confined", trigger="hired", window="", effective_from="2026-04-01")
    refused = client.post(url("rule-edit", rule.pk), data)
    assert refused.status_code == 422
    assert "请选择适用岗位" in refused.content.decode()

    post = PostFactory()
    client.post(draft_of(client, rule, posts=[post.pk]))
    later = TrainingRule.objects.latest("effective_from")
    assert (later.scope_need, later.awaits_scope, list(later.posts.all())) == ("posts", False, [post])


def test_only_who_makes_rules_for_all_may_set_one_aside(client, officer, unit):
    OrgUnitFactory(name="别的厂")
    TrainingRuleFactory(code="general")
    own = TrainingRuleFactory(code="own", unit=unit)
    client.post(draft_of(client, own, unit=unit.pk, instead_of=["general"]))

    assert TrainingRule.objects.filter(code="own").latest("effective_from").instead_of == []
    with pytest.raises(PermissionDenied):
        save_rule(
            code="own",
            title="工地",
            trigger="hired",
            programme=own.programme,
            legal_basis="公司制度",
            effective_from=dt.date(2026, 8, 1),
            unit=unit,
            instead_of=["general"],
            acting_user=officer,
            now=NOW,
        )


def part(number, **fields):
    blank = (
        "title",
        "kind",
        "stage",
        "level",
        "hours",
        "course",
        "exam",
        "licence_type",
        "checklist",
        "body",
    )
    return {f"parts-{number}-{name}": fields.get(name, "") for name in blank}


def formset(prefix, total):
    return {f"{prefix}-TOTAL_FORMS": total, f"{prefix}-INITIAL_FORMS": 0}


def test_programme_is_made_of_stages_and_copied(client, officer):
    data = {
        "code": "own",
        "title": "本厂四新",
        "kind": "four_new",
        "is_active": "on",
        "daily_hours": "6",
        **formset("parts", 3),
        **part(0, title="讲授", kind="session", stage="理论", hours="4"),
        **part(1, title="实操", kind="practical", stage="操作", checklist="会开机\n会停机"),
        **part(2),
        **formset("stages", 1),
        "stages-0-title": "操作",
        "stages-0-min_days_after": "2",
        "stages-0-assessor": "mentor",
    }
    assert "parts-3-title" in client.post(url("programme-add"), {**data, "more": "1"}).content.decode()
    assert client.post(url("programme-add"), data).status_code == 302
    made = Programme.objects.get(code="own")
    assert list(made.components.values_list("title", "stage__title", "hours")) == [
        ("讲授", "理论", 4),
        ("实操", "操作", 0),
    ]
    assert made.stages.get(title="操作").min_days_after == 2
    assert "会停机" in client.get(url("programme-edit", made.pk)).content.decode()
    bad = client.post(url("programme-edit", made.pk), {**data, "parts-0-hours": ""})
    assert bad.status_code == 422
    assert "第 1 个环节" in bad.content.decode()
    copied = client.post(
        url("programme-copy", made.pk), {"code": "own-2", "title": "二版", "as_version": "on"}
    )
    assert Programme.objects.get(code="own-2").supersedes == made
    assert copied.url == url("programme-edit", Programme.objects.get(code="own-2").pk)


def test_violation_is_recorded_and_withdrawn(client, officer, unit):
    TrainingRuleFactory(trigger="violation")
    employee, other = worker(unit), worker(OrgUnitFactory())
    data = {
        "key": str(uuid.uuid4()),
        "kind": "violation",
        "title": "未挂牌检修",
        "happened_on": "2026-03-04",
        "employee_nos": f"{employee.employee_no}\n",
    }
    bad = client.post(url("occurrence-add"), {**data, "employee_nos": other.employee_no})
    assert other.employee_no in bad.content.decode()
    client.post(url("occurrence-add"), data)
    client.post(url("occurrence-add"), data)
    occurrence = Occurrence.objects.get()
    assert "未挂牌检修" in client.get(url("occurrences")).content.decode()
    client.post(url("occurrence-withdraw", occurrence.public_id), {"reason": "登错人"})
    assert Obligation.objects.get(employee=employee).state == "cancelled"


def test_request_is_asked_by_one_and_decided_by_another(client, officer, unit):
    owed = ObligationFactory(employee=worker(unit), rule__programme=ProgrammeFactory(on_site=[8]))
    ask = url("dispensation-ask", owed.public_id)
    assert client.post(ask, {"kind": "recognition", "reason": "在原单位学过"}).status_code == 422
    client.post(
        ask,
        {
            "kind": "recognition",
            "reason": "在原单位学过",
            "hours": "8",
            "held_on": "2026-01-05",
            "component": owed.programme.components.get().pk,
            "evidence": SimpleUploadedFile("证明.pdf", b"%PDF-1.4"),
        },
    )
    request = Dispensation.objects.get()
    decide = url("dispensation-decide", request.public_id)
    client.post(decide, {"decision": "yes"})
    assert Obligation.objects.get(pk=owed.pk).state == "open"
    assert client.get(url("dispensation-file", request.public_id)).getvalue() == b"%PDF-1.4"

    sign_in(client, RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user)
    assert "在原单位学过" in client.get(url("dispensations")).content.decode()
    client.post(decide, {"decision": "yes"})
    assert Obligation.objects.get(pk=owed.pk).state == "done"
    assert "已同意" in client.get(url("obligation", owed.public_id)).content.decode()


def parts(code, *components):
    return save_programme(
        code=code, title="分步", kind="special", components=components, acting_user=None, now=NOW
    )


def test_mentor_checks_on_a_page_and_the_page_shows_it(client, unit):
    mentor = EmployeeFactory(assigned__unit=unit)
    RoleGrantFactory(role=Role.TRAINER, unit=unit, user=mentor.user)
    sign_in(client, mentor.user)
    programme = parts("p", ComponentSpec("practical", "实操", checklist=("会开机", "会停机")))
    owed = ObligationFactory(employee=worker(unit), rule__programme=programme)
    page = url("practical-check", owed.public_id, programme.components.get().pk)

    assert page in client.get(url("obligation", owed.public_id)).content.decode()
    assert client.post(page, {"passed": ["0"]}).status_code == 422
    client.post(page, {"passed": ["0"], "signature": SIGNATURE})
    assert "不合格" in client.get(page).content.decode()
    client.post(page, {"passed": ["0", "1"], "typed_name": mentor.user.name, "is_confirmed": "1"})
    assert [check.is_passed for check in PracticalCheck.objects.order_by("pk")] == [False, True]


def test_learner_reads_and_signs_the_letter(client, unit):
    programme = parts("p", ComponentSpec("letter", "责任书", body="遵守规程。"))
    employee = worker(unit)
    owed = ObligationFactory(employee=employee, rule__programme=programme)
    page = reverse("portal:task-letter", args=[owed.public_id, programme.components.get().pk])
    client.force_login(employee.user)

    task = client.get(reverse("portal:task", args=[owed.public_id])).content.decode()
    assert page in task
    assert "遵守规程。" in client.get(page).content.decode()
    assert client.post(page, {"typed_name": "别人"}).status_code == 422
    assert client.post(page, {"signature": SIGNATURE}).status_code == 302
    assert Obligation.objects.get(pk=owed.pk).state == "done"


@pytest.mark.parametrize("page", ["rules", "occurrences", "dispensations", "hours"])
def test_statements_do_not_grow_with_rows(client, officer, unit, page):
    def add():
        rule = TrainingRuleFactory(unit=unit)
        owed = ObligationFactory(rule=rule, employee=worker(unit))
        happened = Occurrence.objects.create(
            kind="violation",
            title="违章",
            happened_on=NOW.date(),
            starts_on=NOW.date(),
            recorded_at=NOW,
        )
        happened.employees.add(owed.employee)
        Dispensation.objects.create(
            obligation=owed,
            kind="waiver",
            reason="病假",
            until=NOW.date(),
            due_before=owed.due_on,
            requested_at=NOW,
        )

    def statements():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(page)).status_code == 200
        return len(captured)

    add()
    statements()
    one = statements()
    add()
    add()
    assert statements() == one
