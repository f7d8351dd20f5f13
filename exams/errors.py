"""What can go wrong in exams, in words for the person in front of the screen."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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


class AttemptStillOpen(ExamError):
    """An open attempt cannot be marked."""

    code = "still_open"

    def __init__(self) -> None:
        super().__init__(_("答卷还没有交卷，不能评分。"))


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
