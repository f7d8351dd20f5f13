"""The proofs of a sitting at a size a suite can bear: kills, the planted bug, a load. docs/exam-load.md has the large ones."""

import json
import subprocess
import sys

import pytest
from django.db import connection

from tests.load.server import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.services]
TIMEOUT_S = 540
WRONG = (
    "lost",
    "altered",
    "never_sent",
    "still_open",
    "unmarked",
    "marked_twice",
    "marked_wrongly",
    "hand_ins_lost",
)


def ran(module, *options):
    database = "sqlite" if connection.vendor == "sqlite" else "postgres"
    done = subprocess.run(
        [sys.executable, "-m", f"tests.load.{module}", "--database", database, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    return done.returncode, json.loads(done.stdout)


def test_no_acknowledged_answer_is_lost_when_processes_are_killed():
    code, report = ran("kills", "--kills", "10")
    assert {name: report[name] for name in WRONG} == dict.fromkeys(WRONG, 0), report
    assert report["kills"] == 10
    assert report["acknowledged"] > 100
    assert code == 0, report


def test_the_kills_find_answers_that_are_acknowledged_before_their_commit():
    code, report = ran("kills", "--kills", "3", "--only", "web", "--planted")
    assert report["lost"] > 0, report
    assert code == 1


def test_a_small_sitting_is_closed_and_marked_and_loses_nothing():
    options = [
        "--candidates",
        "40",
        "--start-within",
        "4",
        "--save-every",
        "3",
        "--minutes",
        "0.2",
        "--questions",
        "10",
    ]
    code, report = ran("sitting", *options)
    assert report["wrong_replies"] == {}
    assert {name: report["stored"][name] for name in WRONG} == dict.fromkeys(WRONG, 0), report
    assert report["stored"]["attempts"] == 40
    assert report["deadline"]["silent"] > 20
    assert report["deadline"]["marked_s"] <= 60
    assert set(report["steps_ms"]) >= {"start", "paper", "save"}
    assert code == 0
