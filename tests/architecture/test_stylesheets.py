"""Stylesheets are whole: a brace lost in a merge silently nests every rule that follows it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted((ROOT / "static/css").glob("*.css"))
NOT_RULES = re.compile(r"/\*.*?\*/|\"[^\"]*\"", re.S)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_brace_is_closed(sheet):
    text = NOT_RULES.sub("", sheet.read_text(encoding="utf-8"))
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        depth += line.count("{") - line.count("}")
        assert depth >= 0, f"line {number} closes what was never opened"
    assert depth == 0
