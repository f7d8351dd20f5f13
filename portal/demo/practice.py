"""The demo's practice: an open bank, people who answer the daily question, and a campaign between workshops."""

import datetime as dt
import random
from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils import timezone

from exams.actions.campaigns import save_campaign
from exams.actions.practice import record_answer
from exams.models import Bank, Campaign, PracticeMode, QuestionVersion
from exams.queries import keys_of
from exams.queries.practice import set_of
from exams.queries.practice_serving import Served, read_ticket, tokens_of
from people.models import Employee, OrgUnit
from portal.demo.organisation import MAIN_PLANT, DemoPerson

Report = Callable[[str, int, int], None]
TITLE = "安全生产知识竞答"
BEGAN_DAYS_AGO, LASTS_DAYS = 6, 30
DAILY_DAYS = (3, 2, 1)  # days ago: a row that today's question goes on with
CAMPAIGN_PEOPLE, DAILY_PEOPLE = 10, 2
MORNING, NOON = dt.time(7, 40), dt.time(12, 20)
RIGHT_SHARE = 0.8
THINKS_S = 60  # longer than any of these questions takes to read


def load_practice(people: Sequence[DemoPerson], bank: Bank, *, now: dt.datetime, report: Report) -> Campaign:
    """Begin a campaign between the workshops of the main plant, and let some people answer and practise daily."""
    today = timezone.localdate(now)
    campaign = save_campaign(
        title=TITLE,
        starts_on=today - dt.timedelta(days=BEGAN_DAYS_AGO),
        ends_on=today + dt.timedelta(days=LASTS_DAYS),
        units=_workshops(),
        banks=[bank],
        acting_user=None,
        now=now - dt.timedelta(days=BEGAN_DAYS_AGO),
    )
    settled = [person for person in people if person.hired_on <= campaign.starts_on]
    numbers = [person.employee_no for person in settled if person.unit.startswith(f"{MAIN_PLANT}/")]
    found = {each.employee_no: each for each in Employee.objects.filter(employee_no__in=numbers[:60])}
    workers = [found[number] for number in numbers if number in found]
    # The person of the start screen comes first: the row of days is seen on the phone.
    workers.sort(key=lambda worker: worker.employee_no != "1001")
    for number, worker in enumerate(workers[:CAMPAIGN_PEOPLE], start=1):
        with transaction.atomic():
            if number <= DAILY_PEOPLE:
                for days_ago in DAILY_DAYS:
                    _answer(worker, PracticeMode.DAILY, _at(today, days_ago, MORNING))
            _answer(worker, PracticeMode.CAMPAIGN, _at(today, 1 + number % 4, NOON), campaign)
        report("练习", number, min(len(workers), CAMPAIGN_PEOPLE))
    return campaign


def _workshops() -> list[OrgUnit]:
    """Return the workshops of the main plant."""
    plant = next(unit for unit in OrgUnit.objects.all() if _path_of(unit) == MAIN_PLANT)
    return list(plant.get_children())


def _path_of(unit: OrgUnit) -> str:
    return "/".join([*(above.name for above in unit.get_ancestors()), unit.name])


def _at(today: dt.date, days_ago: int, hour: dt.time) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(today - dt.timedelta(days=days_ago), hour))


def _answer(worker: Employee, mode: PracticeMode, at: dt.datetime, campaign: Campaign | None = None) -> None:
    """Answer what is asked in a mode at that hour, most of it rightly."""
    rng = random.Random(f"{worker.employee_no}:{at.date()}:{mode}")  # noqa: S311 - repeatable on purpose
    for place, served in enumerate(set_of(worker, mode=mode, now=at, campaign=campaign), start=1):
        response = _response(worker, served, at, right=rng.random() < RIGHT_SHARE)
        now = at + dt.timedelta(seconds=THINKS_S * place)
        record_answer(
            serving=read_ticket(served.ticket, employee_id=worker.pk, now=at), response=response, now=now
        )


def _response(worker: Employee, served: Served, at: dt.datetime, *, right: bool) -> list[str]:
    """Return the tokens of the right options, or of a wrong one. The demo's bank holds choices alone."""
    serving = read_ticket(served.ticket, employee_id=worker.pk, now=at)
    version = QuestionVersion.objects.get(pk=serving.version_id)
    key = keys_of([version.pk])[version.pk]
    tokens = tokens_of(version, serving.id.hex)
    chosen = [token for option_id, token in tokens if (option_id in key) == right]
    return chosen if right else chosen[:1]
