import pytest

from portal.demo.lessons import read_lesson, read_lessons

FRONT = "---\ntype: rule\ntitle: 规程\nslug: r\nshelf: rules\nedition: A\n---\n"


def body_of(text):
    return read_lesson(FRONT + text).body


def test_paragraphs_and_lists_become_one_escaped_text_block():
    assert body_of("第一段 <b>\n\n- 甲\n- 乙\n\n1. 一\n2. 二\n") == (
        ("text", "<p>第一段 &lt;b&gt;</p><ul><li>甲</li><li>乙</li></ul><ol><li>一</li><li>二</li></ol>"),
    )


def test_headings_keep_their_level():
    assert body_of("## 一\n### 二\n##### 五\n") == (
        ("heading", {"text": "一", "level": "2"}),
        ("heading", {"text": "二", "level": "3"}),
        ("heading", {"text": "五", "level": "4"}),
    )


def test_steps_part_with_their_stop_points():
    (block,) = body_of(":::steps 停电\n1. 拉闸【安全帽、防护手套】 || 停止点：拉不动\n2. 验电\n:::\n")
    assert block == (
        "steps",
        {
            "title": "停电",
            "steps": [
                {"text": "拉闸", "ppe": ["helmet", "gloves"], "stop_point": "拉不动"},
                {"text": "验电", "ppe": [], "stop_point": ""},
            ],
        },
    )


def test_table_timeline_callout_and_picture():
    blocks = dict(
        body_of(
            "| 项 | 值 |\n|---|---|\n| 氧 | 20 |\n\n:::timeline\n08:10 | 开票\n:::\n:::callout stop\n不点火\n:::\n:::picture p\n说明\n:::\n"
        )
    )
    assert blocks["table"] == {
        "columns": [{"type": "text", "heading": "项"}, {"type": "text", "heading": "值"}],
        "rows": [{"values": ["氧", "20"]}],
    }
    assert blocks["timeline"] == {"entries": [{"time": "08:10", "text": "开票"}]}
    assert blocks["callout"] == {"sign": "stop", "text": "不点火"}
    assert blocks["picture"] == {"picture": "p", "caption": "说明"}


def test_question_marks_what_is_right():
    (block,) = body_of(":::question 先做什么？\n- 下去拉\n+ 喊人\n= 下去就多一个。\n:::\n")
    assert block == (
        "question",
        {
            "stem": "先做什么？",
            "options": [{"text": "下去拉", "is_right": False}, {"text": "喊人", "is_right": True}],
            "explanation": "下去就多一个。",
        },
    )


def test_unknown_directive_is_named():
    with pytest.raises(ValueError, match="unknown directive 'video'"):
        body_of(":::video x\n:::\n")


def test_every_lesson_of_the_demo_reads():
    lessons = read_lessons()
    assert len(lessons) >= 10
    assert {lesson.kind for lesson in lessons} == {"speech", "case", "rule"}
