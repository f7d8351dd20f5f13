"""The demo's question bank and exams, as they stand in the files: no database."""

from collections import Counter
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import pytest
import yaml

import portal.demo

DATA = Path(portal.demo.__file__).parent / "data"
TOPICS = {
    "law-rights",
    "hot-work",
    "confined-space",
    "electrical",
    "machinery",
    "lifting-transport",
    "ppe-health",
    "fire-emergency",
    "culture-cases",
}
EXAMS = {"exam-pre-job": 10, "exam-welder": 10, "exam-electrician": 10}
EXAMS |= {"exam-machining": 10, "exam-annual": 20, "exam-return": 10}
KINDS = {"single_choice", "multiple_choice", "true_false"}
KEYS = {
    "code",
    "kind",
    "stem",
    "options",
    "correct",
    "explanation",
    "difficulty",
    "must_know",
    "source",
    "hazards",
}
GB_6441_2025 = """
物体打击 厂（场）内车辆致害 道路（轨道）车辆致害 机械致害 起重致害 触电 淹溺 灼烫 火灾 高处坠落 跌落 坍塌 水害
容器爆炸 管道爆炸 可燃气体爆炸 可燃液体蒸气爆炸 粉尘爆炸 民用爆炸物品爆炸 烟花爆竹爆炸 其他可燃固体爆炸
高温熔融物爆炸 中毒 窒息 滑坡 泄漏 其他
"""
HAZARDS = set(GB_6441_2025.split())

FILES = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (DATA / "questions").glob("*.yaml")}
QUESTIONS = [
    {**question, "topic": document["topic"]["code"]}
    for document in FILES.values()
    for question in document["questions"]
]
CHOICES = [q for q in QUESTIONS if q["kind"] != "true_false"]
SINGLES = [q for q in QUESTIONS if q["kind"] == "single_choice"]
BLUEPRINTS = {
    exam["code"]: exam for exam in yaml.safe_load((DATA / "exams.yaml").read_text("utf-8"))["exams"]
}


def by_code(questions):
    return [pytest.param(q, id=q["code"]) for q in questions]


def unnumbered(text):
    """Leave figures out, so that two stems that differ in a figure only count as the same."""
    return "".join(character for character in text if not character.isdigit())


def test_each_topic_has_its_own_file():
    assert set(FILES) == TOPICS
    assert all(document["topic"]["code"] == stem for stem, document in FILES.items())
    assert all(document["topic"]["name"] for document in FILES.values())


def test_codes_are_unique():
    assert [code for code, times in Counter(q["code"] for q in QUESTIONS).items() if times > 1] == []


@pytest.mark.parametrize("question", by_code(QUESTIONS))
def test_question_is_complete(question):
    assert set(question) - {"topic"} == KEYS - ({"options"} if question["kind"] == "true_false" else set())
    assert question["kind"] in KINDS
    assert question["difficulty"] in range(1, 6)
    assert isinstance(question["must_know"], bool)
    assert 1 <= len(question["source"]) <= 200
    assert len(question["explanation"]) >= 15
    assert set(question["hazards"]) <= HAZARDS


@pytest.mark.parametrize("question", by_code(CHOICES))
def test_choice_has_four_or_five_different_options_and_its_key_among_them(question):
    options = question["options"]
    assert list(options) in (list("ABCD"), list("ABCDE"))
    assert all(isinstance(text, str) and text for text in options.values())
    assert len(set(options.values())) == len(options)
    assert set(question["correct"]) <= set(options)
    assert question["correct"] == sorted(set(question["correct"]))


@pytest.mark.parametrize("question", by_code(CHOICES))
def test_explanation_does_not_name_an_option_by_its_letter(question):
    """Options are shuffled, so a letter would point to the wrong one."""
    named = ("选项", *(f"{letter} 项" for letter in "ABCDE"), *(f"{letter}项" for letter in "ABCDE"))
    assert not any(name in question["explanation"] for name in named)


@pytest.mark.parametrize("question", by_code(QUESTIONS))
def test_key_fits_the_kind(question):
    correct = question["correct"]
    if question["kind"] == "single_choice":
        assert len(correct) == 1
    elif question["kind"] == "multiple_choice":
        assert 2 <= len(correct) < len(question["options"])
    else:
        assert correct in ([True], [False])


def test_no_two_stems_are_nearly_equal():
    alike = []
    for one, other in combinations(QUESTIONS, 2):
        matcher = SequenceMatcher(None, unnumbered(one["stem"]), unnumbered(other["stem"]), autojunk=False)
        if matcher.real_quick_ratio() >= 0.9 and matcher.quick_ratio() >= 0.9 and matcher.ratio() >= 0.9:
            alike.append((one["code"], other["code"]))
    assert alike == []


def test_right_answers_of_single_choice_are_spread():
    letters = Counter(q["correct"][0] for q in SINGLES)
    assert set(letters) == set("ABCD")
    assert max(letters.values()) <= 0.45 * len(SINGLES)


def test_right_answer_of_single_choice_is_not_told_by_its_length():
    longest = 0
    for question in SINGLES:
        right = len(question["options"][question["correct"][0]])
        others = [
            len(text) for letter, text in question["options"].items() if letter != question["correct"][0]
        ]
        longest += right > max(others)
    assert longest <= 0.4 * len(SINGLES)


def test_true_and_false_are_balanced():
    keys = Counter(q["correct"][0] for q in QUESTIONS if q["kind"] == "true_false")
    assert 0.35 <= keys[True] / keys.total() <= 0.65


def test_must_know_questions_are_the_few_that_save_lives():
    share = sum(q["must_know"] for q in QUESTIONS) / len(QUESTIONS)
    assert 0.12 <= share <= 0.35


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_mixes_the_kinds(topic):
    kinds = Counter(q["kind"] for q in QUESTIONS if q["topic"] == topic)
    assert set(kinds) == KINDS
    if kinds.total() >= 12:
        assert min(kinds.values()) >= 3


def test_the_exams_are_those_of_the_demo():
    assert {
        code: sum(row["count"] for row in exam["blueprint"]) for code, exam in BLUEPRINTS.items()
    } == EXAMS


@pytest.mark.parametrize("code", EXAMS)
def test_exam_is_complete_and_worth_100_points(code):
    exam = BLUEPRINTS[code]
    rules = {"code", "title", "duration_s", "pass_pct", "attempts_allowed", "must_know_fails", "blueprint"}
    assert set(exam) == rules
    assert exam["duration_s"] >= 60
    assert 1 <= exam["pass_pct"] <= 100
    assert exam["attempts_allowed"] >= 1
    assert isinstance(exam["must_know_fails"], bool)
    assert sum(row["count"] * row["points"] for row in exam["blueprint"]) == 100


@pytest.mark.parametrize("code", EXAMS)
def test_bank_can_fill_every_paper(code):
    have, have_must_know = Counter(), Counter()
    for question in QUESTIONS:
        have[question["topic"], question["kind"]] += 1
        have_must_know[question["topic"], question["kind"]] += question["must_know"]
    need, need_must_know = Counter(), Counter()
    for row in BLUEPRINTS[code]["blueprint"]:
        assert row["count"] >= 1
        assert row["points"] > 0
        need[row["topic"], row["kind"]] += row["count"]
        if row.get("must_know_only", False):
            need_must_know[row["topic"], row["kind"]] += row["count"]
    assert {key: (need[key], have[key]) for key in need if need[key] > have[key]} == {}
    assert {
        key: need_must_know[key] for key in need_must_know if need_must_know[key] > have_must_know[key]
    } == {}


@pytest.mark.parametrize("code", EXAMS)
def test_rows_of_must_know_questions_stand_first(code):
    """Drawn last, such a row could find its questions taken by a wider row of the same topic and kind."""
    order = [row.get("must_know_only", False) for row in BLUEPRINTS[code]["blueprint"]]
    assert order == sorted(order, reverse=True)
