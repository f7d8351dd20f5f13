"""Checks during a film: ask one when it is due, take its answer, take back what an unanswered one cost.

The rules stand in courses/attention.py.
"""

import datetime as dt
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from common.signing import keyed_digest
from courses import attention, watching
from courses.actions.locks import locked_session, refuse_closed
from courses.attention import Attention, Outcome
from courses.errors import CheckUnknown
from courses.models import FilmQuestion, StudyCheck, StudyProgress
from courses.queries import intervals_of
from courses.shapes import AttentionState, CheckContent

log = structlog.get_logger("anxue.study")
TAP: CheckContent = {"question_id": None, "stem": "", "options": [], "explanation": ""}


def begin_attention(progress: StudyProgress, now: dt.datetime) -> None:
    """Choose the first check of a film just opened; on a later opening, settle a check nobody answered."""
    if progress.open_check is not None:
        if miss_if_late(progress, now):
            progress.save(update_fields=["watched", "attention", "open_check"])
    elif not progress.attention and progress.needs["film_s"]:
        progress.attention = _stored(Attention(0, _next_due(progress, 0, 0.0)))
        progress.save(update_fields=["attention"])


def ask_if_due(progress: StudyProgress, watched: watching.Intervals, now: dt.datetime) -> list[str]:
    """Keep what a beat has just added to the film, and ask if it is time; return the fields to save."""
    before = intervals_of(progress.watched)
    progress.watched = [list(interval) for interval in watched]
    if watched == before or not progress.attention:
        return []
    state = attention.credited(_attention(progress), before, watched)
    progress.attention = _stored(state)
    if not attention.is_due(state, watched):
        return ["attention"]
    progress.open_check = StudyCheck.objects.create(
        progress=progress,
        number=state.asked + 1,
        content=_content(progress, state),
        at_s=watching.total(watched),
        asked_at=now,
        due_at=now + dt.timedelta(seconds=attention.POLICY.answer_s),
    )
    return ["attention", "open_check"]


def miss_if_late(progress: StudyProgress, now: dt.datetime) -> bool:
    """Settle the open check as missed if its time is over, and tell whether it was.

    The progress is changed and saved. The caller holds its lock.
    """
    check = progress.open_check
    if check is None or now <= check.due_at:
        return False
    _settle(check, progress, Outcome.MISSED, now)
    return True


def answer_check(
    *, session_public_id: UUID, employee_id: int, number: int, choice: int | None, now: dt.datetime
) -> StudyCheck:
    """Take the answer to a check and return it with what became of it; `outcome` stays empty for one more try.

    `choice` is the place of the option chosen; a tap needs none. A check already settled is returned as it is.
    Locks: the session and its progress. Raises: SessionUnknown, SessionTakenOver, CheckUnknown.
    """
    with transaction.atomic():
        session = locked_session(session_public_id, employee_id)
        progress = session.progress
        check = StudyCheck.objects.filter(progress=progress, number=number).first()
        if check is None:
            raise CheckUnknown(_("找不到这个提问，请刷新页面。"))
        check.progress = progress
        if check.outcome:
            return check
        refuse_closed(session)
        if not miss_if_late(progress, now):
            _judge(check, progress, choice, now)
        else:
            check.refresh_from_db(fields=["outcome", "settled_at", "taken_back"])
        # The time of the question is nobody's study.
        session.paid_until = max(session.paid_until, now)
        session.save(update_fields=["paid_until"])
        return check


def _judge(check: StudyCheck, progress: StudyProgress, choice: int | None, now: dt.datetime) -> None:
    options = check.content["options"]
    if not options or (choice is not None and choice < len(options) and options[choice]["is_right"]):
        _settle(check, progress, Outcome.ANSWERED, now)
        return
    check.tries += 1
    if check.tries >= attention.POLICY.tries:
        _settle(check, progress, Outcome.WRONG, now)
    else:
        check.save(update_fields=["tries"])


def _settle(check: StudyCheck, progress: StudyProgress, outcome: Outcome, now: dt.datetime) -> None:
    state = _attention(progress)
    watched = intervals_of(progress.watched)
    check.outcome, check.settled_at = outcome, now
    if outcome is not Outcome.ANSWERED:
        check.taken_back = [list(interval) for interval in state.stake]
        watched = attention.taken_back(watched, state)
        progress.watched = [list(interval) for interval in watched]
        log.info("study_taken_back", progress=progress.pk, check=check.number, outcome=outcome)
    check.save(update_fields=["outcome", "settled_at", "taken_back", "tries"])
    due_s = _next_due(progress, check.number, watching.total(watched))
    progress.attention = _stored(attention.settled(state, due_s))
    progress.open_check = None
    progress.save(update_fields=["watched", "attention", "open_check"])


def _content(progress: StudyProgress, state: Attention) -> CheckContent:
    """Choose the question whose moment was just shown, one not asked before; else a tap will do."""
    film_id = progress.lesson.film_id
    earlier = StudyCheck.objects.filter(progress=progress).values_list("content", flat=True)
    asked = {content["question_id"] for content in earlier}
    questions = list(
        FilmQuestion.objects.filter(film_id=film_id, retired_at=None).exclude(pk__in=asked - {None})
    )
    place = attention.question_at([question.at_s for question in questions], state.stake)
    if place is None:
        return TAP
    question = questions[place]
    return {
        "question_id": question.pk,
        "stem": question.stem,
        "options": question.options,
        "explanation": question.explanation,
    }


def _next_due(progress: StudyProgress, asked: int, credited_s: float) -> float | None:
    # A keyed digest instead of a random number: the same on every server, unknown to every client.
    digest = keyed_digest("courses.check", f"{progress.pk}:{asked}")
    roll = int(digest[:12], 16) / 16**12
    return attention.schedule(progress.needs["film_s"], asked, credited_s, roll)


def _attention(progress: StudyProgress) -> Attention:
    stored: AttentionState = progress.attention
    return Attention(stored["asked"], stored["due_s"], intervals_of(stored["stake"]))


def _stored(state: Attention) -> AttentionState:
    return {
        "asked": state.asked,
        "due_s": state.due_s,
        "stake": [list(interval) for interval in state.stake],
    }
