from fractions import Fraction

import pytest

from exams.models import QuestionKind
from exams.shapes import Option
from exams.types import TYPES, ShapeProblem, type_of
from exams.types.true_false import TRUE, TrueFalse


def options(*texts):
    return [Option(id="ABCDEFGHIJKL"[place], text=text) for place, text in enumerate(texts)]


AB = options("停电", "送电")
FIXED = list(TrueFalse.fixed_options)


def test_registry_holds_the_kinds_a_version_can_have():
    assert set(TYPES) == set(QuestionKind.values)
    assert all(kind.kind == name for name, kind in TYPES.items())


@pytest.mark.parametrize(
    ("kind", "given", "correct"),
    [
        ("single_choice", AB, ["A"]),
        ("single_choice", options(*"甲乙丙丁戊己庚辛壬癸"), ["J"]),
        ("multiple_choice", AB, ["A", "B"]),
        ("true_false", FIXED, ["true"]),
        ("true_false", FIXED, ["false"]),
    ],
)
def test_proper_questions_are_accepted(kind, given, correct):
    type_of(kind).validate(given, correct)


@pytest.mark.parametrize(
    ("kind", "given", "correct", "field", "says"),
    [
        ("single_choice", options("停电"), ["A"], "options", "至少要有两个选项"),
        ("single_choice", options(*"甲乙丙丁戊己庚辛壬癸子"), ["A"], "options", "最多 10 个选项"),
        ("single_choice", options("停电", " \u3000"), ["A"], "options", "第 2 个选项是空的"),
        ("single_choice", options("停电", "字" * 501), ["A"], "options", "第 2 个选项有 501 个字"),
        ("single_choice", options("停电", "停电 "), ["A"], "options", "“停电”重复了"),
        ("single_choice", [*AB, Option(id="A", text="验电")], ["A"], "options", "编号有重复"),
        ("single_choice", AB, [], "correct", "没有标出正确答案"),
        ("single_choice", AB, ["A", "A"], "correct", "写了两次"),
        ("single_choice", AB, ["C"], "correct", "“C”不在选项之中"),
        ("single_choice", AB, ["A", "B"], "correct", "只能有一个正确答案"),
        ("multiple_choice", AB, ["A"], "correct", "至少要有两个正确答案"),
        ("true_false", AB, ["A"], "options", "固定为“正确”和“错误”"),
        ("true_false", FIXED, [], "correct", "没有标出正确答案"),
        ("true_false", FIXED, ["true", "false"], "correct", "之一作为答案"),
    ],
)
def test_improper_questions_are_refused_with_the_field_and_the_reason(kind, given, correct, field, says):
    with pytest.raises(ShapeProblem) as caught:
        type_of(kind).validate(given, correct)
    assert caught.value.field == field
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "response", "correct", "fraction"),
    [
        ("single_choice", ["A"], ["A"], 1),
        ("single_choice", ["B"], ["A"], 0),
        ("single_choice", [], ["A"], 0),
        ("multiple_choice", ["B", "A"], ["A", "B"], 1),
        ("multiple_choice", ["A"], ["A", "B"], 0),
        ("multiple_choice", ["A", "B", "C"], ["A", "B"], 0),
        ("multiple_choice", [], ["A", "B"], 0),
        ("true_false", ["true"], [TRUE], 1),
        ("true_false", ["false"], [TRUE], 0),
        ("true_false", [], [TRUE], 0),
    ],
)
def test_marking(kind, response, correct, fraction):
    assert type_of(kind).mark(response, correct) == Fraction(fraction)


@pytest.mark.parametrize(
    ("kind", "response", "accepted"),
    [
        ("single_choice", [], True),
        ("single_choice", ["x"], True),
        ("single_choice", ["x", "y"], False),
        ("true_false", ["x", "y"], False),
        ("multiple_choice", ["x", "y"], True),
        ("multiple_choice", ["x", "x"], False),
    ],
)
def test_shape_of_a_response(kind, response, accepted):
    assert type_of(kind).accepts(response) is accepted
