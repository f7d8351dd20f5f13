"""Titles, salutations, headings and several texts in one file."""

import pytest

from courses.documents import SourceLine, understand
from courses.documents.markers import is_salutation, mark_of, number_of, to_int
from courses.documents.reading import lines_of


def read(text):
    return understand(lines_of(text), fallback_title="文件名")


def one(text):
    (document,) = read(text)
    return document


def outline(document):
    return [(heading.level, heading.text) for heading in document.headings]


BODY = "各级各部门要充分认识做好安全生产工作的重要性，切实增强责任感。"


def test_levels_of_a_speech():
    document = one(
        f"在全市安全生产工作会议上的讲话\n（2023年3月15日）\n市长 张某某\n同志们：\n{BODY}\n"
        f"一、认清形势，提高认识\n{BODY}\n（一）形势依然严峻\n一是责任不落实。二是隐患不整改。\n"
        f"(二)认识还不到位\n{BODY}\n二、突出重点，狠抓落实\n1.强化源头管控\n{BODY}\n2．强化专项整治\n{BODY}\n"
        f"3、强化执法检查\n{BODY}\n谢谢大家！"
    )
    assert document.title == "在全市安全生产工作会议上的讲话"
    assert document.salutation == "同志们："
    assert outline(document) == [
        (1, "一、认清形势，提高认识"),
        (2, "（一）形势依然严峻"),
        (2, "(二)认识还不到位"),
        (1, "二、突出重点，狠抓落实"),
        (3, "1.强化源头管控"),
        (3, "2．强化专项整治"),
        (3, "3、强化执法检查"),
    ]
    assert document.paragraphs == 10
    assert document.text.startswith(
        "在全市安全生产工作会议上的讲话\n（2023年3月15日）\n市长 张某某\n同志们：\n各级"
    )


def test_full_width_numbers():
    assert outline(one(f"讲话\n同志们：\n１．强化责任\n{BODY}\n２、强化监管\n{BODY}")) == [
        (3, "１．强化责任"),
        (3, "２、强化监管"),
    ]


def test_items_of_a_list_are_no_headings():
    assert outline(
        one("车床操作规程\n一、开机前\n1、检查油位\n2、检查防护罩\n3、确认急停有效\n二、停机后\n清理现场。")
    ) == [
        (1, "一、开机前"),
        (1, "二、停机后"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "一是要提高认识，二是要落实责任。",
        "1、操作者必须熟悉本机床的性能结构，经考试合格取得操作证后方可上岗操作。",
        "一、二、三号机组停机检修期间，由当班班长统一指挥，任何人不得擅自操作，违者严肃处理。今后也是如此。",
        "（1）检查油位",
        "3.5万元",
        "2023.3.15",
        "第二条规定的情形除外，其余均按本办法执行",
        "第一，要提高认识；",
    ],
)
def test_lines_that_are_no_headings(line):
    assert outline(one(f"讲话\n同志们：\n{BODY}\n{line}\n{BODY}结束。")) == []


def test_headings_that_end_with_a_stop():
    document = one(f"讲话\n同志们：\n一、提高认识，加强领导。\n{BODY}\n二、存在的问题：\n{BODY}")
    assert outline(document) == [(1, "一、提高认识，加强领导"), (1, "二、存在的问题")]
    assert "一、提高认识，加强领导。\n" in document.text


def test_an_agenda_is_a_list():
    assert outline(one("讲话\n会议议程：\n一、传达文件。\n二、通报情况。\n三、领导讲话。")) == []
    assert (1, "一、传达文件") not in outline(
        one("讲话\n会议议程：\n一、传达文件。\n二、通报情况。\n三、领导讲话。")
    )


def test_run_in_headings_keep_their_line():
    document = one(f"讲话\n同志们：\n（一）加强领导。{BODY}\n（二）严格管理：{BODY}")
    assert outline(document) == [(2, "（一）加强领导"), (2, "（二）严格管理")]
    assert f"（一）加强领导。{BODY}" in document.text.split("\n")
    assert document.paragraphs == 2


def test_chapters_sections_and_articles():
    text = (
        "起重机械安全管理规定\n第一章 总则\n第一条 为了加强起重机械安全管理，制定本规定。\n"
        "第二章 使用管理\n第一节 日常检查\n第三条 检查内容\n检查钢丝绳。\n"
    )
    assert outline(one(text)) == [
        (1, "第一章 总则"),
        (1, "第二章 使用管理"),
        (2, "第一节 日常检查"),
        (3, "第三条 检查内容"),
    ]


def test_decimal_outline_of_a_standard():
    text = f"磨床操作规程\n1 范围\n1. 目的\n{BODY}\n2. 要求\n2.1 一般要求\n{BODY}\n2.1.1 人员\n{BODY}\n2.2 压力不超过0.5MPa。\n"
    assert outline(one(text)) == [(1, "1. 目的"), (1, "2. 要求"), (2, "2.1 一般要求"), (3, "2.1.1 人员")]


def test_headings_of_a_case():
    text = f"某厂车床绞伤事故\n事故经过\n{BODY}\n【原因分析】\n{BODY}\n防范措施：\n1、停机检查。\n"
    assert outline(one(text)) == [(1, "事故经过"), (1, "原因分析"), (1, "防范措施")]


@pytest.mark.parametrize(
    "line",
    [
        "同志们：",
        "同志们:",
        "同志们！",
        "各位领导、同志们：",
        "尊敬的各位领导、各位来宾，女士们、先生们：",
        "亲爱的工友们：",
        "尊敬的各位评委、亲爱的同事们",
        "各位领导，各位同事：",
        "在座的各位代表：",
        "全体职工同志们：",
    ],
)
def test_salutations(line):
    assert is_salutation(line)
    assert one(f"安全生产演讲稿\n{line}\n大家好！{BODY}").salutation == line


@pytest.mark.parametrize(
    "line",
    [
        "同志们，安全生产责任重于泰山。",
        "一、同志们：",
        "会议内容：",
        "各级领导干部要高度重视：",
        "现通知如下：",
        "主要任务是：",
    ],
)
def test_lines_that_address_nobody(line):
    assert not is_salutation(line)


def test_salutation_at_the_head_of_a_paragraph():
    document = one(f"在大会上的讲话\n同志们：今天开会。\n{BODY}")
    assert document.salutation == "同志们："
    assert document.text == f"在大会上的讲话\n同志们：\n今天开会。\n{BODY}"


def test_salutation_after_an_introduction():
    assert one(f"2019年村安全生产会发言稿\n{BODY * 3}\n同志们:\n{BODY}").salutation == "同志们:"


def test_bare_names_above_lists():
    text = "焊接施工安全要求\n电焊\n1、电焊机要设在干燥地点。\n2、拉闸上锁。\n气焊\n1、配置回火装置。\n"
    assert outline(one(text)) == [(1, "电焊"), (1, "气焊")]


def test_ordinals_as_headings():
    text = f"讲话\n同志们：\n第一，要高度重视安全生产\n{BODY}\n第二，要抓住重点\n{BODY}"
    assert outline(one(text)) == [(1, "第一，要高度重视安全生产"), (1, "第二，要抓住重点")]


def test_a_text_without_title_takes_the_files_name():
    document = one(f"同志们：\n{BODY}")
    assert (document.title, document.titled_by_name, document.salutation) == ("文件名", True, "同志们：")
    assert document.text == f"同志们：\n{BODY}"


def test_a_title_on_two_lines():
    assert one(f"在全市安全生产工作会议暨\n安全生产专项整治动员会上的讲话\n同志们：\n{BODY}").title == (
        "在全市安全生产工作会议暨安全生产专项整治动员会上的讲话"
    )


def test_a_file_name_as_title_loses_its_suffix():
    assert one(f"普通车床安全操作规程.docx\n{BODY}").title == "普通车床安全操作规程"


@pytest.mark.parametrize(
    ("marks", "titles"),
    [
        (("篇1：甲地的讲话", "篇2：乙地的讲话"), ["甲地的讲话", "乙地的讲话"]),
        (("篇1", "篇2"), ["安全生产讲话稿（篇1）", "安全生产讲话稿（篇2）"]),
        (("【篇一】", "【篇二】"), ["安全生产讲话稿（篇一）", "安全生产讲话稿（篇二）"]),
        (("第一篇：甲地的讲话", "第二篇：乙地的讲话"), ["甲地的讲话", "乙地的讲话"]),
        (("第一篇", "第二篇"), ["安全生产讲话稿（第一篇）", "安全生产讲话稿（第二篇）"]),
        (("范文1", "范文2"), ["安全生产讲话稿（范文1）", "安全生产讲话稿（范文2）"]),
        (("范文一：甲地的讲话", "范文二：乙地的讲话"), ["甲地的讲话", "乙地的讲话"]),
        (("市长安全生产讲话 篇1", "市长安全生产讲话 篇2"), ["市长安全生产讲话 篇1", "市长安全生产讲话 篇2"]),
        (("安全主持词篇1", "安全主持词篇2"), ["安全主持词篇1", "安全主持词篇2"]),
        (("安全发言稿1", "安全发言稿2"), ["安全发言稿1", "安全发言稿2"]),
        (("（篇一）", "（篇二）"), ["安全生产讲话稿（篇一）", "安全生产讲话稿（篇二）"]),
        (("篇1 甲地的讲话", "篇2 乙地的讲话"), ["甲地的讲话", "乙地的讲话"]),
    ],
)
def test_several_texts_in_one_file(marks, titles):
    text = "安全生产讲话稿（通用2篇）\n" + "".join(
        f"{mark}\n同志们：\n{place}{BODY}\n一、第{place}部分的标题\n{BODY}\n"
        for place, mark in zip("甲乙", marks, strict=True)
    )
    documents = read(text)
    assert [document.title for document in documents] == titles
    assert [document.salutation for document in documents] == ["同志们：", "同志们："]
    assert [document.text.count(BODY) for document in documents] == [2, 2]
    for place, document in zip("甲乙", documents, strict=True):
        assert place + BODY in document.text
        assert "split" in {repair.kind for repair in document.repairs}


def test_titles_below_the_marks():
    text = f"篇1\n甲厂动员会上的讲话\n同志们：\n甲{BODY}\n篇2\n乙厂动员会上的讲话\n各位工友：\n乙{BODY}\n"
    assert [(one.title, one.salutation) for one in read(text)] == [
        ("甲厂动员会上的讲话", "同志们："),
        ("乙厂动员会上的讲话", "各位工友："),
    ]


def test_a_list_of_the_texts_in_front_of_them():
    text = (
        "安全讲话三篇\n目录\n篇1：甲地的讲话\n篇2：乙地的讲话\n"
        f"篇1：甲地的讲话\n同志们：\n甲{BODY}\n篇2：乙地的讲话\n同志们：\n乙{BODY}\n"
    )
    documents = read(text)
    assert [document.title for document in documents] == ["甲地的讲话", "乙地的讲话"]
    assert "contents_list" in {repair.kind for repair in documents[0].repairs}


def test_repairs_are_listed_with_the_text_they_were_made_in():
    text = f"篇1：甲地的讲话\n甲{BODY}\n- 1 -\n篇2：乙地的讲话\n乙{BODY}\n欢迎下载\n"
    first, second = read(text)
    assert {"split", "page_number"} == {repair.kind for repair in first.repairs}
    assert {"split", "site_text"} == {repair.kind for repair in second.repairs}


def test_new_title_and_salutation_open_another_text():
    text = f"甲厂动员会上的讲话\n同志们：\n{BODY}\n{BODY[:-1]}！\n谢谢大家。\n乙厂动员会上的讲话\n各位工友：\n乙{BODY}\n"
    assert [document.title for document in read(text)] == ["甲厂动员会上的讲话", "乙厂动员会上的讲话"]


@pytest.mark.parametrize(
    "text",
    [
        f"安全文章选\n第一篇文章讲的是认识。\n{BODY}\n第二篇文章讲的是落实。\n{BODY}",
        f"安全管理手册\n第一篇 总则\n第一章 目的\n{BODY}\n第二篇 管理\n第二章 职责\n{BODY}",
        f"讲话\n同志们：\n{BODY}\n同志们：\n{BODY}结束。",
        f"事故案例汇编\n案例1：车床绞伤\n{BODY}\n案例2：触电\n{BODY}",
    ],
)
def test_one_text_stays_one(text):
    assert len(read(text)) == 1


def test_a_single_mark_is_taken_off():
    document = one(f"篇1：甲地的讲话\n同志们：\n{BODY}")
    assert (document.title, document.salutation) == ("甲地的讲话", "同志们：")


def test_styles_of_a_format_give_levels():
    lines = [
        SourceLine("设备检修规程", 0, heading=0, whole=True),
        SourceLine("总则", 1, heading=1, whole=True),
        SourceLine(BODY, 2, whole=True),
        SourceLine("（一）职责", 3, heading=3, whole=True),
        SourceLine(BODY, 4, whole=True),
        SourceLine("停电挂牌", 5, bold=True, whole=True),
        SourceLine(BODY, 6, whole=True),
    ]
    (document,) = understand(lines, fallback_title="x")
    assert document.title == "设备检修规程"
    assert outline(document) == [(1, "总则"), (2, "（一）职责"), (1, "停电挂牌")]


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("12", 12),
        ("１２", 12),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("九十九", 99),
        ("一百零五", 105),
        ("两", 2),
    ],
)
def test_numerals(numeral, value):
    assert to_int(numeral) == value


@pytest.mark.parametrize(
    ("line", "kind", "number"),
    [
        ("十二、标题", "han", 12),
        ("（三）标题", "han_bracket", 3),
        ("3．标题", "digit", 3),
        ("第十二条 标题", "article", 12),
        ("①标题", "circle", 1),
        ("1.2 标题", "decimal", 1),
        ("（4）标题", "digit_bracket", 4),
    ],
)
def test_marks(line, kind, number):
    mark = mark_of(line)
    assert mark is not None
    assert (mark[0], number_of(mark[1])) == (kind, number)
