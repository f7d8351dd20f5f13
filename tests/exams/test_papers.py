"""Where papers come from: fixed lists, parallel forms, an exposure limit; and what the pages about them show."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from exams.actions.bank import save_question, save_questions
from exams.actions.exams import RowDraft
from exams.actions.mock_exams import start_mock
from exams.actions.paper_sources import Place, draw_forms, save_fixed_paper
from exams.actions.papers import draw_paper
from exams.actions.starting import start_attempt
from exams.drawing import new_seed
from exams.errors import BadPaper, BlueprintEmpty, BlueprintNotFeasible, PaperMissing, PracticeRefused
from exams.models import Exam, PaperSource, Question
from exams.queries import exam_intro
from exams.queries.office import exams_for
from exams.queries.paper_key import key_lines
from exams.queries.paper_sources import measured_hardness, outdated
from exams.queries.practice import mock_exams
from exams.queries.sittings import lines_of
from people.models import Role
from tests.factories.exams import (
    DRAFTS,
    NOW,
    BankFactory,
    TopicFactory,
    make_attempt,
    make_bank,
    make_exam,
    make_exam_of_all_types,
    question,
    single_choice,
    sit,
)
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.factories.sittings import make_sitting

pytestmark = pytest.mark.django_db


def ids_of(paper):
    return [slot["question_id"] for slot in paper["slots"]]


def fixed_exam(bank=None, codes=("S-2", "T-0", "M-1"), **settings):
    """A closed exam of a fixed paper with these questions at 5 points each."""
    settings.setdefault("question_order", "written")
    exam = make_exam(bank, paper_source=PaperSource.FIXED, is_open=False, **settings)
    places = [Place(question(exam.bank, code).pk, Decimal(5)) for code in codes]
    save_fixed_paper(exam=exam, places=places, acting_user=None)
    return exam


def opened_fixed_exam():
    """The same, open, in a bank released for practice, and with rows left over from when it was drawn."""
    exam = fixed_exam()
    Exam.objects.filter(pk=exam.pk).update(is_open=True)
    type(exam.bank).objects.update(may_be_practised=True)
    exam.blueprint_rows.update(count=7)
    return Exam.objects.select_related("bank").get(pk=exam.pk)


@pytest.fixture
def unit():
    return OrgUnitFactory()


def test_whoever_watches_is_told_how_many_questions_are_on_the_fixed_paper(unit):
    exam = opened_fixed_exam()
    runner = RoleGrantFactory(role=Role.EXAMINER, unit=unit).user
    person = EmployeeFactory(assigned__unit=unit)
    start_attempt(exam=exam, employee=person, purpose="", device="d", now=timezone.now())
    client = Client()
    client.force_login(runner)
    assert client.get(reverse("exams_office:exam-running", args=[exam.pk])).context["questions"] == 3
    sitting = make_sitting(exam, [EmployeeFactory()])
    line = lines_of(sitting.seats.all(), reader=runner, now=NOW)[0]
    assert (line.answered, line.total) == (0, 3)


def test_no_mock_is_drawn_for_an_exam_of_a_fixed_paper():
    exam = opened_fixed_exam()
    assert not mock_exams().exists()
    with pytest.raises(PracticeRefused, match="没有开放模拟"):
        start_mock(exam=exam, employee=EmployeeFactory(), now=NOW)


@pytest.fixture
def examiner(unit):
    client = Client()
    client.force_login(RoleGrantFactory(role=Role.EXAMINER, unit=unit).user)
    return client


# A fixed paper


def test_everybody_gets_the_fixed_paper_as_it_was_saved(django_assert_num_queries):
    exam = fixed_exam()
    wanted = [question(exam.bank, code).pk for code in ("S-2", "T-0", "M-1")]
    with django_assert_num_queries(3):
        paper = draw_paper(exam, new_seed())
    assert ids_of(paper) == ids_of(draw_paper(exam, new_seed())) == wanted
    assert [slot["points"] for slot in paper["slots"]] == ["5.0"] * 3
    assert exam_intro(exam, EmployeeFactory().pk, "", NOW).question_count == 3
    assert exams_for(UserFactory(superuser=True)).get(pk=exam.pk).question_count == 3


def test_a_newer_version_comes_onto_the_paper_when_somebody_says_so():
    exam = fixed_exam()
    changed = question(exam.bank, "S-2")
    old = changed.current_version_id
    draft = single_choice(changed.topic, "S-2", stem="改过的题干")
    save_question(bank=exam.bank, draft=draft, acting_user=None, now=NOW)
    changed.refresh_from_db()
    assert draw_paper(exam, new_seed())["slots"][0]["version_id"] == old != changed.current_version_id
    assert [each.code for each in outdated([old])] == ["S-2"]
    places = [Place(row.version.question_id, row.points) for row in exam.fixed_questions.all()]
    save_fixed_paper(exam=exam, places=places, acting_user=None)
    assert draw_paper(exam, new_seed())["slots"][0]["version_id"] == old
    save_fixed_paper(exam=exam, places=places, renew={changed.pk}, acting_user=None)
    assert draw_paper(exam, new_seed())["slots"][0]["version_id"] == changed.current_version_id


def test_what_makes_no_paper_is_refused():
    exam = fixed_exam()
    first = question(exam.bank, "S-0")
    other = question(make_bank(), "S-0")
    Question.objects.filter(bank=exam.bank, code="S-1").update(retired_at=NOW)
    for places, told in (
        ([], "至少要有一题"),
        ([Place(first.pk, Decimal(5))] * 2, "两次"),
        ([Place(other.pk, Decimal(5))], "不在这个题库"),
        ([Place(question(exam.bank, "S-1").pk, Decimal(5))], "S-1"),
        ([Place(first.pk, Decimal(0))], "大于 0"),
    ):
        with pytest.raises(BadPaper, match=told):
            save_fixed_paper(exam=exam, places=places, acting_user=None)
    with pytest.raises(PermissionDenied):
        save_fixed_paper(exam=exam, places=[Place(first.pk, Decimal(5))], acting_user=UserFactory())
    assert exam.fixed_questions.count() == 3


def test_an_exam_does_not_open_before_it_has_its_paper():
    for source in (PaperSource.FIXED, PaperSource.FORMS):
        with pytest.raises(PaperMissing):
            make_exam(paper_source=source)
    exam = make_exam(paper_source=PaperSource.FORMS, is_open=False)
    with pytest.raises(PaperMissing):
        draw_paper(exam, new_seed())


def test_the_order_of_questions_differs_where_the_exam_says_so():
    exam = fixed_exam(codes=("S-0", "S-1", "S-2", "S-3", "M-0", "M-1"), question_order="within")
    papers = [ids_of(draw_paper(exam, new_seed())) for _n in range(4)]
    assert len({tuple(paper) for paper in papers}) > 1
    assert all(sorted(paper) == sorted(papers[0]) for paper in papers)


# Parallel forms and exposure


def test_candidates_get_one_of_the_forms_drawn_last(django_assert_num_queries):
    exam = make_exam(
        make_bank(singles=8, multiples=4, judgements=4),
        paper_source="forms",
        is_open=False,
        question_order="written",
    )
    draw_forms(exam=exam, count=2, acting_user=None, now=NOW)
    forms = draw_forms(exam=exam, count=2, acting_user=None, now=NOW)
    assert [(form.label, form.series, form.figures["shared"]) for form in forms] == [("A", 2, 0), ("B", 2, 0)]
    with django_assert_num_queries(3):
        papers = [draw_paper(exam, f"{number:064x}") for number in range(1)]
    papers += [draw_paper(exam, f"{number:064x}") for number in range(1, 20)]
    assert {paper["form"] for paper in papers} == {"A", "B"}
    by_label = {form.label: [slot["question_id"] for slot in form.slots] for form in forms}
    assert all(ids_of(paper) == by_label[paper["form"]] for paper in papers)


def test_forms_need_a_number_and_a_blueprint_that_can_be_met():
    exam = make_exam(paper_source="forms", is_open=False)
    with pytest.raises(BadPaper):
        draw_forms(exam=exam, count=1, acting_user=None, now=NOW)
    with pytest.raises(PermissionDenied):
        draw_forms(exam=exam, count=2, acting_user=UserFactory(), now=NOW)
    Question.objects.filter(bank=exam.bank, code__startswith="T").update(retired_at=NOW)
    with pytest.raises(BlueprintNotFeasible, match="第 3 行"):
        draw_forms(exam=exam, count=2, acting_user=None, now=NOW)
    exam.blueprint_rows.all().delete()
    with pytest.raises(BlueprintEmpty):
        draw_forms(exam=exam, count=2, acting_user=None, now=NOW)


def test_a_question_of_the_last_papers_is_left_aside_and_a_start_never_fails(django_assert_max_num_queries):
    row = RowDraft(kind="single_choice", count=2, points=Decimal(10))
    exam = make_exam(make_bank(singles=6), [row], exposure_max_pct=34, attempts_allowed=9)
    first = make_attempt(exam)
    with django_assert_max_num_queries(4):
        paper = draw_paper(exam, new_seed())
    assert not set(ids_of(first.paper)) & set(ids_of(paper))
    for _n in range(5):
        make_attempt(exam)
    Question.objects.filter(bank=exam.bank).exclude(pk__in=ids_of(first.paper)).update(retired_at=NOW)
    assert sorted(ids_of(draw_paper(exam, new_seed()))) == sorted(ids_of(first.paper))


def test_hardness_is_measured_once_enough_people_answered():
    exam = make_exam(
        make_bank(singles=1, multiples=0, judgements=0),
        [RowDraft(kind="single_choice", count=1, points=Decimal(5))],
    )
    for number in range(20):
        sit(exam, EmployeeFactory(), right=number % 4 == 0)
        if number == 18:
            assert measured_hardness(exam) == {}
    assert list(measured_hardness(exam).values()) == [0.75]


# The pages


def check(client, exam, **changed):
    data = {
        "bank": exam.bank_id, "rows-TOTAL_FORMS": 2, "rows-INITIAL_FORMS": 0,
        "rows-0-kind": "single_choice", "rows-0-difficulty_min": 1, "rows-0-difficulty_max": 5, "rows-0-count": 2, "rows-0-points": 5,
        "rows-1-kind": "single_choice", "rows-1-difficulty_min": 1, "rows-1-difficulty_max": 5, "rows-1-count": "", "rows-1-points": "",
    }  # fmt: skip
    return client.post(reverse("exams_office:exam-check"), data | changed).json()


def test_every_row_is_told_while_it_is_typed(examiner, unit):
    exam = make_exam(make_bank(singles=5))
    exam.bank.owner = unit
    exam.bank.save()
    found = check(examiner, exam)
    assert [(row["prefix"], row["fits"], row["missing"], row["text"]) for row in found["rows"]] == [
        ("rows-0", 5, 0, "")
    ]
    assert "共 2 题，满分 10 分" in found["text"]
    found = check(examiner, exam, **{"rows-1-count": 4, "rows-1-points": 5, "rows-1-difficulty_min": 3})
    told = found["rows"][1]
    assert (told["fits"], told["missing"]) == (5, 1)
    assert "还差 1 题" in told["text"]
    assert "2 题前面的行要用" in told["text"]
    assert "题数改为 3" in told["text"]
    found = check(examiner, exam, **{"rows-0-difficulty_min": 4})
    assert "难度放宽到 1–5（有 5 题）" in found["rows"][0]["text"]
    found = check(examiner, exam, exposure_max_pct="20")
    assert "做不到 20%" in found["rows"][0]["text"]
    assert check(examiner, exam, bank="")["rows"] == []
    assert Exam.objects.get(pk=exam.pk).blueprint_rows.count() == 3


def test_a_draw_is_looked_at_without_its_key_and_with_it_on_demand(examiner, unit):
    exam = make_exam_of_all_types()
    exam.bank.owner = unit
    exam.bank.save()
    page = examiner.get(reverse("exams_office:exam-preview", args=[exam.pk]))
    assert page.context["facts"].questions == len(DRAFTS)
    assert page.context["facts"].points == 90
    phone = reverse("exams_office:exam-preview-paper", args=[exam.pk]) + "?" + page.context["query"]
    shown = examiner.get(phone).content.decode()
    assert "高处作业要系好" in shown
    for secret in ("安全带", "检查可燃物、灭火器材和监护人", "先通风，再检测，后作业。"):
        assert secret not in shown
        assert secret not in page.content.decode()
    seed = page.context["query"]
    with_key = examiner.get(f"{reverse('exams_office:exam-preview', args=[exam.pk])}?{seed}&key=1")
    for right in ("安全带", "检查可燃物、灭火器材和监护人", "监护人到场（4 分）"):
        assert right in with_key.content.decode()
    auditor = Client()
    auditor.force_login(RoleGrantFactory(role=Role.AUDITOR, unit=unit).user)
    page = auditor.get(f"{reverse('exams_office:exam-preview', args=[exam.pk])}?{seed}&key=1")
    assert page.status_code == 200
    assert "安全带" not in page.content.decode()


def test_the_key_names_letters_in_the_order_of_this_paper():
    exam = make_exam_of_all_types()
    paper = draw_paper(exam, new_seed())
    lines = {slot["kind"]: line for slot, line in zip(paper["slots"], key_lines(paper), strict=True)}
    single = paper["slots"][0]
    assert lines["single_choice"].answers == ("ABCD"[single["option_ids"].index("C")],)
    assert lines["true_false"].answers == ("错误",)
    assert lines["fill_in"].answers[0].startswith("1. 安全带")
    assert lines["ordering"].answers[0].count("→") == 3
    assert lines["matching"].answers[0].startswith("红色 — ")
    assert lines["short_answer"].rubric == (("清理可燃物", "6"), ("监护人到场", "4"))


def pick(client, exam, act, rows=(), **more):
    data = {"q": [pk for pk, _points in rows], "p": [points for _pk, points in rows], "act": act, **more}
    return client.post(reverse("exams_office:exam-fixed", args=[exam.pk]), data)


def test_questions_are_chosen_put_in_order_and_saved(examiner, unit):
    exam = make_exam(make_bank(), paper_source="fixed", is_open=False)
    exam.bank.owner = unit
    exam.bank.save()
    one, two = question(exam.bank, "S-0").pk, question(exam.bank, "T-0").pk
    page = pick(examiner, exam, "add", pick=[one, two], pick_points="4")
    assert [(pk, points) for pk, _version, points in page.context["chosen"]] == [(one, 4), (two, 4)]
    assert page.context["facts"].points == 8
    assert exam.fixed_questions.count() == 0
    page = pick(examiner, exam, f"down:{one}", [(one, "4"), (two, "2.5")])
    assert [pk for pk, _version, _points in page.context["chosen"]] == [two, one]
    assert page.context["focus"] == f"up-{one}"
    page = pick(examiner, exam, f"remove:{one}", [(two, "2.5"), (one, "4")], words="作业顺序")
    assert [pk for pk, _version, _points in page.context["chosen"]] == [two]
    assert page.context["page"].paginator.count == 4
    assert pick(examiner, exam, "save", [(one, "x")]).status_code == 422
    assert pick(examiner, exam, "save").status_code == 422
    assert pick(examiner, exam, "save", [(two, "2.5"), (one, "4")]).status_code == 302
    assert list(exam.fixed_questions.values_list("version__question_id", "points")) == [
        (two, Decimal("2.5")),
        (one, Decimal(4)),
    ]


HUGE = "9" * 5000  # Python refuses to read a number that long


def test_numbers_no_page_sends_are_no_error_of_the_server(examiner, unit):
    exam = make_exam(make_bank(), paper_source="fixed", is_open=False)
    exam.bank.owner = unit
    exam.bank.save()
    assert check(examiner, exam, bank=HUGE)["rows"] == []
    assert check(examiner, exam, exposure_max_pct=HUGE)["missing"] == 0
    assert not pick(examiner, exam, f"up:{HUGE}", [(HUGE, "1")], pick=HUGE).context["chosen"]
    person = Client()
    person.force_login(EmployeeFactory().user)
    asked = {"ticket": "x", "slot": f"0001{HUGE}"}
    assert person.post(reverse("exams:practice-answer"), asked).status_code == 302


def test_forms_are_drawn_and_compared_on_their_page(examiner, unit):
    bank, topic = BankFactory(owner=unit), TopicFactory()
    drafts = [single_choice(topic, f"S-{n}", difficulty=n % 5 + 1) for n in range(12)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    exam = make_exam(
        bank,
        [RowDraft(kind="single_choice", count=4, points=Decimal(5))],
        paper_source="forms",
        is_open=False,
    )
    address = reverse("exams_office:exam-forms", args=[exam.pk])
    assert "还没有平行卷" in examiner.get(address).content.decode()
    assert examiner.post(address, {"count": 9}).status_code == 422
    assert examiner.post(address, {"count": 3}).status_code == 302
    page = examiner.get(address)
    assert [form["label"] for form in page.context["forms"]] == ["A", "B", "C"]
    assert page.context["apart_pct"] <= 5
    assert not page.context["rules_changed"]
    exam.blueprint_rows.update(count=3)
    assert examiner.get(address).context["rules_changed"]
    question(bank, "S-0")
    Question.objects.filter(bank=bank).update(retired_at=NOW)
    assert len(examiner.get(address).context["old"]) == 12
