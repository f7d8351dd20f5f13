import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import get_resolver, reverse
from wagtail.search.index import class_is_indexed
from wagtail.snippets.models import get_snippet_models

from exams.models import AnswerKey, Bank, Exam, Question, QuestionVersion, Topic
from people.models import Role
from tests.factories.exams import (
    BankFactory,
    TopicFactory,
    make_attempt,
    make_bank,
    make_exam,
    question,
    sit,
)
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db


def admin_user(**kwargs):
    user = UserFactory(**kwargs)
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    return user


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def examiner(unit):
    return RoleGrantFactory(user=admin_user(), role=Role.EXAMINER, unit=unit).user


@pytest.fixture
def client(examiner):
    return client_of(examiner)


@pytest.fixture
def bank(unit):
    bank = make_bank()
    bank.owner = unit
    bank.save()
    return bank


def url(name, *args):
    return reverse(f"exams_office:{name}", args=args)


def typed(bank, topic, **changes):
    fields = {
        "bank": bank.pk,
        "code": "N-1",
        "topic": topic.pk,
        "kind": "single_choice",
        "stem": "进入受限空间前先做什么？",
        "option_0": "通风",
        "option_1": "作业",
        "right_0": "on",
        "difficulty": "2",
        "explanation": "先通风。",
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


# Questions


def test_the_list_finds_and_narrows(client, bank):
    def codes(**query):
        return [row.code for row in client.get(url("questions"), query).context["object_list"]]

    assert codes() == [f"M-{n}" for n in range(2)] + [f"S-{n}" for n in range(4)] + [
        f"T-{n}" for n in range(2)
    ]
    assert codes(q="罐内") == ["T-0", "T-1"]
    assert codes(q="S-3") == ["S-3"]
    assert codes(kind="multiple_choice") == ["M-0", "M-1"]
    assert codes(bank=bank.pk, must_know="true") == []
    assert codes(topic=TopicFactory().pk) == []
    client.post(url("question-retire", question(bank, "S-0").pk))
    assert codes(retired="true") == ["S-0"]
    assert len(codes(retired="false")) == 7


def test_the_list_costs_the_same_for_any_number_of_rows(client, bank, django_assert_max_num_queries):
    client.get("/admin/exams/questions/")  # the day's first request joins the groups of the roles
    with django_assert_max_num_queries(40) as first:
        client.get(url("questions"), {"q": "S-3"})
    with django_assert_max_num_queries(len(first)):
        client.get(url("questions"), {"q": "S-"})


def test_a_new_question_goes_through_the_action(client, bank, examiner):
    reply = client.post(url("question-add"), typed(bank, TopicFactory()))
    saved = question(bank, "N-1")
    assert reply.url == url("question-edit", saved.pk)
    assert (saved.current_version.number, saved.current_version.author) == (1, examiner)
    assert AnswerKey.objects.get(version=saved.current_version).correct == ["A"]


def test_an_edit_is_a_new_version_and_no_edit_is_none(client, bank):
    stored = question(bank, "S-0")
    form = client.get(url("question-edit", stored.pk)).context["form"]
    unchanged = {name: form[name].value() for name in form.fields}
    unchanged = {name: value for name, value in unchanged.items() if value not in (None, False, [], "")}
    client.post(url("question-edit", stored.pk), unchanged)
    assert QuestionVersion.objects.filter(question=stored).count() == 1
    client.post(url("question-edit", stored.pk), {**unchanged, "stem": "改过的题干？"})
    stored.refresh_from_db()
    assert (stored.current_version.number, stored.current_version.stem) == (2, "改过的题干？")


def test_identity_cannot_be_changed_by_the_form(client, bank):
    stored, other = question(bank, "S-0"), BankFactory(owner=bank.owner)
    client.post(url("question-edit", stored.pk), typed(other, stored.topic, code="STOLEN"))
    stored.refresh_from_db()
    assert (stored.bank, stored.code) == (bank, "S-0")
    assert not Question.objects.filter(code="STOLEN").exists()


def test_a_judgement_uses_its_own_field(client, bank):
    data = typed(bank, TopicFactory(), kind="true_false", option_0=None, right_0=None, judgement="false")
    client.post(url("question-add"), data)
    version = question(bank, "N-1").current_version
    assert [option["id"] for option in version.options] == ["true", "false"]
    assert AnswerKey.objects.get(version=version).correct == ["false"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"right_0": None}, "没有标出正确答案"),
        ({"right_1": "on"}, "单选题只能有一个正确答案"),
        ({"right_5": "on"}, "单选题只能有一个正确答案|“F”不在选项之中"),
        ({"option_1": " "}, "至少要有两个选项"),
        ({"kind": "true_false"}, "没有标出正确答案"),
        ({"code": "S-0"}, "题库里已有题号“S-0”"),
        ({"stem": ""}, "必需字段"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_saved(client, bank, changes, says):
    before = QuestionVersion.objects.count()
    reply = client.post(url("question-add"), typed(bank, TopicFactory(), **changes))
    assert reply.status_code == 422
    assert any(one in reply.content.decode() for one in says.split("|"))
    assert QuestionVersion.objects.count() == before


def test_the_preview_shows_what_is_typed_without_the_key(client, bank):
    reply = client.post(
        url("question-add-preview"), typed(bank, TopicFactory(), stem="预览的题干", explanation="CANARY")
    )
    text = reply.content.decode()
    assert "预览的题干" in text
    assert "通风" in text
    assert "CANARY" not in text
    assert reply["X-Frame-Options"] == "SAMEORIGIN"
    stored = client.get(url("question-preview", question(bank, "T-0").pk)).content.decode()
    assert "罐内倒下" in stored
    assert "盲目施救" not in stored
    assert client.post(url("question-add-preview"), {}).status_code == 200


def test_retiring_and_restoring(client, bank):
    stored = question(bank, "S-0")
    for retired in (True, False):
        client.post(url("question-retire", stored.pk))
        stored.refresh_from_db()
        assert (stored.retired_at is not None) is retired


# Banks and topics


def test_banks_and_topics_are_made_and_renamed(client, unit):
    client.post(url("bank-add"), {"code": "b", "name": "题库", "owner": unit.pk})
    bank = Bank.objects.get(code="b")
    client.post(url("bank-edit", bank.pk), {"code": "b2", "name": "新名", "owner": unit.pk})
    bank.refresh_from_db()
    assert (bank.code, bank.name, bank.owner) == ("b2", "新名", unit)
    client.post(url("topic-add"), {"code": "t", "name": "用电"})
    topic = Topic.objects.get(code="t")
    client.post(url("topic-edit", topic.pk), {"code": "t", "name": "用电安全"})
    topic.refresh_from_db()
    assert topic.name == "用电安全"


def test_a_code_that_is_taken_is_refused(client, bank, unit):
    taken = client.post(url("bank-add"), {"code": bank.code, "name": "x", "owner": unit.pk})
    assert f"编码“{bank.code}”已被另一个题库使用" in taken.content.decode()
    topic = TopicFactory()
    taken = client.post(url("topic-add"), {"code": topic.code, "name": "x"})
    assert f"编码“{topic.code}”已被另一个知识点使用" in taken.content.decode()


def test_a_partial_examiner_cannot_make_a_bank_for_everybody():
    part = OrgUnitFactory(parent=OrgUnitFactory())
    client = client_of(RoleGrantFactory(user=admin_user(), role=Role.EXAMINER, unit=part).user)
    reply = client.post(url("bank-add"), {"code": "all", "name": "全公司"})
    assert reply.status_code == 422
    assert not Bank.objects.filter(code="all").exists()


# Exams


def exam_data(bank, *rows, initial=0, **changes):
    data = {
        "code": "e-1",
        "title": "岗前考试",
        "bank": bank.pk,
        "duration_min": 45,
        "pass_pct": 85,
        "attempts_allowed": 2,
        "cool_down_min": 60,
        "grace_s": 5,
        "is_open": "on",
        "rows-TOTAL_FORMS": len(rows),
        "rows-INITIAL_FORMS": initial,
    }
    for place, row in enumerate(rows):
        for name, value in row.items():
            data[f"rows-{place}-{name}"] = value
    return {**data, **changes}


def row(count, **demand):
    return {
        "kind": "single_choice",
        "difficulty_min": 1,
        "difficulty_max": 5,
        "count": count,
        "points": "5",
        "topic": "",
        **demand,
    }


BLANK = row("", points="")


def test_an_exam_is_made_with_its_blueprint(client, bank):
    reply = client.post(url("exam-add"), exam_data(bank, row(2), BLANK, row(1, kind="true_false")))
    exam = Exam.objects.get(code="e-1")
    assert reply.url == url("exam-edit", exam.pk)
    assert (exam.duration_s, exam.cool_down_s, exam.pass_pct) == (2700, 3600, 85)
    assert list(exam.blueprint_rows.values_list("position", "kind", "count")) == [
        (1, "single_choice", 2),
        (2, "true_false", 1),
    ]


def test_an_edit_keeps_unchanged_rows_and_drops_deleted_ones(client, bank):
    client.post(url("exam-add"), exam_data(bank, row(2), row(1, kind="true_false")))
    exam = Exam.objects.get(code="e-1")
    rows = [row(2, DELETE="on"), row(1, kind="true_false"), row(1, kind="multiple_choice")]
    client.post(url("exam-edit", exam.pk), exam_data(bank, *rows, initial=2, title="新名"))
    exam.refresh_from_db()
    assert exam.title == "新名"
    assert list(exam.blueprint_rows.values_list("position", "kind")) == [
        (1, "true_false"),
        (2, "multiple_choice"),
    ]


def test_a_row_that_cannot_be_met_is_named_where_it_stands(client, bank):
    reply = client.post(url("exam-add"), exam_data(bank, row(1), BLANK, row(9, kind="true_false")))
    assert reply.status_code == 422
    errors = [form.non_field_errors() for form in reply.context["rows"].forms]
    assert [bool(error) for error in errors] == [False, False, True]
    assert "组卷规则第 2 行（判断题·不限知识点）要 9 题" in errors[2][0]
    assert [number for number, _form, _fitting in reply.context["numbered_rows"]] == ["1", "", "2"]
    assert "还差 7 题" in reply.content.decode()
    assert not Exam.objects.exists()


@pytest.mark.parametrize(
    ("rows", "changes", "says"),
    [
        ([BLANK], {}, "组卷规则至少要有一行"),
        ([row(1, difficulty_min=4, difficulty_max=2)], {}, "最高难度不能小于最低难度"),
        ([row(0)], {}, "大于或者等于1|大于或等于1"),
        ([row(1)], {"pass_pct": 101}, "小于或者等于100|小于或等于100"),
        ([row(1)], {"code": "taken"}, "已被另一场考试使用"),
    ],
)
def test_a_wrong_exam_is_refused_with_the_reason(client, bank, rows, changes, says):
    make_exam(bank, code="taken")
    reply = client.post(url("exam-add"), exam_data(bank, *rows, **changes))
    assert reply.status_code == 422
    assert any(one in reply.content.decode() for one in says.split("|"))
    assert Exam.objects.count() == 1


def test_the_form_tells_how_many_questions_fit_each_row(client, bank):
    exam = make_exam(bank)
    shown = client.get(url("exam-edit", exam.pk)).context["numbered_rows"]
    assert [(number, fitting) for number, _form, fitting in shown] == [
        ("1", 4),
        ("2", 2),
        ("3", 2),
        *[("", None)] * 3,
    ]


# Attempts


def test_attempts_are_listed_with_their_result(client, bank, unit):
    exam = make_exam(bank)
    ours = EmployeeFactory(name="李建军", assigned__unit=unit)
    theirs = EmployeeFactory(assigned__unit=OrgUnitFactory())
    sit(exam, ours, right=True)
    make_attempt(exam, employee=theirs)
    page = client.get(url("attempts"))
    assert [row.employee for row in page.context["object_list"]] == [ours]
    text = page.content.decode()
    assert "100.00" in text
    assert "合格" in text
    assert client.get(url("attempts"), {"q": "李建军"}).context["object_list"].count() == 1
    assert client.get(url("attempts"), {"passed": "false"}).context["object_list"].count() == 0
    assert (
        client.get(url("attempts"), {"state": "graded", "passed": "true"}).context["object_list"].count() == 1
    )


# Who may


def office_addresses(bank, exam):
    stored = question(bank, "S-0").pk
    plain = ["questions", "banks", "topics", "exams", "attempts"]
    return [
        *[url(name) for name in plain],
        *[url(f"{name}-results") for name in plain],
        *[
            url(name)
            for name in ("question-add", "question-add-preview", "bank-add", "topic-add", "exam-add")
        ],
        url("question-edit", stored),
        url("question-preview", stored),
        url("bank-edit", bank.pk),
        url("topic-edit", Topic.objects.first().pk),
        url("exam-edit", exam.pk),
    ]


def test_every_page_opens_for_the_examiner_and_for_nobody_without_the_role(client, bank):
    exam = make_exam(bank)
    addresses = office_addresses(bank, exam)
    outsiders = [client_of(admin_user()), client_of(EmployeeFactory().user), Client()]
    editor = RoleGrantFactory(user=admin_user(), role=Role.EDITOR, unit=bank.owner).user
    outsiders.append(client_of(editor))
    for address in addresses:
        assert client.get(address).status_code == 200, address
        for outsider in outsiders:
            reply = outsider.get(address)
            assert reply.status_code in {302, 403}, address
            assert "盲目施救" not in reply.content.decode()
    for outsider in outsiders:
        outsider.post(url("question-retire", question(bank, "S-0").pk))
        outsider.post(url("question-add"), typed(bank, Topic.objects.first()))
    assert question(bank, "S-0").retired_at is None
    assert not Question.objects.filter(code="N-1").exists()


def test_the_examiner_of_another_unit_finds_nothing(bank):
    exam = make_exam(bank)
    stranger = client_of(RoleGrantFactory(user=admin_user(), role=Role.EXAMINER, unit=OrgUnitFactory()).user)
    stored = question(bank, "S-0").pk
    for address in (
        url("question-edit", stored),
        url("question-preview", stored),
        url("bank-edit", bank.pk),
        url("exam-edit", exam.pk),
    ):
        assert stranger.get(address).status_code == 404
    assert stranger.post(url("question-retire", stored)).status_code == 404
    for name in ("questions", "banks", "exams"):
        assert list(stranger.get(url(name)).context["object_list"]) == []
    foreign = typed(bank, Topic.objects.first())
    assert stranger.post(url("question-add"), foreign).status_code == 422


def test_the_menu_shows_the_entries_of_the_role(client, examiner):
    text = client.get(reverse("wagtailadmin_home")).content.decode()
    assert url("questions") in text
    other = client_of(admin_user()).get(reverse("wagtailadmin_home")).content.decode()
    assert url("questions") not in other


def test_wagtail_has_no_other_door_to_the_bank():
    """No snippet, page, chooser, API or search index of Wagtail knows the models of this room."""
    models = [Bank, Topic, Question, QuestionVersion, AnswerKey, Exam]
    assert not set(models) & set(get_snippet_models())
    assert not [model for model in models if class_is_indexed(model) or hasattr(model, "api_fields")]
    names = [name for name in get_resolver().reverse_dict if isinstance(name, str)]
    of_films = "courses_film_question"  # what a film asks while it plays is no question of a bank
    assert not [name for name in names if "question" in name.lower() and not name.startswith(of_films)]
