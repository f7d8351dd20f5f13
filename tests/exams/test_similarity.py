"""Near-identical stems: a table, and the same as comparing each with each."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.similarity import Pair, Text, like, near_pairs

LONG = "进入受限空间作业前，必须先通风、再检测、后作业，并由专人在外监护。"


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (LONG, LONG, True),
        (LONG, LONG.replace("，", ",").replace("。", "　") + "？", True),  # widths and punctuation
        (LONG, LONG.replace("必须", "应当"), True),
        (LONG, LONG.replace("先通风、再检测、后作业", "先检测"), False),
        (LONG, "动火作业前要清除周围的可燃物，备好灭火器材，并由专人在场监护。", False),
        ("高处作业是指坠落高度基准面２ｍ及以上的作业", "高处作业是指坠落高度基准面2m及以上的作业", True),
        ("氧含量应为19.5%～23.5%之间才能进入作业", "氧含量应为19.5%~23.5%之间才能进入作业", True),
        ("可燃气体浓度＞0.5%时不得动火作业，立即撤离", "可燃气体浓度＜0.5%时不得动火作业，立即撤离", True),
        ("", "", False),
        ("停电", "停电", True),
    ],
)
def test_stems_that_say_nearly_the_same(one, other, near):
    texts = [Text(1, one), Text(2, other)]
    assert bool(near_pairs(texts)) is near
    assert bool(like(texts[0], texts)) is near


@pytest.mark.parametrize(
    ("mine", "theirs", "near"),
    [
        (("先停电", "先送电"), ("先停电", "先送电"), True),
        (("先停电", "先送电"), ("系安全带", "戴安全帽"), False),
        ((), ("系安全带",), False),
        ((), (), True),
    ],
)
def test_a_stem_that_says_nothing_by_itself_goes_by_its_options(mine, theirs, near):
    stem = "下列说法正确的是？"
    assert bool(near_pairs([Text(1, stem, mine), Text(2, stem, theirs)])) is near


def test_the_most_alike_come_first_and_a_limit_ends_it():
    texts = [Text(3, LONG), Text(1, LONG), Text(2, LONG.replace("专人", "两名专人"))]
    assert near_pairs(texts)[0] == Pair(1, 3, 100)
    assert len(near_pairs(texts, limit=1)) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="停送验电挂牌上锁", max_size=12), max_size=12))
def test_the_index_finds_what_comparing_each_with_each_finds(stems):
    texts = [Text(number, stem) for number, stem in enumerate(stems)]
    half = Fraction(1, 2)
    slow = {pair for text in texts for pair in like(text, texts, half)}
    assert set(near_pairs(texts, half)) == slow
