"""What the bench measures at the gates: one call with 100,000 people in the database, and the signed list."""

import contextlib
import datetime as dt
import http.client
import itertools
import random
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from django.utils import timezone

from access.actions.gates import register_gate
from access.actions.passlists import signed_list
from common.clock import now, today
from people.models import Assignment, Employee, OrgUnit, Post
from tests.load.server import Client, Request, requests_per_second, running_server
from training.models import ClearanceState

Report = Callable[..., None]
PEOPLE = 100_000
TEAM = 25
BLOCKED_EACH = 20  # one in so many
TURNSTILES = 2  # that ask at the very same moment, all the time: some hundred gates at the change of shift
BUSY_S = 5.0
ROUNDS = 3
NUMBER = "G{:06d}"


def gates(folder: Path, report: Report) -> None:
    """Ask about one of 100,000 people through a real server, in turns with a view that only answers JSON.

    `clearance_call_p99` is what one call takes while two turnstiles ask without a pause, client and server on the
    same cores; its yardstick is the p99 of the bare view. `clearance_calls` is how many a second there are with eight.
    """
    gate, token = site_of_100_000()
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "zh-CN"}
    begun = time.perf_counter()
    signed_list(gate=gate, now=now())
    report("clearance_list_of_100000", time.perf_counter() - begun, "s")
    connection.close()
    with running_server(folder) as port:
        asking = [caller(headers, seed) for seed in range(8)]
        bare: list[Client] = [lambda _n: Request("GET", "/bench/json/", b"", headers)] * 8
        for clients in (bare, asking):
            requests_per_second(
                port, clients, seconds=1.0
            )  # the first requests load code and open connections
        taken, plain = [], []
        for _ in range(ROUNDS):
            plain += latencies(port, bare[:TURNSTILES], seconds=BUSY_S)
            taken += latencies(port, asking[:TURNSTILES], seconds=BUSY_S)
        report("clearance_call_p50", quantile(taken, 50), "ms", yardstick=quantile(plain, 50))
        report("clearance_call_p99", quantile(taken, 99), "ms", yardstick=quantile(plain, 99))
        bare_rate = requests_per_second(port, bare, seconds=BUSY_S)
        rate = requests_per_second(port, asking, seconds=BUSY_S)
        report("clearance_calls", rate, "requests/s", yardstick=bare_rate)


def quantile(taken: list[float], percent: int) -> float:
    """Return the time in ms below which so many percent of the calls were."""
    return statistics.quantiles(taken, n=100)[percent - 1] * 1000


def site_of_100_000() -> tuple[object, str]:
    """Make a works of 100,000 people in teams of 25 with stored answers, one in twenty blocked; and one gate for all."""
    root = OrgUnit.add_root(name="闸机总厂", kind="plant")
    workshops = [
        OrgUnit.objects.get(pk=root.pk).add_child(name=f"闸机第{n}车间", kind="workshop") for n in range(40)
    ]
    post = Post.objects.create(name="闸机岗位")
    start, moment = dt.date(2026, 1, 1), now()
    for first in range(0, PEOPLE, 5_000):
        people = Employee.objects.bulk_create(
            [
                Employee(employee_no=NUMBER.format(n), name=f"王{n}", hired_on=start)
                for n in range(first, first + 5_000)
            ],
            batch_size=1_000,
        )
        Assignment.objects.bulk_create(
            [
                Assignment(employee=one, unit=workshops[n // TEAM % 40], post=post, starts_on=start)
                for n, one in enumerate(people, start=first)
            ],
            batch_size=1_000,
        )
        owed = {
            "code": "training_owed", "text": "培训未完成", "basis": "总局令第3号第十二条", "subject": "岗前教育",
            "day": "2026-12-01",
        }  # fmt: skip
        ClearanceState.objects.bulk_create(
            [
                ClearanceState(
                    employee=one,
                    is_cleared=bool(n % BLOCKED_EACH),
                    reasons=[] if n % BLOCKED_EACH else [owed],
                    recheck_on=today() + dt.timedelta(days=30 + n % 300) if n % 3 else None,
                    computed_at=moment,
                    since=moment,
                )
                for n, one in enumerate(people, start=first)
            ],
            batch_size=1_000,
        )
    gate, token = register_gate(
        name="东门",
        units=[root],
        expires_on=timezone.localdate(moment) + dt.timedelta(days=30),
        calls_per_minute=10_000_000,
        acting_user=None,
        now=moment,
    )
    return gate, token


def caller(headers: dict[str, str], seed: int) -> Client:
    """Return a turnstile that asks about somebody else each time."""
    chosen = random.Random(seed)

    def request(_number: int) -> Request:
        number = NUMBER.format(chosen.randrange(PEOPLE))
        return Request("GET", f"/api/clearance/{number}", b"", headers)

    return request


def latencies(port: int, clients: list[Client], *, seconds: float) -> list[float]:
    """Let clients ask one after the other for a while; return how long each call took in seconds.

    Raises RuntimeError for an answer that is not 200.
    """
    found: list[float] = []
    wrong: list[str] = []
    stop_at = time.monotonic() + seconds

    def work(client: Client) -> None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as to:
            for number in itertools.count():
                if time.monotonic() >= stop_at or wrong:
                    return
                sent = client(number)
                begun = time.perf_counter()
                to.request(sent.method, sent.path, sent.body or None, sent.headers)
                answer = to.getresponse()
                text = answer.read()
                found.append(time.perf_counter() - begun)
                if answer.status != 200:
                    wrong.append(f"{sent.path} answered {answer.status}: {text[:300]!r}")

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return found
