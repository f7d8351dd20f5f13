"""The second person's review, near-identical questions and many changes at once, in the back office."""

from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from exams.actions.bank import save_question, save_questions
from exams.actions.bulk import BulkChange, change_questions
from exams.models import Question, QuestionVersion, ReviewState
from people.models import Role
from tests.factories.exams import NOW, BankFactory, TopicFactory, question, short_answer, single_choice
from tests.factories.people import OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db


def staff(unit, role=Role.EXAMINER):
    return RoleGrantFactory(user=UserFactory(), role=role, unit=unit).user


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def url(name, *args):
    return reverse(f"exams_office:{name}", args=args)


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def bank(unit):
    return BankFactory(owner=unit, review_required=True)


@pytest.fixture
def topic():
    return TopicFactory()


@pytest.fixture
def changed(bank, topic):
    """A question in use, with a change by a writer that waits for its review."""
    author = staff(bank.owner, Role.QUESTION_WRITER)
    draft = single_choice(topic, "S-1")
    save_question(bank=bank, draft=draft, acting_user=None, now=NOW)
    stored = save_question(
        bank=bank,
        draft=replace(draft, stem="进入受限空间作业的顺序是什么？", correct=["A"], difficulty=5),
        acting_user=author,
        now=NOW,
    )
    return stored, author


def test_a_writer_submits_and_a_second_person_sees_the_difference_and_approves(changed, unit):
    stored, author = changed
    writer = client_of(author)
    assert "提交审核" in writer.get(url("question-edit", stored.pk)).content.decode()
    assert writer.post(url("question-submit", stored.pk)).status_code == 302
    assert writer.post(url("question-submit", stored.pk)).status_code == 302  # again: nothing more
    reviewer = client_of(staff(unit))
    assert "S-1" in reviewer.get(url("reviews")).content.decode()
    page = reviewer.get(url("question-review", stored.pk))
    differences = {part.label: part for part in page.context["differences"] if part.changed}
    assert set(differences) == {"题干", "正确答案", "难度"}
    assert "先检测、再作业、后通风" in differences["正确答案"].after
    reply = reviewer.post(url("question-review", stored.pk), {"decision": "approve"})
    assert (reply.status_code, reply.url) == (302, url("reviews"))
    stored.refresh_from_db()
    assert (stored.review_state, stored.current_version.number) == (ReviewState.APPROVED, 2)
    reply = reviewer.post(url("question-review", stored.pk), {"decision": "approve"})
    assert reply.status_code == 422


def test_a_return_needs_a_reason_which_the_author_reads(changed, unit):
    stored, author = changed
    client_of(author).post(url("question-submit", stored.pk))
    reviewer = client_of(staff(unit))
    reply = reviewer.post(url("question-review", stored.pk), {"decision": "return", "comment": " "})
    assert reply.status_code == 422
    assert "请写明哪里要改" in reply.content.decode()
    reviewer.post(url("question-review", stored.pk), {"decision": "return", "comment": "答案不对"})
    stored.refresh_from_db()
    assert (stored.review_state, stored.current_version.number) == (ReviewState.DRAFT, 1)
    assert "答案不对" in client_of(author).get(url("question-edit", stored.pk)).content.decode()


def test_nobody_approves_their_own(bank, topic):
    author = staff(bank.owner)
    stored = save_question(bank=bank, draft=single_choice(topic), acting_user=author, now=NOW)
    client = client_of(author)
    client.post(url("question-submit", stored.pk))
    page = client.get(url("question-review", stored.pk)).content.decode()
    assert "这一版是你写的" in page
    assert 'name="decision"' not in page
    reply = client.post(url("question-review", stored.pk), {"decision": "approve"})
    assert reply.status_code == 422
    stored.refresh_from_db()
    assert stored.current_version is None


def test_what_is_not_a_draft_cannot_be_submitted(bank, topic):
    stored = save_question(bank=bank, draft=single_choice(topic), acting_user=None, now=NOW)
    client = client_of(staff(bank.owner))
    page = client.post(url("question-submit", stored.pk), follow=True)
    assert "没有待审核的新版本" in page.content.decode()


def test_the_queue_is_as_quick_with_three_as_with_one(bank, topic, unit, django_assert_max_num_queries):
    reviewer = client_of(staff(unit))
    reviewer.get(url("reviews"))  # what is kept after the first look
    counts = []
    for codes in (["A-1"], ["A-2", "A-3"]):
        author = staff(unit, Role.QUESTION_WRITER)
        for code in codes:
            stored = save_question(bank=bank, draft=single_choice(topic, code), acting_user=author, now=NOW)
            client_of(author).post(url("question-submit", stored.pk))
        with django_assert_max_num_queries(60) as queries:
            reviewer.get(url("reviews"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


STEM = "进入受限空间作业前，必须先通风、再检测、后作业，并由专人在外监护"


def test_saving_names_near_identical_questions_and_the_bank_lists_them(bank, topic, unit):
    save_questions(
        bank=bank,
        drafts=[
            single_choice(topic, "S-1", stem=f"{STEM}。"),
            single_choice(topic, "S-2", stem=f"{STEM}（　）"),
            single_choice(topic, "S-3", stem="动火作业前要清除周围的可燃物，备好灭火器材。"),
        ],
        acting_user=None,
        now=NOW,
    )
    client = client_of(staff(unit))
    stored = question(bank, "S-1")
    form = client.get(url("question-edit", stored.pk)).context["form"]
    same = {name: form[name].value() for name in form.fields if name != "media_file"}
    same = {name: value for name, value in same.items() if value not in (None, False, [], "")}
    page = client.post(url("question-edit", stored.pk), same, follow=True).content.decode()
    assert "题干和这些试题相近" in page
    pairs = client.get(url("bank-duplicates", bank.pk)).context["pairs"]
    assert [(pair.one.code, pair.other.code, pair.share_pct) for pair in pairs] == [("S-1", "S-2", 100)]
    reply = client.post(url("question-retire", question(bank, "S-2").pk), {"back": "duplicates"})
    assert reply.url == url("bank-duplicates", bank.pk)
    assert "没有题干相近的试题" in client.get(reply.url).content.decode()


# Many at once


def ids_of(bank):
    return list(Question.objects.filter(bank=bank).order_by("pk").values_list("pk", flat=True))


def fill(bank, topic, count):
    drafts = [single_choice(topic, f"S-{number}") for number in range(count)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)


def test_many_are_changed_audited_and_the_second_time_is_harmless(bank, topic, unit):
    fill(bank, topic, 3)
    other = TopicFactory()
    change = BulkChange(
        topic=other, difficulty=5, must_know=True, add_tags=frozenset({"新员工"}), retired=True
    )
    for _ in range(2):
        assert (
            change_questions(question_ids=ids_of(bank), change=change, acting_user=staff(unit), now=NOW) == 3
        )
    for each in Question.objects.filter(bank=bank):
        assert (each.topic, each.must_know, each.retired_at) == (other, True, NOW)
        # A bank with review: the new difficulty waits, the version in use stays.
        assert (each.current_version.difficulty, each.pending_version.difficulty) == (3, 5)
        assert [tag.name for tag in each.tags.all()] == ["新员工"]
    assert QuestionVersion.objects.count() == 6
    assert ModelLogEntry.objects.filter(action="exams.question.bulk").count() == 6
    back = BulkChange(remove_tags=frozenset({"新员工"}), retired=False, must_know=False)
    change_questions(question_ids=ids_of(bank)[:1], change=back, acting_user=None, now=NOW)
    first = Question.objects.get(pk=ids_of(bank)[0])
    assert (first.retired_at, first.must_know, first.tags.count()) == (None, False, 0)


def test_many_take_no_more_statements_than_one(bank, topic, unit, django_assert_max_num_queries):
    fill(bank, topic, 8)
    user = staff(unit)
    change = BulkChange(
        topic=TopicFactory(), difficulty=4, add_tags=frozenset({"甲"}), remove_tags=frozenset({"乙"})
    )
    counts = []
    for ids in (ids_of(bank)[:1], ids_of(bank)[1:4], ids_of(bank)[4:]):
        with django_assert_max_num_queries(40) as queries:
            change_questions(question_ids=ids, change=change, acting_user=user, now=NOW)
        counts.append(len(queries))
    assert counts[1] == counts[2] <= counts[0]


@pytest.mark.parametrize(
    ("role", "at_home", "change"),
    [
        (Role.EXAMINER, False, BulkChange(difficulty=4)),
        (Role.QUESTION_WRITER, True, BulkChange(retired=True)),
        (Role.MARKER, True, BulkChange(must_know=True)),
    ],
)
def test_who_may_not_changes_nothing(bank, topic, unit, role, at_home, change):
    fill(bank, topic, 2)
    user = staff(unit if at_home else OrgUnitFactory(), role)
    with pytest.raises(PermissionDenied):
        change_questions(question_ids=ids_of(bank), change=change, acting_user=user, now=NOW)
    assert QuestionVersion.objects.count() == 2
    assert not Question.objects.filter(retired_at__isnull=False).exists()


def test_the_page_takes_the_filters_of_the_list_and_says_what_is_missing(bank, topic, unit):
    fill(bank, topic, 2)
    save_question(bank=bank, draft=short_answer(topic), acting_user=None, now=NOW)
    client = client_of(staff(unit))
    address = f"{url('questions-bulk')}?kind=single_choice"
    page = client.get(address)
    assert [row.code for row, _chosen in page.context["rows"]] == ["S-0", "S-1"]
    ids = ids_of(bank)
    for data, says in (
        ({"questions": ids}, "还没有写要改什么"),
        ({"difficulty": "2"}, "还没有选试题"),
    ):
        reply = client.post(address, data)
        assert reply.status_code == 422
        assert says in reply.content.decode()
    reply = client.post(
        address, {"questions": ids, "add_tags": "夏季，新员工", "retired": "yes"}, follow=True
    )
    assert "改好了 3 道题" in reply.content.decode()
    assert Question.objects.filter(tags__name="夏季", retired_at__isnull=False).count() == 3
    tag = question(bank, "S-0").tags.get(name="夏季")
    page = client.get(f"{url('questions')}?tag={tag.pk}").content.decode()
    assert "夏季，新员工" in page
    writer = client_of(staff(unit, Role.QUESTION_WRITER))
    assert "retired" not in writer.get(address).context["form"].fields


def test_the_owner_of_a_question_is_chosen_in_its_form(bank, topic, unit):
    fill(bank, topic, 1)
    client = client_of(staff(unit))
    stored = question(bank, "S-0")
    form = client.get(url("question-edit", stored.pk)).context["form"]
    same = {name: form[name].value() for name in form.fields if name != "media_file"}
    same = {name: value for name, value in same.items() if value not in (None, False, [], "")}
    assert client.post(url("question-edit", stored.pk), {**same, "owner": unit.pk}).status_code == 302
    stored.refresh_from_db()
    assert (stored.owner, stored.versions.count()) == (unit, 1)
    elsewhere = OrgUnitFactory()
    assert client.post(url("question-edit", stored.pk), {**same, "owner": elsewhere.pk}).status_code == 422
