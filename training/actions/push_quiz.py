"""The short quiz of a push: a small exam of its own, drawn from a bank, marked by the server like every exam."""

from decimal import Decimal

from django.utils.translation import gettext as _

from exams.actions.exams import ExamDraft, RowDraft, save_exam
from exams.errors import ExamError
from exams.models import Bank, Exam
from exams.queries import pool_of
from people.models import User
from training.errors import PushRefused

PASS_PCT = 80
# The quiz teaches: it is taken again until it is passed, after a pause to read once more.
ATTEMPTS = 50
COOL_DOWN_S = 60
SECONDS_PER_QUESTION = 90
# The kinds that are quick to answer on a phone and marked at once; the simplest first.
KINDS = ("single_choice", "true_false", "multiple_choice")


def make_quiz(*, code: str, title: str, bank: Bank, questions: int, acting_user: User | None) -> Exam:
    """Create the exam: `questions` from the bank, single choice first, then true or false, then multiple choice.

    It is made by the platform for whoever pushes, who need not see the bank; `acting_user` is noted with the push.
    Raises PushRefused if the bank has fewer questions.
    """
    pool = pool_of(bank.pk)
    rows: list[RowDraft] = []
    missing = questions
    for kind in KINDS:
        count = min(missing, sum(item.kind == kind for item in pool))
        if count:
            rows.append(RowDraft(kind=kind, count=count, points=Decimal(1)))
            missing -= count
    if missing or not rows:
        raise PushRefused(
            _("题库“%(bank)s”只有 %(have)s 道可用的题，抽不出 %(want)s 道：请减少题数或换一个题库。")
            % {"bank": bank.name, "have": questions - missing, "want": questions}
        )
    try:
        return save_exam(
            draft=ExamDraft(
                code=code[:40],
                title=title,
                bank=bank,
                rows=rows,
                duration_s=max(questions * SECONDS_PER_QUESTION, 300),
                pass_pct=PASS_PCT,
                attempts_allowed=ATTEMPTS,
                cool_down_s=COOL_DOWN_S,
            ),
            acting_user=None,
        )
    except ExamError as error:
        raise PushRefused(str(error)) from error
