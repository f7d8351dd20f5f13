"""Signatures under ledger rows: whose they may be, what they are bound to, and where people give them."""

from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.urls import reverse

from people.models import Role
from people.personal_data import everything_on
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.factories.training import SIGNATURE, ObligationFactory, ProgrammeFactory, TrainingRuleFactory, at
from training.actions.forgetting import forget_signatures
from training.actions.ledger import correct_record
from training.actions.on_site import record_on_site_training
from training.actions.record_signing import digest_of, sign_records
from training.errors import SigningRefused
from training.models import RecordSignature, RecordSignatureMark, SignerRole, TrainingRecord
from training.queries.record_signing import rows_to_sign, sessions_for

pytestmark = pytest.mark.django_db
HELD = at("2026-03-02", "16:00")
NOW = at("2026-03-05")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit():
    return OrgUnitFactory(name="一车间")


def with_account(name, unit, role=None):
    """An employee who can open the back office, with a role over a unit."""
    user = UserFactory(name=name)
    employee = EmployeeFactory(name=name, user=user, assigned__unit=unit)
    if role:
        user.user_permissions.add(Permission.objects.get(codename="access_admin"))
        RoleGrantFactory(user=user, role=role, unit=unit)
    return employee


@pytest.fixture
def trainer(unit):
    return with_account("周师傅", unit, Role.TRAINER)


@pytest.fixture
def head(unit):
    return with_account("郭志强", unit, Role.SAFETY_OFFICER)


@pytest.fixture
def rows(unit, trainer):
    """A session of two people, recorded by its trainer."""
    programme = ProgrammeFactory(on_site=[8, 8])
    rule = TrainingRuleFactory(programme=programme)
    obligations = [
        ObligationFactory(rule=rule, employee=with_account(name, unit)) for name in ("张伟", "李娜")
    ]
    return record_on_site_training(
        obligations=obligations,
        component=programme.components.get(position=1),
        held_from=at("2026-03-02", "08:00"),
        held_to=HELD,
        hours=Decimal(8),
        place="一车间培训室",
        trainer_name="周师傅",
        acting_user=trainer.user,
        now=NOW,
    )


def sign(rows, signer, role=SignerRole.TRAINEE, **changes):
    given = {"signature": SIGNATURE, "device": "phone", "acting_user": signer.user, "now": NOW, **changes}
    return sign_records(record_ids=[row.pk for row in rows], role=role, signer=signer, **given)


def test_a_signature_is_bound_to_row_signer_device_and_time(rows):
    (made,) = sign(rows[:1], rows[0].employee)
    assert made.handed_by is None
    assert made.sha256 == digest_of(
        rows[0].leaf_hash, "trainee", str(rows[0].employee.public_id), made.signature_sha256, "phone", NOW
    )
    assert made.sha256 != digest_of(
        rows[1].leaf_hash, "trainee", str(rows[0].employee.public_id), made.signature_sha256, "phone", NOW
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        RecordSignature.objects.filter(pk=made.pk).update(role="trainer")


def test_signing_again_keeps_the_first_signature(rows):
    sign(rows[:1], rows[0].employee)
    assert sign(rows[:1], rows[0].employee, now=at("2026-04-01")) == []
    assert RecordSignature.objects.get().signed_at == NOW


def test_the_trainer_signs_the_whole_session_with_one_signature(rows, trainer, django_assert_max_num_queries):
    with django_assert_max_num_queries(12) as found:
        made = sign(rows, trainer, SignerRole.TRAINER)
    assert {signature.record_id for signature in made} == {row.pk for row in rows}
    assert len({signature.sha256 for signature in made}) == 2
    assert len(found) <= 12


def test_the_trainers_phone_can_be_passed_round(rows, trainer):
    (made,) = sign(rows[:1], rows[0].employee, acting_user=trainer.user)
    assert made.handed_by == trainer.user


@pytest.mark.parametrize(
    ("signer", "role", "error"),
    [
        ("other trainee", SignerRole.TRAINEE, TrainingRecord.DoesNotExist),
        ("trainee", SignerRole.TRAINER, SigningRefused),
        ("trainee", SignerRole.RESPONSIBLE, TrainingRecord.DoesNotExist),
        ("head", SignerRole.TRAINER, SigningRefused),
        ("stranger", SignerRole.RESPONSIBLE, TrainingRecord.DoesNotExist),
    ],
)
def test_nobody_signs_for_another(rows, head, signer, role, error):
    people = {
        "other trainee": rows[1].employee,
        "trainee": rows[0].employee,
        "head": head,
        "stranger": with_account("外人", OrgUnitFactory(), Role.SAFETY_OFFICER),
    }
    with pytest.raises(error):
        sign(rows[:1], people[signer], role)
    assert not RecordSignature.objects.exists()


def test_an_account_does_not_lend_itself_to_the_trainers_signature(rows, trainer, head):
    with pytest.raises(SigningRefused, match="自己的账号"):
        sign(rows, trainer, SignerRole.TRAINER, acting_user=head.user)


@pytest.mark.parametrize(
    "given",
    [
        {"signature": ""},
        {"signature": "M1 1L2 2"},
        {"signature": "", "typed_name": "别人", "is_confirmed": True},
        {"signature": "", "typed_name": "张伟"},
    ],
)
def test_what_is_no_signature_is_refused(rows, given):
    with pytest.raises(SigningRefused):
        sign(rows[:1], rows[0].employee, **given)


def test_the_own_name_typed_and_confirmed_stands_for_a_signature(rows):
    (made,) = sign(rows[:1], rows[0].employee, signature="", typed_name=" 张伟 ", is_confirmed=True)
    assert (made.signed_by, made.ink.mark) == ("name", "张伟")


def test_a_corrected_row_is_not_signed_any_more_and_its_correction_is(rows, trainer, head):
    by = {"acting_user": None, "now": at("2026-03-05", "10:00")}
    corrected = correct_record(record=rows[0], hours=Decimal(4), reason="只到了半天", **by)
    with pytest.raises(TrainingRecord.DoesNotExist):
        sign(rows[:1], rows[0].employee)

    # What it says now is signed by all three, as any row is.
    employee = rows[0].employee
    assert [row.pk for row in rows_to_sign(employee)] == [corrected.pk]
    sign([corrected], employee)
    sign([corrected], trainer, SignerRole.TRAINER)
    sign([corrected], head, SignerRole.RESPONSIBLE)
    assert [s.is_complete for s in sessions_for(head.user, NOW) if s.key == corrected.pk] == [True]

    # That nobody learnt anything is for nobody to sign.
    correct_record(record=corrected, passed=False, reason="没有到场", **by)
    assert not rows_to_sign(employee).exists()


def test_forgetting_takes_the_ink_and_leaves_the_fact(rows):
    employee = rows[0].employee
    sign(rows[:1], employee)
    held = str(everything_on(employee))
    assert "培训记录上的签名" in held
    assert SIGNATURE in held
    forget_signatures(employee, NOW)
    assert not RecordSignatureMark.objects.exists()
    assert RecordSignature.objects.count() == 1


def test_a_person_signs_on_the_own_phone(client, rows):
    employee = rows[0].employee
    client.force_login(employee.user)
    assert "要签字的培训" in client.get("/").content.decode()
    page = client.get(reverse("training:sign-row", args=[rows[0].pk])).content.decode()
    assert "一车间培训室" in page
    assert "周师傅" in page
    address = reverse("training:sign-row", args=[rows[0].pk])
    assert client.post(address, {"signature": "M1 1L2 2"}).status_code == 422
    assert client.post(address, {"signature": SIGNATURE}).status_code == 302
    assert not rows_to_sign(employee).exists()
    assert client.get(address).status_code == 302
    assert client.get(reverse("training:sign-row", args=[rows[1].pk])).status_code == 404
    assert "都签过了" in client.get(reverse("training:sign-list")).content.decode()


def test_a_session_is_signed_in_the_back_office(client, rows, trainer, head):
    client.force_login(trainer.user)
    sessions = reverse("training_office:sign-sessions")
    assert "2 人未签" in client.get(sessions).content.decode()
    first = rows[0].pk
    page = client.get(reverse("training_office:sign-session", args=[first])).content.decode()
    assert "我是教育人，签字" in page
    pad = reverse("training_office:sign-session-role", args=[first, "trainer"])
    assert "给 2 条记录签字" in client.get(pad).content.decode()
    assert client.post(pad, {"signature": SIGNATURE}).status_code == 302
    assert client.get(pad).status_code == 404
    for row in rows:
        passed_round = reverse(
            "training_office:sign-session-trainee", args=[first, "trainee", row.employee_id]
        )
        assert client.post(passed_round, {"signature": SIGNATURE}).status_code == 302
    client.force_login(head.user)
    own = reverse("training_office:sign-session-role", args=[first, "responsible"])
    assert client.post(own, {"signature": SIGNATURE}).status_code == 302
    assert "签齐了" in client.get(sessions).content.decode()
    assert RecordSignature.objects.count() == 6


def test_sessions_out_of_reach_are_not_found(client, rows):
    stranger = with_account("外人", OrgUnitFactory(), Role.TRAINER)
    client.force_login(stranger.user)
    first = rows[0].pk
    assert sessions_for(stranger.user, NOW) == []
    assert client.get(reverse("training_office:sign-session", args=[first])).status_code == 404
    assert (
        client.get(reverse("training_office:sign-session-role", args=[first, "trainer"])).status_code == 404
    )
    assert client.get(reverse("training_office:sign-session-role", args=[first, "nobody"])).status_code == 404
    employee_id = rows[0].employee_id
    address = reverse("training_office:sign-session-trainee", args=[first, "trainee", employee_id])
    assert client.get(address).status_code == 404
