"""Prepared queries give what the queryset they are made of gives, each time with the values of that time."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import BigIntegerField, CharField, DateTimeField, UUIDField
from django.test.utils import CaptureQueriesContext

from common.prepared import Prepared, PreparedOfMany
from exams.models import Attempt
from people.models import Employee, User
from tests.factories.exams import NOW, make_attempt
from tests.factories.people import EmployeeFactory
from tests.threads import in_threads

by_number = Prepared(
    lambda number: Employee.objects.select_related("user").filter(employee_no=number), number=CharField()
)
of_many = PreparedOfMany(lambda keys: Employee.objects.filter(pk__in=keys).order_by("pk"), BigIntegerField())


@pytest.mark.django_db
def test_each_call_has_its_own_values_and_rows_of_its_own():
    one, other = EmployeeFactory(), EmployeeFactory()
    first, second = by_number.first(number=one.employee_no), by_number.first(number=other.employee_no)
    assert (first, second) == (one, other)
    with CaptureQueriesContext(connection) as queries:
        assert first.user == one.user
    assert not queries.captured_queries
    first.name = "改名"
    first.save(update_fields=["name"])
    assert by_number.first(number=one.employee_no).name == "改名"
    assert by_number.first(number="nobody") is None


@pytest.mark.django_db
def test_values_are_turned_as_their_fields_turn_them():
    attempt = make_attempt()
    rows = Prepared(
        lambda public_id, before: Attempt.objects.filter(
            public_id=public_id, started_at__lt=before
        ).values_list("public_id", "started_at", "paper", named=True),
        public_id=UUIDField(),
        before=DateTimeField(),
    )
    (row,) = rows.all(public_id=attempt.public_id, before=NOW + dt.timedelta(seconds=1))
    assert (row.public_id, row.started_at, row.paper) == (attempt.public_id, NOW, attempt.paper)
    assert rows.all(public_id=attempt.public_id, before=NOW) == []
    assert rows.all(public_id=uuid4(), before=NOW + dt.timedelta(days=1)) == []


@pytest.mark.django_db
def test_a_value_is_a_value_whatever_it_says():
    EmployeeFactory()
    assert by_number.all(number="' OR 1=1 --") == []
    assert by_number.all(number="%s") == []


@pytest.mark.parametrize("values", [{}, {"number": None}, {"number": "1", "more": 2}])
def test_each_value_must_be_there(values):
    with pytest.raises(TypeError, match="number"):
        by_number.all(**values)


@pytest.mark.django_db
def test_what_is_more_than_one_statement_is_refused():
    users = Prepared(lambda pk: User.objects.prefetch_related("groups").filter(pk=pk), pk=BigIntegerField())
    with pytest.raises(TypeError, match="one statement"):
        users.all(pk=1)


@pytest.mark.django_db
@pytest.mark.parametrize("most", [100, 2])
def test_rows_of_many_keys_are_one_statement(monkeypatch, most):
    monkeypatch.setattr(PreparedOfMany, "MOST", most)
    people = [EmployeeFactory() for _ in range(3)]
    for wanted in (people[:1], people, people[1:]):
        with CaptureQueriesContext(connection) as queries:
            assert of_many.all([each.pk for each in wanted] * 2) == wanted
        assert len(queries) == 1
    assert of_many.all([]) == []


@pytest.mark.django_db(transaction=True)
def test_threads_do_not_share_values():
    people = [EmployeeFactory() for _ in range(4)]

    def ask(number):
        return lambda: {by_number.first(number=number).employee_no for _ in range(50)}

    numbers = [each.employee_no for each in people]
    assert in_threads(*[ask(number) for number in numbers]) == [{number} for number in numbers]
