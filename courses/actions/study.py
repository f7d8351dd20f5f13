"""Studying: open a lesson, report beats, confirm. Who may open what is asked in courses/queries.py.

These actions are done by the person who studies, so they name the employee instead of an acting user.
"""

import datetime as dt
import math
import secrets
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from common.signing import mac, same
from courses import watching
from courses.models import LessonPage, PlaySession, StudyBeat, StudyProgress, StudyRecord
from courses.queries import intervals_of, needs_of, pinned_content
from courses.signals import StudyCompleted, study_completed
from courses.watching import Verdict
from people.models import Employee, EmploymentStatus

log = structlog.get_logger("anxue.study")
NONCE_BYTES = 32


class StudyError(Exception):
    """Studying cannot go on. `code` is for the client, the text for the reader: what happened and what helps."""

    code = "study_error"


class LessonClosed(StudyError):
    """The lesson is not live, or this person no longer studies here."""

    code = "lesson_closed"


class SessionUnknown(StudyError):
    """There is no such session of this person."""

    code = "session_unknown"


class SessionTakenOver(StudyError):
    """The person opened a lesson elsewhere; this session has ended."""

    code = "taken_over"


class BadSignature(StudyError):
    """The beat was not signed with the session's key."""

    code = "bad_signature"


class WrongSeq(StudyError):
    """The beat is not the next one and not a repetition of a known one. `expected` is the next number."""

    code = "wrong_seq"

    def __init__(self, message: str, expected: int) -> None:
        super().__init__(message)
        self.expected = expected


class NotYetStudied(StudyError):
    """Something is still to be read or watched before it can be confirmed."""

    code = "not_yet_studied"


class ContentChanged(StudyError):
    """The lesson was published anew while it was open."""

    code = "content_changed"


@dataclass(frozen=True, slots=True)
class BeatTaken:
    """The answer to a beat: what it earned (seconds), why, and where the progress stands."""

    verdict: Verdict
    credited_s: float
    progress: StudyProgress


def open_session(*, employee: Employee, lesson: LessonPage, device: str, now: dt.datetime) -> PlaySession:
    """Open a live lesson for a person and pin its content; a session open elsewhere ends.

    Locks: the employee row, so that two openings at once leave one live session.
    Raises: LessonClosed if the lesson is not live, its film has no length, or the person has left.
    Source: mechanisms, study proof 1 and 6.
    """
    _refuse_not_live(lesson)
    if lesson.film and lesson.film.duration <= 0:
        raise LessonClosed(_("影片“%(title)s”没有时长，请联系编辑重新上传。") % {"title": lesson.film.title})
    pinned = pinned_content(lesson)
    with transaction.atomic():
        person = _locked_person(employee.pk)
        if person.status == EmploymentStatus.LEFT:
            raise LessonClosed(_("您的人员状态为离职，不能再学习。如有疑问请联系人事部门。"))
        PlaySession.objects.filter(employee_id=person.pk, closed_at__isnull=True).update(
            closed_at=now, closed_by_takeover=True
        )
        progress, _created = StudyProgress.objects.get_or_create(
            employee_id=person.pk,
            lesson_id=lesson.pk,
            content_sha256=pinned.content_sha256,
            defaults={"revision_id": pinned.revision_id, "needs": pinned.needs, "started_at": now},
        )
        if progress.needs != pinned.needs and progress.completed_at is None:
            # The same content under a changed demand, e.g. another share of the film: the demand of today holds.
            progress.needs, progress.revision_id = pinned.needs, pinned.revision_id
            progress.save(update_fields=["needs", "revision_id"])
        return PlaySession.objects.create(
            employee_id=person.pk,
            progress=progress,
            nonce=secrets.token_hex(NONCE_BYTES),
            device=device[:64],
            last_beat_at=now,
            paid_until=now,
            opened_at=now,
        )


def _refuse_not_live(lesson: LessonPage) -> None:
    if not lesson.live:
        raise LessonClosed(_("课件“%(title)s”尚未发布或已下架，请返回课程。") % {"title": lesson.title})


def beat_mac(nonce: str, session_public_id: UUID | str, beat: watching.Beat) -> str:
    """Return the signature of a beat: every field, in this order, under the session's key."""
    return mac(
        nonce,
        session_public_id,
        beat.seq,
        beat.part,
        beat.from_ms,
        beat.to_ms,
        beat.rate_pct,
        int(beat.visible),
    )


def take_beat(
    *, session_public_id: UUID, employee_id: int, beat: watching.Beat, signature: str, now: dt.datetime
) -> BeatTaken:
    """Store a beat with what it earns and move the progress.

    The same beat sent again gets the same answer and earns nothing more.
    Locks: the session and its progress. At most six statements, BEGIN and COMMIT not counted.
    Raises: SessionUnknown, BadSignature, SessionTakenOver, WrongSeq; none of them stores anything.
    Source: mechanisms, study proof 2; the rules stand in courses/watching.py.
    """
    with transaction.atomic():
        session = _locked_session(session_public_id, employee_id)
        if not same(beat_mac(session.nonce, session.public_id, beat), signature):
            log.warning("beat_forged", session=str(session.public_id), employee=employee_id, seq=beat.seq)
            raise BadSignature(_("学习数据校验失败，本次不计时。请刷新页面后继续。"))
        if beat.seq <= session.last_seq:
            return _answer_again(session, beat)
        _refuse_closed(session)
        progress = session.progress
        state = watching.StudyState(
            paid_until=session.paid_until,
            last_seq=session.last_seq,
            watched=intervals_of(progress.watched),
            read_s=progress.read_s,
        )
        credit = watching.credit_beat(state, beat, now, needs=needs_of(progress.needs))
        if credit.verdict is Verdict.WRONG_SEQ:
            raise WrongSeq(_("有学习数据尚未送达，正在重发。"), expected=session.last_seq + 1)
        StudyBeat.objects.create(
            session=session,
            seq=beat.seq,
            part=beat.part[:60],
            from_s=beat.from_ms / 1000,
            to_s=beat.to_ms / 1000,
            rate=beat.rate_pct / 100,
            visible=beat.visible,
            credited_s=credit.credited_s,
            verdict=credit.verdict,
            arrived_at=now,
        )
        session.last_seq, session.last_beat_at = beat.seq, now
        session.paid_until = credit.state.paid_until
        session.save(update_fields=["last_seq", "last_beat_at", "paid_until"])
        if credit.credited_s:
            progress.watched = [list(interval) for interval in credit.state.watched]
            progress.read_s = dict(credit.state.read_s)
            progress.save(update_fields=["watched", "read_s"])
        return BeatTaken(credit.verdict, credit.credited_s, progress)


def _locked_person(employee_id: int) -> Employee:
    """Lock a person, always before their session: with one order of locks nobody waits in a ring."""
    return Employee.objects.select_for_update(no_key=True).get(pk=employee_id)


def _locked_session(public_id: UUID, employee_id: int) -> PlaySession:
    session = (
        PlaySession.objects.select_for_update()
        .select_related("progress")
        .filter(public_id=public_id, employee_id=employee_id)
        .first()
    )
    if session is None:
        raise SessionUnknown(_("找不到这次学习，请刷新页面重新开始；已记录的进度不会丢。"))
    return session


def _refuse_closed(session: PlaySession) -> None:
    if session.closed_at is not None:
        raise SessionTakenOver(_("您已在另一处打开课件，这里不再计时。要在这里继续，请点“在这里继续学习”。"))


def _answer_again(session: PlaySession, beat: watching.Beat) -> BeatTaken:
    """Answer a beat that is already stored, if it is the very same; anything else under its number is refused."""
    stored = StudyBeat.objects.filter(session=session, seq=beat.seq).first()
    is_same = stored is not None and (
        stored.part,
        round(stored.from_s * 1000),
        round(stored.to_s * 1000),
        round(stored.rate * 100),
        stored.visible,
    ) == (beat.part[:60], beat.from_ms, beat.to_ms, beat.rate_pct, beat.visible)
    if stored is None or not is_same:
        _refuse_closed(session)
        raise WrongSeq(_("学习数据的序号已用过，本次不计时。"), expected=session.last_seq + 1)
    return BeatTaken(Verdict(stored.verdict), stored.credited_s, session.progress)


def confirm_read(*, session_public_id: UUID, employee_id: int, now: dt.datetime) -> StudyRecord:
    """Take a person's word that they read and understood, and write the study record.

    Called again it returns the record already there. Sends: study_completed, inside the transaction.
    Locks: the employee row, the session and its progress.
    Raises: SessionUnknown, SessionTakenOver, NotYetStudied naming what is missing, LessonClosed if the
    lesson was taken down, ContentChanged if it was published anew with other content.
    Source: mechanisms, study proof 5 and 6.
    """
    with transaction.atomic():
        _locked_person(employee_id)
        session = _locked_session(session_public_id, employee_id)
        progress = session.progress
        earlier = StudyRecord.objects.filter(
            employee_id=employee_id, lesson_id=progress.lesson_id, content_sha256=progress.content_sha256
        ).first()
        if earlier is not None:
            return earlier
        _refuse_closed(session)
        lesson = LessonPage.objects.select_related("film").get(pk=progress.lesson_id)
        _refuse_not_live(lesson)
        if pinned_content(lesson).content_sha256 != progress.content_sha256:
            raise ContentChanged(_("课件内容刚刚更新，请刷新页面，学习新内容后再确认。"))
        _refuse_unstudied(progress)
        progress.read_confirmed_at = progress.completed_at = now
        progress.save(update_fields=["read_confirmed_at", "completed_at"])
        record = StudyRecord.objects.create(
            employee_id=employee_id,
            lesson=lesson,
            lesson_title=lesson.title,
            revision_id=progress.revision_id,
            content_sha256=progress.content_sha256,
            film_sha256=progress.needs["film_sha256"],
            watched_s=math.floor(watching.total(intervals_of(progress.watched))),
            read_s=math.floor(sum(progress.read_s.values())),
            started_at=progress.started_at,
            completed_at=now,
        )
        study_completed.send(
            sender=StudyRecord,
            event=StudyCompleted(
                study_record_id=record.pk,
                employee_id=employee_id,
                lesson_id=lesson.pk,
                completed_at=now,
            ),
        )
    log.info("study_completed", employee=employee_id, lesson=lesson.pk, record=record.pk)
    return record


def _refuse_unstudied(progress: StudyProgress) -> None:
    needs = needs_of(progress.needs)
    missing = []
    if not watching.is_film_done(intervals_of(progress.watched), needs):
        missing.append(_("影片未看完"))
    unread = watching.unread_sections(progress.read_s, needs)
    if unread:
        missing.append(_("还有 %(count)s 节正文阅读时间不够") % {"count": len(unread)})
    if missing:
        raise NotYetStudied(_("还不能确认：%(missing)s。") % {"missing": _("，").join(missing)})
