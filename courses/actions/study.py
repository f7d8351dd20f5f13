"""Studying: open a lesson, report beats, confirm. Who may open what is asked in courses/queries.py.

These actions are done by the person who studies, so they name the employee instead of an acting user.
"""

import datetime as dt
import math
import secrets
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common.signing import mac, same
from courses import watching
from courses.actions.checks import ask_if_due, begin_attention, miss_if_late
from courses.actions.locks import locked_person, locked_session, refuse_closed
from courses.errors import (
    BadSignature,
    ContentChanged,
    LessonClosed,
    LessonNotOpen,
    NotYetStudied,
    WrongSeq,
)
from courses.models import (
    LessonContent,
    LessonPage,
    OperatingRulePage,
    PlaySession,
    StudyBeat,
    StudyCheck,
    StudyProgress,
    StudyRecord,
)
from courses.queries import (
    PACKAGE_SECTION,
    PinnedContent,
    content_studied_before,
    difference_since,
    gate_of,
    intervals_of,
    needs_of,
    pinned_content,
)
from courses.queries.packages import is_package_done, package_needs
from courses.signals import StudyCompleted, study_completed
from courses.watching import Verdict
from people.models import Employee, EmploymentStatus

log = structlog.get_logger("anxue.study")
NONCE_BYTES = 32


@dataclass(frozen=True, slots=True)
class BeatTaken:
    """The answer to a beat: what it earned (seconds), why, and where the progress stands."""

    verdict: Verdict
    credited_s: float
    progress: StudyProgress

    @property
    def check(self) -> StudyCheck | None:
        """Return the check that waits for an answer; until then the film earns nothing."""
        return self.progress.open_check


def open_session(*, employee: Employee, lesson: LessonPage, device: str, now: dt.datetime) -> PlaySession:
    """Open a live lesson for a person and pin its content; a session open elsewhere ends.

    Locks: the employee row, so that two openings at once leave one live session.
    Raises: LessonClosed if the lesson is not live, its film has no length, or the person has left;
    LessonNotOpen if something else of its courses comes first (courses/queries/gates.py). Beats need a session,
    so this is where the order holds for everything that earns.
    Source: mechanisms, study proof 1 and 6.
    """
    _refuse_not_live(lesson)
    if lesson.film and lesson.film.duration <= 0:
        raise LessonClosed(_("影片“%(title)s”没有时长，请联系编辑重新上传。") % {"title": lesson.film.title})
    _refuse_out_of_order(employee, lesson)
    pinned = _with_own_needs(pinned_content(lesson), lesson, employee.pk)
    with transaction.atomic():
        person = locked_person(employee.pk)
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
        begin_attention(progress, now)
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


def _with_own_needs(pinned: PinnedContent, lesson: LessonPage, employee_id: int) -> PinnedContent:
    """Ask of somebody who signed for the last edition of an operating rule only what is new in this one."""
    before = content_studied_before(employee_id, lesson)
    if before is None:
        return pinned
    changed = {part.name for part in difference_since(before, lesson) if not part.is_gone}
    needs = pinned.needs.copy()
    needs["sections"] = {name: need for name, need in needs["sections"].items() if name in changed}
    if before.film_sha256 == needs["film_sha256"]:
        needs["film_s"] = 0.0
    return replace(pinned, needs=needs)


def _refuse_out_of_order(employee: Employee, lesson: LessonPage) -> None:
    gate = gate_of(employee, lesson)
    if gate is None:
        return
    if gate.lesson is not None:
        raise LessonNotOpen(_("请先学“%(title)s”，学完后这个课件就打开。") % {"title": gate.lesson.title})
    titles = _("、").join(f"“{course.title}”" for course in gate.missing)
    raise LessonNotOpen(_("请先学完课程%(titles)s，然后这个课件就打开。") % {"titles": titles})


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
    *,
    session_public_id: UUID,
    employee_id: int | QuerySet[Employee, Any],
    beat: watching.Beat,
    signature: str,
    now: dt.datetime,
) -> BeatTaken:
    """Store a beat with what it earns and move the progress.

    The same beat sent again gets the same answer and earns nothing more. `employee_id` may be the query that
    finds the person's key (people.queries.employee_key_of), which saves a statement.
    Locks: the session and its progress. At most six statements, BEGIN and COMMIT not counted.
    Raises: SessionUnknown, BadSignature, SessionTakenOver, WrongSeq; none of them stores anything.
    Source: mechanisms, study proof 2; the rules stand in courses/watching.py.
    """
    with transaction.atomic():
        session = locked_session(session_public_id, employee_id)
        if not same(beat_mac(session.nonce, session.public_id, beat), signature):
            log.warning(
                "beat_forged", session=str(session.public_id), employee=session.employee_id, seq=beat.seq
            )
            raise BadSignature(_("学习数据校验失败，本次不计时。请刷新页面后继续。"))
        if beat.seq <= session.last_seq:
            return _answer_again(session, beat)
        refuse_closed(session)
        progress = session.progress
        state = watching.StudyState(
            paid_until=session.paid_until,
            last_seq=session.last_seq,
            watched=intervals_of(progress.watched),
            read_s=progress.read_s,
        )
        if progress.open_check is not None and beat.part == watching.FILM:
            credit = _while_asked(state, beat, progress, now)
        else:
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
            progress.read_s = dict(credit.state.read_s)
            fields = ["watched", "read_s", *ask_if_due(progress, credit.state.watched, now)]
            progress.save(update_fields=fields)
        return BeatTaken(credit.verdict, credit.credited_s, progress)


def _while_asked(
    state: watching.StudyState, beat: watching.Beat, progress: StudyProgress, now: dt.datetime
) -> watching.Credit:
    """Give nothing for film that runs on behind an unanswered check; past its time the check is missed."""
    if beat.seq != state.last_seq + 1:
        return watching.Credit(state, 0.0, Verdict.WRONG_SEQ)
    verdict = Verdict.CHECK_MISSED if miss_if_late(progress, now) else Verdict.CHECK_OPEN
    after = replace(state, last_seq=beat.seq, paid_until=max(state.paid_until, now))
    return watching.Credit(after, 0.0, verdict)


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
        refuse_closed(session)
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
        locked_person(employee_id)
        session = locked_session(session_public_id, employee_id)
        progress = session.progress
        earlier = StudyRecord.objects.filter(
            employee_id=employee_id, lesson_id=progress.lesson_id, content_sha256=progress.content_sha256
        ).first()
        if earlier is not None:
            return earlier
        refuse_closed(session)
        lesson = LessonPage.objects.select_related("film", "package").get(pk=progress.lesson_id)
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
            **_package_facts(progress),
            started_at=progress.started_at,
            completed_at=now,
        )
        _keep_content(lesson, progress, now)
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


def _keep_content(lesson: LessonPage, progress: StudyProgress, now: dt.datetime) -> None:
    """Keep the text that was signed for, once for each state of a lesson."""
    page = lesson.specific
    LessonContent.objects.get_or_create(
        lesson_id=lesson.pk,
        content_sha256=progress.content_sha256,
        defaults={
            "title": lesson.title,
            "edition": page.edition if isinstance(page, OperatingRulePage) else "",
            "body": list(lesson.body.get_prep_value()),
            "facts": lesson.facts,
            "film_sha256": progress.needs["film_sha256"],
            "package_sha256": _package_facts(progress)["package_sha256"],
            "kept_at": now,
        },
    )


def _package_facts(progress: StudyProgress) -> dict[str, Any]:
    """Return which package a study record is about and what it said of itself; nothing where there is none."""
    needs = package_needs(progress)
    if needs is None:
        return {"package_sha256": "", "package_result": {}}
    said = ("completion", "success", "score_pct", "total_s")
    parts = {part: {name: kept[name] for name in said} for part, kept in progress.package.items()}
    return {
        "package_sha256": needs["sha256"],
        "package_result": {"rule": needs["rule"], "parts": parts},
    }


def _refuse_unstudied(progress: StudyProgress) -> None:
    needs = needs_of(progress.needs)
    missing = []
    if not watching.is_film_done(intervals_of(progress.watched), needs):
        missing.append(_("影片未看完"))
    if progress.open_check is not None:
        missing.append(_("影片里的提问还没有回答"))
    if not is_package_done(progress):
        missing.append(_("课件包还没有报告完成"))
    unread = watching.unread_sections(progress.read_s, needs)
    if PACKAGE_SECTION in unread:
        unread = [name for name in unread if name != PACKAGE_SECTION]
        missing.append(_("课件包学习时间不够"))
    if unread:
        missing.append(_("还有 %(count)s 节正文阅读时间不够") % {"count": len(unread)})
    if missing:
        raise NotYetStudied(_("还不能确认：%(missing)s。") % {"missing": _("，").join(missing)})
