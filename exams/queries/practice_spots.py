"""On-the-spot tests: who may see which, what the records say of the same topics, and the gap by unit."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Avg, Count, F, Q, QuerySet
from django.urls import reverse

from common.signing import keyed_digest, token_digest
from exams.models import (
    Attempt,
    AttemptState,
    PracticeAnswer,
    PracticeMode,
    QuestionVersion,
    SpotCheck,
    SpotRound,
    SpotSeat,
    Topic,
)
from exams.models.spot_checks import GAP_WORTH_A_LOOK
from exams.queries.office import Reader
from exams.queries.papers import ShownQuestion, content_of, show_question, shown_media
from people.models import Employee, OrgUnit
from people.permissions import Capability, scope_for
from people.queries import employees_for

CENT = Decimal("0.01")
LOOKED_THROUGH = 30  # marked attempts of a person, the newest first, in search of one with the topics


def code_of(round_: SpotRound) -> str:
    """Return the code in the QR of a round: 160 bits, made anew from the server's key and never stored."""
    return keyed_digest("spot-round", str(round_.public_id))[:40]


def round_of_code(code: str) -> SpotRound:
    """Return the round of a scanned code, open or not; raise SpotRound.DoesNotExist for any other text."""
    return SpotRound.objects.select_related("unit", "started_by").get(code_digest=token_digest(code))


def is_open(round_: SpotRound, now: dt.datetime) -> bool:
    """Tell whether a round still takes people in."""
    return round_.closed_at is None and now < round_.expires_at


def rounds_for(user: Reader) -> QuerySet[SpotRound]:
    """Return the rounds a user started and still has the capability for."""
    scope = scope_for(user, Capability.SPOT_CHECK)
    return SpotRound.objects.filter(scope.q("unit__path"), started_by_id=user.pk).select_related(
        "unit", "post"
    )


def seat_of_token(token: str) -> SpotSeat:
    """Return the seat of an address; raise SpotSeat.DoesNotExist for any other."""
    return SpotSeat.objects.select_related("round__unit", "round__started_by", "employee").get(
        token_digest=token_digest(token)
    )


def spot_questions(seat: SpotSeat, token: str) -> list[ShownQuestion]:
    """Return the questions of a confirmed seat as the person sees them (one statement). Never the key."""
    slots = seat.paper["slots"] if seat.paper else []
    versions = QuestionVersion.objects.select_related("media").in_bulk([slot["version_id"] for slot in slots])
    return [
        show_question(
            slot=number,
            kind=slot["kind"],
            content=content_of(versions[slot["version_id"]]),
            tokens=list(zip(slot["option_ids"], slot["tokens"], strict=True)),
            points="",
            must_know=slot["must_know"],
            media=shown_media(
                versions[slot["version_id"]].media, reverse("exams:spot-media", args=[token, number])
            ),
        )
        for number, slot in enumerate(slots, start=1)
    ]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the records say: the last marked exam with questions of the topics, and of these alone."""

    attempt: Attempt
    score_pct: Decimal
    topic_pct: Decimal


def recorded_result(employee_id: int, topic_ids: Collection[int]) -> Recorded | None:
    """Return the latest marked exam of a person that asked about these topics, or None (two to three statements)."""
    attempts = list(
        Attempt.objects.filter(employee_id=employee_id, state=AttemptState.GRADED)
        .order_by("-submitted_at", "-pk")
        .prefetch_related("marks")[:LOOKED_THROUGH]
    )
    version_ids = {slot["version_id"] for attempt in attempts for slot in attempt.paper["slots"]}
    topics = dict(QuestionVersion.objects.filter(pk__in=version_ids).values_list("pk", "question__topic_id"))
    for attempt in attempts:
        marks = sorted(attempt.marks.all(), key=lambda mark: mark.number)
        # The total alone, typed in from paper, says nothing of a topic.
        if not marks or not marks[-1].per_slot:
            continue
        earned = {entry["slot"]: Decimal(entry["points"]) for entry in marks[-1].per_slot}
        asked = [
            (number, Decimal(slot["points"]))
            for number, slot in enumerate(attempt.paper["slots"], start=1)
            if topics.get(slot["version_id"]) in topic_ids
        ]
        whole = sum((points for _number, points in asked), Decimal(0))
        if whole:
            got = sum((earned.get(number, Decimal(0)) for number, _points in asked), Decimal(0))
            share = (100 * got / whole).quantize(CENT, ROUND_HALF_UP)
            return Recorded(attempt, marks[-1].score_pct, share)
    return None


def checks_for(user: Reader) -> QuerySet[SpotCheck]:
    """Return the results of the people whose results a user may see, the newest first."""
    people = employees_for(user, Capability.VIEW_RESULTS).values("pk")
    return (
        SpotCheck.objects.filter(employee__in=people)
        .select_related("employee", "unit", "post", "checked_by", "recorded_attempt__exam", "seat__round")
        .defer("recorded_attempt__paper", "seat__paper")
        .order_by("-answered_at", "-pk")
    )


@dataclass(frozen=True, slots=True)
class UnitGap:
    """How far what people know on the spot lies from their records, in one unit. Means in points of 100."""

    unit_name: str
    people: int
    spot_pct: Decimal
    recorded_pct: Decimal | None
    gap_pct: Decimal | None
    compared: int

    @property
    def is_wide(self) -> bool:
        """Tell whether the gap is worth a look."""
        return self.gap_pct is not None and self.gap_pct >= GAP_WORTH_A_LOOK


def gaps_by_unit(checks: QuerySet[SpotCheck]) -> list[UnitGap]:
    """Return the gap by unit, the widest first (one statement). Only compared results make the means of record and gap."""
    rows = (
        checks.order_by()
        .values("unit_id", "unit__name")
        .annotate(
            people=Count("employee", distinct=True),
            spot=Avg("score_pct"),
            recorded=Avg("recorded_topic_pct"),
            gap=Avg("gap_pct"),
            compared=Count("pk", filter=Q(gap_pct__isnull=False)),
        )
    )
    gaps = [
        UnitGap(
            row["unit__name"] or "",
            row["people"],
            _one(row["spot"]) or Decimal(0),
            _one(row["recorded"]),
            _one(row["gap"]),
            row["compared"],
        )
        for row in rows
    ]
    return sorted(gaps, key=lambda gap: (gap.gap_pct is None, -(gap.gap_pct or 0), gap.unit_name))


def _one(value: Decimal | float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def topic_names(checks: Sequence[SpotCheck]) -> dict[int, str]:
    """Return the names of all topics these checks asked about (one statement)."""
    ids = {answer["topic_id"] for check in checks for answer in check.answers}
    return dict(Topic.objects.filter(pk__in=ids).values_list("pk", "name"))


@dataclass(frozen=True, slots=True)
class TopicFigure:
    """How often questions of a topic were answered rightly on the spot, for the analysis of weaknesses."""

    topic_id: int
    topic_name: str
    unit_id: int | None
    answered: int
    right: int


def spot_weaknesses(
    user: Reader,
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
    unit: OrgUnit | None = None,
    post_id: int | None = None,
) -> list[TopicFigure]:
    """Return, by topic and unit of the day, what was known on the spot; within the scope of a user's roles.

    For the analysis of weaknesses: facts of tests, where practice itself says nothing of what people know.
    `unit` and what lies below it, `post_id` and the days (both included) narrow it. Two statements.
    """
    checks = checks_for(user).order_by()
    if since is not None:
        checks = checks.filter(answered_at__date__gte=since)
    if until is not None:
        checks = checks.filter(answered_at__date__lte=until)
    if unit is not None:
        checks = checks.filter(unit__path__startswith=unit.path)
    if post_id is not None:
        checks = checks.filter(post=post_id)
    found: dict[tuple[int, int | None], list[int]] = {}
    for unit_id, answers in checks.values_list("unit_id", "answers"):
        for answer in answers:
            figure = found.setdefault((answer["topic_id"], unit_id), [0, 0])
            figure[0] += 1
            figure[1] += Decimal(answer["fraction"]) == 1
    names = dict(Topic.objects.filter(pk__in={topic for topic, _unit in found}).values_list("pk", "name"))
    return [
        TopicFigure(topic_id, names[topic_id], unit_id, answered, right)
        for (topic_id, unit_id), (answered, right) in sorted(
            found.items(), key=lambda entry: (entry[1][1] / entry[1][0], entry[0][0])
        )
    ]


def lately_asked(employee_id: int, now: dt.datetime) -> frozenset[int]:
    """Return the questions a person was asked on the spot within a month (one statement)."""
    since = now - dt.timedelta(days=30)
    return frozenset(
        PracticeAnswer.objects.filter(
            employee_id=employee_id, mode=PracticeMode.SPOT, answered_at__gte=since
        ).values_list("question_id", flat=True)
    )


def person_at(user: Reader, number: str, name: str = "") -> Employee | None:
    """Return the active person of this number, and name if given, whom a user may test."""
    people = employees_for(user, Capability.SPOT_CHECK).filter(employee_no=number.strip(), status="active")
    found = people.first()
    if found is None or (name and "".join(found.name.split()) != "".join(name.split())):
        return None
    return found


def result_lines(check: SpotCheck) -> list[tuple[str, str, bool]]:
    """Return (stem, topic, right) of each question asked (one statement). Stems only, no key."""
    versions = QuestionVersion.objects.select_related("question__topic").in_bulk(
        [answer["version_id"] for answer in check.answers]
    )
    return [
        (
            versions[answer["version_id"]].stem,
            versions[answer["version_id"]].question.topic.name,
            Decimal(answer["fraction"]) == 1,
        )
        for answer in check.answers
    ]


def seats_of(round_: SpotRound) -> QuerySet[SpotSeat]:
    """Return who sits in a round, those who wait for a look at the badge first, with their results (one statement)."""
    return (
        SpotSeat.objects.filter(round=round_)
        .select_related("employee", "check_made")
        .order_by(F("confirmed_at").asc(nulls_first=True), "pk")
    )
