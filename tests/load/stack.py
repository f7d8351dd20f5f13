"""The site as `manage.py run_site` runs it, web server and queue: started, killed, started again, and weighed."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 300
# Its keeper, the main process, the guard, two workers, the pusher and the monitor.
QUEUE_PROCESSES = 7
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Service:
    """One command in a process group of its own."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; what is left of an earlier one goes first."""
        self.end()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
            )

    def end(self) -> None:
        """Kill all of its group, whoever of it still lives."""
        if self.process is not None:
            for pid in reversed(self.pids()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def pids(self) -> list[int]:
        """Return the process and everything below it."""
        return below(self.process.pid) if self.process is not None else []


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def below(root: int) -> list[int]:
    """Return a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def cpu_s(pids: list[int]) -> float:
    """Return the processor seconds these processes, and the children they waited for, have used."""
    used = 0
    for pid in pids:
        try:
            used += sum(int(ticks) for ticks in _stat(pid)[11:15])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return used / TICKS


def busy_s() -> tuple[float, float]:
    """Return the seconds all cores of this machine were busy, and those they waited for disks, since it started."""
    line = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, waiting, irq, soft = (int(part) for part in line[:7])
    return (user + nice + system + irq + soft) / TICKS, waiting / TICKS


@dataclass
class Stack:
    """Web server and queue of one site."""

    folder: Path
    port: int
    web: Service
    queue: Service
    restarts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, *, preload: bool = False) -> "Stack":
        """Describe the processes as run_site starts them.

        With `preload` the web server's processes are forks of one that has loaded the code: each is there again in
        a moment, and a run of many kills is over in reasonable time.
        """
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        web = [
            *(sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"),
            *("--workers", "2", "--worker-class", "gthread", "--threads", "8"),
            *("--backlog", "2048", "--timeout", "60", "--log-level", "warning"),
            *(["--preload"] if preload else []),
        ]
        queue = [sys.executable, "manage.py", "run_queue"]
        return cls(
            folder,
            port,
            Service("web", web, folder / "web.log"),
            Service("queue", queue, folder / "queue.log"),
        )

    def mend(self) -> None:
        """Start again what was killed as a whole; what has a master left is its master's business."""
        for service in (self.web, self.queue):
            if service.process is not None and service.process.poll() is not None:
                self.restarts[service.name] = self.restarts.get(service.name, 0) + 1
                service.start()

    def aim(self, chance: random.Random, *, only: str = "") -> Service:
        """Return what is killed next, at random; `only` names the one to take."""
        return {"web": self.web, "queue": self.queue}.get(
            only, self.web if chance.random() < 0.7 else self.queue
        )

    def is_whole(self, service: Service) -> bool:
        """Tell whether all processes of a service are there, and not only the one that loads the code for them."""
        return service is not self.queue or len(service.pids()) >= QUEUE_PROCESSES

    def kill(self, service: Service, chance: random.Random) -> str:
        """Kill -9 a process of a service, or all of it, at random; return what it was."""
        if chance.random() < 0.1:
            service.end()
            service.start()
            return f"{service.name}: all"
        pids = service.pids()
        # Not the master too often: it takes all others with it, and a while to be there again.
        place = chance.randrange(1, len(pids)) if len(pids) > 1 and chance.random() < 0.9 else 0
        try:
            os.kill(pids[place], signal.SIGKILL)
        except ProcessLookupError:
            return f"{service.name}: gone"
        if place == 0 and service.process is not None:
            service.process.wait()
            return f"{service.name}: master"
        return f"{service.name}: worker"

    def wait_until_up(self) -> None:
        """Return once the web server takes connections. Raises RuntimeError with its log if it does not."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the web server does not start:\n{self.web.log.read_text()[-3000:]}")


@contextmanager
def running(folder: Path, *, preload: bool = False) -> Iterator[Stack]:
    """Run a site on the database this process was pointed at, and end all of it."""
    stack = Stack.of(folder, preload=preload)
    try:
        stack.web.start()
        stack.queue.start()
        stack.wait_until_up()
        yield stack
    finally:
        stack.web.end()
        stack.queue.end()
