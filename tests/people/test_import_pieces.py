"""A long list is written in pieces: cut short it is continued, and it never writes over what others did."""

import datetime as dt

import pytest
import time_machine

from jobs.models import Job
from jobs.queue import enqueue, run_pending_jobs
from people.actions import imports
from people.actions.employment import transfer
from people.actions.imports import ImportOptions, apply_plan, plan_import
from people.errors import ImportStopped, PreviewOutdated
from people.importers.uploads import keep_upload
from people.models import Employee, EmploymentEvent, ImportBatch, OrgUnit, Post, User
from people.roster import Row
from people.signals import employment_changed_in_bulk
from people.tasks import APPLYING, CHECKING, _Told
from tests.factories.people import EmployeeFactory, PostFactory, UserFactory, org_path
from tests.factories.training import ProgrammeFactory, TrainingRuleFactory
from tests.people.workbooks import row, save
from training.models import ClearanceState, Obligation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_small_pieces")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
CREATE = ImportOptions(create_missing=True)


@pytest.fixture
def _small_pieces(monkeypatch):
    monkeypatch.setattr(imports, "PIECE", 2)
    monkeypatch.setattr(imports, "PLACES", 1)
    with time_machine.travel(NOW, tick=False):
        yield


def rows_of(count):
    return [
        Row(f"{n:06d}", n, f"员工{n}", f"总厂/第{n % 3}车间", "车工", hired_on=dt.date(2026, 11, 1))
        for n in range(1, count + 1)
    ]


def plan(rows, options=CREATE):
    return plan_import(rows=rows, options=options, acting_user=None, on=TODAY)


def apply(planned, **options):
    given = {"file_name": "a.xlsx", "file_sha256": "0" * 64, "acting_user": None, "now": NOW}
    return apply_plan(plan=planned, **(given | options))


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def dies_after(pieces):
    def progress(phase, done, total):
        if done >= pieces * imports.PIECE:
            raise Killed

    return progress


def test_each_piece_is_whole_with_its_training_and_progress_is_told_between():
    TrainingRuleFactory(programme=ProgrammeFactory(on_site=[8]))
    told = []

    def progress(phase, done, total):
        told.append((phase, done, total, Employee.objects.count(), Obligation.objects.count()))

    batch = apply(plan(rows_of(5)), progress=progress)
    assert told == [("write", 2, 5, 2, 2), ("write", 4, 5, 4, 4), ("write", 5, 5, 5, 5)]
    assert (batch.state, batch.changes_done, batch.counts["created"]) == ("done", 5, 5)
    assert ClearanceState.objects.filter(is_cleared=False).count() == 5
    assert EmploymentEvent.objects.filter(batch=batch).count() == 5


def test_list_cut_short_is_continued_by_the_same_file():
    with pytest.raises(Killed):
        apply(plan(rows_of(5)), progress=dies_after(1))
    begun = ImportBatch.objects.get()
    assert (begun.state, begun.changes_done, Employee.objects.count()) == ("applying", 2, 2)
    # What was confirmed was the whole list; the rest of it is a part of that.
    batch = apply(plan(rows_of(5)), expected_fingerprint="of the whole list")
    assert (batch.pk, batch.state, batch.changes_done) == (begun.pk, "done", 5)
    assert batch.counts["created"] == 5
    assert EmploymentEvent.objects.filter(batch=batch).count() == 5
    assert ImportBatch.objects.count() == 1
    assert apply(plan(rows_of(5))) is None


@pytest.mark.parametrize("other", [{"file_sha256": "1" * 64}, {"source": "api"}])
def test_another_list_does_not_continue_it(other):
    with pytest.raises(Killed):
        apply(plan(rows_of(5)), progress=dies_after(1))
    with pytest.raises(PreviewOutdated):
        apply(plan(rows_of(5)), expected_fingerprint="of the whole list", **other)
    batch = apply(plan(rows_of(5)), **other)
    assert (batch.changes_total, ImportBatch.objects.count()) == (3, 2)


def test_change_beside_it_stops_a_list_and_keeps_what_was_written():
    apply(plan(rows_of(5)))
    moves = [Row(f"{n:06d}", n, unit="总厂/新车间") for n in range(1, 6)]
    planned = plan(moves)
    elsewhere = org_path("总厂/别处")

    def somebody_moves_the_fourth(phase, done, total):
        if done == 2:
            transfer(
                employee=Employee.objects.get(employee_no="000004"),
                unit=elsewhere,
                post=Post.objects.get(name="车工"),
                effective_on=TODAY,
                acting_user=None,
                now=NOW,
            )

    with pytest.raises(ImportStopped) as stopped:
        apply(planned, progress=somebody_moves_the_fourth, file_sha256="2" * 64)
    assert (stopped.value.done, stopped.value.total) == (2, 5)
    batch = ImportBatch.objects.get(pk=stopped.value.batch_id)
    assert (batch.state, batch.changes_done) == ("stopped", 2)
    at = {
        one.employee_no: one.assignments.order_by("-starts_on", "-id").first().unit.name
        for one in Employee.objects.all()
    }
    assert at["000002"] == "新车间"
    assert at["000004"] == "别处"
    # The rest is compared anew, and is another batch.
    assert apply(plan(moves), file_sha256="2" * 64).changes_total == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda: EmployeeFactory(employee_no="000001"),
        lambda: UserFactory(username="000001"),
        lambda: EmployeeFactory(id_number_digest="d" * 64),
    ],
    ids=["number", "account", "identity number"],
)
def test_plan_that_no_longer_holds_writes_nothing(change):
    (first,) = rows_of(1)
    planned = plan(
        [Row(**{name: getattr(first, name) for name in first.__slots__} | {"id_digest": "d" * 64})]
    )
    change()
    before = User.objects.count()
    with pytest.raises(PreviewOutdated):
        apply(planned)
    assert (User.objects.count(), ImportBatch.objects.count()) == (before, 0)


def test_two_processes_do_not_write_the_same_piece_twice():
    planned = plan(rows_of(4))

    def another_process_goes_on(phase, done, total):
        if done == 2:
            ImportBatch.objects.update(changes_done=4)

    with pytest.raises(ImportStopped):
        apply(planned, progress=another_process_goes_on)
    assert Employee.objects.count() == 2


def test_units_of_a_long_list_are_made_once():
    apply(plan(rows_of(6)))
    assert list(OrgUnit.objects.order_by("name").values_list("name", flat=True)) == [
        "总厂", "第0车间", "第1车间", "第2车间",
    ]  # fmt: skip


def test_events_are_told_piece_by_piece():
    told = []

    def receiver(sender, event, **kwargs):
        told.append(len(event.event_ids))

    employment_changed_in_bulk.connect(receiver)
    try:
        apply(plan(rows_of(5)))
    finally:
        employment_changed_in_bulk.disconnect(receiver)
    assert told == [2, 2, 1]


def test_job_goes_forward_through_its_phases():
    user = UserFactory()
    for phases in (CHECKING, APPLYING):
        job = enqueue("people.tasks.check_list", title="x", params={}, requested_by=user, total=100)
        told, seen = _Told(job, phases), []
        for phase in phases:
            for done in (0, 5_000, 10_000):
                told.told_at = 0.0
                told(phase, done, 10_000)
                job.refresh_from_db()
                seen.append(job.done)
        assert seen == sorted(seen)
        assert (seen[0], seen[-1]) == (0, 100)
        assert "10,000/10,000" in job.message


def test_job_that_ran_before_its_worker_died_goes_on(tmp_path):
    user = UserFactory(superuser=True)
    PostFactory(name="电焊工")
    org_path("总厂/一车间/甲班")
    path = save(tmp_path / "名单.xlsx", [row(工号=f"00{n}") for n in range(5)])
    with path.open("rb") as handle:
        token = keep_upload(handle, user_id=user.pk, now=NOW)
    params = {"token": token, "file_name": "名单.xlsx", "create_missing": False, "full_roster": False}
    enqueue("people.tasks.check_list", title="x", params=params, requested_by=user)
    run_pending_jobs()
    mark = Job.objects.get().result["summary"]["fingerprint"]
    enqueue("people.tasks.apply_list", title="x", params={**params, "fingerprint": mark}, requested_by=user)
    pieces = []

    def dies_in_the_second_piece(sender, event, **kwargs):
        pieces.append(event)
        if len(pieces) == 2:
            raise Killed

    employment_changed_in_bulk.connect(dies_in_the_second_piece)
    try:
        with pytest.raises(Killed):
            run_pending_jobs()
    finally:
        employment_changed_in_bulk.disconnect(dies_in_the_second_piece)
    assert Employee.objects.count() == 2
    Job.objects.exclude(state="done").update(state="queued")
    enqueue("people.tasks.apply_list", title="x", params={**params, "fingerprint": mark}, requested_by=user)
    run_pending_jobs()
    batch = ImportBatch.objects.get()
    assert (batch.state, Employee.objects.count()) == ("done", 5)
    assert Job.objects.filter(result__next_url=f"/admin/people/import/result/{batch.pk}/").exists()
