"""Starting in a sitting: the bell rang, the person was recognised, and the paper lies ready."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from exams.actions.attempts import EmployeeId
from exams.actions.papers import draw_paper
from exams.actions.prepared import usable
from exams.actions.seats import require_open_doors
from exams.actions.starting import DrawnPaper, start_attempt
from exams.admission import Presence, Window
from exams.drawing import new_seed
from exams.errors import SittingRefused
from exams.models import Attempt, PreparedPaper, Seat, SeatState, Sitting, SittingState
from exams.shapes import NO_ORIGIN, Origin


@transaction.atomic
def start_in_sitting(
    *,
    sitting_public_id: uuid.UUID,
    employee_id: EmployeeId,
    device: str,
    now: dt.datetime,
    origin: Origin = NO_ORIGIN,
) -> Attempt:
    """Start the attempt of a seat, or return the one it has: two taps give one attempt.

    At most eight statements with a prepared paper, whatever the number of questions; without a usable one a
    paper is drawn. Raises: Seat.DoesNotExist; SittingRefused (`doors_closed`, `over`, `not_opened`, `not_admitted`,
    `paused`, `too_late`, `elsewhere`); whatever `start_attempt` raises.
    """
    owner = {"employee_id": employee_id} if isinstance(employee_id, int) else {"employee_id__in": employee_id}
    seat = (
        Seat.objects.select_for_update(of=("self",))
        .select_related("sitting__exam__guard", "employee", "attempt")
        .defer("attempt__paper")
        .get(sitting__public_id=sitting_public_id, **owner)
    )
    if seat.attempt is not None:
        return seat.attempt
    sitting = seat.sitting
    require_may_start(seat, now)
    ready = _ready_paper(seat)
    attempt = start_attempt(
        exam=sitting.exam,
        employee=seat.employee,
        purpose=seat.purpose,
        device=device,
        now=now,
        presence=Presence(vouched=True),
        window=window_of(sitting),
        prepared=ready,
        origin=origin,
    )
    if attempt.seed != ready.seed:
        raise SittingRefused(
            "elsewhere", _("你在场次以外还有一份没交的答卷。请先交那一份，再开始这一场；不清楚请举手。")
        )
    # The state is read anew here: an end that came in between is not overrun.
    taken = Seat.objects.filter(pk=seat.pk, attempt=None, sitting__state=SittingState.RUNNING)
    if not taken.update(attempt=attempt, state=SeatState.STARTED):
        raise SittingRefused("over", _("这场考试刚刚结束，不能再开始。"))
    return attempt


def _ready_paper(seat: Seat) -> DrawnPaper:
    """Return the seat's prepared paper, or one drawn now for somebody added late or whose paper is outdated."""
    exam = seat.sitting.exam
    prepared = PreparedPaper.objects.filter(seat=seat).first()
    paper = usable(prepared, exam)
    if prepared is not None and paper is not None:
        return DrawnPaper(paper, prepared.seed)
    seed = new_seed()
    return DrawnPaper(draw_paper(exam, seed), seed)


def require_may_start(seat: Seat, now: dt.datetime) -> None:
    """Raise SittingRefused unless this seat may start now."""
    sitting = seat.sitting
    require_open_doors(sitting)
    if sitting.state != SittingState.RUNNING:
        raise SittingRefused("not_opened", _("还没有开考。监考人宣布开考后，这里会出现“开始答题”。"))
    if sitting.paused_at is not None:
        raise SittingRefused("paused", _("全场暂停中。监考人宣布继续后再开始。"))
    if sitting.late_until is not None and now > sitting.late_until:
        raise SittingRefused(
            "too_late",
            _("开考已超过 %(n)s 分钟（%(when)s 截止入场），不能再开始。请找监考人员登记。")
            % {"n": sitting.late_min, "when": date_format(localtime(sitting.late_until), "H:i")},
        )
    if sitting.admission_needed and seat.state != SeatState.ADMITTED:
        raise SittingRefused("not_admitted", _("监考人还没有核对你本人。请举手，核对后就能开始。"))


def window_of(sitting: Sitting) -> Window:
    """Return when this sitting may be sat: from its bell until its common end, unless latecomers get full time."""
    assert sitting.opened_at is not None
    ends_at = sitting.opened_at + dt.timedelta(seconds=sitting.exam.duration_s + sitting.extended_s)
    return Window(
        opens_at=sitting.opened_at,
        closes_at=None if sitting.late_full_time else ends_at,
        late_after_s=sitting.late_min * 60,
    )
