"""Run a parser of foreign files in a child process with a memory and a time limit.

A four-kilobyte workbook can make a native parser ask for half a terabyte and abort the whole process, which
no `except` catches. In a child only the child dies. Arguments and results travel as JSON.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Quarantined(Exception):
    """The child did not deliver. `reason` is `timeout`, `killed` (memory or a crash) or `failed` (an exception)."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def run(function: str, argument: Any, *, memory_mb: int = 512, timeout_s: int = 60) -> Any:
    """Call `module:function` with one JSON argument in a child process and return its JSON result.

    Raises Quarantined if it runs out of time or memory, crashes, or raises.
    """
    command = [sys.executable, "-m", "common.quarantine", function, str(memory_mb)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            input=json.dumps(argument).encode(),
            capture_output=True,
            cwd=ROOT,
            env=environment,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Quarantined("timeout", f"{timeout_s} s") from error
    if child.returncode == 0:
        return json.loads(child.stdout)
    detail = child.stderr.decode(errors="replace").strip().splitlines()
    raise Quarantined("failed" if child.returncode == 3 else "killed", detail[-1] if detail else "")


def _main() -> None:
    """Child side: limit memory, run the function, print its result."""
    function, memory_mb = sys.argv[1], int(sys.argv[2])
    module_name, name = function.split(":")
    target = getattr(importlib.import_module(module_name), name)
    limit = int(memory_mb) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        result = target(json.load(sys.stdin))
    except Exception as error:  # noqa: BLE001 - every exception is reported to the parent, none is lost
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(3)
    json.dump(result, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    _main()
