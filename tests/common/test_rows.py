"""Rows written in bulk must be those the models' own way writes."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from common.rows import insert_rows
from notices.models import Channel, Notice
from people.models import EmploymentEvent, Post, User
from tests.factories.people import EmployeeFactory, UserFactory
from training.models import ClearanceState

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)


def event_of(employee, **changed):
    return EmploymentEvent(
        employee=employee,
        kind="returned",
        effective_on=dt.date(2026, 11, 1),
        days_away=3,
        recorded_at=NOW,
        **changed,
    )


def test_each_object_gets_its_own_id_and_reads_back_as_it_was():
    posts = [Post(name=f"岗位{number}", is_principal=number == 1) for number in range(3)]
    insert_rows(posts)
    assert [Post.objects.get(pk=post.pk).name for post in posts] == ["岗位0", "岗位1", "岗位2"]
    assert [post.is_principal for post in Post.objects.order_by("pk")] == [False, True, False]
    posts[0].name = "改名"
    posts[0].save()
    assert Post.objects.count() == 3


def test_days_moments_uuids_and_foreign_keys():
    employee = EmployeeFactory()
    first = event_of(employee)
    insert_rows([first])
    second = event_of(employee, corrects=first, recorded_by=UserFactory())
    insert_rows([second])
    stored = EmploymentEvent.objects.get(pk=second.pk)
    assert (stored.effective_on, stored.recorded_at, stored.corrects_id, stored.recorded_by_id) == (
        dt.date(2026, 11, 1),
        NOW,
        first.pk,
        second.recorded_by_id,
    )


def test_row_that_is_there_takes_the_fields_anew():
    employee = EmployeeFactory()
    for is_cleared, reasons in ((False, [{"text": "培训未完成"}]), (True, [])):
        state = ClearanceState(
            employee=employee, is_cleared=is_cleared, reasons=reasons, since=NOW, computed_at=NOW
        )
        insert_rows([state], unique=["employee"], update=["is_cleared", "reasons", "computed_at"])
    assert list(ClearanceState.objects.values_list("is_cleared", "reasons")) == [(True, [])]


def test_conflicts_may_be_ignored():
    user = UserFactory()
    notice = {"recipient": user, "channel": Channel.INBOX, "cause": "a", "created_at": NOW, "sent_at": NOW}
    for title in ("先到", "后到"):
        insert_rows([Notice(title=title, **notice)], ignore_conflicts=True)
    assert Notice.objects.get().title == "先到"


def test_constraints_hold():
    UserFactory(username="001")
    with pytest.raises(IntegrityError):
        insert_rows([User(username="001")])


@pytest.mark.parametrize(("rows", "statements"), [(0, 0), (1, 1), (1_000, 1), (1_001, 2)])
def test_statements_grow_with_pieces_only(rows, statements):
    with CaptureQueriesContext(connection) as queries:
        insert_rows([Post(name=f"岗位{number}") for number in range(rows)])
    assert len(queries) == statements
    assert Post.objects.count() == rows
