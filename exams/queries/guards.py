"""Reading what an exam asks for beyond answering."""

from exams.models import Exam, ExamGuard


def guard_of(exam: Exam) -> ExamGuard | None:
    """Return what the exam asks for, None for nothing; no statement if the exam was read with its `guard`."""
    try:
        return exam.guard
    except ExamGuard.DoesNotExist:
        return None


def seb_keys_of(exam_id: int) -> list[str]:
    """Return the Safe Exam Browser keys that open an exam now (one statement)."""
    found = ExamGuard.objects.filter(exam_id=exam_id).values_list("seb_keys", flat=True).first()
    return list(found or [])
