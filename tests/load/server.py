"""A real gunicorn on loopback, and clients that keep it busy."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


Client = Callable[[int], Request]  # the n-th request of one client, from 0


@contextmanager
def running_server(folder: Path, *, workers: int = 1, threads: int = 4) -> Iterator[int]:
    """Run gunicorn on the bench's database and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = folder / "gunicorn.log"
    command = [
        *(sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"),
        *("--workers", str(workers), "--worker-class", "gthread", "--threads", str(threads)),
        *("--keep-alive", "30"),
        *("--log-level", "warning"),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
        try:
            _wait_until_up(port, process, log)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_until_up(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"gunicorn did not start:\n{log.read_text()[-3000:]}")


def requests_per_second(port: int, clients: list[Client], *, seconds: float) -> float:
    """Let all clients send one request after the other for a while; return how many were answered 200 a second.

    Raises RuntimeError for any other answer: a figure about refused requests says nothing.
    """
    counts = [0] * len(clients)
    wrong: list[str] = []
    stop_at = time.monotonic() + seconds

    def work(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            while time.monotonic() < stop_at and not wrong:
                sent = clients[index](counts[index])
                connection.request(sent.method, sent.path, sent.body, sent.headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200:
                    wrong.append(f"{sent.path} answered {answer.status}: {text[:300]!r}")
                counts[index] += 1
        except (OSError, http.client.HTTPException) as error:
            wrong.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    begun = time.monotonic()
    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return sum(counts) / (time.monotonic() - begun)


def rate_of_each_once(port: int, requests: list[Request], *, clients: int, expected: int = 200) -> float:
    """Send each request once, `clients` at a time, and return how many were answered a second.

    Raises RuntimeError for an answer other than `expected`.
    """
    waiting = iter(requests)
    lock = threading.Lock()
    wrong: list[str] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            while not wrong:
                with lock:
                    sent = next(waiting, None)
                if sent is None:
                    return
                connection.request(sent.method, sent.path, sent.body, sent.headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != expected:
                    wrong.append(f"{sent.path} answered {answer.status}: {text[:300]!r}")
        except (OSError, http.client.HTTPException) as error:
            wrong.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    begun = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return len(requests) / (time.monotonic() - begun)
