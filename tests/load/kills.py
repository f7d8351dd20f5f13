"""`python -m tests.load.kills --kills 200`: kill -9 web and queue while candidates answer.

Candidates answer all the time, hand in or leave, and begin anew, against the site as run_site starts it. A process
of it, or all of it, is killed at random moments and started again. At the end every acknowledged answer is compared
with what is stored, every attempt must be closed and marked once, and each mark must be that of the stored answers.
Prints one JSON document; ends with 1 if anything is wrong.

`--planted` runs a site with a bug (answers acknowledged before their commit), which the same comparison must find.
What kill -9 cannot show is whether a commit outlives a power cut: that is SQLite's synchronous=FULL.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.load.bench import made_on, prepare
from tests.load.phones import Candidate, NoReply, Reply
from tests.load.stack import Service, Stack, running

CODE = "load"
QUESTIONS = 10
PATIENCE_S = 300  # more than the queue's keeper has with a silent queue


class Sitting:
    """Candidates who never stop, and what the killer does to the site meanwhile."""

    def __init__(self, stack: Stack, cookies: list[str], seed: int, only: str) -> None:
        self.stack, self.only = stack, only
        self.chance = random.Random(seed)
        self.candidates = [Candidate(stack.port, cookie, CODE) for cookie in cookies]
        self.acknowledged = 0
        self.statuses: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        self.is_over = False

    async def answer(self, candidate: Candidate, chance: random.Random) -> None:
        """Sit one attempt after the other until it is over."""
        while not self.is_over:
            reply = await self.insist(candidate.start)
            if reply is None or reply.status != 302 or not candidate.sheets:
                await asyncio.sleep(0.2)
                continue
            paper = await self.insist(candidate.open_paper)
            if paper is None or paper.status != 200:
                continue
            await self.fill_in(candidate, chance)

    async def fill_in(self, candidate: Candidate, chance: random.Random) -> None:
        """Answer for a while; most hand in, the others leave the paper to its deadline."""
        sheet = candidate.sheets[-1]
        for _ in range(chance.randint(5, 60)):
            if self.is_over:
                return
            slots = [chance.randint(1, QUESTIONS) for _ in range(chance.choice((1, 1, 1, 3)))]
            steps = [sheet.next_step(slot, chance.randrange(4)) for slot in slots]
            reply = await self.insist(lambda steps=steps: candidate.save(steps))
            if reply is None or reply.status != 200:
                return
            self.acknowledged += 1
            await asyncio.sleep(chance.uniform(0, 0.05))
        if chance.random() < 0.7:
            await self.insist(lambda: candidate.hand_in([sheet.next_step(1, chance.randrange(4))]))

    async def insist(self, send: Any) -> Reply | None:
        """Send again and again until an answer comes, as the page does; None once it is over."""
        while not self.is_over:
            try:
                reply: Reply = await send()
            except NoReply:
                self.statuses["no reply"] += 1
            else:
                self.statuses[str(reply.status)] += 1
                if reply.status < 500:
                    return reply
            await asyncio.sleep(0.1)
        return None

    async def kill(self, kills: int, seconds: float) -> None:
        """Kill so many times, or for so long, each time after answers have been acknowledged again."""
        end = time.monotonic() + seconds
        while sum(self.killed.values()) < kills and time.monotonic() < end:
            await self.wait_for_answers(len(self.candidates))
            service = self.stack.aim(self.chance, only=self.only)
            if self.chance.random() < 0.8:  # now and then one that is starting
                await self.wait_for_all_of(service)
            await asyncio.sleep(self.chance.uniform(0, 0.5))
            self.killed[self.stack.kill(service, self.chance)] += 1
            self.stack.mend()
        await self.wait_for_answers(len(self.candidates))
        self.is_over = True

    async def wait_for_answers(self, more: int) -> None:
        """Wait until so many more answers are acknowledged; raise RuntimeError if none come for long."""
        wanted, deadline = self.acknowledged + more, time.monotonic() + PATIENCE_S
        while self.acknowledged < wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"nothing is acknowledged any more: {dict(self.statuses)}")
            self.stack.mend()
            await asyncio.sleep(0.02)

    async def wait_for_all_of(self, service: Service) -> None:
        """Wait until a service is whole; raise RuntimeError if it does not become so for long."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.stack.is_whole(service):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{service.name} does not come up: {len(service.pids())} processes")
            self.stack.mend()
            await asyncio.sleep(0.2)

    async def run(self, kills: int, seconds: float) -> None:
        """Let them sit, and the killer work, until the last kill."""
        async with asyncio.TaskGroup() as group:
            for candidate in self.candidates:
                group.create_task(self.answer(candidate, random.Random(self.chance.random())))
            group.create_task(self.kill(kills, seconds))


def remember(job: Any) -> None:
    """Do nothing: the job that shows whether the queue still takes any."""


def queue_works(stack: Stack) -> bool:
    """Tell whether the queue does a job within its time, after all that was done to it."""
    from jobs.models import Job, JobState  # noqa: PLC0415 - after django.setup()
    from jobs.queue import enqueue  # noqa: PLC0415

    job = enqueue("tests.load.kills.remember", title="after the last kill", params={})
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        stack.mend()
        if Job.objects.filter(pk=job.pk, state=JobState.DONE).exists():
            return True
        time.sleep(0.5)
    return False


def queue_left(stack: Stack) -> dict[str, Any]:
    """Return what the queue has left and what became of its processes: why it may not have worked."""
    from django_q.models import OrmQ  # noqa: PLC0415 - after django.setup()

    from common.clock import now  # noqa: PLC0415

    log = stack.queue.log.read_text()
    return {
        "waiting": OrmQ.objects.filter(lock__lt=now()).count(),
        "taken": OrmQ.objects.filter(lock__gte=now()).count(),
        "processes": len(stack.queue.pids()),
        "log": {
            event: log.count(event)
            for event in ("queue_ended", "queue_process_was_killed", "queue_is_silent", "Traceback")
        },
    }


def close_all(stack: Stack) -> float:
    """Let the time of all be over, wait until the queue has closed and marked them; return the seconds."""
    from common.clock import now  # noqa: PLC0415
    from tests.load.hall import end_time_now, open_and_unmarked  # noqa: PLC0415

    end_time_now(now())
    begun = time.monotonic()
    while any(open_and_unmarked()) and time.monotonic() - begun < PATIENCE_S:
        stack.mend()
        time.sleep(0.5)
    return time.monotonic() - begun


def run(
    folder: Path, *, kills: int, seconds: float, candidates: int, seed: int, only: str = ""
) -> tuple[dict[str, Any], bool]:
    """Sit, kill and compare; return the report and whether all is well."""
    from django.db import connections  # noqa: PLC0415 - after django.setup()

    from tests.load import hall  # noqa: PLC0415

    hall.make_hall(questions=QUESTIONS, bank_size=20, duration_s=60, attempts=10_000)
    cookies = hall.sign_in_many(candidates)
    connections.close_all()
    begun = time.monotonic()
    with running(folder, preload=True) as stack:
        sitting = Sitting(stack, cookies, seed, only)
        asyncio.run(sitting.run(kills, seconds))
        closing_s = close_all(stack)
        works = queue_works(stack)
        left = queue_left(stack)
    found = hall.compare(sheet for candidate in sitting.candidates for sheet in candidate.sheets)
    problems = [name for name in sitting.statuses if name not in {"no reply", "200", "302", "409", "503"}]
    report = {
        "kills": sum(sitting.killed.values()),
        "killed": dict(sorted(sitting.killed.items())),
        "replies": dict(sorted(sitting.statuses.items())),
        **asdict(found),
        "unexpected_replies": problems,
        "queue_works": works,
        "queue": left,
        "seconds": round(time.monotonic() - begun, 1),
        "closing_s": round(closing_s, 1),
        "seed": seed,
    }
    return report, not found.problems and not problems and works and found.acknowledged > 0


def main() -> None:
    """Read the command line and print the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60, help="stop killing then, however many it were")
    parser.add_argument("--candidates", type=int, default=12)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--only", choices=("web", "queue"), default="", help="kill no other processes")
    parser.add_argument("--planted", action="store_true", help="run the site with the planted bug")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or the site would be left running
    with tempfile.TemporaryDirectory(prefix="anxue-kills-") as name:
        settings = "tests.load.planted_settings" if options.planted else "tests.load.settings"
        database = prepare(Path(name), database=options.database, settings=settings)
        from django.db import connections  # noqa: PLC0415 - after django.setup()

        try:
            report, is_well = run(
                Path(name),
                kills=options.kills,
                seconds=options.minutes * 60,
                candidates=options.candidates,
                seed=options.seed,
                only=options.only,
            )
            report = made_on() | {"planted": options.planted} | report
        finally:
            connections.close_all()
            if options.database == "postgres":
                database.drop()
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
