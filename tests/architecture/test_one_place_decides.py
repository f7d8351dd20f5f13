"""Who may do what is decided in people/permissions.py and in access functions, and nowhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from people.models import Role
from tests.architecture.test_rooms import ROOT, SOURCES, TEMPLATES

# What may name roles: the one place, and what grants and groups them.
ROLE_FILES = {
    "people/permissions.py",
    "people/models/roles.py",
    "people/actions/roles.py",
    "people/actions/role_groups.py",
    "courses/actions/review.py",  # whose Wagtail group reviews which step
}
# `path: name` of what may ask for a superuser, each for the reason given.
SUPERUSER_EXCEPTIONS = {
    "people/permissions.py": "the one place",
    "people/actions/accounts.py": "makes superusers",
    "people/backends.py": "Django's permissions of an account, of which a superuser has all",
    "people/actions/tickets.py": "a slip opens an account: those of superusers are theirs alone",
    "people/admin_forms.py": "a field of Wagtail's form of accounts, which superusers alone see",
    "people/queries/imports.py": "access function of applied lists",
    "jobs/queries.py": "access function of jobs; knows the user only as settings.AUTH_USER_MODEL",
    "courses/queries/access.py": "access function of pages",
    "people/queries/accounts.py": "who needs a second factor",
    "people/queries/api.py": "access function of tokens; a token cannot be a superuser's",
    "people/actions/erasure.py": "an erased account is no superuser's any more",
    "people/actions/second_factor.py": "a superuser's second factor is theirs alone",
    "config/office_door.py": "superusers have no groups to keep in step",
    "portal/panels.py": "tells those who run the site that the queue stands still",
    "portal/demo/people.py": "the demo's own superuser",
}
# Objects a view may fetch by id itself, and why. Keep it short.
FETCH_EXCEPTIONS = {
    ("courses/views/library.py", "Film"): "after asking for the permission on the whole library",
    ("courses/views/film_furniture.py", "Film"): "after asking for the permission on the whole library",
    ("courses/views/film_questions.py", "FilmQuestion"): "a question of a film that was fetched that way",
    ("courses/views/film_questions.py", "PlayerSettings"): "the one row of the site; no id is asked for",
    ("people/views/sign_in.py", "User"): "the account a session is about to open; nobody is signed in yet",
}
EDGES = [
    path
    for path in SOURCES
    if "views" in path.parts or path.stem in {"views", "viewsets", "api", "panels", "wagtail_hooks"}
]
ACCESS = [path for path in SOURCES if {"queries", "permissions"} & {*path.parts, path.stem}]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def roles_named(tree: ast.AST) -> Iterator[str]:
    """Yield each member of Role, and each text compared with something that is the value of a role."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "Role" and node.attr in Role.__members__:
                yield f"Role.{node.attr} in line {node.lineno}"
        elif isinstance(node, ast.Compare):
            for part in [node.left, *node.comparators]:
                for text in ast.walk(part):
                    if isinstance(text, ast.Constant) and text.value in Role.values:
                        yield f"{text.value!r} in line {text.lineno}"


def test_roles_are_named_in_one_place_only():
    wrong = [
        f"{name_of(path)}: {found}"
        for path in SOURCES
        if name_of(path) not in ROLE_FILES and "demo" not in path.parts
        for found in roles_named(tree_of(path))
    ]
    assert wrong == [], "ask people.permissions.allows(user, Capability.…) instead of a role's name"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_ask_for_no_role(path: Path):
    text = path.read_text()
    assert not re.search(rf"\brole\s*(==|!=|in)\s*[\"']({'|'.join(Role.values)})[\"']", text)


def test_superusers_are_asked_for_in_few_places():
    found = {
        name_of(path)
        for path in SOURCES
        if any(
            isinstance(node, ast.Attribute | ast.Constant)
            and "is_superuser" in (getattr(node, "attr", ""), getattr(node, "value", ""))
            for node in ast.walk(tree_of(path))
        )
    }
    assert found <= set(SUPERUSER_EXCEPTIONS), "ask people.permissions, which knows superusers"


def test_every_access_function_takes_who_asks():
    wrong = []
    for path in ACCESS:
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.FunctionDef) or not re.fullmatch(r"get_\w+_for", node.name):
                continue
            first = node.args.args[0] if node.args.args else None
            kind = ast.unparse(first.annotation) if first is not None and first.annotation else ""
            if first is None or (first.arg != "user" and kind != "Scope"):
                wrong.append(f"{name_of(path)}: {node.name}")
    assert wrong == []


def fetched_by_id(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield (model, line) for Model.objects.get(…), .filter(pk=…) and get_object_or_404(Model, …)."""
    ids = {"pk", "id", "public_id"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        call = ast.unparse(node.func)
        named = {keyword.arg for keyword in node.keywords}
        if found := re.fullmatch(r"(\w+)\.objects\.(get|filter)", call):
            if found[2] == "get" or named & ids:
                yield found[1], node.lineno
        elif (
            call == "get_object_or_404" and node.args and re.fullmatch(r"[A-Z]\w+", ast.unparse(node.args[0]))
        ):
            yield ast.unparse(node.args[0]), node.lineno


def test_views_fetch_nothing_by_id_themselves():
    wrong = [
        f"{name_of(path)} line {line}: {model}"
        for path in EDGES
        for model, line in fetched_by_id(tree_of(path))
        if (name_of(path), model) not in FETCH_EXCEPTIONS
    ]
    assert wrong == [], "go through a get_…_for(user, …) of the room's queries"


def test_the_exceptions_are_still_needed():
    fetched = {(name_of(path), model) for path in EDGES for model, _ in fetched_by_id(tree_of(path))}
    assert set(FETCH_EXCEPTIONS) <= fetched
    for name in SUPERUSER_EXCEPTIONS:
        assert "is_superuser" in (ROOT / name).read_text(), name
