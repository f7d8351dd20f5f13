"""On-the-spot tests (现场抽考): started by an inspector, answered at once, compared with the records.

A seat gets its paper only when it is known who sits there: by the person's own account, or because the inspector
looked at the badge, or holds the phone. The result is a fact: it is never changed and never counts as an exam.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from common.signing import make_token, token_digest
from exams.actions.practice import as_decimal, insert_answers
from exams.drawing import Drawn, PoolItem, Row, make_paper, new_seed
from exams.errors import BadAnswer, SpotCheckRefused
from exams.marking import chosen_options, mark_paper
from exams.models import PracticeMode, QuestionVersion, SpotCheck, SpotRound, SpotSeat, SpotWay, Topic
from exams.queries import marking_of, options_of
from exams.queries.practice_pool import is_any_locked, pool, work_of
from exams.queries.practice_spots import code_of, is_open, lately_asked, recorded_result
from exams.relevance import Work, choose_for_check
from exams.shapes import Paper, PaperPolicy, Response
from exams.types import type_of
from people.audit import record_audit
from people.models import Employee, OrgUnit, Post, User
from people.permissions import Capability, allows
from people.queries import employees_for

CODE_LIVES = dt.timedelta(minutes=15)
SEAT_LIVES = dt.timedelta(minutes=20)  # from the moment the inspector agreed


@dataclass(frozen=True, slots=True)
class TakenSeat:
    """A seat with the token of its address, which is told once."""

    seat: SpotSeat
    token: str


@transaction.atomic
def start_round(
    *,
    unit: OrgUnit,
    post: Post | None = None,
    topics: Sequence[Topic] = (),
    place: str = "",
    question_count: int = 3,
    acting_user: User,
    now: dt.datetime,
) -> SpotRound:
    """Begin a visit; its code lives a quarter of an hour.

    Raises: PermissionDenied; SpotCheckRefused when there are not enough questions to ask.
    """
    if not allows(acting_user, Capability.SPOT_CHECK, unit):
        raise PermissionDenied(_("你没有在“%(unit)s”发起现场抽考的权限。") % {"unit": unit.name})
    topic_ids = {topic.pk for topic in topics}
    found = len(
        [item for item in pool(now, machine_only=True) if not topic_ids or item.topic_id in topic_ids]
    )
    if found < question_count:
        raise SpotCheckRefused(
            _(
                "现在能抽的题只有 %(found)s 道，要 %(n)s 道。请换知识点，或请考务员在题库里打开“可以用来练习”；"
                "正在考试的题会锁住。"
            )
            % {"found": found, "n": question_count}
        )
    round_ = SpotRound(
        public_id=uuid.uuid4(),
        unit=unit,
        post=post,
        place=place.strip(),
        question_count=question_count,
        started_by=acting_user,
        started_at=now,
        expires_at=now + CODE_LIVES,
    )
    round_.code_digest = token_digest(code_of(round_))
    round_.save(force_insert=True)
    round_.topics.set(topics)
    record_audit(round_, "exams.spot.start", acting_user)
    return round_


def close_round(*, round_: SpotRound, now: dt.datetime) -> None:
    """End a round: its code takes nobody in any more. Those who have their questions finish. Again: nothing."""
    SpotRound.objects.filter(pk=round_.pk, closed_at__isnull=True).update(closed_at=now)


def take_seat(*, round_: SpotRound, employee: Employee, way: SpotWay, now: dt.datetime) -> TakenSeat:
    """Let a person sit down in a round. An own account and the inspector's phone are known at once; a badge waits.

    Who comes again before answering, in whichever way, gets a new address and the old one dies with it.
    Raises: SpotCheckRefused when the round is over, the person is beyond the inspector's reach, or has answered.
    """
    if not is_open(round_, now):
        raise SpotCheckRefused(_("这次抽考的二维码已过期。请检查人重新发起。"))
    if not employees_for(round_.started_by, Capability.SPOT_CHECK).filter(pk=employee.pk).exists():
        raise SpotCheckRefused(_("你不在这次抽考的范围里。请告诉检查人你的单位。"))
    token = make_token()
    confirmed = way != SpotWay.BADGE
    with transaction.atomic():
        try:
            with transaction.atomic():
                seat = SpotSeat.objects.create(
                    round=round_, employee=employee, way=way, token_digest=token_digest(token), asked_at=now
                )
        except IntegrityError:
            seat = SpotSeat.objects.select_for_update().get(round=round_, employee=employee)
            _refuse_answered(seat)
            if seat.confirmed_at is not None and not confirmed:
                # Somebody is answering already: a typed number takes nobody's place.
                raise SpotCheckRefused(_("这个工号已经在这次抽考里作答。请检查人核对是谁。")) from None
            seat.way, seat.token_digest, seat.asked_at = way, token_digest(token), now
            seat.save(update_fields=["way", "token_digest", "asked_at"])
        if confirmed and seat.confirmed_at is None:
            _hand_out(seat, now)
    return TakenSeat(seat, token)


def _refuse_answered(seat: SpotSeat) -> None:
    if SpotCheck.objects.filter(seat=seat).exists():
        raise SpotCheckRefused(_("这个人在这次抽考里已经答过了，一次抽考每人只答一回。"))


@transaction.atomic
def confirm_seat(*, seat_id: int, round_: SpotRound, now: dt.datetime) -> SpotSeat:
    """Note that the inspector compared face, name and badge; hand out the questions. Again: nothing.

    Raises: SpotSeat.DoesNotExist; SpotCheckRefused when the request is too old.
    """
    seat = SpotSeat.objects.select_for_update().get(pk=seat_id, round=round_)
    if seat.confirmed_at is None:
        if now > seat.asked_at + CODE_LIVES:
            raise SpotCheckRefused(_("这个请求已经过时。请本人重新扫码。"))
        _hand_out(seat, now)
    return seat


def _hand_out(seat: SpotSeat, now: dt.datetime) -> None:
    """Draw the questions of a seat: those everybody in the person's post must know first."""
    round_ = seat.round
    work, _stay = work_of(seat.employee_id, localdate(now))
    if round_.post is not None:
        work = Work(round_.post_id, frozenset(round_.post.hazards.values_list("name", flat=True)))
    seed = new_seed()
    chosen = choose_for_check(
        pool(now, machine_only=True, employee_id=seat.employee_id),
        work,
        count=round_.question_count,
        seed=seed,
        topic_ids=set(round_.topics.values_list("pk", flat=True)),
        avoid=lately_asked(seat.employee_id, now),
    )
    if not chosen:
        raise SpotCheckRefused(_("现在没有能抽的题：正在考试的题会锁住。请过一会儿再试。"))
    drawn = [
        Drawn(
            PoolItem(
                item.question_id, item.version_id, item.topic_id, item.kind, item.difficulty, item.must_know
            ),
            Row(position=number, kind=item.kind, count=1, points=Decimal(1)),
        )
        for number, item in enumerate(chosen, start=1)
    ]
    policy = PaperPolicy(pass_pct=100, must_know_fails=False, duration_s=0, grace_s=0)
    seat.paper = make_paper(drawn, options_of(item.version_id for item in chosen), policy, seed)
    seat.confirmed_at = now
    seat.save(update_fields=["paper", "confirmed_at"])


def answer_spot(*, seat: SpotSeat, responses: Mapping[int, Response], now: dt.datetime) -> SpotCheck:
    """Mark what a person answered and store it beside the records; a second call returns the first result.

    Raises: SpotCheckRefused before the questions are handed out, when their time is over, or when an exam with
    one of them has begun; BadAnswer for a response that does not fit.
    """
    stored = SpotCheck.objects.filter(seat=seat).first()
    if stored is not None:
        return stored
    if seat.confirmed_at is None or seat.paper is None:
        raise SpotCheckRefused(_("检查人还没有核对。请把工牌给检查人看。"))
    if now > seat.confirmed_at + SEAT_LIVES:
        raise SpotCheckRefused(_("作答时间已过，这次不计。请检查人重新发起。"))
    paper: Paper = seat.paper
    slots = paper["slots"]
    versions = QuestionVersion.objects.select_related("question").in_bulk([s["version_id"] for s in slots])
    if is_any_locked({version.question_id for version in versions.values()}, now, seat.employee_id):
        raise SpotCheckRefused(_("有一道题刚刚进入考试，这次抽考不计。请检查人重新发起。"))
    given: dict[int, list[str]] = {}
    for number, slot in enumerate(slots, start=1):
        response = list(responses.get(number, []))
        if not type_of(slot["kind"]).accepts(response, slot["tokens"]):
            raise BadAnswer(
                f"q{number}", _("第 %(slot)s 题的作答与题目不符。请刷新页面后再答。") % {"slot": number}
            )
        given[number] = response
    keys, bodies = marking_of(versions)
    mark = mark_paper(paper, given, keys, bodies=bodies)
    answers: list[dict[str, Any]] = []
    practised = []
    for number, slot in enumerate(slots, start=1):
        version = versions[slot["version_id"]]
        chosen = chosen_options(slot, given[number])
        fraction = type_of(slot["kind"]).mark(chosen, bodies[version.pk], keys[version.pk])
        assert fraction is not None  # only what a machine marks is drawn
        answers.append(
            {
                "version_id": version.pk,
                "question_id": version.question_id,
                "topic_id": version.question.topic_id,
                "fraction": str(as_decimal(fraction)),
                "response": chosen,
            }
        )
        practised.append((version, chosen, fraction))
    recorded = recorded_result(seat.employee_id, {answer["topic_id"] for answer in answers})
    _work, stay = work_of(seat.employee_id, localdate(now))
    try:
        with transaction.atomic():
            check = SpotCheck.objects.create(
                seat=seat,
                employee_id=seat.employee_id,
                unit=stay.unit if stay else None,
                post=stay.post if stay else None,
                way=seat.way,
                checked_by_id=seat.round.started_by_id,
                answers=answers,
                score_pct=mark.score_pct,
                recorded_attempt=recorded.attempt if recorded else None,
                recorded_score_pct=recorded.score_pct if recorded else None,
                recorded_topic_pct=recorded.topic_pct if recorded else None,
                gap_pct=recorded.topic_pct - mark.score_pct if recorded else None,
                answered_at=now,
            )
            insert_answers(employee_id=seat.employee_id, mode=PracticeMode.SPOT, answers=practised, now=now)
    except IntegrityError:
        return SpotCheck.objects.get(seat=seat)
    return check
