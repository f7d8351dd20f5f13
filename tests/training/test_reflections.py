"""Signed reflections: what is taken, what is refused, and what becomes of them."""

import json

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from people.personal_data import everything_on
from tests.factories.people import EmployeeFactory, org_path
from tests.factories.training import (
    REFLECTION,
    SIGNATURE,
    at,
    make_case,
    post_with,
    prove_study,
    push_to_all,
)
from training.actions.completion import on_study_completed
from training.actions.forgetting import forget_signatures
from training.actions.reflections import digest_of, sign_reflection
from training.errors import ReflectionRefused
from training.models import (
    Obligation,
    ObligationState,
    Reflection,
    ReflectionSignature,
    TrainingRecord,
)

pytestmark = pytest.mark.django_db
NOW = at("2026-06-01", "10:00")
LATER = at("2026-06-02", "10:00")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def obligation():
    post = post_with("机械伤害试验")
    EmployeeFactory(name="李秀英", assigned__unit=org_path("总厂/甲班"), assigned__post=post)
    return Obligation.objects.get(push=push_to_all(make_case(["机械伤害试验"]), now=NOW))


@pytest.fixture
def studied(obligation):
    push = obligation.push
    event = prove_study(obligation.employee, push.lesson, NOW, sha256=push.content_sha256)
    on_study_completed(event=event)
    return obligation


def sign(obligation, **changes):
    given = {"text": REFLECTION, "signature": SIGNATURE, "device": "phone", **changes}
    return sign_reflection(
        **{"obligation": obligation, "employee": obligation.employee, "now": LATER, **given}
    )


def test_the_signed_reflection_completes_the_task_and_stands_in_the_ledger(studied):
    written = sign(studied)
    studied.refresh_from_db()
    assert studied.state == ObligationState.DONE
    assert written.content_sha256 == studied.push.content_sha256
    assert (written.signed_at, written.device, written.signed_by) == (LATER, "phone", "hand")
    content = json.loads(TrainingRecord.objects.get().payload)["content"]
    assert content[-1]["kind"] == "reflection"
    assert content[-1]["sha256"] == written.sha256
    assert written.sha256 == digest_of(
        written.text, written.signature_sha256, written.content_sha256, written.signed_at
    )


def test_signing_again_returns_what_stands(studied):
    first = sign(studied)
    again = sign(studied, text="另外一段完全不同的话，" * 5)
    assert again == first
    assert Reflection.objects.get().text == REFLECTION
    assert TrainingRecord.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": "太短"}, "至少写 30 个字，现在是 2 个字"),
        ({"text": "空 " * 29}, "现在是 29 个字"),
        ({"text": "长" * 2001}, "最多 2000 个字"),
        ({"signature": "M1 1L2 2"}, "签名太短"),
        ({"signature": "<svg onload=x>"}, "没有认出来"),
        ({"signature": ""}, "还没有签名"),
        ({"signature": "", "typed_name": "李秀英"}, "勾选确认"),
        ({"signature": "", "typed_name": "王建国", "is_confirmed": True}, "李秀英"),
    ],
)
def test_refused_with_what_to_do(studied, changes, message):
    with pytest.raises(ReflectionRefused, match=message):
        sign(studied, **changes)
    assert not Reflection.objects.exists()
    assert studied.components_done.count() == 1


def test_the_typed_name_stands_for_a_signature(studied):
    written = sign(studied, signature="", typed_name=" 李秀英 ", is_confirmed=True)
    assert (written.signed_by, written.signature.mark) == ("name", "李秀英")


def test_not_before_the_study_and_not_after_the_end(obligation):
    with pytest.raises(ReflectionRefused, match="请先完成"):
        sign(obligation)
    Obligation.objects.update(state=ObligationState.CANCELLED, closed_at=NOW)
    with pytest.raises(ReflectionRefused, match="已经结束"):
        sign(obligation)


def test_nobody_signs_for_somebody_else(studied):
    with pytest.raises(Obligation.DoesNotExist):
        sign(studied, employee=EmployeeFactory())


def test_reflections_are_only_added_and_a_signature_can_be_forgotten(studied):
    written = sign(studied)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reflection.objects.update(text="改写")
    held = {table.name: table for table in everything_on(studied.employee)}["reflections"]
    assert [(row["text"], row["signature__mark"]) for row in held.rows] == [(REFLECTION, SIGNATURE)]
    forget_signatures(studied.employee, LATER)
    assert not ReflectionSignature.objects.exists()
    assert Reflection.objects.get().sha256 == written.sha256


def test_the_own_page_says_that_the_signature_was_erased(client, studied):
    sign(studied)
    client.force_login(studied.employee.user)
    address = reverse("portal:task", args=[studied.public_id])
    page = client.get(address).content.decode()
    assert SIGNATURE in page
    assert "已依法删除" not in page
    forget_signatures(studied.employee, LATER)
    page = client.get(address).content.decode()
    assert SIGNATURE not in page
    assert "已依法删除" in page
