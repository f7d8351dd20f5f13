"""The document of who may do what is what the code says."""

from pathlib import Path

from people.management.commands.permissions_table import permissions_document
from people.models import Role
from people.permissions import CAPABILITY_NAMES, ROLE_CAPABILITIES, Capability

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == permissions_document(), (
        "python manage.py permissions_table > docs/permissions.md"
    )


def test_every_capability_has_a_name_and_a_holder() -> None:
    assert set(CAPABILITY_NAMES) == set(Capability)
    assert set().union(*ROLE_CAPABILITIES.values()) == set(Capability)


def test_the_auditor_holds_only_what_looks() -> None:
    assert all(capability.startswith("view_") for capability in ROLE_CAPABILITIES[Role.AUDITOR])


def test_who_administers_sees_neither_results_nor_content() -> None:
    held = ROLE_CAPABILITIES[Role.ADMINISTRATOR]
    assert not held & {
        Capability.VIEW_RESULTS,
        Capability.VIEW_BANK,
        Capability.EDIT_CONTENT,
        Capability.MARK_ATTEMPTS,
        Capability.UNMASK_IDENTITY,
    }


def test_who_writes_questions_does_not_review_or_mark_them() -> None:
    held = ROLE_CAPABILITIES[Role.QUESTION_WRITER]
    assert not held & {Capability.REVIEW_QUESTIONS, Capability.MARK_ATTEMPTS, Capability.MANAGE_EXAMS}
    assert Capability.MARK_ATTEMPTS not in ROLE_CAPABILITIES[Role.EXAMINER]
