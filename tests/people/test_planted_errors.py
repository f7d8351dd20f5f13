"""Every error planted in a list is reported where it stands, nothing else is, and the rest goes in when told."""

import datetime as dt
import io
import json
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command

from people.actions.organisation import ensure_posts, ensure_unit_paths
from people.models import Employee, EmploymentEvent, ImportBatch
from tests.people.planted import ERRORS, SHEET, sound_row, write_planted

pytestmark = pytest.mark.django_db
MOST_ADDED_MB = 350  # with the file being written by the test itself; `make bench` states the import alone
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def organisation_for(people):
    rows = [sound_row(number) for number in range(0, people, 25)]
    paths = {f"{row[2]}/{row[3]}" for row in rows}
    ensure_unit_paths(paths=sorted(paths), acting_user=None, now=NOW)
    ensure_posts(names=[f"岗位{number}" for number in range(20)], acting_user=None, now=NOW)


def run(path, *options):
    out = io.StringIO()
    try:
        call_command("import_people", str(path), "--json", *options, stdout=out, stderr=io.StringIO())
    except SystemExit as stopped:
        return json.loads(out.getvalue()), stopped.code
    return json.loads(out.getvalue()), 0


def resident_mb(field):
    """Return a line of this process's memory in MB: VmRSS is what it holds now, VmHWM the most it ever held."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


@pytest.mark.parametrize(
    ("people", "every"), [(2_000, 20), pytest.param(100_000, 50, marks=pytest.mark.slow)], ids=str
)
def test_planted_errors_and_nothing_else(tmp_path, people, every):
    organisation_for(people)
    # The worker of the suite has held more for other tests: its highest mark starts anew here.
    Path("/proc/self/clear_refs").write_text("5")
    before_mb = resident_mb("VmRSS")
    planted = write_planted(tmp_path / "名单.xlsx", people, every=every)
    assert len(planted.faults) == people // every >= len(ERRORS)
    result, status = run(tmp_path / "名单.xlsx")
    assert status == 1
    assert {fault["sheet"] for fault in result["errors"]} == {SHEET}
    reported = [(fault["row"], fault["column"]) for fault in result["errors"]]
    assert (set(reported) - planted.faults, planted.faults - set(reported)) == (set(), set())
    assert len(reported) == len(planted.faults)
    assert all(fault["message"] for fault in result["errors"])
    assert not Employee.objects.exists()

    result, status = run(tmp_path / "名单.xlsx", "--skip-faulty")
    assert status == 0
    sound = {sound_row(number)[0] for number in range(people)} - planted.left_out
    assert set(Employee.objects.values_list("employee_no", flat=True)) == sound
    assert (result["rows"], result["created"]) == (people, len(sound))
    assert EmploymentEvent.objects.count() == len(sound)
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.changes_done, len(batch.left_out)) == ("done", len(sound), people // every)
    assert Employee.objects.get(employee_no="P000003").phone == "13800000003"

    assert run(tmp_path / "名单.xlsx", "--skip-faulty")[0]["unchanged"] == len(sound)
    assert ImportBatch.objects.count() == 1
    assert resident_mb("VmHWM") - before_mb < MOST_ADDED_MB
