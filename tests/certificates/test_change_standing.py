import datetime as dt

import pytest
from wagtail.models import ModelLogEntry

from certificates.actions.issue import issue_for_record
from certificates.actions.standing import resume_certificate, revoke_certificate, suspend_certificate
from certificates.errors import ChangeImpossible, NotAllowed, ReasonMissing
from certificates.models import CertificateStatus
from certificates.queries import cards, certificates_of, standing_of
from certificates.standing import State
from people.models import Role
from tests.factories.certificates import ProgrammeRecordFactory
from tests.factories.people import AssignmentFactory, RoleGrantFactory, UserFactory, org_path

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate():
    return issue_for_record(record_id=ProgrammeRecordFactory().pk, now=NOW)


@pytest.fixture
def manager():
    return UserFactory(superuser=True)


def change(action, certificate, user, reason="代考", now=LATER):
    return action(certificate_id=certificate.pk, reason=reason, acting_user=user, now=now)


def test_revoking_adds_a_row_with_reason_who_and_when(certificate, manager):
    row = change(revoke_certificate, certificate, manager, "  经查系\n代考 ")
    assert (row.kind, row.reason, row.changed_by, row.changed_at) == (
        "revoked",
        "经查系 代考",
        manager,
        LATER,
    )
    audit = ModelLogEntry.objects.get(action="certificates.certificate.revoked")
    assert (audit.object_id, audit.user, audit.data) == (
        str(certificate.pk),
        manager,
        {"reason": "经查系 代考"},
    )
    assert standing_of(certificate, LATER).state == State.REVOKED
    assert standing_of(certificate, NOW).state == State.VALID


def test_suspending_and_resuming_leaves_it_valid(certificate, manager):
    change(suspend_certificate, certificate, manager)
    assert standing_of(certificate, LATER).state == State.SUSPENDED
    change(resume_certificate, certificate, manager, "已核实", LATER + dt.timedelta(hours=1))
    assert standing_of(certificate, LATER + dt.timedelta(hours=2)).state == State.VALID


def test_system_may_change_without_a_user(certificate):
    assert change(suspend_certificate, certificate, None).changed_by is None


@pytest.mark.parametrize("action", [revoke_certificate, suspend_certificate])
def test_second_call_keeps_the_first_row(action, certificate, manager):
    first = change(action, certificate, manager)
    assert change(action, certificate, manager, "再点一次", LATER + dt.timedelta(hours=1)) == first
    assert CertificateStatus.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "  \u3000\n", "字" * 201])
def test_change_without_a_fitting_reason_is_refused(reason, certificate, manager):
    with pytest.raises(ReasonMissing):
        change(revoke_certificate, certificate, manager, reason)
    assert not CertificateStatus.objects.exists()


def test_only_a_safety_officer_over_the_holders_unit_may_change(certificate):
    AssignmentFactory(employee=certificate.employee, unit=org_path("总厂/一车间/甲班"))

    def officer(role, path):
        return RoleGrantFactory(role=role, unit=org_path(path)).user

    for user in (
        certificate.employee.user,
        UserFactory(),
        UserFactory(superuser=True, is_active=False),
        officer(Role.HR_OFFICER, "总厂"),
        officer(Role.SAFETY_OFFICER, "总厂/二车间"),
    ):
        with pytest.raises(NotAllowed, match=certificate.number):
            change(revoke_certificate, certificate, user)
    assert not CertificateStatus.objects.exists()
    assert change(revoke_certificate, certificate, officer(Role.SAFETY_OFFICER, "总厂/一车间"))


def test_impossible_changes_are_refused(certificate, manager):
    with pytest.raises(ChangeImpossible, match="没有被暂停"):
        change(resume_certificate, certificate, manager)
    change(revoke_certificate, certificate, manager)
    for action in (resume_certificate, suspend_certificate):
        with pytest.raises(ChangeImpossible, match="已撤销"):
            change(action, certificate, manager, now=LATER + dt.timedelta(hours=1))


@pytest.mark.parametrize("count", [1, 3])
def test_cards_take_three_queries_however_many(count, django_assert_num_queries):
    employee = ProgrammeRecordFactory().employee
    for _ in range(count):
        record = ProgrammeRecordFactory(employee=employee)
        issue_for_record(record_id=record.pk, now=NOW)
    with django_assert_num_queries(3):
        shown = cards(certificates_of(employee.pk), NOW)
    assert [(str(card.word), card.has_file) for card in shown] == [("有效", False)] * count
