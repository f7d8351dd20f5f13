"""What one employment event asks of the database does not grow with the works: by the plans of its statements.

SQLite keeps no figures of how many rows there are, so that its plans follow from the tables and indexes alone and
are those of a works of 100,000 people; PostgreSQL goes by its figures, and would rightly read these few rows whole.
"""

import datetime as dt
import re
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from people.actions.employment import leave, transfer
from people.models import EventKind
from tests.factories.people import EmployeeFactory, OrgUnitFactory, PostFactory
from tests.factories.training import EmploymentEventFactory, at, make_case, post_with, push_to_all
from training.actions.clearance import refresh_clearance
from training.actions.push_joiners import follow_employment
from training.actions.pushes import end_push
from training.actions.recompute import recompute_obligations
from training.actions.templates import load_templates
from training.models import Obligation
from training.queries.obligations import open_obligations

pytestmark = pytest.mark.django_db
NOW = at("2026-06-01", "10:00")
by_itself = pytest.mark.skipif(connection.vendor != "sqlite", reason="the plans of SQLite")
# What a house has a few hundred of, which an event may read whole; the lists of ids within a statement, too.
FEW = re.compile(
    r"SCAN (people_(orgunit|post|licencetype|post_demanded_licences)"
    r"|training_(trainingrule|trainingrule_\w+|programme|component|casepush)|access_\w+|CONSTANT|\d+-ROW)"
)
OWN = re.compile(r"\((employee_id|rowid|push_id=\? AND employee_id)=\?")


@pytest.fixture(autouse=True)
def rules():
    with time_machine.travel(NOW, tick=False):
        load_templates(acting_user=None, now=NOW, adopted_on=NOW.date().replace(month=1, day=1))
        yield


def workers(count: int, **fields):
    post, unit = PostFactory(), OrgUnitFactory()
    people = EmployeeFactory.create_batch(count, assigned__unit=unit, assigned__post=post, **fields)
    recompute_obligations(now=NOW)
    return people


def move(person):
    transfer(
        employee=person,
        unit=OrgUnitFactory(),
        post=PostFactory(),
        effective_on=NOW.date(),
        acting_user=None,
        now=NOW,
    )


def plans(does: Callable[[], object]) -> list[str]:
    """Return each step by which SQLite finds the rows of what `does` asks."""
    asked: list[tuple[str, object]] = []

    def note(execute, sql, params, many, context):
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        does()
    steps = []
    with connection.cursor() as cursor:
        for sql, params in asked:
            if sql.startswith(("SELECT", "UPDATE", "DELETE")):
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                steps += [row[3] for row in cursor.fetchall()]
    return [step for step in steps if step.startswith(("SCAN", "SEARCH"))]


def assert_asks_of_the_people(does: Callable[[], object]) -> None:
    steps = plans(does)
    owed = [step for step in steps if "training_obligation" in step]
    assert owed
    assert [step for step in owed if not OWN.search(step)] == []
    assert [step for step in steps if step.startswith("SCAN") and not FEW.match(step)] == []


@by_itself
def test_a_transfer_asks_of_its_person():
    person, *_others = workers(3)
    assert Obligation.objects.filter(employee=person).exists()
    assert_asks_of_the_people(lambda: move(person))


@by_itself
@pytest.mark.parametrize("count", [1, 3])
def test_clearance_and_what_is_owed_are_asked_of_the_people(count):
    ids = [person.pk for person in workers(count)]
    assert_asks_of_the_people(lambda: refresh_clearance(employee_ids=ids, now=NOW))
    assert_asks_of_the_people(lambda: recompute_obligations(employee_ids=ids, now=NOW))
    assert_asks_of_the_people(lambda: list(open_obligations(ids[0])))


@by_itself
@pytest.mark.parametrize("has_ended", [False, True])
def test_pushes_are_asked_of_the_people(has_ended):
    post = post_with("机械伤害试验", name="冲压工")
    people = EmployeeFactory.create_batch(3, assigned__unit=OrgUnitFactory(), assigned__post=post)
    push = push_to_all(make_case(["机械伤害试验"]), now=NOW)
    if has_ended:
        end_push(push=push, reason="x", withdraw=False, acting_user=None, now=NOW)
    events = [EmploymentEventFactory(employee=one, kind=EventKind.LEFT_POST).pk for one in people]
    assert Obligation.objects.filter(push=push).count() == 3
    assert_asks_of_the_people(lambda: follow_employment(event_ids=events, now=NOW))


@by_itself
def test_those_late_and_waivers_that_end_are_found_by_their_day():
    late = Obligation.objects.filter(state="open", due_on__lt=NOW.date()).order_by("due_on")
    over = Obligation.objects.filter(state="waived", waived_before__lte=NOW.date()).order_by()
    assert plans(lambda: list(late)) == [
        "SEARCH training_obligation USING INDEX training_obl_open_due (due_on<?)"
    ]
    assert plans(lambda: list(over)) == [
        "SEARCH training_obligation USING INDEX training_obl_waived (waived_before<?)"
    ]


def test_the_statements_of_a_transfer_do_not_grow_with_the_works():
    move(workers(1)[0])  # fills the cache of content types
    counts = []
    for others in (0, 5):
        person, *_others = workers(1 + others)
        with CaptureQueriesContext(connection) as asked:
            move(person)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 56


def test_whoever_leaves_is_let_off_a_push_that_has_ended():
    post = post_with("机械伤害试验", name="冲压工")
    gone, stays = EmployeeFactory.create_batch(2, assigned__unit=OrgUnitFactory(), assigned__post=post)
    push = push_to_all(make_case(["机械伤害试验"]), now=NOW)
    end_push(push=push, reason="x", withdraw=False, acting_user=None, now=NOW)
    leave(employee=gone, left_on=dt.date(2026, 6, 1), acting_user=None, now=NOW)
    states = dict(Obligation.objects.filter(push=push).values_list("employee_id", "state"))
    assert states == {gone.pk: "cancelled", stays.pk: "open"}
