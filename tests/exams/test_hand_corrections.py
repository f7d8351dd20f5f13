"""Correcting a mark given by hand: with a reason, tried out first, added; and what else the timeline tells."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from exams.actions.deadlines import extend_attempts
from exams.actions.hand_corrections import correct_hand_mark, plan_correction
from exams.actions.late import keep_late_answers
from exams.actions.marks import record_hand_mark
from exams.errors import BadHandMark
from exams.models import AttemptMark, HandMark
from exams.queries.timelines import timeline_of
from exams.signals import Consequence, attempt_graded, regrade_consequences_asked
from people.models import Role
from tests.exams.test_marking_queue import sat, written_exam
from tests.factories.exams import NOW, make_attempt, picture
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def attempt(unit):
    """Ten points by hand, all given, and ten by machine, all earned: 100, passed."""
    attempt = sat(written_exam(unit, pass_pct=80), unit, name="钱多多")
    record_hand_mark(attempt_id=attempt.pk, slot=1, per_point=[60, 40], acting_user=None, now=NOW)
    attempt.refresh_from_db()
    return attempt


def marker(unit, role=Role.MARKER):
    return RoleGrantFactory(user=UserFactory(), role=role, unit=unit).user


def correct(attempt, per_point, *, by=None, reason="漏看了第二点", **more):
    return correct_hand_mark(
        attempt_id=attempt.pk, slot=1, per_point=per_point, reason=reason, acting_user=by, now=NOW, **more
    )


def heard_of_consequences(asked, **_):
    return [Consequence(flip.attempt_id, "培训记录将作废") for flip in asked.flips]


def test_a_correction_is_tried_out_then_added_with_its_reason_and_told(unit, attempt):
    user = marker(unit)
    events = []

    def hear(event, **_):
        events.append(event)

    regrade_consequences_asked.connect(heard_of_consequences)
    attempt_graded.connect(hear)
    try:
        plan = plan_correction(attempt=attempt, slot=1, per_point=[0, 0], acting_user=user)
        assert AttemptMark.objects.count() == 1
        mark = correct(attempt, [0, 0], by=user)
    finally:
        regrade_consequences_asked.disconnect(heard_of_consequences)
        attempt_graded.disconnect(hear)
    (change,) = plan.changes
    assert (change.before_pct, change.after_pct, change.flips) == (Decimal(100), Decimal(50), True)
    assert "培训记录将作废" in [each.text for each in plan.consequences]
    assert (mark.number, mark.passed, mark.reason) == (2, False, "漏看了第二点")
    assert [event.mark_id for event in events] == [mark.pk]
    given = list(HandMark.objects.order_by("number").values_list("per_point", "marked_by"))
    assert given == [([60, 40], None), ([0, 0], user.pk)]


@pytest.mark.parametrize(
    ("per_point", "reason", "message"),
    [
        ([0, 0], " ", "写明更正的原因"),
        ([60, 40], "错了", "一样"),
        ([61, 0], "错了", "最多"),
        ([1], "错了", "得分点"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(attempt, per_point, reason, message):
    with pytest.raises(BadHandMark, match=message):
        correct(attempt, per_point, reason=reason)
    assert AttemptMark.objects.count() == 1


def test_only_what_a_person_marked_and_is_settled_is_corrected_and_only_by_markers_of_others(unit, attempt):
    with pytest.raises(BadHandMark, match="没有人工评分"):
        correct_hand_mark(
            attempt_id=attempt.pk, slot=2, per_point=[1], reason="错", acting_user=None, now=NOW
        )
    waiting = sat(attempt.exam, unit)
    with pytest.raises(BadHandMark, match="还没有评完"):
        correct(waiting, [0, 0])
    RoleGrantFactory(user=attempt.employee.user, role=Role.MARKER, unit=unit)
    for user in (attempt.employee.user, marker(unit, Role.EXAMINER), marker(OrgUnitFactory())):
        with pytest.raises(PermissionDenied):
            correct(attempt, [0, 0], by=user)
        with pytest.raises(PermissionDenied):
            plan_correction(attempt=attempt, slot=1, per_point=[0, 0], acting_user=user)


def test_the_page_tries_out_and_corrects_and_the_timeline_shows_both_marks(unit, attempt):
    page = reverse("exams_office:attempt-hand-mark", args=[attempt.public_id, 1])
    timeline = reverse("exams_office:attempt-timeline", args=[attempt.public_id])
    client, auditor = Client(), Client()
    client.force_login(marker(unit))
    auditor.force_login(marker(unit, Role.AUDITOR))
    assert page in client.get(timeline).text
    shown = auditor.get(timeline).text
    assert "人工评分" in shown
    assert page not in shown
    assert "监护人到场" in client.get(page).text
    data = {"point_0": "0", "point_1": "0", "comment": "", "reason": "漏看了"}
    assert client.post(page, {**data, "reason": ""}).status_code == 422
    tried = client.post(page, {**data, "step": "preview"}).text
    assert "100.00 → 50.00" in tried
    assert "变为不合格" in tried
    assert AttemptMark.objects.count() == 1
    done = client.post(page, {**data, "step": "run"}, follow=True)
    assert done.redirect_chain[-1][0] == timeline
    assert "漏看了" in done.text
    assert "0 + 0（百分）" in done.text
    elsewhere = Client()
    elsewhere.force_login(marker(OrgUnitFactory()))
    assert elsewhere.get(page).status_code == 404
    assert (
        client.get(reverse("exams_office:attempt-hand-mark", args=[attempt.public_id, 2])).status_code == 404
    )


def test_a_picture_is_shown_to_whoever_may_correct_and_sent_to_nobody_else(unit):
    attempt = sat(written_exam(unit, media=picture()), unit)
    record_hand_mark(attempt_id=attempt.pk, slot=1, per_point=[60, 40], acting_user=None, now=NOW)
    page = reverse("exams_office:attempt-hand-mark", args=[attempt.public_id, 1])
    sent = reverse("exams_office:attempt-hand-mark-media", args=[attempt.public_id, 1])
    client = Client()
    client.force_login(marker(unit))
    shown = client.get(page).text
    assert f'src="{sent}"' in shown
    assert 'alt="车间一角，地上有杂物。"' in shown
    got = client.get(sent)
    assert (got.status_code, got["Content-Type"]) == (200, "image/webp")
    assert "no-store" in got["Cache-Control"]
    assert b"".join(got.streaming_content)[8:12] == b"WEBP"
    other_slot = reverse("exams_office:attempt-hand-mark-media", args=[attempt.public_id, 2])
    assert client.get(other_slot).status_code == 404
    for who in (marker(OrgUnitFactory()), marker(unit, Role.EXAMINER), attempt.employee.user):
        client.force_login(who)
        assert client.get(sent).status_code in (302, 403, 404)


def test_a_question_without_a_picture_sends_none(unit, attempt):
    client = Client()
    client.force_login(marker(unit))
    sent = reverse("exams_office:attempt-hand-mark-media", args=[attempt.public_id, 1])
    assert client.get(sent).status_code == 404
    assert sent not in client.get(reverse("exams_office:attempt-hand-mark", args=[attempt.public_id, 1])).text


def test_the_timeline_tells_who_changed_the_deadline_and_what_came_too_late():
    attempt = make_attempt(employee=EmployeeFactory())
    user = UserFactory(is_superuser=True, name="李监考")
    extend_attempts(exam=attempt.exam, seconds=300, reason="停电", acting_user=user, now=NOW)
    attempt.refresh_from_db()
    step = {"slot": 1, "seq": 7, "response": [attempt.paper["slots"][0]["tokens"][0]]}
    late = attempt.deadline_at + dt.timedelta(minutes=2)
    keep_late_answers(attempt=attempt, steps=[step], device="d", now=late)
    moments = {moment.what: moment for moment in timeline_of(attempt).moments}
    assert "停电 · 李监考 · 截止" in moments["延时"].note
    assert moments["第 1 题迟到的作答"].at == late
    assert moments["第 1 题迟到的作答"].serious
