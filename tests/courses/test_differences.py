"""What changed between two editions: nothing unchanged is shown, nothing changed is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.content import section_lines
from courses.differences import MOST_PAIRS, Mark, changed_lines, changed_parts

LINES = st.lists(st.text("动火前检测断电挂牌0123", min_size=1, max_size=12), max_size=8)
TEXTS = st.dictionaries(st.sampled_from(["start", "s1", "s2", "s3", "fact-measures"]), LINES, max_size=5)


def side(line, dropped):
    return "".join(piece.text for piece in line if piece.mark is not dropped)


def shown(lines):
    marks = {Mark.SAME: "", Mark.ADDED: "+", Mark.REMOVED: "-"}
    return [" ".join(f"{marks[piece.mark]}{piece.text}" for piece in line) for line in lines]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (["一", "二"], ["一", "二"], []),
        ([], ["先检测"], ["+先检测"]),
        (["先检测"], [], ["-先检测"]),
        (
            ["动火前检测可燃气体，浓度低于1%方可点火"],
            ["动火前检测可燃气体，浓度低于0.5%方可点火"],
            ["动火前检测可燃气体，浓度低于 -1 +0.5 %方可点火"],
        ),
        (["上锁挂牌后进入"], ["电话报告值班长"], ["-上锁挂牌后进入", "+电话报告值班长"]),
        (["一", "二", "三"], ["一", "新的一条", "二", "三"], ["+新的一条"]),
    ],
)
def test_changed_lines(old, new, expected):
    assert shown(changed_lines(old, new)) == expected


@given(LINES, LINES)
def test_both_texts_can_be_read_out_of_the_difference(old, new):
    lines = changed_lines(old, new)
    removed = [text for line in lines if (text := side(line, Mark.ADDED))]
    added = [text for line in lines if (text := side(line, Mark.REMOVED))]
    assert all(text in old for text in removed)
    assert all(text in new for text in added)
    assert len(old) - len(removed) == len(new) - len(added)  # what is not shown stands in both


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text):
    assert changed_parts(text, text) == []


@given(TEXTS, TEXTS)
def test_parts_are_named_once_and_exist(old, new):
    changes = changed_parts(old, new)
    names = [(change.name, change.is_gone) for change in changes]
    assert len(set(names)) == len(names)
    assert all(change.name in (old if change.is_gone else new) for change in changes)


def test_a_section_put_in_front_leaves_the_others_unchanged():
    old = {"s1": ["准备", "戴好手套"], "s2": ["停机", "断电"]}
    new = {"s1": ["总则", "本规程适用于砂轮机"], "s2": ["准备", "戴好手套"], "s3": ["停机", "断电"]}
    assert [(change.name, change.title) for change in changed_parts(old, new)] == [("s1", "总则")]


def test_a_section_taken_out_is_shown_last():
    old = {"s1": ["准备", "戴好手套"], "s2": ["停机", "断电"]}
    [gone] = changed_parts(old, {"s1": ["停机", "断电"]})
    assert gone.is_gone
    assert shown(gone.lines) == ["-准备", "-戴好手套"]


def test_a_very_long_text_is_compared_without_looking_for_likeness():
    count = int(MOST_PAIRS**0.5) + 2
    old = [f"第{n}条 旧的内容" for n in range(count)]
    new = [f"第{n}条 新的内容" for n in range(count)]
    lines = changed_lines(old, new)
    assert len(lines) == 2 * count
    assert all(len(line) == 1 for line in lines)


def test_section_lines_of_every_block():
    body = [
        {"type": "text", "value": "<p>总的<b>要求</b></p><ul><li>其一</li><li>其二</li></ul>", "id": "a"},
        {"type": "heading", "value": {"text": "步骤", "level": "2"}, "id": "b"},
        {
            "type": "steps",
            "value": {
                "title": "换砂轮",
                "steps": [
                    {
                        "type": "item",
                        "id": "x",
                        "value": {"text": "断电", "ppe": ["gloves"], "stop_point": "有电即停"},
                    }
                ],
            },
        },
        {
            "type": "table",
            "value": {
                "columns": [{"type": "text", "heading": "项目"}, {"type": "text", "heading": "限值"}],
                "rows": [{"values": ["转速", "2800"]}],
                "caption": "参数",
            },
        },
        {"type": "callout", "value": {"sign": "stop", "text": "严禁戴手套操作"}},
        {"type": "picture", "value": {"picture": 3, "caption": ""}},
    ]
    facts = [{"name": "forbidden_acts", "text": "带病运转\n\n超速"}]
    assert section_lines(body, facts) == {
        "start": ["总的 要求", "其一", "其二"],
        "s1": ["步骤", "换砂轮", "断电 有电即停", "参数", "项目 限值", "转速 2800", "严禁戴手套操作"],
        "fact-forbidden_acts": ["带病运转", "超速"],
    }
