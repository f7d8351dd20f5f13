"""`python -m tests.load.sitting --candidates 2000`: a whole sitting, from the bell to the last mark, and what it took.

Candidates who are signed in already start within a minute, save every half minute with jitter, a share of them
hands in; the others fall silent and their time ends for all at the same moment. The site is as run_site starts
it: two web processes of eight threads, one queue. Prints one JSON document: what was measured on, requests a
second and p50, p95, p99 of each step, replies other than expected, processor seconds of each part, what was
saturated, the seconds from the deadline to the last mark, and the comparison of every acknowledged answer with
the store. Ends with 1 if anything is lost or wrong; whether the times are good enough is for the reader: the
generator runs on the same cores, and weighs in as `generator`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.load.bench import made_on, prepare
from tests.load.phones import Candidate, NoReply, Reply
from tests.load.stack import Stack, below, busy_s, cpu_s, running

LONGEST_CLOSING_S = 300
EXPECTED = {"start": {302}, "paper": {200}, "save": {200}, "hand_in": {200}}


@dataclass
class Tally:
    """Seconds of each request by step, and what was answered otherwise than expected."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: Counter[str] = field(default_factory=Counter)

    async def timed(self, step: str, send: Callable[[], Awaitable[Reply]]) -> bool:
        """Send, note how long it took and tell whether it went as expected."""
        begun = time.perf_counter()
        try:
            status = (await send()).status
        except NoReply as error:
            self.wrong[f"{step}: {str(error).split(':')[0]}"] += 1
            return False
        self.took[step].append(time.perf_counter() - begun)
        if status not in EXPECTED[step]:
            self.wrong[f"{step}: {status}"] += 1
        return status in EXPECTED[step]

    def percentiles(self) -> dict[str, dict[str, float]]:
        """Return count, p50, p95, p99 and the longest of each step, in milliseconds."""
        steps = {}
        for step, took in self.took.items():
            cuts = statistics.quantiles(took, n=100) if len(took) > 1 else took * 99
            named = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "most": max(took)}
            steps[step] = {"requests": len(took)} | {name: round(s * 1000, 1) for name, s in named.items()}
        return steps


class Scales:
    """Processor seconds of each part of the site, phase by phase."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.database = _database_server()
        self.phases: dict[str, dict[str, float | str]] = {}
        self._then = self._now()

    def _now(self) -> dict[str, float]:
        busy, waiting = busy_s()
        parts = {
            "at": time.monotonic(),
            "web": cpu_s(self.stack.web.pids()),
            "queue": cpu_s(self.stack.queue.pids()),
            "generator": cpu_s([os.getpid()]),
            "machine": busy,
            "disk_wait": waiting,
        }
        if self.database:
            parts["database"] = cpu_s(below(self.database))
        return parts

    def phase(self, name: str) -> None:
        """End a phase: each part in cores, the machine in all, and what was at its limit."""
        then, self._then = self._then, self._now()
        seconds = self._then["at"] - then["at"]
        cores: dict[str, float | str] = {
            part: round((self._then[part] - then[part]) / seconds, 2) for part in then if part != "at"
        }
        count = os.cpu_count() or 1
        machine = float(cores["machine"])
        own = sum(float(cores[part]) for part in ("web", "queue", "generator"))
        if machine < 0.9 * count:
            limit = "none"
        elif own < 0.7 * machine:
            limit = "processor, by others on this machine"
        else:
            limit = "processor, most by the " + max(("web", "queue", "generator"), key=lambda one: cores[one])
        self.phases[name] = {"seconds": round(seconds, 1), **cores, "saturated": limit}


def _database_server() -> int:
    """Return the process above PostgreSQL's backends, 0 for SQLite, which runs within the site's own."""
    from django.db import connection  # noqa: PLC0415 - after django.setup()

    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


@dataclass(frozen=True, slots=True)
class Plan:
    """How the sitting goes. Times in seconds; a save comes `save_every_s` after the last, give or take a sixth."""

    start_within_s: float
    save_every_s: float
    saving_s: float
    questions: int
    hand_in_share: float


async def sit(candidate: Candidate, plan: Plan, tally: Tally, chance: random.Random, bell: float) -> None:
    """Start, save till the end of the saving, and hand in or fall silent."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(max(bell + chance.uniform(0, plan.start_within_s) - loop.time(), 0))
    if not await tally.timed("start", candidate.start) or not await tally.timed(
        "paper", candidate.open_paper
    ):
        return
    sheet = candidate.sheets[-1]
    end = bell + plan.start_within_s + plan.saving_s
    pause = chance.uniform(0, plan.save_every_s)
    while loop.time() + pause < end:
        await asyncio.sleep(pause)
        steps = [
            sheet.next_step(chance.randint(1, plan.questions), chance.randrange(4))
            for _ in range(chance.randint(1, 3))
        ]
        if not await tally.timed("save", lambda steps=steps: candidate.save(steps)):
            await asyncio.sleep(3)  # as the page does
            await tally.timed("save", lambda steps=steps: candidate.save(steps))
        pause = plan.save_every_s * chance.uniform(5 / 6, 7 / 6)
    if chance.random() < plan.hand_in_share:
        await asyncio.sleep(max(end - loop.time(), 0) * chance.random())
        await tally.timed("hand_in", lambda: candidate.hand_in([]))
    candidate.connection.close()


async def play(candidates: list[Candidate], plan: Plan, tally: Tally, scales: Scales, seed: int) -> None:
    """Let all of them sit, from the bell on."""
    chance = random.Random(seed)
    bell = asyncio.get_running_loop().time() + 1
    async with asyncio.TaskGroup() as group:
        for candidate in candidates:
            group.create_task(sit(candidate, plan, tally, random.Random(chance.random()), bell))
        await asyncio.sleep(1 + plan.start_within_s)
        scales.phase("starting")
    scales.phase("saving")


async def warm_up(candidates: list[Candidate]) -> None:
    """Let the web server's processes load their code; on a busy machine that takes longer than a phone waits."""

    async def ask(one: Candidate) -> None:
        with contextlib.suppress(NoReply):
            await one.connection.send("GET", f"/exam/start/{one.code}/")

    for _ in range(5):
        await asyncio.gather(*map(ask, candidates))
    for one in candidates:
        one.connection.close()


def closing(scales: Scales) -> dict[str, Any]:
    """Let the time of all be over, now; return how long the site takes until all are closed and marked."""
    from common.clock import now  # noqa: PLC0415 - after django.setup()
    from tests.load.hall import end_time_now, open_and_unmarked  # noqa: PLC0415

    silent = end_time_now(now())
    begun, closed_s = time.monotonic(), None
    while time.monotonic() - begun < LONGEST_CLOSING_S:
        still_open, unmarked = open_and_unmarked()
        if not still_open and closed_s is None:
            closed_s = time.monotonic() - begun
        if not still_open and not unmarked:
            break
        time.sleep(0.5)
    scales.phase("closing")
    return {
        "silent": silent,
        "closed_s": round(closed_s, 1) if closed_s is not None else None,
        "marked_s": round(time.monotonic() - begun, 1),
    }


def run(folder: Path, *, candidates: int, plan: Plan, seed: int) -> tuple[dict[str, Any], bool]:
    """Hold the sitting; return the report and whether nothing was lost or wrong."""
    from django.db import connection, connections  # noqa: PLC0415 - after django.setup()

    from tests.load import hall  # noqa: PLC0415

    hall.make_hall(questions=plan.questions, bank_size=3 * plan.questions, duration_s=4 * 3600)
    cookies = hall.sign_in_many(candidates)
    durability = ""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous" if connection.vendor == "sqlite" else "SHOW fsync")
        (durability,) = cursor.fetchone()
    connections.close_all()
    tally = Tally()
    with running(folder) as stack:
        seats = [Candidate(stack.port, cookie, "load") for cookie in cookies]
        asyncio.run(warm_up(seats[:16]))
        scales = Scales(stack)
        asyncio.run(play(seats, plan, tally, scales, seed))
        ended = closing(scales)
    found = hall.compare(sheet for seat in seats for sheet in seat.sheets)
    report = {
        "durability": {2: "synchronous=FULL", "on": "fsync=on", "off": "fsync=off"}.get(
            durability, durability
        ),
        "cores": os.cpu_count(),
        "generator": "same machine",
        "candidates": candidates,
        "plan": asdict(plan),
        "steps_ms": tally.percentiles(),
        "saves_per_s": round(len(tally.took["save"]) / max(plan.saving_s, 1), 1),
        "wrong_replies": dict(tally.wrong),
        "cores_used": scales.phases,
        "deadline": ended,
        "stored": asdict(found),
        "seed": seed,
    }
    return report, not found.problems and not any(": 5" in one for one in tally.wrong)


def main() -> None:
    """Read the command line and print the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--candidates", type=int, default=2000)
    parser.add_argument("--start-within", type=float, default=60, help="seconds")
    parser.add_argument("--save-every", type=float, default=30, help="seconds")
    parser.add_argument("--minutes", type=float, default=3, help="of saving, after the last start")
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--hand-in-share", type=float, default=0.1, help="the others fall silent")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    plan = Plan(
        options.start_within,
        options.save_every,
        options.minutes * 60,
        options.questions,
        options.hand_in_share,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or the site would be left running
    with tempfile.TemporaryDirectory(prefix="anxue-sitting-") as name:
        database = prepare(Path(name), database=options.database)
        from django.db import connections  # noqa: PLC0415 - after django.setup()

        try:
            report, is_well = run(Path(name), candidates=options.candidates, plan=plan, seed=options.seed)
            report = made_on() | report
        finally:
            connections.close_all()
            if options.database == "postgres":
                database.drop()
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
