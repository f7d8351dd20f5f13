"""Review of questions: whoever wrote a version does not approve it."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from exams.errors import NotReviewable
from exams.models import Question, QuestionReview, ReviewState, ReviewStep
from exams.permissions import require_over_bank
from people.audit import record_audit
from people.models import User
from people.permissions import Capability


def _locked(question: Question) -> Question:
    return (
        Question.objects.select_for_update(of=("self",))
        .select_related("bank__owner", "pending_version")
        .get(pk=question.pk)
    )


def _step(
    question: Question, step: ReviewStep, comment: str, acting_user: User | None, now: dt.datetime
) -> None:
    assert question.pending_version is not None
    QuestionReview.objects.create(
        version=question.pending_version, step=step, by=acting_user, comment=comment, at=now
    )
    record_audit(question, f"exams.question.{step}", acting_user)


@transaction.atomic
def submit_for_review(*, question: Question, acting_user: User | None, now: dt.datetime) -> Question:
    """Ask for the review of a question's draft; a second call changes nothing.

    Raises: PermissionDenied; NotReviewable where there is no draft.
    """
    question = _locked(question)
    require_over_bank(acting_user, question.bank.owner, Capability.WRITE_QUESTIONS)
    if question.review_state == ReviewState.IN_REVIEW:
        return question
    if question.pending_version is None:
        raise NotReviewable(_("试题 %(code)s 没有待审核的新版本。") % {"code": question.code})
    _step(question, ReviewStep.SUBMITTED, "", acting_user, now)
    question.review_state = ReviewState.IN_REVIEW
    question.save(update_fields=["review_state"])
    return question


@transaction.atomic
def approve_question(
    *, question: Question, comment: str = "", acting_user: User | None, now: dt.datetime
) -> Question:
    """Approve the version in review: new papers draw it from now on.

    Raises: PermissionDenied; NotReviewable where nothing is in review, or for the version's own author.
    """
    question = _in_review(question, acting_user)
    assert question.pending_version is not None
    if acting_user is not None and question.pending_version.author_id == acting_user.pk:
        raise NotReviewable(_("试题 %(code)s 的这一版是你写的，要由另一个人审核。") % {"code": question.code})
    _step(question, ReviewStep.APPROVED, comment, acting_user, now)
    question.current_version, question.pending_version = question.pending_version, None
    question.review_state = ReviewState.APPROVED
    question.save(update_fields=["current_version", "pending_version", "review_state"])
    return question


@transaction.atomic
def return_question(
    *, question: Question, comment: str, acting_user: User | None, now: dt.datetime
) -> Question:
    """Send the version in review back to its author, with a reason.

    Raises: PermissionDenied; NotReviewable where nothing is in review or no reason is given.
    """
    question = _in_review(question, acting_user)
    if not comment.strip():
        raise NotReviewable(_("退回时请写明哪里要改。"))
    _step(question, ReviewStep.RETURNED, comment.strip(), acting_user, now)
    question.review_state = ReviewState.DRAFT
    question.save(update_fields=["review_state"])
    return question


def _in_review(question: Question, acting_user: User | None) -> Question:
    question = _locked(question)
    require_over_bank(acting_user, question.bank.owner, Capability.REVIEW_QUESTIONS)
    if question.review_state != ReviewState.IN_REVIEW:
        raise NotReviewable(_("试题 %(code)s 现在不在审核中。") % {"code": question.code})
    return question
