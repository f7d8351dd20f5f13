"""Every question type: what is refused, what it earns, and what holds for all of them."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.models import kind_choices
from exams.shapes import Option, QuestionShape
from exams.types import TYPES, Content, MediaFacts, ShapeProblem, type_of
from exams.types.fill_in import fold
from exams.types.hazard_spotting import Region
from exams.types.true_false import TRUE, TrueFalse


def options(*texts):
    return [Option(id="ABCDEFGHIJKL"[place], text=text) for place, text in enumerate(texts)]


AB = options("停电", "送电")
STEPS = options("停电", "验电", "接地")
FIXED = list(TrueFalse.fixed_options)
PICTURE = MediaFacts("image", 800, 600)
RUBRIC = {"model": "", "rubric": [{"point": "停电", "share": 60}, {"point": "验电", "share": 40}]}
RECT = {"name": "线", "shape": "rect", "at": [1000, 1000, 3000, 3000]}
CIRCLE = {"name": "坑", "shape": "circle", "at": [7000, 7000, 500]}
POLYGON = {"name": "梯", "shape": "polygon", "at": [4000, 0, 6000, 0, 5000, 2000]}
TWO = {"left": ["红", "黄"]}


def test_registry_holds_the_kinds_a_version_can_have():
    assert [kind for kind, _label in kind_choices()] == list(TYPES)
    assert all(kind.kind == name for name, kind in TYPES.items())
    assert list(TYPES) == [
        "single_choice",
        "multiple_choice",
        "true_false",
        "fill_in",
        "ordering",
        "matching",
        "hazard_spotting",
        "short_answer",
        "case_analysis",
    ]


# (kind, content, key): one proper question each
PROPER = [
    ("single_choice", Content("?", AB), ["A"]),
    ("single_choice", Content("?", options(*"甲乙丙丁戊己庚辛壬癸")), ["J"]),
    ("multiple_choice", Content("?", options("a", "b", "c")), ["A", "B"]),
    ("multiple_choice", Content("?", options("a", "b", "c"), {"scoring": "share"}), ["A", "B"]),
    ("multiple_choice", Content("?", options("a", "b", "c"), {"scoring": "penalty"}), ["A", "B"]),
    ("true_false", Content("?", FIXED), ["true"]),
    ("true_false", Content("?", FIXED), ["false"]),
    ("fill_in", Content("系好___", body={"blanks": [{"unit": ""}]}), [{"accept": ["安全带", "保险带"]}]),
    (
        "fill_in",
        Content("___和____", body={"blanks": [{"unit": "m"}, {"unit": ""}]}),
        [{"number": "2.5", "tolerance": "0.1"}, {"accept": ["带"]}],
    ),
    ("ordering", Content("?", STEPS), ["B", "A", "C"]),
    ("ordering", Content("?", STEPS, {"scoring": "places"}), ["A", "B", "C"]),
    ("matching", Content("?", STEPS, TWO), ["C", "A"]),
    ("hazard_spotting", Content("?", body={"taps": 5}, media=PICTURE), [RECT, CIRCLE, POLYGON]),
    ("hazard_spotting", Content("?", body={"taps": 5, "scoring": "free"}, media=PICTURE), [RECT]),
    ("short_answer", Content("?"), RUBRIC),
    ("case_analysis", Content("?"), {**RUBRIC, "model": "先停电。"}),
]


def cleaned(kind, content, key):
    parts, body, clean_key = type_of(kind).clean(content, key)
    return Content(content.stem, parts, body, content.media), clean_key


@pytest.mark.parametrize(("kind", "content", "key"), PROPER)
def test_what_holds_for_a_proper_question_of_any_type(kind, content, key):
    each = type_of(kind)
    content, key = cleaned(kind, content, key)
    each.validate(content, key)
    assert cleaned(kind, content, key) == (content, key), "cleaning twice changes nothing"
    # An author who opens and saves it changes nothing.
    again = each.read(each.write(content, key))
    assert cleaned(kind, Content(content.stem, *again[:2], content.media), again[2]) == (content, key)
    # Out and in again.
    assert each.load(each.export(content, key), content.media) == (content, key)
    # No answer earns nothing; the right one everything.
    assert each.mark([], content.body, key) == 0
    right = each.right_response(content, key)
    assert each.accepts(right, [option["id"] for option in content.options])
    assert each.mark(right, content.body, key) == (None if each.by_hand else 1)
    assert each.same(right, list(right))
    assert each.is_answer(right)
    lines = each.review(content, right, key)
    assert all(line.right in (True, None) for line in lines)
    assert not any(line.right for line in each.review(content, [], key))
    # Each has words for everybody, and a control.
    assert each.label
    assert each.template.startswith("exams/types/")


@pytest.mark.parametrize(
    ("kind", "content", "key", "field", "says"),
    [
        ("single_choice", Content("?", options("停电")), ["A"], "options", "至少要有两个选项"),
        (
            "single_choice",
            Content("?", options(*"甲乙丙丁戊己庚辛壬癸子")),
            ["A"],
            "options",
            "最多 10 个选项",
        ),
        ("single_choice", Content("?", options("停电", " \u3000")), ["A"], "options", "第 2 个选项是空的"),
        (
            "single_choice",
            Content("?", options("停电", "字" * 501)),
            ["A"],
            "options",
            "第 2 个选项有 501 个字",
        ),
        ("single_choice", Content("?", options("停电", "停电 ")), ["A"], "options", "“停电”重复了"),
        (
            "single_choice",
            Content("?", [*AB, Option(id="A", text="验电")]),
            ["A"],
            "options",
            "编号有重复",
        ),
        ("single_choice", Content("?", AB), "A", "correct", "写成选项编号的列表"),
        ("single_choice", Content("?", AB), [], "correct", "没有标出正确答案"),
        ("single_choice", Content("?", AB), ["A", "A"], "correct", "写了两次"),
        ("single_choice", Content("?", AB), ["C"], "correct", "“C”不在选项之中"),
        ("single_choice", Content("?", AB), ["A", "B"], "correct", "只能有一个正确答案"),
        ("multiple_choice", Content("?", AB), ["A"], "correct", "至少要有两个正确答案"),
        (
            "multiple_choice",
            Content("?", AB, {"scoring": "luck"}),
            ["A", "B"],
            "scoring",
            "不认识的计分规则“luck”",
        ),
        ("true_false", Content("?", AB), ["A"], "options", "固定为“正确”和“错误”"),
        ("true_false", Content("?", FIXED), [], "correct", "没有标出正确答案"),
        ("true_false", Content("?", FIXED), ["true", "false"], "correct", "之一作为答案"),
        ("fill_in", Content("___"), [], "blank_0", "没有写出任何一空"),
        (
            "fill_in",
            Content("没有空", body={"blanks": [{"unit": ""}]}),
            [{"accept": ["x"]}],
            "stem",
            "题干里有 0 个空",
        ),
        (
            "fill_in",
            Content("___", body={"blanks": [{"unit": ""}]}),
            [{"accept": [" "]}],
            "blank_0",
            "第 1 空没有答案",
        ),
        (
            "fill_in",
            Content("___", body={"blanks": [{"unit": ""}]}),
            [{"number": "两", "tolerance": "0"}],
            "blank_0",
            "“两”不是数字",
        ),
        (
            "fill_in",
            Content("___", body={"blanks": [{"unit": ""}]}),
            [{"number": "2", "tolerance": "少"}],
            "tolerance_0",
            "“少”不是数字",
        ),
        (
            "fill_in",
            Content("___", body={"blanks": [{"unit": ""}]}),
            [{"number": "2", "tolerance": "-1"}],
            "tolerance_0",
            "不能是负数",
        ),
        (
            "fill_in",
            Content("___", body={"blanks": [{"unit": ""}]}),
            [{"accept": ["x" * 201]}],
            "blank_0",
            "太长",
        ),
        ("ordering", Content("?", AB), ["A", "B"], "step_0", "至少要有三步"),
        ("ordering", Content("?", options("x" * 201, "b", "c")), ["A", "B", "C"], "step_0", "第 1 步有 201"),
        ("ordering", Content("?", STEPS), ["A", "B", "B"], "correct", "每一步各写一次"),
        ("matching", Content("?", AB, {"left": ["红"]}), ["A"], "left_0", "至少要有两项"),
        ("matching", Content("?", AB, {"left": ["红", "红"]}), ["A", "B"], "left_1", "“红”重复"),
        ("matching", Content("?", AB, {"left": ["红", "x" * 101]}), ["A", "B"], "left_1", "第 2 行的左边"),
        ("matching", Content("?", AB, TWO), ["A", ""], "meaning_1", "第 2 行的左边没有对应"),
        ("matching", Content("?", AB, TWO), ["A", "A"], "meaning_0", "不能是同一个含义"),
        ("hazard_spotting", Content("?"), [RECT], "media", "要有一张图片"),
        (
            "hazard_spotting",
            Content("?", media=MediaFacts("film", 0, 0)),
            [RECT],
            "media",
            "要有一张图片",
        ),
        ("hazard_spotting", Content("?", media=PICTURE), [], "hazard_0", "至少要标出一处"),
        (
            "hazard_spotting",
            Content("?", media=PICTURE),
            [RECT, {**RECT, "name": ""}],
            "hazard_1",
            "第 2 处隐患的名称",
        ),
        (
            "hazard_spotting",
            Content("?", media=PICTURE),
            [{**RECT, "shape": "star"}],
            "shape_0",
            "形状不认识",
        ),
        ("hazard_spotting", Content("?", media=PICTURE), [{**RECT, "at": [1]}], "at_0", "位置不对"),
        (
            "hazard_spotting",
            Content("?", media=PICTURE),
            [{**CIRCLE, "at": [0, 0, 10001]}],
            "at_0",
            "位置不对",
        ),
        (
            "hazard_spotting",
            Content("?", body={"taps": 1}, media=PICTURE),
            [RECT, CIRCLE],
            "taps",
            "要在隐患数 2 和 20 之间",
        ),
        ("short_answer", Content("?"), None, "point_0", "至少要有一个得分点"),
        (
            "short_answer",
            Content("?"),
            {"rubric": [{"point": "", "share": 100}]},
            "point_0",
            "第 1 个得分点是空的",
        ),
        (
            "short_answer",
            Content("?"),
            {"rubric": [{"point": "a", "share": "多"}]},
            "share_0",
            "“多”要是 1 到 100",
        ),
        ("case_analysis", Content("?"), {"rubric": [{"point": "a", "share": 60}]}, "share_0", "合计是 60"),
    ],
)
def test_improper_questions_are_refused_with_the_field_and_the_reason(kind, content, key, field, says):
    with pytest.raises(ShapeProblem) as caught:
        type_of(kind).validate(*cleaned(kind, content, key) if kind != "true_false" else (content, key))
    assert caught.value.field == field
    assert says in str(caught.value)


HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


@pytest.mark.parametrize(
    ("kind", "response", "key", "body", "fraction"),
    [
        ("single_choice", ["A"], ["A"], {}, 1),
        ("single_choice", ["B"], ["A"], {}, 0),
        ("single_choice", [], ["A"], {}, 0),
        ("multiple_choice", ["B", "A"], ["A", "B"], {}, 1),
        ("multiple_choice", ["A"], ["A", "B"], {}, 0),
        ("multiple_choice", ["A", "B", "C"], ["A", "B"], {}, 0),
        ("multiple_choice", [], ["A", "B"], {}, 0),
        ("multiple_choice", ["A"], ["A", "B"], {"scoring": "share"}, HALF),
        ("multiple_choice", ["A", "C"], ["A", "B"], {"scoring": "share"}, 0),
        ("multiple_choice", ["A", "B", "C"], ["A", "B"], {"scoring": "penalty"}, HALF),
        ("multiple_choice", ["A", "C", "D"], ["A", "B"], {"scoring": "penalty"}, 0),
        ("true_false", ["true"], [TRUE], {}, 1),
        ("true_false", ["false"], [TRUE], {}, 0),
        ("true_false", [], [TRUE], {}, 0),
        ("fill_in", ["安全带"], [{"accept": ["安全带"]}], {}, 1),
        ("fill_in", [" ＡＢ c "], [{"accept": ["abC"]}], {}, 1),
        ("fill_in", ["2.1米"], [{"number": "2", "tolerance": "0.1"}], {"blanks": [{"unit": "米"}]}, 1),
        ("fill_in", ["２．１"], [{"number": "2", "tolerance": "0.1"}], {"blanks": [{"unit": "米"}]}, 1),
        ("fill_in", ["2.11"], [{"number": "2", "tolerance": "0.1"}], {"blanks": [{"unit": "米"}]}, 0),
        ("fill_in", ["2千米"], [{"number": "2", "tolerance": "0"}], {"blanks": [{"unit": "米"}]}, 0),
        ("fill_in", ["1,000"], [{"number": "1000", "tolerance": "0"}], {}, 1),
        ("fill_in", ["两"], [{"number": "2", "tolerance": "0"}], {}, 0),
        ("fill_in", ["", "x"], [{"accept": ["a"]}, {"accept": ["x"]}], {}, HALF),
        ("ordering", ["A", "B", "C"], ["A", "B", "C"], {}, 1),
        ("ordering", ["A", "C", "B"], ["A", "B", "C"], {}, 0),
        ("ordering", ["A", "C", "B"], ["A", "B", "C"], {"scoring": "places"}, THIRD),
        ("ordering", ["A", "", "C"], ["A", "B", "C"], {"scoring": "places"}, Fraction(2, 3)),
        ("matching", ["A", "C"], ["A", "B"], {}, HALF),
        ("matching", ["", "B"], ["A", "B"], {}, HALF),
        ("matching", ["B", "A"], ["A", "B"], {}, 0),
        ("hazard_spotting", ["2000,2000"], [RECT, CIRCLE], {"size": [4, 3]}, HALF),
        ("hazard_spotting", ["2000,2000", "2001,2000"], [RECT, CIRCLE], {"size": [4, 3]}, HALF),
        ("hazard_spotting", ["2000,2000", "9999,1"], [RECT, CIRCLE], {"size": [4, 3]}, 0),
        (
            "hazard_spotting",
            ["2000,2000", "9999,1"],
            [RECT, CIRCLE],
            {"size": [4, 3], "scoring": "free"},
            HALF,
        ),
        ("hazard_spotting", ["c2-1", "c6-5"], [RECT, CIRCLE], {"size": [4, 3]}, 1),
        ("hazard_spotting", ["c8-1"], [RECT], {"size": [4, 3]}, 0),
        ("hazard_spotting", ["1,1", "2000,2000"], [RECT], {"taps": 1, "scoring": "free"}, 0),
        ("short_answer", ["停电"], RUBRIC, {}, None),
        ("short_answer", ["  "], RUBRIC, {}, 0),
    ],
)
def test_marking(kind, response, key, body, fraction):
    assert type_of(kind).mark(response, body, key) == fraction


@pytest.mark.parametrize(
    ("kind", "response", "accepted"),
    [
        ("single_choice", [], True),
        ("single_choice", ["x"], True),
        ("single_choice", ["z"], False),
        ("single_choice", ["x", "y"], False),
        ("true_false", ["x", "y"], False),
        ("multiple_choice", ["x", "y"], True),
        ("multiple_choice", ["x", "x"], False),
        ("fill_in", ["任何文字", ""], True),
        ("fill_in", ["字" * 201], False),
        ("fill_in", [""] * 11, False),
        ("fill_in", ["a\x00"], False),
        ("fill_in", ["\ud800"], False),
        ("fill_in", ["安全\u3000带"], True),  # what a Chinese keyboard gives for a space
        ("fill_in", ["a\nb"], False),
        ("ordering", ["y", "x"], True),
        ("ordering", ["", "x"], True),
        ("ordering", ["x", "x"], False),
        ("ordering", ["x", "y", ""], False),
        ("matching", ["x", "", "x"], True),
        ("matching", ["z"], False),
        ("hazard_spotting", ["0,10000", "c8-6"], True),
        ("hazard_spotting", ["0,10001"], False),
        ("hazard_spotting", ["c9-1"], False),
        ("hazard_spotting", ["1,1", "1,1"], False),
        ("hazard_spotting", ["01,1"], False),
        ("hazard_spotting", [f"{n},1" for n in range(21)], False),
        ("short_answer", ["第一行\n第二行"], True),
        ("short_answer", ["a", "b"], False),
        ("short_answer", ["字" * 1001], False),
        ("short_answer", ["a\x00"], False),
        ("short_answer", ["\ud800"], False),
        ("short_answer", ["\u3000\u3000先停电，\u00a0再验电。\n\t👷\u200d♀\ufe0f\u200b\u2028\ue000"], True),
        ("case_analysis", ["字" * 2000], True),
    ],
)
def test_shape_of_a_response(kind, response, accepted):
    assert type_of(kind).accepts(response, ["x", "y"]) is accepted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ", "abc"),
        ("安 全\u3000带", "安全带"),
        ("\u200e安全\u200b带\ufeff", "安全带"),
        ("ﬁre", "FIRE"),
        ("①", "1"),
    ],
)
def test_texts_that_are_the_same_to_a_fill_in(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("shape", "at", "inside", "outside"),
    [
        ("rect", (3000, 3000, 1000, 1000), (1000, 2000), (999, 2000)),
        ("circle", (5000, 5000, 1000), (5000, 6333), (5000, 6340)),  # a picture of 4:3: higher than wide
        ("polygon", (0, 0, 4000, 0, 4000, 4000, 2000, 1000, 0, 4000), (500, 2000), (2000, 3000)),
    ],
)
def test_places_in_regions(shape, at, inside, outside):
    region = Region(shape, at, Fraction(3, 4))
    assert region.holds(*inside)
    assert not region.holds(*outside)
    assert region.holds(*region.some_place())


# Properties of all types

texts = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)


@st.composite
def answered(draw):
    """A proper question and some response a candidate can send."""
    kind, content, key = draw(st.sampled_from(PROPER))
    content, key = cleaned(kind, content, key)
    ids = [option["id"] for option in content.options]
    if kind == "hazard_spotting":
        places = st.builds("{},{}".format, st.integers(0, 10_000), st.integers(0, 10_000))
        cells = st.builds("c{}-{}".format, st.integers(1, 8), st.integers(1, 6))
        response = draw(st.lists(places | cells, max_size=20, unique=True))
    elif ids:
        response = draw(st.lists(st.sampled_from([*ids, ""]), max_size=len(ids)))
    else:
        response = draw(st.lists(texts, max_size=3))
    return kind, content, key, response


@given(answered(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_marks_stay_in_bounds_and_repeat(question, random):
    kind, content, key, response = question
    each = type_of(kind)
    ids = [option["id"] for option in content.options]
    if not each.accepts(response, ids):
        return
    fraction = each.mark(response, content.body, key)
    assert fraction is None if each.by_hand and each.is_answer(response) else 0 <= fraction <= 1
    assert each.mark(list(response), dict(content.body), key) == fraction
    if not each.is_answer(response):
        assert fraction == 0
    # The order in which a paper shows options, or in which they are ticked, never changes the mark.
    if not each.ordered:
        moved = Content(content.stem, random.sample(content.options, len(ids)), content.body, content.media)
        assert each.mark(response, content.body, each.clean(moved, key)[2]) == fraction
        assert each.mark(random.sample(response, len(response)), content.body, key) == fraction
    each.review(content, response, key)


def test_an_export_of_a_broken_question_does_not_come_in():
    shape = QuestionShape(kind="single_choice", stem="?", options=AB, body={}, key=["X"])
    with pytest.raises(ShapeProblem):
        type_of("single_choice").load(shape)
