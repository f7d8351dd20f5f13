"""What a candidate's requests cost the database, sessions included, and what the process keeps meanwhile."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.actions.prepared import prepare_papers
from exams.models import Attempt
from exams.queries import paper_for_display
from exams.queries.versions import versions_of
from exams.views import cards
from tests.exams.saving import statements
from tests.factories.exams import (
    NOW,
    BankFactory,
    TopicFactory,
    answer,
    make_attempt,
    make_bank,
    make_exam,
    right_response,
    single_choice,
)
from tests.factories.people import EmployeeFactory
from tests.factories.sittings import BELL, make_sitting, opened

PHONE = "phone-0123456789abcdefgh"


@pytest.fixture(autouse=True)
def _sessions_in_their_table(settings, time_machine):
    settings.SESSION_ENGINE = "people.session_store"
    time_machine.move_to(BELL, tick=False)


def signed_in(employee):
    client = Client()
    client.force_login(employee.user)
    client.cookies["device"] = PHONE
    return client


def post(client, attempt, name, *steps):
    body = {"steps": [{"slot": slot, "seq": seq, "response": response} for slot, seq, response in steps]}
    address = reverse(f"exams:{name}", args=[attempt.public_id])
    response = client.post(address, body, content_type="application/json")
    assert response.status_code == 200
    return response


@pytest.mark.django_db
@pytest.mark.parametrize("questions", [2, 8])
def test_statements_of_a_sitting_through_http(questions):
    sitting = make_sitting(
        make_exam(make_bank(singles=questions), [RowDraft(kind="single_choice", count=questions, points=5)])
    )
    prepare_papers(sitting_id=sitting.pk, acting_user=None, now=NOW)
    opened(sitting)
    client = signed_in(sitting.seats.get().employee)
    address = reverse("exams:lobby-start", args=[sitting.public_id])
    assert statements(lambda: client.post(address)) <= 8
    attempt = Attempt.objects.get()
    page = reverse("exams:attempt", args=[attempt.public_id])
    assert statements(lambda: client.get(page)) <= 5
    step = (1, 1, right_response(attempt, 1))
    assert statements(lambda: post(client, attempt, "save", step)) <= 4
    last = (2, 2, right_response(attempt, 2))
    assert statements(lambda: post(client, attempt, "submit", last)) <= 10


@pytest.mark.django_db
def test_a_start_draws_its_paper_within_nine_statements():
    """One of them is the session's; a paper drawn before the bell needs fewer."""
    client = signed_in(EmployeeFactory())
    address = reverse("exams:start", args=[make_exam().code])
    assert statements(lambda: client.post(address)) <= 9


@pytest.mark.django_db(transaction=True)
def test_a_second_paper_of_the_same_questions_reads_none_of_them():
    exam = make_exam(make_bank(singles=4))
    attempts = [make_attempt(exam, employee=EmployeeFactory(), device=PHONE) for _ in range(2)]
    costs = []
    for attempt in attempts:
        client = signed_in(attempt.employee)
        page = reverse("exams:attempt", args=[attempt.public_id])
        costs.append(statements(lambda page=page, client=client: client.get(page)))
    assert costs[1] <= 4


@pytest.mark.django_db
def test_what_a_transaction_may_take_back_is_not_kept():
    attempt = make_attempt()
    ids = [slot["version_id"] for slot in attempt.paper["slots"]]
    assert versions_of(ids).keys() == set(ids)
    assert statements(lambda: versions_of(ids)) == 1


# The cards


def plainly(question, first):
    return cards.render_to_string(cards.TEMPLATE, {"question": question, "first": first})


@pytest.mark.django_db
def test_cards_are_what_the_template_makes_of_each_question():
    bank, topic = BankFactory(), TopicFactory()
    drafts = [
        replace(single_choice(topic, f"S-{n}"), stem=f"第 {n} 题：1 < 2 & “对”？\n下一行") for n in range(6)
    ]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    exam = make_exam(bank, [RowDraft(kind="single_choice", count=6, points=5)])
    papers = [make_attempt(exam, employee=EmployeeFactory(), device=PHONE) for _ in range(3)]
    answer(papers[2], {2: right_response(papers[2], 2)}, seq=7)
    for language in ("zh-hans", "en", "zh-hans"):
        for attempt in papers:
            with translation.override(language):
                questions = paper_for_display(attempt).questions
                made = cards.question_cards(questions)
                expected = [plainly(each, place == 0) for place, each in enumerate(questions)]
            assert made == expected
            assert cards._MARK not in "".join(made)


@pytest.mark.django_db
def test_what_is_kept_of_a_card_holds_nothing_of_a_person():
    attempt = make_attempt()
    cards.question_cards(paper_for_display(attempt).questions)
    assert len(cards._pieces)
    kept = repr(list(cards._pieces._values.items()))
    tokens = [token for slot in attempt.paper["slots"] for token in slot["tokens"]]
    assert not [token for token in tokens if token in kept]
    assert str(attempt.public_id) not in kept


@pytest.mark.django_db
def test_options_are_escaped_where_they_are_put_in():
    (question, *_rest) = paper_for_display(make_attempt()).questions
    odd = replace(question.options[0], text='<b onclick="x()">&', token="\"'<")
    cards.question_cards([question])
    changed = replace(question, options=(odd, *question.options[1:]))
    assert cards.question_cards([changed]) == [plainly(changed, True)]
