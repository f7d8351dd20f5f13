"""Run a parser of foreign files in a child process with a memory and a time limit.

A four-kilobyte workbook can make a native parser ask for half a terabyte and abort the whole process, which
no `except` catches. In a child only the child dies. Arguments and results travel as JSON. The child sees none
of the site's secrets: its environment holds what a program needs to run, and nothing else.
"""

import importlib
import inspect
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
MAX_RESULT_MB = 256
MAX_LINES_MB = 300  # on disk, never at once in memory
# What the child and the tools it starts need; keys, passwords and addresses of stores stay here.
_PASSED_ON = {"PATH", "HOME", "LANG", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH"}
_FAILED, _OUT_OF_MEMORY = 3, 4
_END = b"\n"  # the last line of a whole result


class Quarantined(Exception):
    """The child did not deliver. `reason` is `timeout`, `killed` (memory or a crash) or `failed` (an exception)."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def run(function: str, argument: Any, *, memory_mb: int = 512, timeout_s: float = 60) -> Any:
    """Call `module:function` with one JSON argument in a child process and return its JSON result.

    `memory_mb` limits the child's address space, the result's text to the smaller of it and 256 MB. Whatever
    the child started is ended with it. Raises Quarantined if it runs out of time or memory, crashes, or raises.
    """
    output, errors, status = _finished(function, argument, memory_mb, timeout_s, subprocess.PIPE)
    if status == 0 and output:
        return json.loads(output)
    raise _stopped(errors, status)


def run_lines(function: str, argument: Any, *, memory_mb: int = 512, timeout_s: float = 60) -> Iterator[Any]:
    """Call a generator `module:function` in a child process and return what it yields, one value at a time.

    The child writes to a file without a name and ends before the first value is read here, so that the memory
    of both is never held at once and a broken file yields nothing. Limits and errors as for `run`; the file
    may have 300 MB.
    """
    with tempfile.TemporaryFile() as kept:
        _output, errors, status = _finished(function, argument, memory_mb, timeout_s, kept)
        if status:
            raise _stopped(errors, status)
        kept.seek(0)
        for line in kept:
            if line == _END:
                return
            yield json.loads(line)
        raise Quarantined("killed", "the result has no end")


def _finished(
    function: str, argument: Any, memory_mb: int, timeout_s: float, stdout: int | IO[bytes]
) -> tuple[bytes | None, bytes, int]:
    """Run the child to its end and return its output, its error output and its exit status."""
    command = [sys.executable, "-X", "utf8", "-m", "common.quarantine", function, str(memory_mb)]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(("LC_", "PYTHON"))
    }
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    with child:
        try:
            output, errors = child.communicate(json.dumps(argument).encode(), timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise Quarantined("timeout", f"{timeout_s} s") from error
        finally:
            if child.returncode is None:
                # The group, because a parser may have started a tool of its own.
                os.killpg(child.pid, signal.SIGKILL)
    return output, errors, child.returncode


def _stopped(errors: bytes, status: int) -> Quarantined:
    lines = errors.decode(errors="replace").strip().splitlines()
    detail = lines[-1] if lines else f"exit status {status}"
    return Quarantined("failed" if status == _FAILED else "killed", detail)


def _main() -> None:
    """Child side: limit memory, run the function, print its result."""
    function, memory_mb = sys.argv[1], int(sys.argv[2])
    # The result has the pipe to itself: what a parser prints goes to standard error.
    result_pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    limit = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        module_name, name = function.split(":")
        target = getattr(importlib.import_module(module_name), name)
        result = target(json.load(sys.stdin))
        if inspect.isgenerator(result):
            _write_lines(result, result_pipe)
        else:
            _write_whole(result, result_pipe)
    except MemoryError as error:
        _leave(_OUT_OF_MEMORY, error)
    except Exception as error:  # noqa: BLE001 - every exception is reported to the parent, none is lost
        _leave(_FAILED, error)


def _write_whole(result: Any, pipe: IO[bytes]) -> None:
    text = json.dumps(result, allow_nan=False).encode()
    if len(text) > MAX_RESULT_MB * 1024 * 1024:
        raise MemoryError(f"the result has {len(text)} bytes")
    with pipe:
        pipe.write(text)


def _write_lines(values: Iterator[Any], pipe: IO[bytes]) -> None:
    room = MAX_LINES_MB * 1024 * 1024
    with pipe:
        for value in values:
            text = json.dumps(value, allow_nan=False).encode() + b"\n"
            room -= len(text)
            if room < 0:
                raise MemoryError(f"the result has more than {MAX_LINES_MB} MB")
            pipe.write(text)
        pipe.write(_END)


def _leave(status: int, error: Exception) -> None:
    """Name the error on one line of standard error and end."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    sys.stderr.buffer.write(text.encode(errors="backslashreplace") + b"\n")
    sys.exit(status)


if __name__ == "__main__":
    _main()
