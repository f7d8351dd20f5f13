import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.facets import Entry, counted, narrowed
from courses.searching import MOST_TERMS, Piece, folded, least, lexicon, plan, snippet


def owns(words):
    return [[term.own for term in word] for word in plan(words).words]


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ("动火作业监护人", [["动火", "作业", "监护人"]]),
        ("高处坠落", [["高处", "处坠", "坠落"]]),
        ("灭火器怎么用", [["灭火器", "用"]]),
        ("ＬＯＴＯ　检修", [["loto"], ["检修"]]),
        ("《YS—AQ—GC-011》", [["ys-aq-gc-011"]]),
        ("触电 触电", [["触电"]]),
        ("怎么办？", []),
        ("  %_' ", []),
    ],
)
def test_a_search_is_cut_into_names_and_pairs(words, terms):
    assert owns(words) == terms


def test_a_word_goes_by_its_other_names():
    (word,) = plan("电焊").words
    assert word[0].own == "电焊"
    assert {"动火", "气割"} <= set(word[0].others)


@pytest.mark.parametrize(("count", "needed"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_enough_of_a_word(count, needed):
    assert least(plan("高处坠落").terms[:1] * count) == needed


def test_folding_keeps_lines_and_drops_spaces():
    assert folded("Ａ１ 动 火\n气") == "a1动火\n气"


def test_no_word_stands_in_two_groups(tmp_path):
    assert lexicon().groups["登高"] == lexicon().groups["高处作业"]
    twice = tmp_path / "twice.yaml"
    twice.write_text("groups:\n  - [动火, 电焊]\n  - [气割, 电焊]\nquiet: [的]\n")
    with pytest.raises(ValueError, match="电焊"):
        lexicon(twice)


def test_a_snippet_marks_the_text_as_it_is_written():
    assert snippet("先 ＤＯ 动 火 后", ["动火", "do"], 20) == [
        Piece("先 ", is_hit=False),
        Piece("ＤＯ", is_hit=True),
        Piece(" ", is_hit=False),
        Piece("动 火", is_hit=True),
        Piece(" 后", is_hit=False),
    ]
    assert snippet("没有", ["动火"]) == []
    long = snippet("甲" * 200 + "动火" + "乙" * 200, ["动火"], 40)
    assert [long[0].text, long[-1].text] == ["…", "…"]
    assert Piece("动火", is_hit=True) in long


@given(st.text(max_size=80))
def test_any_search_is_bounded_and_its_snippet_says_only_what_is_there(words):
    found = plan(words)
    assert len(found.terms) <= MOST_TERMS
    names = [name for term in found.terms for name in term.names]
    squeezed = " ".join(words.split())
    assert "".join(piece.text for piece in snippet(words, names, 200)).strip("…") in squeezed or not names


ENTRIES = [
    Entry(1, {"kind": frozenset({"case"}), "hazard": frozenset({"7", "8"}), "post": frozenset({"1"})}),
    Entry(2, {"kind": frozenset({"case"}), "hazard": frozenset({"8"}), "post": frozenset()}),
    Entry(3, {"kind": frozenset({"rule"}), "hazard": frozenset({"7"}), "post": frozenset({"1"})}),
]


def test_values_of_a_facet_add_and_facets_narrow():
    chosen = {"kind": frozenset({"case"}), "hazard": frozenset({"7"})}
    assert [entry.pk for entry in narrowed(ENTRIES, chosen)] == [1]
    assert [entry.pk for entry in narrowed(ENTRIES, {"kind": frozenset({"case", "rule"})})] == [1, 2, 3]
    counts = counted(ENTRIES, chosen)
    assert counts["kind"] == {"case": 1, "rule": 1}
    assert counts["hazard"] == {"7": 1, "8": 2}
    assert counts["post"] == {"1": 1}


@given(st.sets(st.sampled_from(["case", "rule"])), st.sets(st.sampled_from(["7", "8"])))
def test_a_count_is_what_choosing_the_value_alone_shows(kinds, hazards):
    chosen = {"kind": frozenset(kinds), "hazard": frozenset(hazards)}
    for name, values in counted(ENTRIES, chosen).items():
        for value, count in values.items():
            assert count == len(narrowed(ENTRIES, chosen | {name: frozenset({value})}))
