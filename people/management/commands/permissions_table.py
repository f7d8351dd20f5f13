"""Print who may do what as the document docs/permissions.md."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import override

from people.models import Role
from people.permissions import (
    CAPABILITY_NAMES,
    INCOMPATIBLE_ROLES,
    ROLE_CAPABILITIES,
    ROLE_SENTENCES,
)

TITLE = """# Who may do what

Printed by `python manage.py permissions_table > docs/permissions.md` from `people/permissions.py`; a test keeps the two
the same. Learners need no role: what concerns themselves is theirs. A superuser may do everything. Every other right is
a grant: a role × a unit and all below it × from a day, before another. Nothing reaches outside that part of the tree.

What this means address by address stands in `tests/permissions/access/*.csv`: every URL, for every role, in and out of
scope, GET and POST, is visited by the test suite and compared with it. Why roles are kept apart: `docs/adr/0009-roles-kept-apart.md`.
"""
CELLS = {True: "●", False: ""}


def words(code: str) -> str:
    """Return a code as English words."""
    return code.replace("_", " ")


def permissions_document() -> str:
    """Return the whole document, in Chinese and English names whatever the language of the process."""
    with override("zh-hans"):
        return "\n".join([TITLE, *_roles(), "", *_matrix(), "", *_apart(), ""])


def _roles() -> list[str]:
    lines = ["## Roles 角色", "", "| role | 角色 | 可以做什么 |", "|---|---|---|"]
    return lines + [f"| {words(role)} | {role.label} | {ROLE_SENTENCES[role]} |" for role in Role]


def _matrix() -> list[str]:
    head = " | ".join(f"{role.label}<br>{words(role)}" for role in Role)
    lines = [
        "## Roles × capabilities 角色与权限",
        "",
        f"| capability 权限 | {head} |",
        "|---|" + ":-:|" * len(Role),
    ]
    for capability, name in CAPABILITY_NAMES.items():
        cells = " | ".join(CELLS[capability in ROLE_CAPABILITIES[role]] for role in Role)
        lines.append(f"| {name}<br>{words(capability)} | {cells} |")
    return lines


def _apart() -> list[str]:
    labels = dict(Role.choices)

    def names(codes: frozenset[str]) -> str:
        return "、".join(str(labels[role]) for role in Role.values if role in codes)

    lines = ["## Kept apart 不相容", "", "| 角色 | 与 | 理由 |", "|---|---|---|"]
    return lines + [
        f"| {names(rule.one)} | {names(rule.other)} | {rule.why} |" for rule in INCOMPATIBLE_ROLES
    ]


class Command(BaseCommand):
    """Print docs/permissions.md."""

    help = "Print who may do what, as docs/permissions.md"

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the document to standard output."""
        self.stdout.write(permissions_document(), ending="")
