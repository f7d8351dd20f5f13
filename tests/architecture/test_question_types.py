"""A question type is one module: a toy type is written, drawn, answered, marked and reviewed without another line."""

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from exams.actions.exams import RowDraft
from exams.actions.marks import mark_attempt
from exams.models import AttemptMark, Question
from exams.types import TYPES
from exams.types.authoring import Field
from exams.types.base import QuestionType, ReviewLine, ShapeProblem, gettext_noop
from people.models import Role
from tests.architecture.test_rooms import ROOT
from tests.factories.exams import (
    BankFactory,
    TopicFactory,
    answer,
    make_attempt,
    make_exam,
    right_response,
    submit,
)
from tests.factories.people import OrgUnitFactory, RoleGrantFactory, UserFactory


class Echo(QuestionType):
    """A word to be typed again."""

    kind = "echo"
    label = gettext_noop("填空题")
    uses_tokens = False
    ordered = True
    template = "exams/types/_written.html"
    author = (Field("echo_word", gettext_noop("答案")),)

    def validate(self, content, key):
        if not key:
            raise ShapeProblem("echo_word", gettext_noop("没有标出正确答案。"))

    def read(self, values):
        return [], {}, values.get("echo_word", "")

    def write(self, content, key):
        return {"echo_word": key}

    def accepts(self, response, tokens):
        return len(response) <= 1 and all(len(text) < 20 for text in response)

    def present(self, choices, body, response):
        return {"text": "".join(response), "max": 20, "rows": 1}

    def mark(self, response, body, key):
        return Fraction(list(response) == [key])

    def right_response(self, content, key):
        return [key]

    def review(self, content, response, key):
        return [ReviewLine("", "".join(response), key, list(response) == [key])]


@pytest.mark.django_db
def test_a_new_type_needs_nothing_but_its_module(monkeypatch):
    monkeypatch.setitem(TYPES, "echo", Echo())
    unit = OrgUnitFactory()
    author = UserFactory()
    author.user_permissions.add(Permission.objects.get(codename="access_admin"))
    RoleGrantFactory(user=author, role=Role.EXAMINER, unit=unit)
    bank, topic = BankFactory(owner=unit), TopicFactory()
    client = Client()
    client.force_login(author)
    typed = {
        "bank": bank.pk,
        "code": "E-1",
        "topic": topic.pk,
        "kind": "echo",
        "stem": "照写一遍：停电",
        "difficulty": "3",
    }
    add = reverse("exams_office:question-add")
    assert "没有标出正确答案" in client.post(add, typed).content.decode()
    assert client.post(add, {**typed, "echo_word": "停电"}).status_code == 302
    stored = Question.objects.get()
    edit = reverse("exams_office:question-edit", args=[stored.pk])
    assert 'value="停电"' in client.get(edit).content.decode()
    preview = client.get(reverse("exams_office:question-preview", args=[stored.pk]))
    assert "照写一遍" in preview.content.decode()

    exam = make_exam(bank, [RowDraft(kind="echo", count=1, points=Decimal(10))], attempts_allowed=1)
    attempt = make_attempt(exam)
    assert right_response(attempt, 1) == ["停电"]
    answer(attempt, {1: ["停电"]})
    submit(attempt)
    assert AttemptMark.objects.get().score_pct == 100
    assert mark_attempt(attempt_id=attempt.pk, now=attempt.started_at).number == 1
    candidate = Client()
    candidate.force_login(attempt.employee.user)
    review = candidate.get(reverse("exams:result", args=[attempt.public_id])).content.decode()
    assert "照写一遍" in review


def test_no_type_is_named_outside_its_module():
    """Code that asks which type it has would have to be changed with every new one."""
    # A file format names the types it can hold, and reports every other as one it cannot.
    allowed = {ROOT / "exams" / "types", ROOT / "exams" / "importers"}
    names = re.compile("|".join(rf'"{kind}"' for kind in TYPES))
    named = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in Path(ROOT / "exams").rglob("*.py")
        if not allowed & set(path.parents) and "migrations" not in path.parts
        for line in path.read_text().splitlines()
        if names.search(line)
    ]
    templates = ROOT / "templates" / "exams"
    named += [
        str(path.relative_to(ROOT))
        for path in templates.glob("*.html")
        if names.search(path.read_text().replace("'", '"'))
    ]
    assert named == []
