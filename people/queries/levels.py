"""What the levels of the tree are called here."""

from people.levels import KINDS
from people.models import LevelName, UnitKind


def level_names() -> dict[str, str]:
    """Return the name shown for each kind of unit: the organisation's own, else the built-in one. One query.

    Read once for a page or a workbook and handed on, never once for a row.
    """
    own = dict(LevelName.objects.values_list("kind", "name"))
    return {kind: own.get(kind) or str(UnitKind(kind).label) for kind in KINDS}


def own_level_names() -> tuple[dict[str, str], str]:
    """Return the names an organisation has set, by kind, and the preset they came from. One query."""
    rows = list(LevelName.objects.values_list("kind", "name", "preset"))
    return {kind: name for kind, name, _ in rows}, next((preset for *_, preset in rows), "")
