"""The ink under responsibility letters and practical checks: where it is shown, and that it goes with the name."""

import datetime as dt
import hashlib
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import ModelLogEntry

from people.actions.erasure import confirm_erasure, request_erasure
from people.actions.holds import end_hold, place_hold
from people.errors import ErasureRefused
from people.models import Employee, EmploymentStatus, Erasable, ErasedItem, ErasureRequest, LegalHold, Role
from people.personal_data import everything_on
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.factories.training import SIGNATURE, ObligationFactory, at
from training.actions.checks import check_digest, letter_digest, record_practical_check, sign_letter
from training.actions.forgetting import forget_left_signatures, forget_signatures
from training.actions.programmes import ComponentSpec, save_programme
from training.actions.sealing import seal_ledger
from training.models import (
    LetterMark,
    LetterSignature,
    PracticalCheck,
    PracticalCheckMark,
    TrainingRecord,
)
from training.queries.hand_signed import checks_by, letters_by
from training.queries.verification import verify_ledger

pytestmark = pytest.mark.django_db
NOW = at("2026-03-03")
GONE_ON = dt.date(2026, 4, 1)
LATER = at("2030-01-15")  # more than 36 months after they left
ERASED = "已依法删除"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def unit():
    return OrgUnitFactory(name="一车间")


@pytest.fixture
def mentor(unit):
    employee = EmployeeFactory(name="周师傅", assigned__unit=unit)
    RoleGrantFactory(role=Role.TRAINER, unit=unit, user=employee.user)
    employee.user.name = employee.name
    employee.user.save(update_fields=["name"])
    employee.user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    return employee


def owed(employee, *components):
    programme = save_programme(
        code=f"p{employee.pk}",
        title="分步",
        kind="special",
        components=components,
        acting_user=None,
        now=NOW,
    )
    return ObligationFactory(employee=employee, rule__programme=programme)


def letter(title="责任书"):
    return ComponentSpec("letter", title, body="遵守规程。")


def part(obligation, kind):
    return obligation.programme.components.filter(kind=kind).order_by("position")


def sign(obligation, component, **given):
    given = {"signature": SIGNATURE, **given}
    return sign_letter(
        obligation=obligation,
        component=component,
        employee=obligation.employee,
        device="phone",
        now=NOW,
        **given,
    )


def check(obligation, user, results=(True, True), **given):
    given = {"signature": SIGNATURE, **given}
    return record_practical_check(
        obligation=obligation,
        component=part(obligation, "practical").get(),
        results=results,
        acting_user=user,
        now=NOW,
        **given,
    )


@pytest.fixture
def signed(unit, mentor):
    """A letter signed by a worker and a practical check of that worker signed by the mentor, both in the ledger."""
    worker = EmployeeFactory(name="张伟", assigned__unit=unit)
    obligation = owed(worker, letter(), ComponentSpec("practical", "实操", checklist=("护具", "挂牌")))
    return SimpleNamespace(
        obligation=obligation,
        worker=worker,
        mentor=mentor,
        letter=sign(obligation, part(obligation, "letter").get()),
        check=check(obligation, mentor.user, remark=" 手稳 "),
    )


def leave(employee):
    Employee.objects.filter(pk=employee.pk).update(status=EmploymentStatus.LEFT, left_on=GONE_ON)


def ask(employee):
    """Ask for the erasure of a name; the officers are over the unit of the one to be erased."""
    unit = employee.assignments.get().unit
    asking, confirming = (RoleGrantFactory(role=Role.HR_OFFICER, unit=unit).user for _ in range(2))
    request = request_erasure(
        employee=employee, what={Erasable.NAME}, reason="保留期满", acting_user=asking, now=LATER
    )
    return request, confirming


def erase(employee, clock):
    leave(employee)
    clock.move_to(LATER)
    request, confirming = ask(employee)
    confirm_erasure(request=request, acting_user=confirming, now=LATER)
    return request, confirming


def held_of(employee):
    return {table.name: table.rows for table in everything_on(employee)}


def facts():
    return list(LetterSignature.objects.order_by("pk").values()), list(
        PracticalCheck.objects.order_by("pk").values()
    )


def vouched_for(signed):
    """Tell whether both digests can be worked out from the rows alone and stand in the ledger."""
    one, other = LetterSignature.objects.get(), PracticalCheck.objects.get()
    payload = TrainingRecord.objects.get(obligation=signed.obligation).payload
    return (
        one.sha256 == letter_digest(one.body, one.signature_sha256, one.signed_at)
        and other.sha256
        == check_digest(
            str(other.obligation.public_id),
            other.results,
            other.remark,
            other.signature_sha256,
            other.checked_at,
        )
        and one.sha256 in payload
        and other.sha256 in payload
    )


def test_the_rows_keep_the_digest_of_the_ink_and_not_the_ink(signed):
    sha256 = hashlib.sha256(SIGNATURE.encode()).hexdigest()
    assert (signed.letter.signed_by, signed.letter.signature_sha256) == ("hand", sha256)
    assert (signed.check.signed_by, signed.check.signature_sha256) == ("hand", sha256)
    assert signed.letter.ink.mark == signed.check.ink.mark == SIGNATURE
    assert signed.check.remark == "手稳"
    assert SIGNATURE not in str(facts())
    assert vouched_for(signed)


@pytest.mark.parametrize(
    ("model", "field"), [(LetterSignature, "signature_sha256"), (PracticalCheck, "signed_by")]
)
@pytest.mark.usefixtures("signed")
def test_the_rows_are_still_only_added(model, field):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.update(**{field: ""})
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.all()._raw_delete(model.objects.db)


def test_a_typed_name_is_known_as_one(unit, mentor):
    """Also where it begins like a drawing does."""
    worker = EmployeeFactory(name="Mika", assigned__unit=unit)
    obligation = owed(worker, letter())
    made = sign(
        obligation, part(obligation, "letter").get(), signature="", typed_name="Mika", is_confirmed=True
    )
    assert (made.signed_by, made.ink.mark) == ("name", "Mika")


def test_signing_twice_leaves_one_mark(signed):
    assert sign(signed.obligation, part(signed.obligation, "letter").get()) == signed.letter
    assert LetterMark.objects.count() == 1


def test_the_copy_holds_the_ink_of_whom_it_is(signed):
    own, mentors = held_of(signed.worker), held_of(signed.mentor)
    assert [row["ink__mark"] for row in own["letters"]] == [SIGNATURE]
    assert [row["ink__mark"] for row in mentors["practical_checks_given"]] == [SIGNATURE]
    # A check of somebody is theirs, the mentor's hand under it is not.
    assert len(own["practical_checks"]) == 1
    assert SIGNATURE not in str(own["practical_checks"])
    forget_signatures(signed.worker, NOW)
    forget_signatures(signed.mentor, NOW)
    assert [row["ink__mark"] for row in held_of(signed.worker)["letters"]] == [None]
    assert [row["ink__mark"] for row in held_of(signed.mentor)["practical_checks_given"]] == [None]


def test_the_ink_goes_with_the_name_of_whoever_gave_it_and_the_facts_stay(signed, today):
    seal_ledger(now=NOW)
    before = facts()
    erase(signed.worker, today)
    assert not LetterMark.objects.exists()
    assert PracticalCheckMark.objects.count() == 1
    erase(signed.mentor, today)
    assert not PracticalCheckMark.objects.exists()

    assert facts() == before
    assert vouched_for(signed)
    seal_ledger(now=LATER)
    report = verify_ledger()
    assert (report.records, report.problems) == (TrainingRecord.objects.count(), [])


def test_others_keep_their_ink(signed, unit, mentor, today):
    other = EmployeeFactory(assigned__unit=unit)
    obligation = owed(other, letter())
    kept = sign(obligation, part(obligation, "letter").get())
    erase(signed.worker, today)
    assert LetterMark.objects.get().letter == kept


def test_a_second_erasure_is_harmless(signed, today):
    request, confirming = erase(signed.mentor, today)
    left = facts(), list(LetterMark.objects.values())
    with pytest.raises(ErasureRefused, match="decided"):
        confirm_erasure(request=request, acting_user=confirming, now=LATER)
    with pytest.raises(ErasureRefused, match="not_due"):
        ask(signed.mentor)
    forget_signatures(Employee.objects.get(pk=signed.mentor.pk), LATER)
    assert (facts(), list(LetterMark.objects.values())) == left


def hold(*people):
    return place_hold(
        kind=LegalHold.Kind.PERSON,
        reason="诉讼",
        people=people,
        starts_on=NOW.date(),
        acting_user=None,
        now=NOW,
    )


def test_a_hold_keeps_the_ink(signed, today):
    people = (signed.worker, signed.mentor)
    for one in people:
        leave(one)
    today.move_to(LATER)
    asked = [ask(one) for one in people]
    held = hold(*people)
    for request, confirming in asked:
        with pytest.raises(ErasureRefused, match="held"):
            confirm_erasure(request=request, acting_user=confirming, now=LATER)
    assert (LetterMark.objects.count(), PracticalCheckMark.objects.count()) == (1, 1)
    end_hold(hold=held, reason="结案", acting_user=asked[0][1], now=LATER)
    for request, confirming in asked:
        confirm_erasure(request=request, acting_user=confirming, now=LATER)
    assert (LetterMark.objects.count(), PracticalCheckMark.objects.count()) == (0, 0)


def test_a_check_signed_before_the_account_was_an_employees_goes_too(unit, signed):
    account = UserFactory(name="外聘")
    RoleGrantFactory(role=Role.TRAINER, unit=unit, user=account)
    obligation = owed(
        EmployeeFactory(assigned__unit=unit), ComponentSpec("practical", "实操", checklist=("护具", "挂牌"))
    )
    made = check(obligation, account)
    assert made.mentor is None
    employee = EmployeeFactory(user=account, assigned__unit=unit)
    assert list(checks_by(employee)) == [made]
    forget_signatures(employee, NOW)
    assert [mark.practical_check for mark in PracticalCheckMark.objects.all()] == [signed.check]


# What erasures of names left behind while the ink lay in the rows


def erased_before(employee, at_):
    """An erasure of a name as the release before did it: the ink under letters and checks is still there."""
    leave(employee)
    request = ErasureRequest.objects.create(
        employee=employee,
        what=[Erasable.NAME],
        reason="期满",
        state="done",
        requested_by=UserFactory(),
        requested_at=at_,
        decided_by=UserFactory(),
        decided_at=at_,
    )
    ErasedItem.objects.create(employee=employee, what=Erasable.NAME, request=request, erased_at=at_)


def test_ink_left_by_earlier_erasures_is_taken_once(signed, capsys):
    erased_before(signed.worker, NOW)
    erased_before(signed.mentor, NOW)
    call_command("forget_left_signatures")
    assert capsys.readouterr().out == "signatures of 2 people deleted, of 0 kept by a legal hold\n"
    assert (LetterMark.objects.count(), PracticalCheckMark.objects.count()) == (0, 0)
    noted = ModelLogEntry.objects.filter(action="training.signatures.forget")
    assert {entry.object_id for entry in noted} == {str(signed.worker.pk), str(signed.mentor.pk)}
    assert forget_left_signatures(now=LATER) == (0, 0)
    assert noted.count() == 2


def test_ink_of_others_and_of_later_days_is_not_left_behind(signed):
    """Somebody taken on again after the erasure has signed under the name they gave then."""
    erased_before(signed.worker, NOW - dt.timedelta(days=1))
    assert forget_left_signatures(now=LATER) == (0, 0)
    assert (LetterMark.objects.count(), PracticalCheckMark.objects.count()) == (1, 1)


def test_a_hold_keeps_what_was_left_behind(signed):
    erased_before(signed.worker, NOW)
    erased_before(signed.mentor, NOW)
    held = hold(signed.worker)
    assert forget_left_signatures(now=LATER) == (1, 1)
    assert list(LetterMark.objects.values_list("mark", flat=True)) == [SIGNATURE]
    ending = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=signed.worker.assignments.get().unit).user
    end_hold(hold=held, reason="结案", acting_user=ending, now=LATER)
    assert forget_left_signatures(now=LATER) == (1, 0)
    assert not letters_by(signed.worker).filter(ink__isnull=False).exists()


# The pages


def page_of(client, signed, *, at_="obligation"):
    if at_ == "obligation":
        address = reverse("training_office:obligation", args=[signed.obligation.public_id])
    else:
        component = part(signed.obligation, "practical").get()
        address = reverse("training_office:practical-check", args=[signed.obligation.public_id, component.pk])
    return client.get(address).content.decode()


@pytest.mark.parametrize(("at_", "whose"), [("obligation", "worker"), ("practical", "mentor")])
def test_pages_show_the_ink_and_then_that_it_was_erased(client, signed, at_, whose):
    reader = RoleGrantFactory(role=Role.TRAINER, unit=signed.worker.assignments.get().unit).user
    reader.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(reader)
    page = page_of(client, signed, at_=at_)
    assert SIGNATURE in page
    assert ERASED not in page
    forget_signatures(getattr(signed, whose), NOW)
    page = page_of(client, signed, at_=at_)
    assert SIGNATURE not in page
    assert ERASED in page


def test_a_typed_name_is_shown_as_one(client, unit, mentor):
    worker = EmployeeFactory(name="Mika", assigned__unit=unit)
    obligation = owed(worker, letter())
    sign(obligation, part(obligation, "letter").get(), signature="", typed_name="Mika", is_confirmed=True)
    client.force_login(mentor.user)
    page = page_of(client, SimpleNamespace(obligation=obligation))
    assert "签名（输入）：Mika" in page
    assert 'd="Mika"' not in page


def statements(client, address):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_a_page_of_letters_asks_as_often_for_three_as_for_one(client, unit, mentor):
    obligation = owed(EmployeeFactory(assigned__unit=unit), *(letter(title) for title in "甲乙丙丁"))
    address = reverse("training_office:obligation", args=[obligation.public_id])
    one, *others, _last = part(obligation, "letter")
    sign(obligation, one)
    client.force_login(mentor.user)
    client.get(address)
    asked = statements(client, address)
    for other in others:
        sign(obligation, other)
    assert statements(client, address) == asked
    forget_signatures(obligation.employee, NOW)
    assert statements(client, address) == asked


def test_a_page_of_checks_asks_as_often_for_three_as_for_one(client, unit, mentor):
    obligation = owed(
        EmployeeFactory(assigned__unit=unit), ComponentSpec("practical", "实操", checklist=("护具", "挂牌"))
    )
    component = part(obligation, "practical").get()
    address = reverse("training_office:practical-check", args=[obligation.public_id, component.pk])
    check(obligation, mentor.user, results=(True, False))
    client.force_login(mentor.user)
    client.get(address)
    asked = statements(client, address)
    for _ in range(2):
        check(obligation, mentor.user, results=(True, False))
    assert statements(client, address) == asked
    forget_signatures(mentor, NOW)
    assert statements(client, address) == asked
