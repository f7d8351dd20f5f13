"""The table of situations: what the rules that ship make people owe, until when, and whether they may work.

Every step goes through the actions people use, so the table holds for the whole way from an event to clearance.
"""

import datetime as dt
from pathlib import Path

import pytest
import yaml
from django.db import transaction

from people.actions import employment
from people.actions.coming import apply_coming_events
from people.actions.corrections import correct_event
from people.models import Employee, OrgUnit
from tests.factories.people import AssignmentFactory, EmployeeFactory, PostFactory, org_path
from tests.factories.training import LicenceFactory, LicenceTypeFactory, at
from training.actions.clearance import refresh_clearance
from training.actions.occurrences import Concerned, record_occurrence
from training.actions.recompute import recompute_obligations
from training.actions.rules import save_rule
from training.actions.templates import load_templates
from training.models import Component, Obligation, ObligationState, Programme, TrainingRule
from training.queries.basis import basis_text
from training.queries.clearance import clearance_answers

pytestmark = pytest.mark.django_db
SITUATIONS = yaml.safe_load(Path(__file__).with_name("situations.yaml").read_text(encoding="utf-8"))
NEVER = dt.date(2090, 1, 1)


class Story:
    """One person and what happens to them."""

    def __init__(self) -> None:
        OrgUnit.objects.filter(pk=org_path("化工厂").pk).update(is_high_risk_for_hours=True)
        self.posts = {
            "操作工": PostFactory(name="操作工"),
            "焊工": PostFactory(name="焊工"),
            "安全员": PostFactory(name="安全员", is_safety_manager=True),
            "厂长": PostFactory(name="厂长", is_principal=True),
        }
        self.posts["焊工"].demanded_licences.add(LicenceTypeFactory())

    @property
    def person(self) -> Employee:
        return Employee.objects.get(employee_no="001")

    def step(self, day: dt.date, name: str, *values: object) -> None:
        now = at(day.isoformat())
        apply_coming_events(now=now)
        getattr(self, f"do_{name}")(day, {"acting_user": None, "now": now}, *values)

    def do_hire(self, day, by, unit, post, terms="own", hired_on=None):
        place = {"unit": org_path(unit), "post": self.posts[post], "hired_on": hired_on or day}
        employment.hire(employee_no="001", name="张伟", employment_type=terms, **place, **by)

    def do_transfer(self, day, by, unit, post):
        place = {"unit": org_path(unit), "post": self.posts[post], "effective_on": day}
        employment.transfer(employee=self.person, **place, **by)

    def do_second(self, day, by, unit, post, until):
        place = {"unit": org_path(unit), "post": self.posts[post], "starts_on": day, "ends_before": until}
        employment.second(employee=self.person, **place, **by)

    def do_terms(self, day, by, terms):
        employment.change_terms(employee=self.person, employment_type=terms, effective_on=day, **by)

    def do_away(self, day, by):
        employment.leave_post(employee=self.person, effective_on=day, **by)

    def do_back(self, day, by):
        employment.return_to_post(employee=self.person, effective_on=day, **by)

    def do_leave(self, day, by):
        employment.leave(employee=self.person, left_on=day, **by)

    def do_rehire(self, day, by, unit, post):
        place = {"unit": org_path(unit), "post": self.posts[post], "hired_on": day}
        employment.rehire(employee=self.person, **place, **by)

    def do_correct(self, day, by, value):
        change = {"effective_on": value} if isinstance(value, dt.date) else {"unit": org_path(value)}
        correct_event(event=self.person.events.latest("recorded_at"), reason="登记有误", **change, **by)

    def do_withdraw(self, day, by):
        correct_event(event=self.person.events.latest("recorded_at"), reason="登记有误", withdraw=True, **by)

    def do_licence(self, day, by, valid_until, review_due_on):
        LicenceFactory(
            employee=self.person, valid_from=day, valid_until=valid_until, review_due_on=review_due_on
        )

    def do_done(self, day, by, programme):
        Obligation.objects.filter(programme__code=programme, state="open").update(
            state=ObligationState.DONE, closed_at=by["now"]
        )
        refresh_clearance(employee_ids=[self.person.pk], now=by["now"])

    def do_nightly(self, day, by):
        recompute_obligations(now=by["now"])

    def _occur(self, kind, day, by, concerned):
        record_occurrence(kind=kind, title="事由", happened_on=day, concerned=concerned, **by)

    def do_violation(self, day, by):
        self._occur("violation", day, by, Concerned(employees=[self.person]))

    def do_four_new(self, day, by, post, someone=""):
        if someone:
            AssignmentFactory(employee=EmployeeFactory(), post=self.posts[post], starts_on=day)
        self._occur("four_new", day, by, Concerned(posts=[self.posts[post]]))

    def do_accident(self, day, by, unit):
        self._occur("accident", day, by, Concerned(units=[org_path(unit)]))

    def do_fatal_accident(self, day, by, unit):
        self._occur("fatal_accident", day, by, Concerned(units=[org_path(unit)]))

    def do_campaign(self, day, by, unit):
        self._occur("campaign", day, by, Concerned(units=[org_path(unit)]))

    def owed(self, only: str) -> list[str]:
        rows = Obligation.objects.filter(
            employee=self.person, programme__code__startswith=only
        ).select_related("programme", "rule")
        return [
            " | ".join(
                (
                    item.programme.code,
                    f"{sum(part.hours for part in Component.objects.filter(programme=item.programme)):.1f}".removesuffix(
                        ".0"
                    ),
                    item.owed_from.isoformat(),
                    item.due_on.isoformat(),
                    item.state
                    if item.state != "open"
                    else "before work"
                    if item.before_work
                    else "beside work",
                    basis_text(item.rule),
                )
            )
            for item in rows.order_by("programme__code", "owed_from")
        ]


def change_rule(code: str, programme: str, basis: str, due_days: int | None = None, **day: dt.date) -> None:
    """Save a new version of a shipped rule, as the office does."""
    old = TrainingRule.objects.get(code=code)
    names = ("title", "trigger", "audience", "employment_types", "high_risk", "before_work", "window")
    save_rule(
        code=code,
        programme=Programme.objects.get(code=programme),
        legal_basis=basis,
        effective_from=day["from"],
        due_days=due_days or old.due_days,
        blocks_overdue=old.blocks_overdue,
        **{name: getattr(old, name) for name in names},
        acting_user=None,
        now=at("2026-01-01"),
    )


def choose_scope(
    story: Story, code: str, posts: tuple[str, ...] = (), unit: str = "", **day: dt.date
) -> None:
    """Say for whom a shipped rule is meant, as the office does: a version that names posts or a unit."""
    old = TrainingRule.objects.get(code=code)
    names = ("title", "trigger", "programme", "audience", "employment_types", "high_risk", "due_days")
    more = ("before_work", "blocks_overdue", "window", "legal_basis", "scope_need", "instead_of")
    save_rule(
        code=code,
        effective_from=day["from"],
        posts=[story.posts[name] for name in posts],
        unit=org_path(unit) if unit else None,
        **{name: getattr(old, name) for name in (*names, *more)},
        acting_user=None,
        now=at("2026-01-01"),
    )


def test_there_are_about_sixty_situations_each_with_its_own_story():
    assert len({situation["story"] for situation in SITUATIONS}) == len(SITUATIONS) >= 60


@pytest.mark.parametrize("adopted", sorted({item.get("adopted", NEVER) for item in SITUATIONS}))
def test_situations(adopted):
    load_templates(acting_user=None, now=at("2020-01-01"), adopted_on=adopted)
    faults = {}
    for situation in SITUATIONS:
        if situation.get("adopted", NEVER) != adopted:
            continue
        with transaction.atomic():
            problem = problem_of(situation)
            transaction.set_rollback(True)
        if problem:
            faults[situation["story"]] = problem
    assert not faults, "\n".join(f"{story}: {problem}" for story, problem in faults.items())


def problem_of(situation) -> str:
    """Live through a situation and return what came out otherwise than it says, empty if nothing did."""
    if "change" in situation:
        change_rule(**situation["change"])
    story = Story()
    if "scope" in situation:
        choose_scope(story, **situation["scope"])
    for day, name, *values in situation["steps"]:
        story.step(day, name, *values)
    found, expected = story.owed(situation.get("only", "")), situation["owed"]
    heads = [wanted.rpartition(" | ") for wanted in expected]
    if len(found) != len(expected) or not all(
        line.startswith(f"{head} | ") and clause in line
        for line, (head, _, clause) in zip(found, heads, strict=True)
    ):
        return "owes " + "; ".join(found)
    day = situation.get("day", situation["steps"][-1][0])
    [answer] = clearance_answers({story.person.pk: story.person.status}, day).values()
    clauses = [clause for clause in situation.get("why", ()) if clause not in str(answer.reasons)]
    return str(answer) if clauses or answer.is_cleared is not situation["cleared"] else ""
