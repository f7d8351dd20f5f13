"""Exams: the bank, the exams drawn from it, and what people answered."""

from exams.models.attempts import OPEN_STATES, AnswerStep, Attempt, AttemptMark, AttemptState
from exams.models.bank import AnswerKey, Bank, Question, QuestionKind, QuestionVersion, Topic
from exams.models.exams import BlueprintRow, Exam

__all__ = [
    "OPEN_STATES",
    "AnswerKey",
    "AnswerStep",
    "Attempt",
    "AttemptMark",
    "AttemptState",
    "Bank",
    "BlueprintRow",
    "Exam",
    "Question",
    "QuestionKind",
    "QuestionVersion",
    "Topic",
]
