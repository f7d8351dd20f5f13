import datetime as dt

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from jobs.models import Job, JobState
from jobs.queue import enqueue, report_progress, run_job, run_pending_jobs
from tests.factories.people import UserFactory
from tests.threads import in_threads

TASKS = "tests.jobs.tasks"
NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)


def make_job(task="remember", **changes):
    fields = {"title": "制作证书", "params": {}, **changes}
    return enqueue(f"{TASKS}.{task}", **fields)


@pytest.mark.django_db(transaction=True)
def test_job_of_a_rolled_back_transaction_never_was():
    with pytest.raises(RuntimeError), transaction.atomic():
        make_job()
        raise RuntimeError("the facts did not come about")
    assert not Job.objects.exists()
    assert not OrmQ.objects.exists()


@pytest.mark.django_db
def test_job_waits_with_what_was_asked():
    user = UserFactory()
    with time_machine.travel(NOW, tick=False):
        job = make_job(params={"ids": [1, 2]}, requested_by=user, total=2)
    job.refresh_from_db()
    assert (job.state, job.params, job.requested_by, job.total) == (JobState.QUEUED, {"ids": [1, 2]}, user, 2)
    assert (job.created_at, job.started_at, job.finished_at) == (NOW, None, None)
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("task", ["no_such.module.task", f"{TASKS}.no_such_task", "nonsense"])
def test_unknown_task_is_refused_at_once(task):
    with pytest.raises(ImportError):
        enqueue(task, title="x", params={})
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_long_title_is_cut_to_its_column():
    assert len(make_job(title="长" * 300).title) == 200


@pytest.mark.django_db
def test_job_runs_once_and_keeps_its_result(tmp_path):
    path = tmp_path / "notes"
    job = make_job(params={"path": str(path)}, total=4)
    assert run_pending_jobs() == 1
    assert run_pending_jobs() == 0
    job.refresh_from_db()
    assert (job.state, job.result, job.done, job.done_pct) == (JobState.DONE, {"length": 4}, 4, 100)
    assert job.started_at <= job.finished_at
    assert path.read_text() == "running 制作证书\n"


@pytest.mark.django_db
def test_a_job_with_more_to_do_lets_others_go_first_and_keeps_its_bar(tmp_path):
    path, other = tmp_path / "thirds", tmp_path / "notes"
    job = enqueue(f"{TASKS}.do_a_third", title="转码", params={"path": str(path)})
    quick = make_job(params={"path": str(other)})
    assert run_pending_jobs(limit=2) == 2
    job.refresh_from_db()
    quick.refresh_from_db()
    started_at = job.started_at
    assert (job.state, job.done, quick.state) == (JobState.QUEUED, 1, JobState.DONE)
    assert run_pending_jobs() == 2
    job.refresh_from_db()
    assert (job.state, job.result, job.started_at) == (JobState.DONE, {"lines": 3}, started_at)
    assert path.read_text().split() == ["0", "1", "2"]


@pytest.mark.django_db
def test_job_delivered_twice_is_done_once(tmp_path):
    path = tmp_path / "notes"
    job = make_job(params={"path": str(path)})
    run_job(str(job.pk))
    finished_at = Job.objects.get(pk=job.pk).finished_at
    run_job(str(job.pk))
    assert Job.objects.get(pk=job.pk).finished_at == finished_at
    assert len(path.read_text().splitlines()) == 1


@pytest.mark.django_db
def test_failure_is_kept_for_people_and_the_next_try_clears_it(tmp_path):
    job = make_job("fail_first", params={"path": str(tmp_path / "flag")})
    with pytest.raises(RuntimeError, match="磁盘满"):
        run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (JobState.FAILED, 1, 3)
    assert job.message.startswith("RuntimeError: 磁盘满了！")
    assert len(job.message) == 500
    assert job.finished_at is not None
    run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.message, job.done, job.result) == (JobState.DONE, "", 3, {})


@pytest.mark.django_db
def test_result_that_cannot_be_kept_is_a_failure():
    job = make_job("return_nonsense")
    with pytest.raises(TypeError):
        run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED


@pytest.mark.django_db
def test_deleted_job_is_an_error_not_a_silence():
    job = make_job()
    Job.objects.all().delete()
    with pytest.raises(Job.DoesNotExist):
        run_job(str(job.pk))


@pytest.mark.django_db
def test_progress_never_exceeds_its_total(django_assert_num_queries):
    job = make_job()
    with django_assert_num_queries(1):
        report_progress(job, done=30, total=20, message="字" * 600)
    job.refresh_from_db()
    assert (job.done, job.total, len(job.message), job.done_pct) == (20, 20, 500, 100)
    report_progress(job, done=5, total=20)
    job.refresh_from_db()
    assert job.done_pct == 25
    report_progress(job, done=0, total=0)
    job.refresh_from_db()
    assert job.done_pct == 0


@pytest.mark.django_db
def test_pending_jobs_run_in_order_up_to_the_limit(tmp_path):
    path = tmp_path / "notes"
    for number in range(3):
        make_job(title=f"第{number}件", params={"path": str(path)})
    assert run_pending_jobs(limit=2) == 2
    assert [line.split()[1] for line in path.read_text().splitlines()] == ["第0件", "第1件"]
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
def test_job_taken_by_a_worker_is_left_to_it(tmp_path):
    make_job(params={"path": str(tmp_path / "notes")})
    OrmQ.objects.update(lock=timezone.now() + dt.timedelta(minutes=20))
    assert run_pending_jobs() == 0
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
def test_running_job_is_not_taken_a_second_time():
    job = make_job("look_at_the_queue")
    assert run_pending_jobs() == 1
    job.refresh_from_db()
    assert job.result == {"ran_meanwhile": 0, "states": ["running"]}


@pytest.mark.django_db
def test_failing_job_stays_in_the_queue_for_the_worker():
    make_job("fail")
    with pytest.raises(RuntimeError, match="不行"):
        run_pending_jobs()
    assert OrmQ.objects.get().lock > timezone.now()
    assert run_pending_jobs() == 0


@pytest.mark.django_db(transaction=True)
def test_two_at_once_share_the_work(tmp_path):
    path = tmp_path / "notes"
    for number in range(12):
        make_job(title=f"第{number}件", params={"path": str(path)})
    ran = in_threads(run_pending_jobs, run_pending_jobs)
    assert sum(ran) == 12
    assert sorted(path.read_text().splitlines()) == sorted(f"running 第{number}件" for number in range(12))
    assert not Job.objects.exclude(state=JobState.DONE).exists()
