"""Time and memory of a command that runs in a process of its own."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took: seconds, and the memory of it and of the children it waited for at their largest."""

    seconds: float
    peak_mb: float
    output: str


def measured(command: list[str], *, timeout_s: float = 200, environment: dict[str, str] | None = None) -> Run:
    """Run a command and sample the memory of it and everything it starts every 50 ms.

    `environment` holds variables it sees in place of this process's own.

    Raises RuntimeError with the end of its error output if it fails.
    """
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    peak = 0
    try:
        while True:
            try:
                output, errors = process.communicate(timeout=0.05)
                break
            except subprocess.TimeoutExpired:
                peak = max(peak, _memory_of(process.pid))
                if time.monotonic() - begun > timeout_s:
                    raise RuntimeError(f"{command[-3:]} took longer than {timeout_s} s") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    seconds = time.monotonic() - begun
    if process.returncode:
        raise RuntimeError(f"{command[-3:]} failed: {errors[-2000:]}{output[-2000:]}")
    return Run(seconds, peak / 1024 / 1024, output)


def _memory_of(pid: int) -> int:
    """Return the resident bytes of a process and everything below it."""
    children: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        current, parent = int(entry.parent.name), int(fields[1])
        children.setdefault(parent, []).append(current)
        resident[current] = int(fields[21]) * page
    total, waiting = 0, [pid]
    while waiting:
        current = waiting.pop()
        total += resident.get(current, 0)
        waiting += children.get(current, [])
    return total
