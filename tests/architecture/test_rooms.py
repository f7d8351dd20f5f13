"""The rules of the house that import-linter cannot see."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[2]
ROOMS = [
    "common",
    "jobs",
    "notices",
    "people",
    "exams",
    "courses",
    "training",
    "access",
    "certificates",
    "xapi",
    "portal",
]
SOURCES = sorted(
    path
    for room in [*ROOMS, "config"]
    for path in (ROOT / room).rglob("*.py")
    if "migrations" not in path.parts
)


def test_foreign_keys_point_to_the_right_only():
    wrong = []
    for model in apps.get_models():
        room = model._meta.app_label
        if room not in ROOMS:
            continue
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not getattr(field, "concrete", False) or target is None or target is model:
                continue
            label = target._meta.app_label
            # jobs and notices know the user only by settings.AUTH_USER_MODEL: a name, not an import.
            if room in {"jobs", "notices"} and target._meta.label == settings.AUTH_USER_MODEL:
                continue
            if label in ROOMS and ROOMS.index(label) > ROOMS.index(room):
                wrong.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")
    assert wrong == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_is_named_for_something_and_not_too_long(path):
    assert path.stem not in {"utils", "helpers", "misc", "core", "services"}
    assert len(path.read_text().splitlines()) <= 500


def test_scheduled_functions_exist():
    for _, function, _ in settings.SCHEDULES:
        assert callable(import_string(function))


def enqueued_tasks():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                (
                    isinstance(node, ast.Call)
                    and getattr(node.func, "id", getattr(node.func, "attr", "")) == "enqueue"
                )
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield path, node.args[0].value


def test_every_enqueued_task_exists():
    tasks = list(enqueued_tasks())
    assert tasks
    for _, task in tasks:
        assert callable(import_string(task))


def test_signals_are_connected_in_receivers_only():
    connecting = {
        str(path.relative_to(ROOT)) for path in SOURCES if re.search(r"\w+\.connect\(", path.read_text())
    }
    assert connecting <= {
        "people/receivers.py",
        "people/apps.py",
        "exams/apps.py",
        "exams/receivers.py",
        "training/receivers.py",
        "certificates/receivers.py",
        "access/apps.py",
        "access/receivers.py",
        "training/apps.py",
        "certificates/apps.py",
    }


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


# A PDF is not served as a page; its styles are its own.
PAGES = [path for path in TEMPLATES if "pdf" not in path.parts]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_keeps_the_strict_content_policy(path):
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", text), "inline script"
    assert not re.search(r"\sstyle=", text), "inline style"
    assert not re.search(r"\son[a-z]+=\"", text), "inline event handler"


WEB_FILES = [
    *TEMPLATES,
    *sorted((ROOT / "static").rglob("*.js")),
    *sorted((ROOT / "static").rglob("*.css")),
]


@pytest.mark.parametrize("path", WEB_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_page_names_no_other_host(path):
    text = path.read_text().replace("http://www.w3.org/", "")
    assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]{2,}/", text)


def test_locks_carry_hashes_and_name_no_host():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index" not in text
        pins = re.findall(r"^[a-z0-9].*==.*$", text, re.MULTILINE)
        assert len(pins) > 50
        assert all(pin.endswith("\\") for pin in pins)
