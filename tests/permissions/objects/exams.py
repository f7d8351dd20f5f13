"""The objects of the room of exams: banks, papers, attempts, sittings, marking, practice and findings."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from exams.actions.bank import save_questions
from exams.actions.campaigns import save_campaign
from exams.actions.exams import RowDraft
from exams.actions.mock_exams import start_mock
from exams.actions.paper_marks import add_scan
from exams.actions.printing import print_papers
from exams.actions.seat_tickets import issue_tickets
from exams.actions.sittings import open_doors
from exams.actions.spot_checks import start_round, take_seat
from exams.models import Attempt, AttemptPhoto, ExtraTimeGrant, Finding, SpotWay
from exams.queries.practice_serving import serve
from exams.queries.practice_spots import code_of
from people.models import Employee, OrgUnit
from tests.factories.exams import (
    BankFactory,
    TopicFactory,
    answer,
    make_attempt,
    make_exam,
    picture,
    short_answer,
    single_choice,
    submit,
    true_false,
)
from tests.factories.exams import multiple_choice as multiple
from tests.factories.people import UserFactory
from tests.factories.sittings import make_sitting
from tests.permissions.objects import NOW, TODAY, Works


def add_exam(works: Works, place: str, plant: OrgUnit, person: Employee) -> Any:
    bank = BankFactory(owner=plant)
    topic = TopicFactory()
    drafts = [single_choice(topic, f"S-{n}") for n in range(3)]
    shown = picture(alt=f"车间 {place}")
    drafts += [multiple(topic, "M-1"), true_false(topic, "T-1", media=shown)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    exam = make_exam(bank, code=f"exam-{place}", is_open=True)
    attempt: Attempt = make_attempt(exam, employee=person, purpose="open", now=NOW)
    works.add("bank", place, bank_id=bank.pk, token="nothing", format_name="gift")
    works.add("question", place, question_id=bank.questions.order_by("pk").first().pk)
    works.add("exam", place, exam_id=exam.pk, code=exam.code)
    works.add("attempt", place, public_id=attempt.public_id)
    grant = ExtraTimeGrant.objects.create(employee=person, extra_pct=25, reason="右手受伤", granted_at=NOW)
    works.add("extra time", place, grant_id=grant.pk)
    _integrity(works, place, exam, attempt)
    works.add("question media", place, media_id=shown.pk)
    # The fourth row of the usual exam is the judgement.
    works.add("attempt media", place, public_id=attempt.public_id, slot=4)
    _paper_exam(works, place, exam, plant, person)
    works.share("topic", topic_id=topic.pk)
    works.share("open exam", code=exam.code)
    return exam


def add_practice(works: Works, place: str, plant: OrgUnit, person: Employee) -> None:
    """Note what may be practised: a shown question, a mock paper, a campaign, a test on the spot by the officer."""
    bank, topic = BankFactory(owner=plant, may_be_practised=True), TopicFactory()
    drafts = [true_false(topic, f"T-{n}", media=picture(alt=f"练习 {place} {n}")) for n in range(3)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    first = bank.questions.order_by("pk")[0]
    works.share("practised topic", topic_id=topic.pk)
    (shown,) = serve([first.current_version_id], employee_id=person.pk, mode="topic", now=NOW)
    works.add("practice ticket", place, ticket=shown.ticket, **{"=ticket": shown.ticket})
    exam = make_exam(bank, [RowDraft(kind="true_false", count=1, points=Decimal(5))], code=f"mock-{place}")
    works.add("mock of an exam", place, code=exam.code)
    mock = start_mock(exam=exam, employee=person, now=NOW)
    works.add("mock exam", place, public_id=mock.public_id, slot=1)
    campaign = save_campaign(
        title="安全生产月", starts_on=TODAY, ends_on=TODAY, units=[person.assignments.get().unit], banks=[bank],
        acting_user=None, now=NOW,
    )  # fmt: skip
    works.add("campaign", place, campaign_id=campaign.pk)
    officer = works.users["safety"] if place != "far" else UserFactory(superuser=True)
    assert officer is not None
    round_ = start_round(unit=plant, acting_user=officer, now=NOW)
    seat = take_seat(round_=round_, employee=person, way=SpotWay.BADGE, now=NOW)
    works.add("spot round", place, public_id=round_.public_id, seat_id=seat.seat.pk)
    works.add("spot code", place, code=code_of(round_))
    works.add("spot seat", place, token=seat.token, slot=1)


def add_sitting(works: Works, place: str, plant: OrgUnit, person: Employee, exam: Any) -> None:
    """Note a sitting with open doors, its one seat and a ticket for it."""
    exam = make_exam(exam.bank, code=f"sat-{place}")
    sitting = make_sitting(exam, [person], unit=plant, now=NOW)
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    ticket = issue_tickets(sitting_id=sitting.pk, acting_user=None, now=NOW)[0]
    works.add("sitting", place, sitting_id=sitting.pk, public_id=sitting.public_id, step="admit-all")
    works.add("seat", place, sitting_id=sitting.pk, seat_id=ticket.seat.pk, step="ticket")
    works.add("ticket of a seat", place, token=ticket.token)


def add_marking(works: Works, place: str, plant: OrgUnit, person: Employee) -> None:
    """Note an answer that waits for a person; those who mark in this plant have it in hand."""
    bank, topic = BankFactory(owner=plant), TopicFactory()
    draft = short_answer(topic, media=picture(alt=f"现场 {place}"))
    save_questions(bank=bank, drafts=[draft], acting_user=None, now=NOW)
    rows = [RowDraft(kind="short_answer", count=1, points=Decimal(10))]
    exam = make_exam(bank, rows, code=f"written-{place}", markers=2)
    attempt = make_attempt(exam, employee=person, purpose="open", now=NOW)
    answer(attempt, {1: ["先清理可燃物"]}, now=NOW)
    submit(attempt, now=NOW)
    task = attempt.marking_tasks.get()
    for name in ("marker", "superuser"):
        user = works.users[name]
        task.claims.create(claimed_by=user, expires_at=NOW + dt.timedelta(days=3650))
    works.add("handed-in attempt", place, public_id=attempt.public_id)
    works.add("marking answer", place, task_id=task.pk, **{"=exam": exam.pk, "=version": task.version_id})


def _integrity(works: Works, place: str, exam: Any, attempt: Attempt) -> None:
    """Note a finding about the attempt, and a photograph that was taken in it."""
    finding = Finding.objects.create(
        exam=exam,
        kind="too_fast",
        fingerprint=place,
        strength=1,
        evidence={"type": "too_fast", "answers": 4, "quick": 4, "took_s": 2, "reading_s": 9, "slots": [1]},
        found_at=NOW,
    )
    finding.attempts.add(attempt)
    works.add("finding", place, finding_id=finding.pk)
    photo = AttemptPhoto(attempt=attempt, number=0, due_at=NOW, taken_at=NOW, delete_on=TODAY)
    photo.file.save("photo.jpg", ContentFile(b"x"))
    works.add("exam photo", place, photo_id=photo.public_id)
    works.add("identity", place, public_id=attempt.public_id, **{"=is_right": "yes"})


def _paper_exam(works: Works, place: str, exam: Any, plant: OrgUnit, person: Employee) -> None:
    """Note a printed paper with its files, and a scan of somebody's sheet."""
    made, _job = print_papers(exam=exam, unit=plant, sat_on=TODAY, acting_user=None, now=NOW)
    printed = made[0]
    for part in ("paper", "sheet", "key"):
        getattr(printed, f"{part}_file").save(f"{place}-{part}.pdf", ContentFile(b"%PDF-1.7"))
    scan = add_scan(
        printed=printed, employee=person, name="a.pdf", data=b"%PDF-1.7", acting_user=None, now=NOW
    )
    works.add("printed paper", place, public_id=printed.public_id, part="key", scan_id=scan.pk)
