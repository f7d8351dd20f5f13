"""`python -m tests.load.flow`: one candidate's whole exam, seventeen requests, eight at once, beside Moodle's figures.

The requests are those Moodle was measured with (4.5.6, PHP 8.2, PostgreSQL, the same class of machine; the design's
performance page): sign-in page and sign-in, home, the exam's rules, start, paper, eight saves, hand-in, result, home.
Prints p50 and p95 of each step and of the flow in ms, and the processor seconds of the web server for each flow.
The sign-in checks a password with Argon2, which is meant to be slow; the flow is given with and without it.

`--steps 200` measures something else: the processor milliseconds and SQL statements of each step without a web server,
200 people one after the other in one process.
"""

import argparse
import asyncio
import json
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.load.bench import made_on, prepare
from tests.load.phones import CSRF, Candidate, Reply
from tests.load.stack import Stack, cpu_s, running

SAVES = 8
AT_ONCE = 8
FORM = "application/x-www-form-urlencoded"
# Milliseconds at eight users at once, p50, and processor seconds of one flow, the lower of what was seen.
MOODLE_MS = {
    "sign_in": 487,
    "start": 613,
    "paper": 1148,
    "save": 266,
    "hand_in": 696,
    "result": 1132,
    "flow": 10_286,
}
MOODLE_CPU_S = 1.3


class Person(Candidate):
    """Somebody who goes through it all once, and the seconds each step took."""

    def __init__(self, port: int, username: str, password: str) -> None:
        super().__init__(port, f"csrftoken={CSRF}; device=device-of-candidate-{username}", "load")
        self.fields = {"username": username, "password": password, "csrfmiddlewaretoken": CSRF}
        self.took: dict[str, list[float]] = defaultdict(list)

    async def timed(self, step: str, send: Any, *, status: int = 200) -> Reply:
        """Send and note the time. Raises RuntimeError for another status."""
        begun = time.perf_counter()
        reply: Reply = await send
        self.took[step].append(time.perf_counter() - begun)
        if reply.status != status:
            raise RuntimeError(f"{step} answered {reply.status}")
        return reply

    async def sign_in(self) -> None:
        """Open the page and sign in."""
        await self.timed("sign_in_page", self.connection.send("GET", "/login/"))
        body = urlencode(self.fields).encode()
        reply = await self.timed("sign_in", self.connection.send("POST", "/login/", body, FORM), status=302)
        (session,) = re.findall(r"^sessionid=\w+", reply.headers["set-cookie"], re.MULTILINE)
        self.connection.cookie += f"; {session}"

    async def go_through(self, chance: random.Random) -> None:
        """Sit the whole exam."""
        get = self.connection.send
        await self.timed("home", get("GET", "/me/"))
        await self.timed("rules", get("GET", f"/exam/start/{self.code}/"))
        await self.timed("start", self.start(), status=302)
        await self.timed("paper", self.open_paper())
        sheet = self.sheets[-1]
        for slot in range(1, SAVES + 1):
            await self.timed("save", self.save([sheet.next_step(slot, chance.randrange(4))]))
        await self.timed("hand_in", self.hand_in([]))
        await self.timed("result", get("GET", f"/exam/{sheet.public_id}/result"))
        await self.timed("home", get("GET", "/me/"))


async def flows(people: list[Person], *, sign_in: bool) -> list[float]:
    """Let all go through at once; return the seconds of each."""

    async def one(person: Person, chance: random.Random) -> float:
        begun = time.perf_counter()
        if sign_in:
            await person.sign_in()
        else:
            await person.go_through(chance)
        return time.perf_counter() - begun

    took = await asyncio.gather(*(one(person, random.Random(n)) for n, person in enumerate(people)))
    for person in people:
        person.connection.close()
    return took


def run(stack: Stack, rounds: int, names: list[str], password: str) -> dict[str, Any]:
    """Go through it `rounds` times with eight people at once."""
    signing, sitting, cpu = [], [], {"sign_in": 0.0, "exam": 0.0}
    took: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 1):
        group = [
            Person(stack.port, name, password) for name in names[number * AT_ONCE : (number + 1) * AT_ONCE]
        ]
        before = cpu_s(stack.web.pids())
        first = asyncio.run(flows(group, sign_in=True))
        between = cpu_s(stack.web.pids())
        second = asyncio.run(flows(group, sign_in=False))
        after = cpu_s(stack.web.pids())
        if number == 0:
            continue  # the first ones load code
        cpu["sign_in"] += between - before
        cpu["exam"] += after - between
        signing += first
        sitting += second
        for person in group:
            for step, seconds in person.took.items():
                took[step] += seconds
    flow = [a + b for a, b in zip(signing, sitting, strict=True)]
    each = {name: seconds / len(flow) for name, seconds in cpu.items()}
    steps = {
        step: {"p50": _ms(seconds, 50), "p95": _ms(seconds, 95)}
        for step, seconds in {**took, "flow": flow, "flow_without_sign_in": sitting}.items()
    }
    without = MOODLE_MS["flow"] - MOODLE_MS["sign_in"]
    return {
        "requests": 9 + SAVES,
        "people_at_once": AT_ONCE,
        "flows": len(flow),
        "steps_ms": steps,
        "cpu_s_each": {name: round(seconds, 3) for name, seconds in each.items()},
        "moodle_ms": MOODLE_MS,
        "times_moodle": {
            **{step: round(ms / steps[step]["p50"], 1) for step, ms in MOODLE_MS.items()},
            "flow_without_sign_in": round(without / steps["flow_without_sign_in"]["p50"], 1),
            "flow_cpu": round(MOODLE_CPU_S / sum(each.values()), 1),
            "flow_cpu_without_sign_in": round(MOODLE_CPU_S / each["exam"], 1),
        },
    }


def _ms(seconds: list[float], percent: int) -> float:
    return round(statistics.quantiles(seconds, n=100)[percent - 1] * 1000, 1)


def main() -> None:
    """Read the command line and print the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="of eight people each")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument(
        "--steps", type=int, metavar="PEOPLE", help="processor time of each step, in one process"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or the site would be left running
    with tempfile.TemporaryDirectory(prefix="anxue-flow-") as name:
        database = prepare(Path(name), database=options.database)
        from django.db import connections  # noqa: PLC0415 - after django.setup()

        from tests.factories.people import PASSWORD, EmployeeFactory  # noqa: PLC0415
        from tests.load import hall, steps  # noqa: PLC0415

        try:
            if options.steps:
                sys.stdout.write(json.dumps(made_on() | steps.measure(options.steps), indent=1) + "\n")
                return
            hall.make_hall()
            people = [EmployeeFactory(employee_no=f"f{n:05d}") for n in range((options.rounds + 1) * AT_ONCE)]
            connections.close_all()
            with running(Path(name)) as stack:
                report = run(stack, options.rounds, [each.employee_no for each in people], PASSWORD)
            report = made_on() | report
        finally:
            connections.close_all()
            if options.database == "postgres":
                database.drop()
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
