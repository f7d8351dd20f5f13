"""What a regrade of an exam would mean for the training it was taken for."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from exams.signals import Consequence, PassFlip
from training.models import ComponentDone, ComponentKind, Obligation, ObligationState
from training.queries.purposes import obligation_id_in


def consequences_of_regrade(flips: Sequence[PassFlip]) -> list[Consequence]:
    """Say what would follow for the obligations these exams were taken for (two statements at most).

    Who passes after all goes on by itself; what is done is never undone, so it is named for somebody to decide.
    """
    ids = {flip: obligation_id_in(flip.purpose) for flip in flips}
    obligations = {
        item.public_id: item
        for item in Obligation.objects.filter(public_id__in=[pk for pk in ids.values() if pk]).select_related(
            "programme"
        )
    }
    noted = set(
        ComponentDone.objects.filter(
            obligation__in=obligations.values(), component__kind=ComponentKind.EXAM
        ).values_list("obligation_id", flat=True)
    )
    found = []
    for flip, public_id in ids.items():
        item = obligations.get(public_id) if public_id else None
        if item is None or item.employee_id != flip.employee_id:
            continue
        text = _text(item, passes=flip.passes, is_noted=item.pk in noted)
        if text:
            found.append(Consequence(flip.attempt_id, text % {"programme": item.programme.title}))
    return found


def _text(item: Obligation, *, passes: bool, is_noted: bool) -> str:
    if passes:
        if item.state != ObligationState.OPEN or is_noted:
            return ""
        return _("培训任务“%(programme)s”的考试将算通过；别的都齐了就记入台账。")
    if item.state == ObligationState.DONE:
        return _("培训任务“%(programme)s”已完成并记入台账，不会自动撤销，请决定是否补考。")
    if is_noted:
        return _("培训任务“%(programme)s”的考试已算通过，不会自动撤销，请决定是否补考。")
    return ""
