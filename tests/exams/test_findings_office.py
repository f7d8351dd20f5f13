import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.utils import DatabaseError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exams.actions.exams import row_of
from exams.actions.guards import GuardDraft, save_guard
from exams.actions.integrity_findings import decide_finding, search_exam, start_search
from exams.errors import FindingRefused
from exams.models import (
    Attempt,
    AttemptMark,
    ExamGuard,
    Finding,
    FindingDecision,
    FindingRun,
    IntegrityEvent,
)
from exams.queries.integrity import exams_to_look_through, findings_for
from exams.tasks import look_for_irregularities
from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.exams.suspicious import ALIKE, QUICK, ROW, suspicious_exam
from tests.factories.exams import NOW
from tests.factories.people import OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=5)


@pytest.fixture(autouse=True)
def _at(time_machine):
    time_machine.move_to(LATER, tick=False)


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def exam(unit):
    return suspicious_exam(unit)


@pytest.fixture
def searched(exam):
    search_exam(exam_id=exam.pk, now=LATER)
    return exam


def user_of(role, unit):
    return RoleGrantFactory(user=UserFactory(), role=role, unit=unit, starts_on=dt.date(2026, 1, 1)).user


def office(role, unit):
    client = Client()
    client.force_login(user_of(role, unit))
    return client


def url(name, *args):
    return reverse(f"exams_office:{name}", args=args)


def people(exam, finding):
    order = list(Attempt.objects.filter(exam=exam).order_by("pk").values_list("pk", flat=True))
    return tuple(sorted(order.index(pk) for pk in finding.attempts.values_list("pk", flat=True)))


def test_what_is_there_is_found_once_and_changes_no_mark(exam):
    before = list(AttemptMark.objects.order_by("pk").values())
    steps = []
    search_exam(exam_id=exam.pk, now=LATER, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, 5) for n in range(1, 6)]
    found = {finding.kind: people(exam, finding) for finding in Finding.objects.all()}
    assert found == {
        "similar_answers": ALIKE,
        "similar_timing": ALIKE,
        "shared_device": ROW,
        "too_fast": QUICK,
    }
    stored = list(Finding.objects.order_by("pk").values())
    search_exam(exam_id=exam.pk, now=LATER)
    assert list(Finding.objects.order_by("pk").values()) == stored
    assert IntegrityEvent.objects.filter(kind="fast").count() == 20
    assert FindingRun.objects.count() == 2
    assert list(AttemptMark.objects.order_by("pk").values()) == before
    assert not Attempt.objects.exclude(state="graded").exists()


def test_every_night_looks_only_where_something_is_new(exam):
    assert exams_to_look_through() == [exam.pk]
    assert look_for_irregularities() == {"exams": 1}
    assert run_pending_jobs() == 1
    job = Job.objects.get()
    assert (job.state, job.result["attempts"], job.result["found"]) == ("done", 12, 4)
    assert look_for_irregularities() == {"exams": 0}


def test_a_finding_that_no_longer_holds_goes_unless_it_was_decided(searched, unit):
    reviewer = user_of(Role.SAFETY_OFFICER, unit)
    alike, fast = Finding.objects.get(kind="similar_answers"), Finding.objects.get(kind="too_fast")
    decide_finding(finding=fast, state="cleared", reason="练过", acting_user=reviewer, now=LATER)
    row = Finding.objects.get(kind="shared_device")
    row.attempts.remove(row.attempts.last())
    decide_finding(finding=row, state="confirmed", reason="替考", acting_user=reviewer, now=LATER)
    Finding.objects.create(
        exam=searched,
        kind="overlap",
        fingerprint="x",
        strength=1,
        evidence={"type": "overlap"},
        found_at=LATER,
    )
    search_exam(exam_id=searched.pk, now=LATER)
    states = dict(Finding.objects.values_list("kind", "state"))
    assert states == {
        "similar_answers": "open",
        "similar_timing": "open",
        "too_fast": "cleared",
        "overlap": "gone",
        "shared_device": "open",  # it gained a person since it was decided
    }
    with pytest.raises(FindingRefused):
        decide_finding(finding=fast, state="cleared", reason="再说", acting_user=reviewer, now=LATER)
    with pytest.raises(FindingRefused, match="理由"):
        decide_finding(finding=alike, state="cleared", reason=" ", acting_user=reviewer, now=LATER)
    with pytest.raises(PermissionDenied):
        decide_finding(
            finding=alike,
            state="cleared",
            reason="x",
            acting_user=user_of(Role.TRAINER, unit),
            now=LATER,
        )
    with pytest.raises(DatabaseError):
        FindingDecision.objects.update(reason="改")


def test_nobody_decides_about_oneself_or_about_people_elsewhere(searched, unit):
    alike = Finding.objects.get(kind="similar_answers")
    own = alike.attempts.first().employee.user
    RoleGrantFactory(user=own, role=Role.SAFETY_OFFICER, unit=unit, starts_on=dt.date(2026, 1, 1))
    with pytest.raises(PermissionDenied):
        decide_finding(finding=alike, state="cleared", reason="x", acting_user=own, now=LATER)
    assert not findings_for(user_of(Role.SAFETY_OFFICER, OrgUnitFactory())).exists()


def test_the_queue_shows_what_waits_at_the_same_cost(searched, unit):
    client = office(Role.EXAMINER, unit)
    page = client.get(url("findings")).content.decode()
    for words in ("答案雷同", "作答节奏雷同", "一台设备多人作答", "答得快于读题", "不是结论"):
        assert words in page
    client.get(url("findings") + "?kind=too_fast")
    with CaptureQueriesContext(connection) as one:
        assert client.get(url("findings") + "?kind=too_fast").content.decode().count("/findings/") > 1
    with CaptureQueriesContext(connection) as all_of_them:
        client.get(url("findings"))
    assert len(one) == len(all_of_them)
    assert "答案雷同" not in client.get(url("findings-results") + "?state=cleared").content.decode()


@pytest.mark.parametrize("kind", ["similar_answers", "similar_timing", "shared_device", "too_fast"])
def test_the_evidence_stands_side_by_side_and_a_decision_stays(searched, unit, kind):
    finding = Finding.objects.get(kind=kind)
    with_bank, without = office(Role.EXAMINER, unit), office(Role.TRAINER, unit)
    seen = with_bank.get(url("finding", finding.pk)).content.decode()
    hidden = without.get(url("finding", finding.pk)).content.decode()
    for attempt in finding.attempts.all():
        assert attempt.employee.name in seen
        assert url("attempt-timeline", attempt.public_id) in hidden
    if kind in ("similar_answers", "too_fast"):
        assert "受限空间的作业顺序" in seen
    for words in ("受限空间的作业顺序", "答错", "先通风", "记录决定"):
        assert words not in hidden
    reply = with_bank.post(url("finding", finding.pk), {"state": "confirmed", "reason": "监考证实"})
    assert reply.url == url("finding", finding.pk)
    assert "监考证实" in without.get(url("finding", finding.pk)).content.decode()
    assert without.post(url("finding", finding.pk), {"state": "cleared", "reason": "x"}).status_code in (
        302,
        403,
    )
    assert FindingDecision.objects.count() == 1


def test_the_timeline_tells_when_and_never_what(searched, unit):
    attempt = Attempt.objects.order_by("pk")[2]
    client = office(Role.EXAMINER, unit)
    page = client.get(url("attempt-timeline", attempt.public_id))
    text = page.content.decode()
    for words in ("第 1 题作答", "离开答卷页", "粘贴", "20 个字", "答得快于读题", "交卷", "<svg"):
        assert words in text
    for slot in attempt.paper["slots"]:
        assert not any(token in text for token in slot["tokens"])
    assert "受限空间" not in text
    assert client.get(url("attempts")).content.decode().count("/timeline/") == 12
    assert office(Role.EXAMINER, OrgUnitFactory()).get(page.request["PATH_INFO"]).status_code == 404


def test_a_search_by_hand_runs_with_progress(exam, unit):
    client = office(Role.SAFETY_OFFICER, unit)
    assert exam.title in client.get(url("findings-search")).content.decode()
    assert client.post(url("findings-search"), {}).status_code == 422
    reply = client.post(url("findings-search"), {"exam": exam.pk})
    job = Job.objects.get()
    assert reply.url == reverse("jobs:detail", args=[job.pk])
    run_pending_jobs()
    assert url("findings") in client.get(reply.url).content.decode()
    assert office(Role.SAFETY_OFFICER, OrgUnitFactory()).post(
        url("findings-search"), {"exam": exam.pk}
    ).status_code == 422  # fmt: skip
    with pytest.raises(PermissionDenied):
        start_search(exam=exam, acting_user=user_of(Role.TRAINER, unit))


def test_what_an_exam_asks_for_is_set_on_a_page_of_its_own(exam, unit):
    client = office(Role.EXAMINER, unit)
    page = url("exam-guard", exam.pk)
    assert client.get(page).status_code == 200
    assert "至少一个密钥" in client.post(page, {"seb_required": "on"}).content.decode()
    assert "“abc”不是密钥" in client.post(page, {"seb_keys": "abc"}).content.decode()
    key = "A" * 64
    given = {
        "seb_required": "on",
        "seb_keys": key,
        "photo_asked": "on",
        "photo_moments": 0,
        "photo_keep_days": 7,
    }
    assert client.post(page, given).url == url("exam-edit", exam.pk)
    guard = ExamGuard.objects.get()
    assert (guard.seb_keys, guard.photo_moments, guard.photo_keep_days) == ([key.lower()], 0, 7)
    assert key.lower() in client.get(page).content.decode()
    with pytest.raises(PermissionDenied):
        save_guard(exam=exam, draft=GuardDraft(), acting_user=user_of(Role.TRAINER, unit))
    assert [row_of(row).count for row in exam.blueprint_rows.all()] == [20]
