"""Reading exams. Nothing here gives a candidate the key before it is released to that candidate.

The answer key is read in these places only: `bank.keys_of` and `bank.marking_of` for marking, `papers.result_for_display` under the
release rule, `practice_serving.key_for` once an answer for practice is stored, and `office.content_for_editing`,
`review.differences_of` and `paper_key.key_lines` for people who may edit or review the bank.
"""

from exams.queries.attempts import (
    OwnEmployee,
    attempts_for,
    get_attempt_for,
    get_open_exam_for,
    hand_marks_of,
    is_due,
    is_one_way,
    latest_mark,
    latest_steps,
    next_start_at,
    own_employee_id,
    passing_mark,
    reason_of_pause,
    standing_of,
    with_latest_mark,
)
from exams.queries.bank import describe_row, keys_of, marking_of, options_of, pool_of
from exams.queries.intro import ExamIntro, exam_intro
from exams.queries.papers import ShownPaper, ShownResult, media_for, paper_for_display, result_for_display

__all__ = [
    "ExamIntro",
    "OwnEmployee",
    "ShownPaper",
    "ShownResult",
    "attempts_for",
    "describe_row",
    "exam_intro",
    "get_attempt_for",
    "get_open_exam_for",
    "hand_marks_of",
    "is_due",
    "is_one_way",
    "keys_of",
    "latest_mark",
    "latest_steps",
    "marking_of",
    "media_for",
    "next_start_at",
    "options_of",
    "own_employee_id",
    "paper_for_display",
    "passing_mark",
    "pool_of",
    "reason_of_pause",
    "result_for_display",
    "standing_of",
    "with_latest_mark",
]
