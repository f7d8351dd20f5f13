"""What the jobs of these tests do."""

from pathlib import Path

from jobs.models import Job
from jobs.queue import MORE_TO_DO, report_progress, run_pending_jobs


def remember(job):
    """Write a line into a file; running twice writes it twice, so that tests can count."""
    with Path(job.params["path"]).open("a") as file:
        file.write(f"{job.state} {job.title}\n")
    return {"length": len(job.title)}


def fail_first(job):
    """Fail until the file exists."""
    report_progress(job, done=1, total=3, message="第一步")
    path = Path(job.params["path"])
    if not path.exists():
        path.touch()
        raise RuntimeError("磁盘满\x00了" + "！" * 600)
    report_progress(job, done=3, total=3)


def do_a_third(job):
    """Write a line and ask to be called again until there are three."""
    path = Path(job.params["path"])
    with path.open("a") as file:
        file.write(f"{job.done}\n")
    lines = len(path.read_text().split())
    report_progress(job, done=lines, total=3)
    return MORE_TO_DO if lines < 3 else {"lines": lines}


def fail(job):
    raise RuntimeError("不行")


def return_nonsense(job):
    return {"set": {1, 2}}


def look_at_the_queue(job):
    """Do what another process would do meanwhile."""
    return {
        "ran_meanwhile": run_pending_jobs(),
        "states": sorted(Job.objects.values_list("state", flat=True)),
    }


ticked: list[str] = []


def tick():
    ticked.append("tick")


def fail_tick():
    raise RuntimeError("磁盘满")
