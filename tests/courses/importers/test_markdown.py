"""Markdown into documents."""

from courses.importers.markdown import read_markdown


def one(text):
    documents, encoding = read_markdown(text.encode(), fallback_title="文件名")
    assert encoding == "utf-8"
    (document,) = documents
    return document


def outline(document):
    return [(heading.level, heading.text) for heading in document.headings]


BODY = "各级各部门要充分认识做好安全生产工作的重要性。"


def test_headings_lists_and_tables():
    document = one(
        f"# 车床操作规程\n\n{BODY}\n\n## 开机前\n\n- 检查**油位**\n- 检查 `急停`\n\n### 细节\n\n1. 第一步\n2. 第二步\n\n"
        f"## 检查表\n\n| 项目 | 标准 |\n|---|:--:|\n| 油位 | 不低于刻线 |\n\n见[规定](http://example.com/a_(b))。\n"
    )
    assert document.title == "车床操作规程"
    assert outline(document) == [(1, "开机前"), (2, "细节"), (1, "检查表")]
    assert [block.kind for block in document.blocks if block.kind != "heading"] == [
        "paragraph",
        "bullets",
        "paragraph",
        "paragraph",
        "table",
        "paragraph",
    ]
    assert "检查油位\n检查 急停" in document.text
    assert "1. 第一步\n2. 第二步" in document.text
    assert document.text.endswith("项目\t标准\n油位\t不低于刻线\n见规定。")


def test_marks_of_office_texts_win_over_depth():
    document = one(
        f"# 讲话\n\n同志们：\n\n## 一、认识\n\n{BODY}\n\n### （一）形势\n\n{BODY}\n\n#### 1. 源头\n\n{BODY}\n"
    )
    assert document.salutation == "同志们："
    assert outline(document) == [(1, "一、认识"), (2, "（一）形势"), (3, "1. 源头")]


def test_underlined_headings_and_front_matter():
    assert one(f"---\ntitle: 安全讲话\n---\n\n{BODY}\n").title == "安全讲话"
    assert one(f"安全讲话\n====\n\n{BODY}\n").title == "安全讲话"


def test_several_texts():
    documents, _ = read_markdown(
        f"# 讲话三篇\n\n## 篇1：甲地的讲话\n\n甲{BODY}\n\n## 篇2：乙地的讲话\n\n乙{BODY}\n".encode(),
        fallback_title="x",
    )
    assert [document.title for document in documents] == ["甲地的讲话", "乙地的讲话"]


def test_watermarks_are_no_headings():
    document = one(f"# 讲话\n\n##某某文库begin##\n\n{BODY}\n\n##某某文库end##\n")
    assert outline(document) == []
    assert document.text == f"讲话\n{BODY}"


def test_soft_breaks_quotes_rules_and_pictures():
    document = one(
        "# 讲话\n\n> 安全生产工作，\n> 必须常抓不懈。\n\n---\n\n![现场](a.png)\n\n2 \\* 3 = 6，snake_case_name。\n"
    )
    assert document.text == "讲话\n安全生产工作，必须常抓不懈。\n现场\n2 * 3 = 6，snake_case_name。"
