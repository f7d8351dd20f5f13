"""Telling two questions apart that say nearly the same: the pair is not shown again until one is rewritten."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from exams.errors import NotAPair
from exams.models import Bank, PairToldApart, Question
from exams.permissions import require_over_bank
from people.audit import record_audit
from people.models import User
from people.permissions import Capability


@transaction.atomic
def tell_apart(
    *, bank: Bank, question_ids: tuple[int, int], acting_user: User | None, now: dt.datetime
) -> PairToldApart:
    """Note that the newest versions of two questions of a bank ask different things. Again: no change.

    Raises: PermissionDenied; NotAPair unless these are two questions of this bank.
    """
    require_over_bank(acting_user, bank.owner, Capability.WRITE_QUESTIONS)
    questions = list(Question.objects.filter(bank=bank, pk__in=question_ids))
    newest = [question.pending_version_id or question.current_version_id for question in questions]
    versions = sorted(version for version in newest if version is not None)
    if len(versions) != 2:
        raise NotAPair(_("这两道题不都在这个题库里，请刷新页面再试。"))
    pair, created = PairToldApart.objects.get_or_create(
        one_id=versions[0], other_id=versions[1], undone_at=None, defaults={"by": acting_user, "at": now}
    )
    if created:
        codes = sorted(question.code for question in questions)
        record_audit(bank, "exams.pair.apart", acting_user, {"codes": codes})
    return pair


@transaction.atomic
def take_back(*, bank: Bank, pair_id: int, acting_user: User | None, now: dt.datetime) -> None:
    """Show a pair again that was told apart. Again: no change.

    Raises: PermissionDenied unless the user reviews the bank; NotAPair for one of another bank.
    """
    require_over_bank(acting_user, bank.owner, Capability.REVIEW_QUESTIONS)
    pair = (
        PairToldApart.objects.filter(pk=pair_id, one__question__bank=bank)
        .select_related("one__question", "other__question")
        .first()
    )
    if pair is None:
        raise NotAPair(_("没有这条记录，请刷新页面再试。"))
    if PairToldApart.objects.filter(pk=pair.pk, undone_at=None).update(undone_at=now, undone_by=acting_user):
        codes = sorted([pair.one.question.code, pair.other.question.code])
        record_audit(bank, "exams.pair.back", acting_user, {"codes": codes})
