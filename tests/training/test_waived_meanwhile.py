"""What happens to training that is waived when its person leaves, moves, or its reason is taken back."""

import datetime as dt

import pytest

from people.actions import employment
from people.actions.corrections import correct_event
from tests.factories.people import OrgUnitFactory, PostFactory
from tests.factories.training import ProgrammeFactory, TrainingRuleFactory, at
from training.actions.dispensations import ask_dispensation, decide_dispensation, end_waivers
from training.actions.occurrences import Concerned, record_occurrence, withdraw_occurrence
from training.actions.recompute import recompute_obligations
from training.errors import DispensationRefused
from training.models import Obligation
from training.queries.coverage import owed_on

pytestmark = pytest.mark.django_db
UNTIL = dt.date(2026, 3, 31)
ENDED = at("2026-04-01")


@pytest.fixture
def person():
    return employment.hire(
        employee_no="001",
        name="张伟",
        unit=OrgUnitFactory(),
        post=PostFactory(),
        hired_on=dt.date(2026, 1, 5),
        acting_user=None,
        now=at("2026-01-05"),
    )


def rule(trigger, **fields):
    return TrainingRuleFactory(trigger=trigger, programme=ProgrammeFactory(on_site=[8]), **fields)


def waive(obligation, *, asked="2026-03-03", decided="2026-03-03"):
    request = ask_dispensation(
        obligation=obligation,
        kind="waiver",
        reason="住院",
        until=UNTIL,
        acting_user=None,
        now=at(asked),
    )
    decide_dispensation(dispensation=request, is_approved=True, acting_user=None, now=at(decided))


def transfer(person, day):
    employment.transfer(
        employee=person,
        unit=OrgUnitFactory(),
        post=PostFactory(),
        effective_on=dt.date.fromisoformat(day),
        acting_user=None,
        now=at(day),
    )


def states(person):
    return list(person.obligations.order_by("pk").values_list("state", flat=True))


def test_who_leaves_is_not_asked_again_when_the_waiver_ends(person):
    rule("transferred")
    transfer(person, "2026-03-02")
    waive(person.obligations.get())
    by = {"acting_user": None}
    employment.leave(employee=person, left_on=dt.date(2026, 3, 10), now=at("2026-03-10"), **by)

    assert end_waivers(now=ENDED) == 0
    assert states(person) == ["cancelled"]
    assert not owed_on(dt.date(2026, 3, 9)).exists()  # waived that day, and it stays so

    # Taken back while the waiver runs: it is waived as before, and owed when the waiver ends.
    left = person.events.latest("recorded_at")
    correct_event(event=left, reason="登记有误", withdraw=True, now=at("2026-03-20"), **by)
    waived = person.obligations.get()
    assert (waived.state, waived.waived_before) == ("waived", dt.date(2026, 4, 1))
    assert end_waivers(now=ENDED) == 1
    assert states(person) == ["open"]


def test_a_later_task_of_the_same_programme_takes_the_place_of_a_waived_one(person):
    rule("transferred")
    transfer(person, "2026-03-02")
    waive(person.obligations.get())
    transfer(person, "2026-03-12")

    assert states(person) == ["cancelled", "open"]
    assert end_waivers(now=ENDED) == 0


def test_what_is_withdrawn_stays_withdrawn_when_the_waiver_ends(person):
    rule("violation")
    violation = record_occurrence(
        kind="violation",
        title="未戴安全帽",
        happened_on=dt.date(2026, 3, 2),
        concerned=Concerned(employees=[person]),
        acting_user=None,
        now=at("2026-03-02"),
    )
    waive(person.obligations.get())
    withdraw_occurrence(occurrence=violation, reason="认错了人", acting_user=None, now=at("2026-03-05"))

    assert states(person) == ["cancelled"]
    assert end_waivers(now=ENDED) == 0


def test_what_rules_ask_no_more_is_cancelled_waived_or_not_and_waived_again_if_asked_again(person):
    yearly = rule("window", window="year", joiners_wait=False)
    recompute_obligations(now=at("2026-03-02"))
    waive(Obligation.objects.get())
    programme = yearly.programme
    for is_active, state in ((False, "cancelled"), (True, "waived"), (True, "waived")):
        programme.is_active = is_active
        programme.save(update_fields=["is_active"])
        recompute_obligations(now=at("2026-03-04"))
        assert states(person) == [state]
    assert Obligation.objects.get().waived_before == dt.date(2026, 4, 1)


def test_a_waiver_whose_days_are_over_cannot_be_approved(person):
    rule("transferred")
    transfer(person, "2026-03-02")
    with pytest.raises(DispensationRefused, match="已过"):
        waive(person.obligations.get(), decided="2026-04-02")
    assert states(person) == ["open"]
