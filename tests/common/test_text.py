import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.text import count_readable, half_width, plain_name, plain_number, squeeze

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from("张三丰·𠮷㐂ＡＢ１２／（） \u3000\u00a0\u200b\ufeff\t\n\uf900\uf914e\u0301"),
    max_size=30,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ａ１／（～）！", "A1/(~)!"),
        ("一　二", "一 二"),
        ("、。“”《》", "、。“”《》"),
        ("￥", "￥"),
        ("", ""),
    ],
)
def test_half_width_turns_latin_forms_only(text, expected):
    assert half_width(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" a \t b\n\nc ", "a b c"), ("\ufeff张三\u3000\u00a0李四\u200b", "张三 李四"), (" \u3000\ufeff", "")],
)
def test_squeeze_folds_all_kinds_of_space(text, expected):
    assert squeeze(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张 三", "张三"),
        (" 张\u3000 三\u200b丰 ", "张三丰"),
        ("欧阳 娜 娜", "欧阳娜娜"),
        ("买买提·吐尔逊", "买买提·吐尔逊"),
        ("John  Smith", "John Smith"),
        ("一车间 A 班", "一车间 A 班"),
        ("𠮷 田", "𠮷田"),
        ("Ｍａｒｙ", "Mary"),
        ("Ame\u0301lie", "Amélie"),
    ],
)
def test_plain_name_is_what_people_mean(text, expected):
    assert plain_name(text) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("安全第一。", 4),
        ("GB 30871—2022 规定", 5),
        ("２４学时", 3),
        ("𠮷㐂", 2),
        ("\U00031350", 1),
        ("，。！？", 0),
    ],
)
def test_count_readable_counts_characters_and_words(text, count):
    assert count_readable(text) == count


@given(TEXTS)
def test_folding_twice_is_folding_once(text):
    for fold in (half_width, squeeze, plain_name):
        assert fold(fold(text)) == fold(text)


@given(TEXTS)
def test_plain_name_is_composed_and_loses_only_space(text):
    name = plain_name(text)
    assert unicodedata.is_normalized("NFC", name)
    assert "".join(name.split()) == "".join(unicodedata.normalize("NFC", squeeze(half_width(text))).split())


@given(TEXTS, TEXTS)
def test_readable_parts_add_up(left, right):
    assert count_readable(f"{left}。{right}") == count_readable(left) + count_readable(right)


@pytest.mark.parametrize(
    ("number", "text"), [("24.00", "24"), ("4.50", "4.5"), ("100", "100"), ("0.00", "0"), ("0.25", "0.25")]
)
def test_figures_carry_no_idle_zeros(number, text):
    assert plain_number(Decimal(number)) == text
