"""What browser tests wait for is a function: the content policy lets nobody read text as a program frame by frame."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
WAITS = [
    pytest.param(call, id=f"{path.relative_to(TESTS)}:{call.lineno}")
    for path in sorted(TESTS.rglob("*.py"))
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(call, ast.Call)
    and isinstance(call.func, ast.Attribute)
    and call.func.attr == "wait_for_function"
]


@pytest.mark.parametrize("call", WAITS)
def test_what_is_waited_for_is_a_function(call):
    """Playwright reads a bare expression anew in every frame, which the policy refuses unless it is true at once."""
    awaited = call.args[0]
    assert isinstance(awaited, ast.Constant), "write what is waited for where it is waited for"
    assert awaited.value.startswith("() => ")
