"""Recurring work of the training room."""

from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from common import clock
from jobs.models import Job
from jobs.queue import report_progress
from people.audit import record_audit
from people.models import Assignment, OrgUnit, User
from people.queries.identity import particulars
from training.actions import (
    checks,
    clearance,
    dispensations,
    hours,
    licence_reminders,
    occurrences,
    pushes,
    recompute,
    sealing,
)
from training.actions.affected import affected_people
from training.models import CasePush, ComponentKind, Obligation, ObligationState, Occurrence
from training.queries.cards import cards_for, cards_of
from training.queries.rehearsal import rehearse, rehearse_ending
from training.queries.verification import verify_ledger
from training.rendering import print_cards
from training.seals import read_checkpoint


def refresh_due_clearance() -> int:
    """Recompute everyone's clearance for the new day; return how many people. Scheduled each night."""
    return clearance.refresh_all(now=clock.now())


def remind_of_licences() -> int:
    """Remind of licences that run out or are to be reviewed; return how many reminders. Scheduled each morning."""
    return licence_reminders.remind_of_licences(now=clock.now())


def refresh_people(job: Job) -> None:
    """Recompute the clearance of everyone in the units or the post a job names, a thousand people at a time."""
    where = Q(post_id=job.params["post_id"]) if "post_id" in job.params else Q(pk__in=())
    for path in OrgUnit.objects.filter(pk__in=job.params.get("unit_ids", [])).values_list("path", flat=True):
        where |= Q(unit__path__startswith=path)
    ids = affected_people(Assignment.objects.filter(where), clock.today())
    for start in range(0, len(ids), clearance.CHUNK):
        clearance.refresh_clearance(employee_ids=ids[start : start + clearance.CHUNK], now=clock.now())
        report_progress(job, done=min(start + clearance.CHUNK, len(ids)), total=len(ids))


def seal_ledger() -> int:
    """Seal the ledger's new rows; return how many seals were made. Scheduled each minute."""
    return len(sealing.seal_ledger(now=clock.now()))


def mail_checkpoint() -> bool:
    """Send the newest seal out of the house, if addresses are set. Scheduled each morning."""
    return sealing.mail_checkpoint(
        addresses=settings.LEDGER_CHECKPOINT_MAIL, acting_user=None, now=clock.now()
    )


def verify_whole_ledger(job: Job) -> dict[str, Any]:
    """Verify the ledger, against the checkpoint in `params["checkpoint"]` (its text) if there is one.

    The result is the report of training.queries.verification, with at most 100 problems, and where to read it.
    """
    text = job.params.get("checkpoint", "")
    report = verify_ledger(
        checkpoints=[read_checkpoint(text)] if text else [],
        progress=lambda done, total: report_progress(job, done=done, total=total),
    )
    report_progress(job, done=report.records, total=report.records)
    found = report.document()
    return {
        **found,
        "problems": found["problems"][:100],
        "problem_count": len(found["problems"]),
        "with_checkpoint": bool(text),
        "next_url": job.params.get("next_url", ""),
    }


def spread_push(job: Job) -> dict[str, int]:
    """Make everyone the push a job names concerns owe it; the result is how many newly do."""
    push = CasePush.objects.select_related("programme").get(pk=job.params["push_id"])
    made = pushes.spread_push(
        push=push,
        now=clock.now(),
        report=lambda done, total: report_progress(job, done=done, total=total),
    )
    return {"made": made}


def print_level_cards(job: Job) -> dict[str, Any]:
    """Print the cards of a job's obligations into one PDF, as far as whoever asked may still see them.

    Params: obligation_ids. Run again, it prints them anew.
    """
    assert job.requested_by_id is not None
    user = User.objects.get(pk=job.requested_by_id)
    asked = cards_for(user).filter(pk__in=job.params["obligation_ids"])
    obligations = list(asked.order_by("employee__employee_no", "pk"))
    if not obligations:
        return {"cards": 0}
    numbers = [particulars(obligation.employee, frozenset()).id_number for obligation in obligations]
    pdf = print_cards(
        cards_of(obligations),
        id_numbers=numbers,
        progress=lambda done: report_progress(job, done=done, total=len(obligations)),
    )
    job.result_file.save(f"{_('安全教育卡')}.pdf", ContentFile(pdf), save=False)
    job.save(update_fields=["result_file"])
    for obligation in obligations:
        record_audit(
            obligation.employee, "training.card.print", user, {"programme": obligation.programme.code}
        )
    return {"cards": len(obligations)}


def recompute_due_obligations() -> int:
    """Bring what standing and recurring rules ask in step with the day; return how many changed. Scheduled nightly."""
    now = clock.now()
    ended = dispensations.end_waivers(now=now)
    applied = recompute.recompute_obligations(now=now)
    owing = Obligation.objects.filter(state=ObligationState.OPEN)
    gathered = owing.filter(programme__components__kind=ComponentKind.HOURS)
    hours.settle_hours(employee_ids=gathered.values_list("employee_id", flat=True), now=now)
    asked = owing.filter(programme__components__kind=ComponentKind.LICENCE)
    checks.settle_licences(employee_ids=asked.values_list("employee_id", flat=True), now=now)
    return ended + applied.created + applied.cancelled


def recompute_everyone(job: Job) -> dict[str, Any]:
    """As `recompute_due_obligations`, watched by whoever asked for it."""
    applied = recompute.recompute_obligations(
        now=clock.now(), report=lambda done, total: report_progress(job, done=done, total=total)
    )
    return {
        "created": applied.created,
        "cancelled": applied.cancelled,
        "next_url": job.params.get("next_url", ""),
    }


def spread_occurrence(job: Job) -> dict[str, int]:
    """Make everyone the occurrence a job names concerns owe what the rules ask; the result is how many are new."""
    made = occurrences.spread_occurrence(
        occurrence=Occurrence.objects.select_related("programme").get(pk=job.params["occurrence_id"]),
        now=clock.now(),
        report=lambda done, total: report_progress(job, done=done, total=total),
    )
    return {"made": made}


def rehearse_rule(job: Job) -> dict[str, Any]:
    """Rehearse the version of a rule a job holds, or the end of one; the result is Rehearsed.

    Both and their result are in training.queries.rehearsal.
    """

    def report(done: int, total: int) -> None:
        report_progress(job, done=done, total=total)

    if "ending" in job.params:
        found = rehearse_ending(job.params["ending"], today=clock.today(), report=report)
    else:
        found = rehearse(job.params["draft"], today=clock.today(), report=report)
    return {**found, "next_url": reverse("training_office:rule-preview", args=[job.pk])}
