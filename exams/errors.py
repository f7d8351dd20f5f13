"""What can go wrong in exams, in words for the person in front of the screen."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exams.admission import Obstacle, Refusal
from exams.drawing import InfeasibleBlueprint


class ExamError(Exception):
    """Base of this room's errors. `code` is for programs, the text for people."""

    code = "exam_error"


class ExamNotOpen(ExamError):
    """The exam takes no new attempts."""

    code = "not_open"

    def __init__(self, title: str) -> None:
        super().__init__(_("考试“%(title)s”目前没有开放。需要参加时请联系考务员开放。") % {"title": title})


class NoAttemptsLeft(ExamError):
    """All attempts this exam allows are used."""

    code = "no_attempts_left"

    def __init__(self, title: str, allowed: int) -> None:
        text = ngettext(
            "考试“%(title)s”只允许参加 %(n)s 次，已经用完。请联系班组长安排重新培训。",
            "考试“%(title)s”只允许参加 %(n)s 次，已经用完。请联系班组长安排重新培训。",
            allowed,
        )
        super().__init__(text % {"title": title, "n": allowed})


class CoolingDown(ExamError):
    """The time between two attempts is not over; `until` says when it is."""

    code = "cooling_down"

    def __init__(self, title: str, until: dt.datetime) -> None:
        self.until = until
        when = date_format(localtime(until), "Y-m-d H:i")
        super().__init__(
            _("考试“%(title)s”两次之间要隔一段时间，%(when)s 以后可以再考。先把错题对应的内容复习一遍。")
            % {"title": title, "when": when}
        )


class OtherAttemptOpen(ExamError):
    """The person is sitting the same exam for another purpose."""

    code = "other_attempt_open"

    def __init__(self, title: str) -> None:
        super().__init__(
            _("你正在为另一项任务参加考试“%(title)s”。请先交卷，再开始这一次。") % {"title": title}
        )


class StartRefused(ExamError):
    """The exam's rules keep this person from starting now; `code` is the exams.admission.Obstacle."""

    def __init__(self, title: str, refusal: Refusal) -> None:
        self.code = str(refusal.obstacle)
        self.until = refusal.until
        super().__init__(refusal_text(title, refusal))


def _hour(moment: dt.datetime | None) -> str:
    return date_format(localtime(moment), "Y-m-d H:i") if moment else ""


def refusal_text(title: str, refusal: Refusal) -> str:
    """Say what keeps a person from starting, and what to do about it."""
    texts = {
        Obstacle.NOT_YET: _("考试“%(title)s”还没有开始，%(when)s 开考。到时回到本页就能开始。"),
        Obstacle.OVER: _("考试“%(title)s”的时间已过，不能再开始。需要补考时请联系考务员。"),
        Obstacle.TOO_LATE: _(
            "考试“%(title)s”已经开考，超过了允许迟到的时间，不能再入场。请联系监考人员或考务员。"
        ),
        Obstacle.PASSED: _("考试“%(title)s”你已经合格，不用再考。"),
        Obstacle.RESULT_PENDING: _("考试“%(title)s”上一次还在阅卷。成绩出来、没有合格时才能补考。"),
        Obstacle.RESIT_NOT_YET: _("考试“%(title)s”的补考从 %(when)s 开始。先把错题对应的内容复习一遍。"),
        Obstacle.RESTUDY: _("补考“%(title)s”之前要把课程重新学一遍。请回到培训任务，学完再来。"),
        Obstacle.OUTSIDE_NETWORK: _(
            "考试“%(title)s”只能在指定的网络里参加，你现在的网络不在其中。请连上考场的无线网，或换用考场的电脑。"
        ),
        Obstacle.KIOSK_ONLY: _("考试“%(title)s”只能在考场的公用平板上参加。请到考场，用工号登录平板。"),
        Obstacle.PASSWORD_MISSING: _("考试“%(title)s”要先输入考试口令。口令由监考人员当场告知。"),
        Obstacle.PASSWORD_WRONG: _("考试口令不对。请看清大小写再输一次；不清楚时问监考人员。"),
        Obstacle.PASSWORD_LOCKED: _("考试口令输错太多次，请等 10 分钟再试，或找监考人员。"),
    }
    return texts[refusal.obstacle] % {"title": title, "when": _hour(refusal.until)}


def start_refused(title: str, allowed: int, refusal: Refusal) -> ExamError:
    """Return the error that tells a refusal."""
    if refusal.obstacle == Obstacle.CLOSED:
        return ExamNotOpen(title)
    if refusal.obstacle == Obstacle.NO_ATTEMPTS_LEFT:
        return NoAttemptsLeft(title, allowed)
    if refusal.obstacle == Obstacle.COOLING_DOWN and refusal.until is not None:
        return CoolingDown(title, refusal.until)
    return StartRefused(title, refusal)


class AttemptPaused(ExamError):
    """The invigilator stopped the clock: no answers until it goes on."""

    code = "paused"

    def __init__(self) -> None:
        super().__init__(_("监考人员暂停了考试，计时也停了。继续以后再作答，已保存的作答都在。"))


class BadChange(ExamError):
    """What somebody wants to do to running attempts, or the time they want to grant, is not possible so."""

    code = "bad_change"


class SlotLeft(ExamError):
    """On a one-way paper the question was left already; nothing was stored."""

    code = "slot_left"

    def __init__(self, slot: int) -> None:
        self.slot = slot
        super().__init__(_("第 %(slot)s 题已经离开，不能再改。") % {"slot": slot})


class NotReleased(ExamError):
    """This exam's devices are changed by the invigilator alone."""

    code = "not_released"

    def __init__(self) -> None:
        super().__init__(_("这场考试换设备要监考人员放行。请举手告诉监考人员，放行后再点一次。"))


class AttemptClosed(ExamError):
    """The attempt takes no more answers: handed in, or its time is over."""

    code = "closed"

    def __init__(self) -> None:
        super().__init__(_("这份答卷已经交卷，不能再改。到时间为止已保存的作答全部有效。"))


class AttemptMoved(ExamError):
    """Another device holds the attempt."""

    code = "moved"

    def __init__(self) -> None:
        super().__init__(_("这场考试正在另一台设备上作答。要在这里继续，请点“在这台设备上继续”。"))


class SebNeeded(ExamError):
    """The exam takes answers from a Safe Exam Browser with one of its keys only."""

    code = "seb_needed"

    def __init__(self) -> None:
        super().__init__(
            _("这场考试只能在考场电脑的安全考试浏览器（SEB）里作答。请用监考人员给的配置文件打开，再试一次。")
        )


class BadEvent(ExamError):
    """An integrity event has the wrong shape. `field` names the wrong part."""

    code = "bad_event"

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(_("过程记录的格式不对（%(field)s），没有保存。") % {"field": field})


class VoidRefused(ExamError):
    """An attempt cannot be made void: no reason, still open, void already, or sat on paper."""

    code = "void_refused"


class FindingRefused(ExamError):
    """A finding cannot be decided so."""

    code = "finding_refused"


class PhotoNotWanted(ExamError):
    """No photograph is due in this attempt now, or the person did not agree to any."""

    code = "photo_not_wanted"

    def __init__(self) -> None:
        super().__init__(_("现在没有要拍的照片，这张没有保存。"))


class AttemptStillOpen(ExamError):
    """An open attempt cannot be marked."""

    code = "still_open"

    def __init__(self) -> None:
        super().__init__(_("答卷还没有交卷，不能评分。"))


class BadHandMark(ExamError):
    """A mark given by a person does not fit the question."""

    code = "bad_hand_mark"


class NotRegradable(ExamError):
    """A regrade without a reason, or by a key that does not fit what was answered."""

    code = "not_regradable"


class BadMedia(ExamError):
    """An uploaded picture or film cannot be used in a question."""

    code = "bad_media"


class NotReviewable(ExamError):
    """A review step that does not fit the question's state, or the person who wrote it."""

    code = "not_reviewable"


class NotAPair(ExamError):
    """Two questions that are not both in the bank, or a pair nobody told apart."""

    code = "not_a_pair"


class PracticeRefused(ExamError):
    """A question cannot be practised now, or a request for practice does not fit; the text says why."""

    code = "practice_refused"


class SpotCheckRefused(ExamError):
    """An on-the-spot test cannot be started, joined or answered; the text says why."""

    code = "spot_check_refused"


class BadCampaign(ExamError):
    """A campaign that cannot be saved."""

    code = "bad_campaign"


class BadAnswer(ExamError):
    """A sent answer does not fit the paper. `field` names the place in what was sent."""

    code = "bad_answer"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class SeqTaken(ExamError):
    """Another answer is stored under the same slot and seq; nothing was stored. Number from `next_seq` on."""

    code = "seq_taken"

    def __init__(self, slot: int, next_seq: int) -> None:
        self.slot = slot
        self.next_seq = next_seq
        super().__init__(_("第 %(slot)s 题的作答编号已被占用，请重新编号后再存。") % {"slot": slot})


@dataclass(frozen=True, slots=True)
class QuestionProblem:
    """What is wrong with one field of one question."""

    code: str
    field: str
    message: str


class InvalidQuestions(ExamError):
    """Questions that cannot be saved; `problems` lists all of them, and none was saved."""

    code = "invalid_questions"

    def __init__(self, problems: Sequence[QuestionProblem]) -> None:
        self.problems = tuple(problems)
        lines = [
            _("试题 %(code)s：%(message)s") % {"code": problem.code, "message": problem.message}
            for problem in self.problems
        ]
        super().__init__("\n".join(lines))


class BlueprintNotFeasible(ExamError):
    """The bank cannot meet a row of the blueprint. `position` is the row as the author numbers it."""

    code = "blueprint_not_feasible"

    def __init__(self, cause: InfeasibleBlueprint, *, description: str, bank: str) -> None:
        self.position = cause.row.position
        self.missing = cause.missing
        used = max(cause.eligible - (cause.row.count - cause.missing), 0)
        parts = [
            _(
                "组卷规则第 %(position)s 行（%(row)s）要 %(count)s 题，题库“%(bank)s”里符合的有 %(eligible)s 题"
            )
            % {
                "position": self.position,
                "row": description,
                "count": cause.row.count,
                "bank": bank,
                "eligible": cause.eligible,
            }
        ]
        if used:
            parts.append(_("，其中 %(used)s 题要留给其他行") % {"used": used})
        parts.append(
            _("，还差 %(missing)s 题。请补充试题，或减少这一行的题数、放宽条件。") % {"missing": self.missing}
        )
        super().__init__("".join(parts))


class BlueprintEmpty(ExamError):
    """An exam without a blueprint row has no paper."""

    code = "blueprint_empty"

    def __init__(self) -> None:
        super().__init__(_("组卷规则至少要有一行，否则抽不出试卷。"))


class PaperMissing(ExamError):
    """An exam of a fixed paper or of parallel forms has none yet."""

    code = "paper_missing"

    def __init__(self, title: str, *, fixed: bool) -> None:
        text = (
            _("考试“%(title)s”还没有选题。先不勾选“开放”保存，到“选题”页把题选好，再开放。")
            if fixed
            else _("考试“%(title)s”还没有平行卷。先不勾选“开放”保存，到“平行卷”页抽好，再开放。")
        )
        super().__init__(text % {"title": title})


class BadPaper(ExamError):
    """A list of questions, or of forms, that makes no paper."""

    code = "bad_paper"


class BadPaperMark(ExamError):
    """A mark typed from a sheet that cannot be taken. `field` is `points`, `reason`, `employee` or `slot-3`."""

    code = "bad_paper_mark"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class SittingRefused(ExamError):
    """Something a sitting or a seat does not allow now. `code` says what, for programs."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class TicketRefused(ExamError):
    """A ticket that opens nothing: unknown, used, replaced, out of its time. All look the same to who holds it."""

    code = "ticket_refused"

    def __init__(self) -> None:
        super().__init__(_("这张入场凭条已经用过、已被新的代替，或不在有效时间内。请找监考人员重新出示。"))


class Comes(Protocol):
    """A sitting somebody is to come to."""

    public_id: uuid.UUID
    title: str
    place: str
    planned_at: dt.datetime


class OnlyInSittings(ExamError):
    """The exam is sat in sittings alone. `sitting` is the person's next one, if there is one."""

    code = "only_in_sittings"

    def __init__(self, title: str, sitting: "Comes | None") -> None:
        self.sitting = sitting
        if sitting is None:
            text = _("考试“%(title)s”只在考试场次中进行，还没有给你排场次。请联系班组长或培训员。")
            super().__init__(text % {"title": title})
            return
        text = _("考试“%(title)s”只在考试场次中进行。你的场次：%(name)s，%(when)s，%(place)s。请准时到场。")
        when = date_format(localtime(sitting.planned_at), "Y-m-d H:i")
        super().__init__(text % {"title": title, "name": sitting.title, "when": when, "place": sitting.place})
