"""The numbers and lists of the rules, as they are reckoned with: the house's versions over those that ship."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from training.figures import Figures, FigureVersion
from training.models import TrainingParameter

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "parameters.yaml"


@cache
def shipped_parameters() -> tuple[dict[str, Any], ...]:
    """Return the versions that ship, as fields of TrainingParameter. Read once in a process: the file is code."""
    rows = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["parameters"]
    return tuple({**row, "value": Decimal(row["value"]) if "value" in row else None} for row in rows)


@cache
def shipped_versions() -> tuple[FigureVersion, ...]:
    """Return what ships as it is reckoned with."""
    return tuple(
        FigureVersion(
            row["code"],
            row["effective_from"],
            row.get("effective_before"),
            row["value"],
            frozenset(row.get("kinds", ())),
        )
        for row in shipped_parameters()
    )


def load_figures() -> Figures:
    """Read what every number was and is; what a house never loaded is as it ships. One query."""
    rows = TrainingParameter.objects.values_list(
        "code", "effective_from", "effective_before", "value", "kinds"
    )
    own = [
        FigureVersion(code, since, before, value, frozenset(kinds))
        for code, since, before, value, kinds in rows
    ]
    return Figures(own, shipped_versions())
