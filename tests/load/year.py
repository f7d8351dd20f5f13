"""`python -m tests.load.year --people 20000 --seed 1`: a simulated year, lived twice in two databases and compared.

Both lives of one seed must come to the same obligations, records, clearance, hours and stays, though in the second
one each change of employment is told by itself and not as the list of its day. At each month's end the first life is
asked who was where, what was owed and done, the coverage of every unit and the hours, and asked the same again a
month later and at the year's end, after back-dated events, corrections, extensions and revived tasks: the answers as
they were known must be identical. Each life has a process and a temporary SQLite site of its own.

Prints one JSON document; ends with 1 if anything differs. `--nights-apart 7` runs the tasks of the night for
everybody every seventh night only, and `--once` lives one life: what takes hours for 20,000 people otherwise.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.load.bench import made_on, prepare

MOST_S = 24 * 3600
MEMORY = Path("/dev/shm")


def live(options: argparse.Namespace, *, in_bulk: bool, with_questions: bool) -> dict[str, Any]:
    """Live one life on the site Django is set up for; return its digests and what was answered otherwise."""
    import datetime as dt  # noqa: PLC0415 - with the rest, after django.setup()

    from tests.load.year_asked import Asked, what_came_of_it  # noqa: PLC0415
    from tests.load.year_life import Plan, Year  # noqa: PLC0415

    plan = Plan(
        people=options.people,
        first=dt.date.fromisoformat(options.first),
        seed=options.seed,
        days=options.days,
        in_bulk=in_bulk,
        pace=options.pace,
        nights_apart=options.nights_apart,
    )
    last = plan.first + dt.timedelta(days=plan.days - 1)
    asked, year, begun = Asked(last), Year(plan), time.monotonic()

    def each_night(day: dt.date) -> None:
        if day.day == 1:
            sys.stderr.write(f"{day} after {time.monotonic() - begun:.0f} s: {dict(year.told)}\n")
        if with_questions:
            asked.night(day)

    year.live(each_night)
    return {
        "in_bulk": in_bulk,
        "seconds": round(time.monotonic() - begun),
        "happened": dict(sorted(year.told.items())),
        "digests": what_came_of_it(last),
        "asked": len(asked.answers),
        "asked_again": asked.repeated,
        "answered_otherwise": asked.differing,
        "restated_by_what_is_known_today": asked.restated,
    }


def one_life(options: argparse.Namespace) -> None:
    """Print one life, on a site of its own."""
    # In memory where there is such a folder: whether a commit outlives a power cut is not asked here.
    with tempfile.TemporaryDirectory(prefix="anxue-year-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        prepare(Path(name))
        from django.db import connections  # noqa: PLC0415 - after django.setup()

        try:
            found = live(options, in_bulk=options.life == "bulk", with_questions=options.life == "bulk")
            found["measured_on"] = made_on()
        finally:
            connections.close_all()
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")


def main() -> int:
    """Live the year twice, each time in a process of its own, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", default="2026-01-01", help="the first day")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--pace", type=float, default=1.0, help="changes of employment, 1 being a usual year")
    parser.add_argument("--nights-apart", type=int, default=1)
    parser.add_argument("--once", action="store_true", help="one life with its questions")
    parser.add_argument("--life", choices=["bulk", "single"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.life:
        one_life(options)
        return 0
    lives = [_started(life) for life in (["bulk"] if options.once else ["bulk", "single"])]
    found = compared([_ended(life) for life in lives])
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    return 0 if found["ok"] else 1


def _started(life: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.load.year", *sys.argv[1:], "--life", life]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _ended(life: "subprocess.Popen[str]") -> dict[str, Any]:
    output, _ = life.communicate(timeout=MOST_S)
    if life.returncode:
        raise SystemExit(f"a life ended with {life.returncode}")
    found: dict[str, Any] = json.loads(output)
    return found


def compared(lives: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the lives with what differs between them; `ok` if nothing does, and every answer stayed the same."""
    first = lives[0]
    differing = sorted(
        {
            name
            for life in lives
            for name in life["digests"]
            if life["digests"][name] != first["digests"][name]
        }
    )
    is_same = not differing and not any(life["answered_otherwise"] for life in lives)
    return {"ok": is_same, "differing": differing, "lives": lives}


if __name__ == "__main__":
    sys.exit(main())
