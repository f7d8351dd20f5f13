import datetime as dt
import json
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.models import AnswerStep, Attempt, AttemptMark, AttemptState
from exams.queries import latest_steps, paper_for_display, passing_mark, result_for_display
from tests.factories.exams import (
    NOW,
    BankFactory,
    TopicFactory,
    answer,
    make_attempt,
    make_bank,
    make_exam,
    multiple_choice,
    right_response,
    single_choice,
    sit,
    submit,
    true_false,
    wrong_response,
)
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
PHONE = "phone-0123456789abcdefgh"
TABLET = "tablet-0123456789abcdefg"
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _at_nine(time_machine):
    time_machine.move_to(NOW, tick=False)


def client_of(employee, device=PHONE):
    client = Client()
    client.force_login(employee.user)
    client.cookies["device"] = device
    return client


@pytest.fixture
def employee():
    return EmployeeFactory()


@pytest.fixture
def attempt(employee):
    return make_attempt(employee=employee, device=PHONE)


@pytest.fixture
def client(employee):
    return client_of(employee)


def url(name, attempt):
    return reverse(f"exams:{name}", args=[attempt.public_id])


def post(client, attempt, *steps, name="save"):
    body = {"steps": [{"slot": slot, "seq": seq, "response": response} for slot, seq, response in steps]}
    return client.post(url(name, attempt), body, content_type="application/json")


def statements(function):
    with CaptureQueriesContext(connection) as queries:
        function()
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
    return len([query for query in queries if not query["sql"].startswith(control)])


# The paper


def test_the_page_shows_the_paper_and_what_is_stored(client, attempt):
    answer(attempt, {1: right_response(attempt, 1)}, seq=7)
    page = client.get(url("attempt", attempt))
    text = page.content.decode()
    paper = paper_for_display(attempt)
    assert all(question.stem in text for question in paper.questions)
    assert text.count("checked") == 1
    assert f'value="{right_response(attempt, 1)[0]}"' in text
    assert '"lastSeq": 7' in text
    assert page["Cache-Control"] == "no-store, private"


def test_the_page_is_the_same_after_a_reload(client, attempt):
    first, second = (client.get(url("attempt", attempt)).context["paper"] for _ in range(2))
    assert first == second


def test_the_page_of_a_closed_attempt_leads_to_the_result(client, attempt):
    submit(attempt)
    assert client.get(url("attempt", attempt)).url == url("result", attempt)


def test_the_page_closes_an_attempt_whose_time_is_over(client, attempt, time_machine):
    answer(attempt, {1: right_response(attempt, 1)})
    time_machine.move_to(attempt.next_check_at + SECOND, tick=False)
    assert client.get(url("attempt", attempt)).url == url("result", attempt)
    assert AttemptMark.objects.get(attempt=attempt).points == 10


def test_the_paper_costs_the_same_for_any_number_of_questions(employee, client):
    counts = []
    for number in (1, 3):
        rows = [RowDraft(kind="single_choice", count=number, points=Decimal(1))]
        attempt = make_attempt(make_exam(make_bank(singles=3), rows), employee=employee, device=PHONE)
        counts.append(statements(lambda attempt=attempt: client.get(url("attempt", attempt))))
    assert counts[0] == counts[1] <= 5


@pytest.mark.parametrize("name", ["attempt", "result"])
def test_a_stranger_finds_no_page(attempt, name):
    for user in (EmployeeFactory().user, UserFactory(superuser=True), UserFactory()):
        client = Client()
        client.force_login(user)
        assert client.get(url(name, attempt)).status_code == 404
    assert client.get(reverse(f"exams:{name}", args=[uuid4()])).status_code == 404


# Saving


def test_a_receipt_is_the_servers_word(client, attempt):
    response = right_response(attempt, 1)
    reply = post(client, attempt, (1, 1, response))
    assert reply.status_code == 200
    assert reply.json() == {
        "attempt": str(attempt.public_id),
        "saved": [{"slot": 1, "seq": 1}],
        "server_time": "2026-05-11T01:00:00+00:00",
        "deadline": "2026-05-11T01:30:00+00:00",
    }
    assert reply["Cache-Control"] == "no-store, private"
    assert latest_steps(attempt.pk) == {1: (1, response)}


def test_right_and_wrong_answers_get_the_same_reply(client, attempt):
    right = post(client, attempt, (1, 1, right_response(attempt, 1)))
    wrong = post(client, attempt, (1, 1 + 1, wrong_response(attempt, 1)))
    assert right.content.replace(b'"seq": 1', b'"seq": 2') == wrong.content
    assert right.headers["Content-Length"] == wrong.headers["Content-Length"]


@pytest.mark.parametrize("questions", [1, 4])
def test_a_save_costs_at_most_four_statements(client, attempt, questions):
    steps = [(slot, 1, right_response(attempt, slot)) for slot in range(1, questions + 1)]
    # The account, the attempt, the insert; a fourth is the session where it is kept in the database.
    assert statements(lambda: post(client, attempt, *steps)) == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"\xff\xfe", "body"),
        (b"[" * 100_000, "body"),
        (b'{"steps": 1' + b" " * 700_000 + b"}", "body"),
        (b"[]", "steps"),
        (b'{"steps": {}}', "steps"),
        (json.dumps({"steps": [{}] * 201}).encode(), "steps"),
        (b'{"steps": [1]}', "steps[0]"),
        (b'{"steps": [{"slot": "1", "seq": 1, "response": []}]}', "steps[0].slot"),
        (b'{"steps": [{"slot": true, "seq": 1, "response": []}]}', "steps[0].slot"),
        (b'{"steps": [{"slot": 1, "seq": 1e400, "response": []}]}', "steps[0].seq"),
        (b'{"steps": [{"slot": 1, "seq": 1.5, "response": []}]}', "steps[0].seq"),
        (b'{"steps": [{"slot": 1, "seq": ' + b"9" * 5000 + b', "response": []}]}', "body"),
        (b'{"steps": [{"slot": 1, "seq": 99999999999999999999, "response": []}]}', "steps[0].seq"),
        (b'{"steps": [{"slot": -1, "seq": 1, "response": []}]}', "steps[0].slot"),
        (b'{"steps": [{"slot": 99, "seq": 1, "response": []}]}', "steps[0].slot"),
        (b'{"steps": [{"slot": 1, "seq": 1, "response": "x"}]}', "steps[0].response"),
        (b'{"steps": [{"slot": 1, "seq": 1, "response": [1]}]}', "steps[0].response"),
        (b'{"steps": [{"slot": 1, "seq": 1, "response": ["\\u0000"]}]}', "steps[0].response"),
        (b'{"steps": [{"slot": 1, "seq": 1, "response": ["\\ud800"]}]}', "steps[0].response"),
        (b'{"steps": [{"slot": 1, "seq": 1, "response": ["A"]}]}', "steps[0].response"),
    ],
)
def test_malformed_answers_get_400_with_the_field(client, attempt, body, field):
    answer(attempt, {1: right_response(attempt, 1)})
    reply = client.post(url("save", attempt), body, content_type="application/json")
    assert (reply.status_code, reply.json()["error"], reply.json()["field"]) == (400, "bad_answer", field)
    assert reply.json()["message"]
    assert latest_steps(attempt.pk) == {1: (1, right_response(attempt, 1))}


def test_saving_late_is_409_closed(client, attempt, time_machine):
    time_machine.move_to(attempt.next_check_at + SECOND, tick=False)
    reply = post(client, attempt, (1, 1, right_response(attempt, 1)))
    assert (reply.status_code, reply.json()["error"]) == (409, "closed")
    assert not AnswerStep.objects.exists()


def test_a_used_number_is_409_with_the_next_free_one(client, attempt):
    post(client, attempt, (1, 4, right_response(attempt, 1)))
    reply = post(client, attempt, (1, 4, wrong_response(attempt, 1)))
    assert (reply.status_code, reply.json()["error"], reply.json()["next_seq"]) == (409, "seq_taken", 5)


def test_others_and_the_signed_out_cannot_save(attempt):
    step = (1, 1, right_response(attempt, 1))
    reply = post(client_of(EmployeeFactory()), attempt, step)
    assert (reply.status_code, reply.json()["error"]) == (404, "not_found")
    reply = post(Client(), attempt, step)
    assert (reply.status_code, reply.json()["error"]) == (401, "signed_out")
    assert not AnswerStep.objects.exists()


def test_a_save_needs_the_csrf_token(employee, attempt):
    client = Client(enforce_csrf_checks=True)
    client.force_login(employee.user)
    for name in ("save", "submit", "take-over"):
        assert client.post(url(name, attempt)).status_code == 403


@pytest.mark.parametrize("name", ["save", "submit", "take-over"])
def test_reading_changes_nothing(client, attempt, name):
    assert client.get(url(name, attempt)).status_code == 405


# Devices


def test_a_second_device_is_told_and_can_take_over(employee, client, attempt):
    tablet = client_of(employee, TABLET)
    step = (1, 1, right_response(attempt, 1))
    assert post(tablet, attempt, step).json()["error"] == "moved"
    page = tablet.get(url("attempt", attempt))
    assert "exams/attempt_moved.html" in {template.name for template in page.templates}
    stem = paper_for_display(attempt).questions[0].stem
    assert stem not in page.content.decode()
    assert tablet.post(url("take-over", attempt)).url == url("attempt", attempt)
    assert stem in tablet.get(url("attempt", attempt)).content.decode()
    assert post(tablet, attempt, step).status_code == 200
    assert post(client, attempt, (1, 2, [])).json()["error"] == "moved"


def test_a_new_device_is_named_by_a_cookie(employee):
    attempt = make_attempt(employee=employee, device="")
    client = Client()
    client.force_login(employee.user)
    client.get(url("attempt", attempt))
    name = client.cookies["device"]
    assert (name["httponly"], name["samesite"]) == (True, "Lax")
    assert post(client, attempt, (1, 1, [])).status_code == 200
    attempt.refresh_from_db()
    assert attempt.device == name.value


def test_nobody_else_can_take_over(attempt):
    assert client_of(EmployeeFactory(), TABLET).post(url("take-over", attempt)).status_code == 404


def test_taking_over_a_closed_attempt_leads_to_the_result(client, attempt):
    submit(attempt)
    assert client.post(url("take-over", attempt)).url == url("result", attempt)


# Handing in


def test_handing_in_twice_is_once(client, attempt):
    for _ in range(2):
        reply = post(client, attempt, (1, 1, right_response(attempt, 1)), name="submit")
        assert (reply.status_code, reply.json()["state"]) == (200, "graded")
    assert AttemptMark.objects.get().points == 10


@pytest.mark.parametrize("questions", [2, 30])
def test_handing_in_costs_at_most_ten_statements(employee, client, questions):
    rows = [RowDraft(kind="single_choice", count=questions, points=Decimal(1))]
    attempt = make_attempt(make_exam(make_bank(singles=questions), rows), employee=employee, device=PHONE)
    step = (1, 1, right_response(attempt, 1))
    assert statements(lambda: post(client, attempt, step, name="submit")) == 9


# Without JavaScript


def form(attempt, responses):
    return {f"q{slot}": tokens for slot, tokens in responses.items()}


def test_a_plain_form_saves_and_goes_back_to_the_page(client, attempt):
    responses = {1: right_response(attempt, 1), 3: right_response(attempt, 3)}
    for _ in range(2):
        assert client.post(url("save", attempt), form(attempt, responses)).url == url("attempt", attempt)
    assert latest_steps(attempt.pk) == {1: (1, responses[1]), 3: (1, responses[3])}
    changed = {1: wrong_response(attempt, 1), 3: responses[3]}
    client.post(url("save", attempt), form(attempt, changed))
    assert latest_steps(attempt.pk) == {1: (2, changed[1]), 3: (1, responses[3])}


def test_a_plain_form_hands_in_with_everything_chosen(client, attempt):
    responses = {slot: right_response(attempt, slot) for slot in range(1, 5)}
    assert client.post(url("submit", attempt), form(attempt, responses)).url == url("result", attempt)
    assert AttemptMark.objects.get().score_pct == 100


def test_a_plain_form_is_told_in_words_what_is_wrong(employee, client, attempt):
    assert client.post(url("save", attempt), {"q1": ["nonsense"]}).url == url("attempt", attempt)
    assert "作答与试卷不符" in client.get(url("attempt", attempt)).content.decode()
    tablet = client_of(employee, TABLET)
    assert tablet.post(url("save", attempt), {}).url == url("attempt", attempt)
    assert client_of(EmployeeFactory()).post(url("save", attempt), {}).status_code == 404


# The result


def test_a_pass_shows_score_and_review(employee, client):
    attempt = sit(make_exam(), employee, right=True)
    page = client.get(url("result", attempt))
    text = page.content.decode()
    assert "合格" in text
    assert "逐题回顾" in text
    assert "盲目施救会扩大伤亡" in text
    assert page["Cache-Control"] == "no-store, private"
    assert passing_mark(employee.pk, attempt.exam_id, attempt.purpose).attempt == attempt


def test_a_fail_with_attempts_left_shows_the_score_and_topics_only(employee, client):
    bank = make_bank(topic=TopicFactory(name="受限空间"))
    attempt = sit(make_exam(bank, attempts_allowed=2, cool_down_s=3600), employee, right=False)
    page = client.get(url("result", attempt))
    text = page.content.decode()
    assert "不合格" in text
    assert "受限空间" in text
    assert "错 4 题" in text
    assert "2026-05-11 10:00 以后可以再考" in text
    assert "逐题回顾" not in text
    assert passing_mark(employee.pk, attempt.exam_id, attempt.purpose) is None


def test_the_review_is_released_with_the_last_attempt_or_a_pass(employee):
    exam = make_exam(attempts_allowed=3)
    first = sit(exam, employee, right=False)
    assert not result_for_display(first, NOW).released
    second = make_attempt(exam, employee=employee)
    third_left = result_for_display(first, NOW)
    assert (third_left.released, third_left.attempts_left) == (False, 1)
    answer(second, {slot: right_response(second, slot) for slot in range(1, 5)})
    submit(second)
    assert result_for_display(first, NOW).released


def test_the_key_is_withheld_while_the_last_attempt_runs(employee):
    exam = make_exam(attempts_allowed=2)
    first = sit(exam, employee, right=False)
    last = make_attempt(exam, employee=employee)
    assert not result_for_display(first, NOW).released
    submit(last)
    assert result_for_display(first, NOW).released


def test_a_missed_must_know_question_is_said(employee, client):
    bank, topic = BankFactory(), TopicFactory()
    drafts = [single_choice(topic, f"S-{n}", must_know=True) for n in range(5)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    rows = [RowDraft(kind="single_choice", count=5, points=Decimal(2))]
    attempt = make_attempt(make_exam(bank, rows, must_know_fails=True), employee=employee, device=PHONE)
    answer(attempt, {slot: right_response(attempt, slot) for slot in range(1, 5)})
    submit(attempt)
    text = client.get(url("result", attempt)).content.decode()
    assert "必知题答错 1 题，按规定不合格" in text


def test_the_result_of_an_open_attempt_leads_back_to_the_paper(client, attempt):
    assert client.get(url("result", attempt)).url == url("attempt", attempt)


def test_a_void_attempt_has_no_result(employee, client):
    attempt = sit(make_exam(), employee, right=True)
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.VOID)
    assert "已作废" in client.get(url("result", attempt)).content.decode()


# Exams people start by themselves


def test_the_rules_are_shown_before_the_start(client):
    exam = make_exam(duration_s=2700, pass_pct=85, attempts_allowed=3)
    text = client.get(reverse("exams:start", args=[exam.code])).content.decode()
    for fact in ("4 题", "45 分钟", "85 分", "还可以参加 3 次（共 3 次）", "断网也可以继续答", "开始考试"):
        assert fact in text


def test_starting_draws_a_paper_once(employee, client):
    address = reverse("exams:start", args=[make_exam().code])
    first, second = client.post(address), client.post(address)
    attempt = Attempt.objects.get()
    assert first.url == second.url == url("attempt", attempt)
    assert (attempt.employee, attempt.purpose, attempt.device) == (employee, "open", PHONE)
    assert "继续作答" in client.get(address).content.decode()


def test_starting_costs_at_most_eight_statements(client):
    address = reverse("exams:start", args=[make_exam().code])
    assert statements(lambda: client.post(address)) == 8


def test_a_start_that_is_refused_says_why(employee, client):
    exam = make_exam(attempts_allowed=1)
    address = reverse("exams:start", args=[exam.code])
    sit(exam, employee, right=False, purpose="open")
    reply = client.post(address)
    assert reply.status_code == 409
    assert "只允许参加 1 次，已经用完" in reply.content.decode()


def test_a_closed_exam_and_an_account_without_an_employee_find_nothing(client):
    bank = make_bank()
    open_address = reverse("exams:start", args=[make_exam(bank).code])
    outsider = Client()
    outsider.force_login(UserFactory())
    assert outsider.get(open_address).status_code == 404
    make_exam(bank, is_open=False)
    assert client.get(open_address).status_code == 404


# Nothing of the key reaches a candidate before its time

CANARY = "CANARY-7f3e"


def test_key_and_explanation_are_in_no_reply_before_release(employee):
    """Walk everything a candidate can ask for; the explanation carries a canary, the key must not show."""
    bank, topic = BankFactory(), TopicFactory()
    drafts = [
        make(topic, f"{letter}-{n}", explanation=f"{CANARY}-{letter}{n}", source=f"{CANARY}-source")
        for n in range(3)
        for letter, make in (("S", single_choice), ("M", multiple_choice), ("T", true_false))
    ]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    kinds = ("single_choice", "multiple_choice", "true_false")
    rows = [RowDraft(kind=kind, count=2, points=Decimal(5)) for kind in kinds]
    exam = make_exam(bank, rows, attempts_allowed=2)
    client = client_of(employee)
    replies = [
        client.get(reverse("exams:start", args=[exam.code])),
        client.post(reverse("exams:start", args=[exam.code])),
    ]
    attempt = Attempt.objects.get()
    slots = range(1, len(attempt.paper["slots"]) + 1)
    replies += [client.get(url("attempt", attempt)), client_of(employee, TABLET).get(url("attempt", attempt))]
    replies += [post(client, attempt, (slot, slot, wrong_response(attempt, slot))) for slot in slots]
    replies += [
        post(client, attempt, (1, 1, right_response(attempt, 1))),
        post(client, attempt, (1, 90, ["x"])),
        post(client, attempt, (2, 91, right_response(attempt, 2))),
        client.get(url("result", attempt)),
        post(client, attempt, name="submit"),
        post(client, attempt, (1, 92, [])),
        client.get(url("attempt", attempt)),
        client.get(url("result", attempt)),
        client.get(reverse("exams:start", args=[exam.code])),
    ]
    replies.append(client.post(reverse("exams:start", args=[exam.code])))
    resit = Attempt.objects.get(number=2)
    replies += [client.get(url("attempt", resit)), client.get(url("result", attempt))]
    for reply in replies:
        text = reply.content.decode() + str(dict(reply.headers))
        assert CANARY not in text
        for word in ("correct", "option_ids", "explanation", "is_right", attempt.seed):
            assert word not in text
    # Control: the walk would have seen it.
    post(client, resit, name="submit")
    assert CANARY in client.get(url("result", resit)).content.decode()


def test_options_on_the_page_tell_nothing_but_a_token(client, attempt):
    page = client.get(url("attempt", attempt)).content.decode()
    for slot in attempt.paper["slots"]:
        for token, option_id in zip(slot["tokens"], slot["option_ids"], strict=True):
            assert f'value="{token}"' in page
            assert f'value="{option_id}"' not in page
