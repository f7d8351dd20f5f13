"""The outline and the sections of a lesson's body."""

import pytest
from wagtail.blocks import StreamValue

from courses.blocks import LessonBody
from courses.content import Section, outline, plain_text, sections

BODY = [
    {"type": "text", "value": "<p>开头<b>两句</b>。</p>", "id": "t0"},
    {"type": "heading", "value": {"text": "一、认识", "level": "2"}, "id": "h1"},
    {"type": "text", "value": "<p>正文 LOTO 一段</p>", "id": "t1"},
    {"type": "heading", "value": {"text": "小节", "level": "3"}, "id": "h2"},
    {"type": "callout", "value": {"sign": "stop", "text": "禁止触碰"}, "id": "c1"},
    {"type": "heading", "value": {"text": "二、落实", "level": "2"}, "id": "h3"},
    {
        "type": "table",
        "value": {
            "columns": [{"type": "text", "heading": "项目"}],
            "rows": [{"values": ["油位"]}],
            "caption": "",
        },
        "id": "b1",
    },
]


def test_sections_open_at_level_two_headings():
    assert sections(BODY) == [
        Section("start", "", 2, 4),
        Section("h1", "一、认识", 2, 3 + 5 + 2 + 4),
        Section("h3", "二、落实", 2, 3 + 4),
    ]


def test_outline_lists_every_heading():
    assert [(part.id, part.level, part.readable_chars) for part in outline(BODY)] == [
        ("h1", 2, 8),
        ("h2", 3, 6),
        ("h3", 2, 7),
    ]


def test_the_same_comes_from_a_stream_value():
    value = StreamValue(LessonBody(), BODY, is_lazy=True)
    assert sections(value) == sections(BODY)
    assert outline(value) == outline(BODY)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], []),
        ([{"type": "text", "value": "<p>只有正文</p>", "id": "x"}], [Section("start", "", 2, 4)]),
    ],
)
def test_bodies_without_headings(body, expected):
    assert sections(body) == expected
    assert outline(body) == []


def test_plain_text_decodes_entities():
    assert plain_text("<p>5 &lt; 6</p><ul><li>甲</li></ul>") == "5 < 6 甲"
