"""Reading exams. Nothing here gives a candidate the key before it is released to that candidate.

The answer key is read in three places only: `bank.keys_of` for marking, `papers.result_for_display` under the
release rule, and `office.content_for_editing` for people who may edit the bank.
"""

from exams.queries.attempts import (
    ExamIntro,
    attempts_for,
    exam_intro,
    get_attempt_for,
    get_open_exam_for,
    is_due,
    latest_mark,
    latest_steps,
    next_start_at,
    own_employee_id,
    passing_mark,
    with_latest_mark,
)
from exams.queries.bank import describe_row, keys_of, options_of, pool_of
from exams.queries.papers import ShownPaper, ShownResult, paper_for_display, result_for_display

__all__ = [
    "ExamIntro",
    "ShownPaper",
    "ShownResult",
    "attempts_for",
    "describe_row",
    "exam_intro",
    "get_attempt_for",
    "get_open_exam_for",
    "is_due",
    "keys_of",
    "latest_mark",
    "latest_steps",
    "next_start_at",
    "options_of",
    "own_employee_id",
    "paper_for_display",
    "passing_mark",
    "pool_of",
    "result_for_display",
    "with_latest_mark",
]
