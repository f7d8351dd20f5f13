import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exams.actions.bank import (
    restore_question,
    retire_question,
    save_bank,
    save_question,
    save_questions,
    save_topic,
)
from exams.errors import InvalidQuestions
from exams.models import AnswerKey, Bank, Question, QuestionVersion, Topic
from exams.queries import pool_of
from exams.queries.office import content_for_editing
from people.models import Role
from tests.factories.exams import (
    NOW,
    BankFactory,
    TopicFactory,
    multiple_choice,
    question,
    single_choice,
    true_false,
)
from tests.factories.people import HazardFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    return BankFactory()


@pytest.fixture
def topic():
    return TopicFactory()


def save(bank, *drafts, acting_user=None):
    return save_questions(bank=bank, drafts=drafts, acting_user=acting_user, now=NOW)


def test_a_new_question_is_stored_with_its_key_apart(bank, topic):
    saved = save(bank, single_choice(topic), true_false(topic))
    assert saved.created == ["S-1", "T-1"]
    version = question(bank, "S-1").current_version
    assert (version.number, version.kind, version.created_at) == (1, "single_choice", NOW)
    assert AnswerKey.objects.get(version=version).correct == ["C"]
    assert [option["text"] for option in question(bank, "T-1").current_version.options] == ["正确", "错误"]
    assert not [field for field in version._meta.get_fields() if field.related_model is AnswerKey]


def test_saving_the_same_again_changes_nothing(bank, topic):
    drafts = [single_choice(topic), multiple_choice(topic)]
    save(bank, *drafts)
    saved = save(bank, *drafts)
    assert (saved.created, saved.updated, saved.unchanged) == ([], [], ["S-1", "M-1"])
    assert QuestionVersion.objects.count() == 2


def test_the_order_in_which_a_key_is_written_is_no_change(bank, topic):
    save(bank, multiple_choice(topic, correct=["A", "C"]))
    assert save(bank, multiple_choice(topic, correct=["C", "A"])).unchanged == ["M-1"]


@pytest.mark.parametrize(
    "change",
    [
        {"stem": "换一种问法？"},
        {"correct": ["A"]},
        {"explanation": "换一种解释。"},
        {"difficulty": 5},
        {"source": "GB 30871-2022"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_content_is_a_new_version_and_the_old_one_stays(bank, topic, change):
    save(bank, single_choice(topic))
    first = question(bank, "S-1").current_version
    assert save(bank, single_choice(topic, **change)).updated == ["S-1"]
    second = question(bank, "S-1").current_version
    assert (first.number, second.number) == (1, 2)
    assert AnswerKey.objects.get(version=first).correct == ["C"]
    assert QuestionVersion.objects.get(pk=first.pk).stem == first.stem


def test_topic_and_must_know_change_without_a_new_version(bank, topic):
    save(bank, single_choice(topic))
    other = TopicFactory()
    assert save(bank, single_choice(other, must_know=True)).updated == ["S-1"]
    stored = question(bank, "S-1")
    assert (stored.topic, stored.must_know, stored.current_version.number) == (other, True, 1)


def test_hazards_are_set_and_left_alone_when_not_named(bank, topic):
    hazard = HazardFactory(name="试验火灾")
    save(bank, single_choice(topic, hazard_ids=frozenset({hazard.pk})))
    assert list(question(bank, "S-1").hazards.all()) == [hazard]
    save(bank, single_choice(topic))
    assert list(question(bank, "S-1").hazards.all()) == [hazard]
    assert save(bank, single_choice(topic, hazard_ids=frozenset())).updated == ["S-1"]
    assert not question(bank, "S-1").hazards.exists()


def test_all_problems_are_named_and_nothing_is_saved(bank, topic):
    drafts = [
        single_choice(topic, "GOOD"),
        single_choice(topic, "S-1", stem="  ", correct=["X"]),
        single_choice(topic, "S-2", kind="essay"),
        single_choice(topic, "S-3", difficulty=9),
        single_choice(topic, "GOOD"),
    ]
    with pytest.raises(InvalidQuestions) as caught:
        save(bank, *drafts)
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [
        ("S-1", "stem"),
        ("S-1", "correct"),
        ("S-2", "kind"),
        ("S-3", "difficulty"),
        ("GOOD", "code"),
    ]
    assert "试题 S-1：题干是空的。" in str(caught.value)
    assert not Question.objects.exists()


def test_the_same_code_in_two_banks_is_two_questions(topic):
    one, two = BankFactory(), BankFactory()
    save(one, single_choice(topic))
    assert save(two, single_choice(topic)).created == ["S-1"]


def count_statements(function):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        function()
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


def test_statements_do_not_grow_with_the_questions(bank, topic):
    def few():
        save(bank, single_choice(topic, "A-1"))

    def many():
        save(bank, *[single_choice(topic, f"B-{n}") for n in range(30)])

    assert count_statements(few) == count_statements(many)


def test_a_retired_question_is_not_drawn_until_restored(bank, topic):
    stored = save_question(bank=bank, draft=single_choice(topic), acting_user=None, now=NOW)
    retire_question(question=stored, acting_user=None, now=NOW)
    retire_question(question=stored, acting_user=None, now=NOW.replace(year=2027))
    assert stored.retired_at == NOW
    assert pool_of(bank.pk) == []
    restore_question(question=stored, acting_user=None)
    assert [item.question_id for item in pool_of(bank.pk)] == [stored.pk]


def test_editing_starts_from_the_current_version(bank, topic):
    save(bank, single_choice(topic))
    save(bank, single_choice(topic, correct=["A"], explanation="新的解析"))
    content = content_for_editing(question(bank, "S-1"))
    assert (content.version.number, content.correct, content.explanation) == (2, ["A"], "新的解析")


def test_only_an_examiner_of_the_unit_may_write(topic):
    ours, theirs = OrgUnitFactory(), OrgUnitFactory()
    workshop = OrgUnitFactory(parent=ours)
    bank = BankFactory(owner=workshop)
    examiner = RoleGrantFactory(role=Role.EXAMINER, unit=ours).user
    stranger = RoleGrantFactory(role=Role.EXAMINER, unit=theirs).user
    assert save(bank, single_choice(topic), acting_user=examiner).created == ["S-1"]
    stored = question(bank, "S-1")
    for user in (stranger, UserFactory()):
        with pytest.raises(PermissionDenied):
            save(bank, single_choice(topic, "S-2"), acting_user=user)
        with pytest.raises(PermissionDenied):
            retire_question(question=stored, acting_user=user, now=NOW)
        with pytest.raises(PermissionDenied):
            restore_question(question=stored, acting_user=user)
        with pytest.raises(PermissionDenied):
            save_bank(code=bank.code, name="改名", owner=workshop, acting_user=user)
    with pytest.raises(PermissionDenied):
        save_topic(code="x", name="x", acting_user=UserFactory())


def test_a_bank_without_an_owner_needs_a_scope_over_a_whole_tree(topic):
    root = OrgUnitFactory()
    bank = BankFactory(owner=None)
    of_all = RoleGrantFactory(role=Role.EXAMINER, unit=root).user
    of_part = RoleGrantFactory(role=Role.EXAMINER, unit=OrgUnitFactory(parent=root)).user
    assert save(bank, single_choice(topic), acting_user=of_all).created == ["S-1"]
    with pytest.raises(PermissionDenied):
        save(bank, single_choice(topic, "S-2"), acting_user=of_part)


def test_banks_and_topics_are_found_by_their_code():
    save_bank(code="b", name="题库", acting_user=None)
    save_bank(code="b", name="新题库", acting_user=None)
    save_topic(code="t", name="用电", acting_user=None)
    save_topic(code="t", name="用电安全", acting_user=None)
    assert list(Bank.objects.filter(code="b").values_list("name", flat=True)) == ["新题库"]
    assert list(Topic.objects.filter(code="t").values_list("name", flat=True)) == ["用电安全"]
