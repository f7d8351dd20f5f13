"""What the training room does in the simulated year: sessions, exams, decisions, licences, rules, occurrences, a push."""

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal

from exams.signals import attempt_graded
from people.models import Employee, Post
from tests.factories.training import (
    ExamFactory,
    LicenceTypeFactory,
    ProgrammeFactory,
    grade_attempt,
    hazard_named,
    make_case,
)
from training.actions.dispensations import ask_dispensation, decide_dispensation
from training.actions.ledger import correct_record
from training.actions.licences import record_review, save_licence
from training.actions.occurrences import Concerned, record_occurrence, spread_occurrence, withdraw_occurrence
from training.actions.on_site import record_on_site_training
from training.actions.pushes import end_push, push_case, spread_push
from training.actions.rules import save_rule
from training.errors import OnSiteRefused
from training.models import (
    HELD_KINDS,
    CasePush,
    Licence,
    Obligation,
    ObligationState,
    Occurrence,
    Programme,
    TrainingRecord,
    TrainingRule,
)
from training.queries.obligations import hours_held
from training.queries.parts import components_by_programme, openings_of
from training.stages import NEXT

HAZARD = "机械伤害试验"
IN_A_CLASS = 25
NEVER_RENEWED = "外省发证机关"  # licences of this issuer run out for good
A_DAY = 8  # 学时 of a session at most
RULE_CHANGE = (7, 1)


class Training:
    """The programmes of the house beside those that ship, and what is done with what is owed."""

    def __init__(self, people: int, told: Counter[str]) -> None:
        self.people, self.told = people, told
        self.open: list[tuple[int, str]] = []

    def begin(self, posts: Sequence[Post], now: dt.datetime) -> None:
        """Make an exam everyone at the machines must pass, a licence the welders need, a hazard some posts share."""
        self.welding = LicenceTypeFactory()
        by_name = {post.name: post for post in posts}
        by_name["焊工"].demanded_licences.add(self.welding)
        by_name["操作工"].hazards.add(hazard_named(HAZARD))
        self.four_new_post = by_name["巡检工"]
        self.exam = ExamFactory(code="year")
        save_rule(
            code="year-exam",
            title="操作规程考试",
            trigger="standing",
            programme=ProgrammeFactory(code="year-exam", title="操作规程考试", exam=self.exam),
            legal_basis="公司制度",
            effective_from=dt.date(2020, 1, 1),
            adopted_on=now.date(),
            posts=[by_name["操作工"], by_name["电工"]],
            due_days=30,
            before_work=False,
            blocks_overdue=True,
            acting_user=None,
            now=now,
        )

    def day(self, day: dt.date, number: int, days: int, chance: random.Random, now: dt.datetime) -> None:
        """Do what a day brings; `number` counts the days from 0."""
        if number == 0:
            self._license(day, chance, now)
        if (day.month, day.day) == (6, 15):
            self._change_rules(dt.date(day.year, *RULE_CHANGE), now)
        if number == days // 3:
            self._occur("four_new", Concerned(posts=[self.four_new_post]), day, now)
        if number == days // 2:
            push = push_case(
                lesson=make_case([HAZARD], title="机械伤害案例"),
                due_on=day + dt.timedelta(days=10),
                acting_user=None,
                now=now,
            )
            self.told["pushed"] = spread_push(push=push, now=now)
        if number == days * 5 // 6:
            end_push(push=CasePush.objects.get(), reason="已到期", withdraw=True, acting_user=None, now=now)
        self._count_lapses(day)
        self._look()
        for _ in range(self._times(2.0, chance)):
            self._session(day, chance, now)
        for _ in range(self._times(6.0, chance)):
            self._pass_exam(chance, now)
        for _ in range(self._times(2.0, chance)):
            self._dispense(day, chance, now)
        if day.weekday() == 2:
            self._weekly(day, chance, now)

    def _times(self, daily: float, chance: random.Random) -> int:
        """Return how often something happens today that happens `daily` times where there are 10,000 people."""
        expected = max(daily * self.people / 10_000, 0.2)
        return int(expected) + (chance.random() < expected % 1)

    def _look(self) -> None:
        """List what is open this afternoon, in an order of its own content: the day draws from this list."""
        self.open = list(
            Obligation.objects.filter(state=ObligationState.OPEN, employee__status="active")
            .order_by("employee__employee_no", "programme__code", "owed_from", "due_on", "created_at")
            .values_list("pk", "programme__code")
        )

    def _drawn(self, chance: random.Random, count: int, code: str = "") -> list[Obligation]:
        """Draw from what was open this afternoon; what was settled since is not among it."""
        pool = [pk for pk, of in self.open if not code or of == code]
        drawn = chance.sample(pool, min(count, len(pool)))
        found = Obligation.objects.select_related("employee", "programme").in_bulk(drawn)
        return [found[pk] for pk in drawn if found[pk].state == ObligationState.OPEN]

    def _session(self, day: dt.date, chance: random.Random, now: dt.datetime) -> None:
        """Hold a class of one component for people who need it next; the hours of a day at most."""
        taught = set(
            Programme.objects.filter(components__kind__in=HELD_KINDS)
            .values_list("code", flat=True)
            .distinct()
        )
        codes = sorted(taught & {code for _pk, code in self.open})
        if not codes:
            return
        # Most classes are for the new ones.
        weights = [8 if code.startswith(("three", "two")) else 2 for code in codes]
        drawn = self._drawn(chance, min(IN_A_CLASS, self.people // 8 + 1), chance.choices(codes, weights)[0])
        asked = {item.employee_id: item for item in drawn}.values()
        openings = openings_of(asked, day)
        groups: dict[int, list[Obligation]] = defaultdict(list)
        parts = {
            part.pk: part
            for parts in components_by_programme(item.programme_id for item in asked).values()
            for part in parts
        }
        for item in asked:
            for pk, opening in openings[item.pk].items():
                if opening.state == NEXT and parts[pk].kind in HELD_KINDS:
                    groups[pk].append(item)
                    break
        for pk, group in sorted(groups.items(), key=lambda entry: parts[entry[0]].position):
            part = parts[pk]
            held = hours_held([item.pk for item in group], part)
            hours = min(
                Decimal(A_DAY), *(max(part.hours - held.get(item.pk, 0), Decimal(1)) for item in group)
            )
            try:
                record_on_site_training(
                    obligations=group,
                    component=part,
                    held_from=now - dt.timedelta(hours=9),
                    held_to=now - dt.timedelta(hours=1),
                    hours=hours,
                    place="教室",
                    trainer_name="李明",
                    acting_user=None,
                    now=now,
                )
                self.told["records"] += len(group)
            except OnSiteRefused:
                self.told["sessions refused"] += 1

    def _pass_exam(self, chance: random.Random, now: dt.datetime) -> None:
        for owed in self._drawn(chance, 1, "year-exam"):
            attempt_graded.send(sender=None, event=grade_attempt(owed, self.exam, now))
            self.told["exams"] += 1

    def _dispense(self, day: dt.date, chance: random.Random, now: dt.datetime) -> None:
        """Waive something for a while, or put it off."""
        kind, owed = chance.choice(["waiver", "extension", "extension"]), self._drawn(chance, 1)
        if not owed:
            return
        item = owed[0]
        until = day + dt.timedelta(days=chance.randint(5, 40))
        if kind == "extension":
            until = max(until, item.due_on + dt.timedelta(days=5))
            if (until - day).days > 300:
                return
        asked = ask_dispensation(
            obligation=item, kind=kind, reason="生产任务", until=until, acting_user=None, now=now
        )
        decide_dispensation(
            dispensation=asked,
            is_approved=chance.random() < 0.9,
            note="人手不足",
            acting_user=None,
            now=now,
        )
        self.told[kind] += 1

    def _weekly(self, day: dt.date, chance: random.Random, now: dt.datetime) -> None:
        people = list(Employee.objects.filter(status="active").order_by("employee_no"))
        for _ in range(self._times(3.0, chance)):
            self._occur("violation", Concerned(employees=[chance.choice(people)]), day, now)
        if chance.random() < 0.2:
            wrong = Occurrence.objects.filter(kind="violation", withdrawal=None).order_by(
                "recorded_at", "employees__employee_no"
            )
            if last := wrong.last():
                withdraw_occurrence(occurrence=last, reason="登错人", acting_user=None, now=now)
        self._license(day, chance, now)
        records = TrainingRecord.objects.filter(kind="on_site", corrected_by=None, corrects=None)
        records = records.order_by("-completed_at", "employee__employee_no", "component__position")[:50]
        if records:
            correct_record(
                record=chance.choice(list(records)),
                reason="学时登记有误",
                hours=Decimal(1),
                acting_user=None,
                now=now,
            )
            self.told["records corrected"] += 1

    def _license(self, day: dt.date, chance: random.Random, now: dt.datetime) -> None:
        """Enter the licences of new welders; some of those that have run out are renewed, late, and some never."""
        by = {"acting_user": None, "now": now}
        welders = Employee.objects.filter(
            assignments__post__demanded_licences=self.welding, assignments__ends_before=None, licences=None
        )
        for person in welders.order_by("employee_no").distinct():
            is_short = chance.random() < 0.4
            days = chance.randint(20, 60) if is_short else chance.randint(200, 900)
            save_licence(
                employee=person,
                licence_type=self.welding,
                number=f"T{person.employee_no}",
                valid_from=dt.date(2024, 1, 1),
                valid_until=day + dt.timedelta(days=days),
                issuer=NEVER_RENEWED if chance.random() < 0.25 else "应急管理局",
                **by,
            )
            self.told["licences"] += 1
        lapsed = Licence.objects.filter(valid_until__lt=day).order_by("number")
        for licence in lapsed.exclude(employee__status="left").exclude(issuer=NEVER_RENEWED):
            if chance.random() < 0.3:
                until = day + dt.timedelta(days=chance.choice([30, 1000]))
                record_review(licence=licence, done_on=day, next_due_on=None, valid_until=until, **by)
                self.told["licences renewed"] += 1

    def _count_lapses(self, day: dt.date) -> None:
        """Count whose licence was good for the last time yesterday and blocks from this day on."""
        lapsed = Licence.objects.filter(
            valid_until=day - dt.timedelta(days=1),
            employee__status="active",
            employee__assignments__ends_before=None,
            employee__assignments__post__demanded_licences=self.welding,
        )
        self.told["licences lapsed"] += lapsed.distinct().count()

    def _occur(self, kind: str, concerned: Concerned, day: dt.date, now: dt.datetime) -> None:
        occurrence = record_occurrence(
            kind=kind, title="事由", happened_on=day, concerned=concerned, acting_user=None, now=now
        )
        # What more than a thousand people are concerned with is left to a job, which nobody runs here.
        spread_occurrence(occurrence=occurrence, now=now)
        self.told[kind] += 1

    def _change_rules(self, day: dt.date, now: dt.datetime) -> None:
        """Announce what holds from a day on: another deadline after a move, and other yearly hours."""
        for code, programme, due_days in (("job-change", "", 10), ("annual-other", "annual-20", 0)):
            old = TrainingRule.objects.get(code=code, effective_before=None)
            names = (
                "title", "trigger", "audience", "employment_types", "high_risk", "before_work",
                "window", "blocks_overdue", "joiners_wait", "adopted_on",
            )  # fmt: skip
            save_rule(
                code=code,
                programme=Programme.objects.get(code=programme) if programme else old.programme,
                legal_basis="新规定",
                effective_from=day,
                due_days=due_days or old.due_days,
                **{name: getattr(old, name) for name in names},
                acting_user=None,
                now=now,
            )
            self.told["rules changed"] += 1
