"""Pairs of questions that are no duplicates: hidden, shown again, and compared anew once one is rewritten."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from exams.actions.bank import save_question, save_questions
from exams.actions.pairs import take_back, tell_apart
from exams.errors import NotAPair
from exams.models import PairToldApart
from exams.queries.review import near_questions, pairs_told_apart, questions_like
from people.models import Role
from tests.exams.saving import statements
from tests.factories.exams import NOW, BankFactory, TopicFactory, question, single_choice
from tests.factories.people import OrgUnitFactory, RoleGrantFactory

pytestmark = pytest.mark.django_db
STEM = "进入受限空间作业之前，首先应当做什么，由谁来确认？"


@pytest.fixture
def bank():
    bank = BankFactory(owner=OrgUnitFactory())
    topic = TopicFactory()
    drafts = [single_choice(topic, f"S-{n}", stem=f"{STEM}{'。' * n}") for n in (1, 2)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    return bank


def ids_of(bank):
    return question(bank, "S-1").pk, question(bank, "S-2").pk


def staff(bank, role):
    return RoleGrantFactory(role=role, unit=bank.owner).user


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def url(name, bank):
    return reverse(f"exams_office:{name}", args=[bank.pk])


def test_a_pair_told_apart_is_hidden_until_one_of_the_two_is_rewritten(bank):
    writer = staff(bank, Role.QUESTION_WRITER)
    assert len(near_questions(bank)) == 1
    assert len(questions_like(question(bank, "S-1"))) == 1
    for _again in range(2):
        tell_apart(bank=bank, question_ids=ids_of(bank), acting_user=writer, now=NOW)
    assert near_questions(bank) == []
    assert questions_like(question(bank, "S-1")) == []
    (pair,) = pairs_told_apart(bank)
    assert (pair.by, pair.at) == (writer, NOW)
    draft = single_choice(question(bank, "S-1").topic, "S-1", stem=f"{STEM}（ ）")
    save_question(bank=bank, draft=draft, acting_user=None, now=NOW)
    assert len(near_questions(bank)) == 1
    assert pairs_told_apart(bank) == []


def test_a_reviewer_takes_it_back_and_a_writer_does_not(bank):
    pair = tell_apart(bank=bank, question_ids=ids_of(bank), acting_user=None, now=NOW)
    with pytest.raises(PermissionDenied):
        take_back(bank=bank, pair_id=pair.pk, acting_user=staff(bank, Role.QUESTION_WRITER), now=NOW)
    with pytest.raises(NotAPair):
        take_back(bank=BankFactory(), pair_id=pair.pk, acting_user=None, now=NOW)
    reviewer = staff(bank, Role.EXAMINER)
    for _again in range(2):
        take_back(bank=bank, pair_id=pair.pk, acting_user=reviewer, now=NOW)
    assert len(near_questions(bank)) == 1
    pair.refresh_from_db()
    assert (pair.undone_by, pair.undone_at) == (reviewer, NOW)
    tell_apart(bank=bank, question_ids=ids_of(bank), acting_user=None, now=NOW)
    assert PairToldApart.objects.count() == 2


def test_only_two_questions_of_the_bank_make_a_pair_and_only_its_writers_say_so(bank):
    first, second = ids_of(bank)
    with pytest.raises(NotAPair):
        tell_apart(bank=bank, question_ids=(first, first), acting_user=None, now=NOW)
    with pytest.raises(NotAPair):
        tell_apart(bank=BankFactory(), question_ids=(first, second), acting_user=None, now=NOW)
    for user in (staff(bank, Role.MARKER), RoleGrantFactory(role=Role.QUESTION_WRITER).user):
        with pytest.raises(PermissionDenied):
            tell_apart(bank=bank, question_ids=(first, second), acting_user=user, now=NOW)
    assert not PairToldApart.objects.exists()


def test_the_page_offers_what_the_reader_may_do(bank):
    first, second = ids_of(bank)
    writer, reviewer = (client_of(staff(bank, role)) for role in (Role.QUESTION_WRITER, Role.EXAMINER))
    page = url("bank-duplicates", bank)
    assert url("pair-apart", bank) in writer.get(page).text
    assert url("pair-apart", bank) not in client_of(staff(bank, Role.AUDITOR)).get(page).text
    shown = writer.post(url("pair-apart", bank), {"one": first, "other": second}, follow=True).text
    assert "没有题干相近的试题" in shown
    assert "记为不是重复题的 1 对" in shown
    assert url("pair-back", bank) not in shown
    assert url("pair-back", bank) in reviewer.get(page).text
    assert statements(lambda: near_questions(bank)) == 3
    pair = PairToldApart.objects.get()
    assert (
        "题干相近的试题，最像的在前"
        in reviewer.post(url("pair-back", bank), {"pair": pair.pk}, follow=True).text
    )
    assert "没有这条记录" in reviewer.post(url("pair-back", bank), {"pair": "x"}, follow=True).text
