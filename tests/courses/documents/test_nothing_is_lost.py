"""Whatever comes in: each Chinese character is in the result or in the list of what was taken away."""

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from courses.documents import DocumentProblem, understand
from courses.documents.reading import lines_of
from courses.documents.shapes import RepairLog

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")

SENTENCES = st.sampled_from(
    [
        "各级党政主要负责人要切实履行安全生产第一责任人的职责。",
        "一是要提高认识，二是要落实责任，三是要强化监管。",
        "各级党政主要负责人",
        "的行政首长要对本地区的安全生产负总责，",
        "今年以来，全市共发生各类事故12起，死亡3人。",
        "切实把责任落实到每一个岗位、每一名职工",
        "安全生产只有起点，没有终点！",
    ]
)
MARKS = st.sampled_from(
    [
        "",
        "",
        "",
        "一、",
        "二、",
        "（一）",
        "(二)",
        "1.",
        "2、",
        "3．",
        "第一章 ",
        "第三条 ",
        "●",
        "（1）",
        "①",
        "　　",
        "  ",
    ]
)
NOISE = st.sampled_from(
    [
        "- 3 -",
        "12",
        "7、",
        "第 3 页 共 10 页",
        "##某某文库begin##",
        "##end##",
        "来源：网络",
        "欢迎下载",
        "更多范文请访问 www.example.com",
        "篇1：甲地的讲话",
        "篇2",
        "【篇二】",
        "第一篇",
        "目录",
        "一、提高认识………3",
        "同志们：",
        "各位领导、同志们:",
        "在大会上的讲话",
        "（2023年3月15日）",
        "事故经过",
        "<p>段落&nbsp;文字</p>",
        "安\u200b全生产",
        "讲 话 稿",
        "⽣产安全",
        "",
        "\f",
        "安全生产工作简报",
        "小编为大家整理了讲话稿",
    ]
)
LINES = st.one_of(st.builds(str.__add__, MARKS, SENTENCES), NOISE)
WILD = st.text(
    alphabet=st.one_of(
        st.sampled_from("一二三四五、.．（）()第篇章条的12 3　，。：\n\f-—##&;<>【】《》“”…"),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    ),
    max_size=200,
)


def check(text):
    log = RepairLog()
    try:
        documents = understand(lines_of(text), fallback_title="文件名", log=log)
    except DocumentProblem:
        documents = []
    came = Counter(HAN.findall(re.sub(r"[\u2e80-\u2fdf]", "", text)))
    kept = Counter(HAN.findall("\n".join(document.text for document in documents)))
    # Marks such as 【篇一】 become part of a title as well as being listed: more than came is no loss.
    listed = Counter(HAN.findall("".join(event.removed for event in log.events)))
    lost = came - kept - listed
    assert not lost, (lost, text)
    for document in documents:
        assert document.title
        assert document.blocks
        assert all(1 <= heading.level <= 3 and heading.text for heading in document.headings)
        assert all(repair.count >= 1 and repair.kind for repair in document.repairs)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=25).map("\n".join))
def test_texts_made_of_what_sites_deliver(text):
    check(text)


@settings(max_examples=300, deadline=None)
@given(WILD)
def test_texts_made_of_anything(text):
    check(text)


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=15).map("\n".join))
def test_a_cleaned_text_reads_the_same_again(text):
    """Cleaning is stable: what was cleaned once loses nothing when it comes in again."""
    try:
        first = understand(lines_of(text), fallback_title="文件名")
    except DocumentProblem:
        return
    check("\n".join(document.text for document in first))
