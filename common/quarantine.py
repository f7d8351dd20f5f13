"""Run a parser of foreign files in a child process with a memory and a time limit.

A four-kilobyte workbook can make a native parser ask for half a terabyte and abort the whole process, which
no `except` catches. In a child only the child dies. Arguments and results travel as JSON. The child sees none
of the site's secrets: its environment holds what a program needs to run, and nothing else.
"""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MAX_RESULT_MB = 256
# What the child and the tools it starts need; keys, passwords and addresses of stores stay here.
_PASSED_ON = {"PATH", "HOME", "LANG", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH"}
_FAILED, _OUT_OF_MEMORY = 3, 4


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
    command = [sys.executable, "-X", "utf8", "-m", "common.quarantine", function, str(memory_mb)]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(("LC_", "PYTHON"))
    }
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
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
    if child.returncode == 0 and output:
        return json.loads(output)
    lines = errors.decode(errors="replace").strip().splitlines()
    detail = lines[-1] if lines else f"exit status {child.returncode}"
    raise Quarantined("failed" if child.returncode == _FAILED else "killed", detail)


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
        result = json.dumps(target(json.load(sys.stdin)), allow_nan=False).encode()
        if len(result) > MAX_RESULT_MB * 1024 * 1024:
            raise MemoryError(f"the result has {len(result)} bytes")
    except MemoryError as error:
        _leave(_OUT_OF_MEMORY, error)
    except Exception as error:  # noqa: BLE001 - every exception is reported to the parent, none is lost
        _leave(_FAILED, error)
    with result_pipe:
        result_pipe.write(result)


def _leave(status: int, error: Exception) -> None:
    """Name the error on one line of standard error and end."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    sys.stderr.buffer.write(text.encode(errors="backslashreplace") + b"\n")
    sys.exit(status)


if __name__ == "__main__":
    _main()
