"""What the blocks of a lesson show, and what they refuse."""

import pytest
from django.core.exceptions import ValidationError
from wagtail.blocks import StreamValue

from courses.blocks import PPE, LessonBody, QuestionBlock
from courses.content import count_readable, sections

pytestmark = pytest.mark.django_db


def rendered(kind, value):
    block = LessonBody()
    return str(StreamValue(block, [{"type": kind, "value": value}], is_lazy=True))


def question(*right):
    options = [
        {"type": "item", "id": "i", "value": {"text": f"答案{n}", "is_right": n in right}} for n in range(3)
    ]
    return {"stem": "谁可以上岗？", "options": options, "explanation": "培训合格。"}


def test_a_step_shows_what_to_wear_and_where_to_stop():
    html = rendered(
        "steps",
        {
            "title": "",
            "steps": [
                {
                    "type": "item",
                    "id": "i",
                    "value": {
                        "text": "断电",
                        "ppe": ["gloves", "lockout", "unknown"],
                        "stop_point": "有电即停",
                    },
                }
            ],
        },
    )
    assert "#gloves" in html
    assert "防护手套" in html
    assert "#unknown" not in html
    assert "必须停：" in html


def test_every_article_has_its_picture(settings):
    sprite = (
        settings.BASE_DIR if hasattr(settings, "BASE_DIR") else settings.PROJECT_DIR
    ) / "static/img/ppe.svg"
    drawn = sprite.read_text()
    assert all(f'id="{name}"' in drawn for name, _ in PPE)


def test_a_step_written_before_there_was_protective_gear_still_shows():
    assert "断电" in rendered("steps", {"steps": [{"type": "item", "id": "i", "value": {"text": "断电"}}]})


def test_a_question_says_what_was_right_and_counts_nothing():
    html = rendered("question", question(1))
    assert html.count("不对，再想想。") == 2
    assert html.count("对。") == 1
    assert "培训合格。" in html
    assert "自测不计分" in html


def test_a_question_without_a_right_answer_is_refused():
    block = QuestionBlock()
    with pytest.raises(ValidationError) as refused:
        block.clean(block.to_python(question()))
    assert "请给至少一个选项勾选" in str(refused.value.as_json_data())


def test_the_words_of_a_question_are_read_but_not_its_key():
    body = [{"type": "question", "value": question(1)}]
    [section] = sections(body)
    assert section.readable_chars == sum(
        count_readable(text) for text in ("谁可以上岗？", "答案0", "答案1", "答案2", "培训合格。")
    )
