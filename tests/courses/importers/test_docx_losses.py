"""Real Word files lose something on the way in: each loss is listed with its place, and nothing goes unsaid."""

import io
import json
import zipfile
from io import StringIO

import docx
import pytest
from django.core.management import call_command

from courses.actions.lessons import body_of
from courses.importers.files import read_file
from courses.importers.messages import LOSS_NAMES, loss_place, problem_message
from tests.courses.importers.files import W, body_docx, png, rewritten
from tests.courses.importers.test_docx import NUMBERING, WIDE, cell, numbered, p, read

RUN = '<w:r><w:t xml:space="preserve">{}</w:t></w:r>'
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def losses(document):
    return [(one.kind, one.place, one.text) for one in document.losses]


@pytest.mark.parametrize(
    ("paragraph", "text", "lost"),
    [
        (
            f"<w:p>{RUN.format('动火前')}<w:del><w:r><w:delText>不必</w:delText></w:r></w:del>"
            f"<w:ins>{RUN.format('必须')}</w:ins>{RUN.format('检测。')}</w:p>",
            "动火前必须检测。",
            [("deleted", 2, "不必"), ("inserted", 2, "必须")],
        ),
        (
            f"<w:p><w:moveFrom>{RUN.format('移走的。')}</w:moveFrom><w:moveTo>{RUN.format('移来的。')}</w:moveTo></w:p>",
            "移来的。",
            [("deleted", 2, "移走的。"), ("inserted", 2, "移来的。")],
        ),
        # The end of the first paragraph was deleted: the two are one.
        (
            p("作业票由班长", "<w:rPr><w:del/></w:rPr>") + p("签发。"),
            "作业票由班长签发。",
            [],
        ),
        (p("最后一段。", "<w:rPr><w:del/></w:rPr>"), "最后一段。", []),
        (
            p("隐藏的话。", run="<w:vanish/>") + p("看得见的话。"),
            "看得见的话。",
            [("hidden", 2, "隐藏的话。")],
        ),
        (
            f"<w:p>{RUN.format('限值')}<m:oMath><m:r><m:t>x≤1</m:t></m:r></m:oMath>{RUN.format('。')}</w:p>",
            "限值x≤1。",
            [("formula", 2, "x≤1")],
        ),
        (
            f"<w:p>{RUN.format('外。')}<w:r><w:txbxContent>{p('框里。')}</w:txbxContent></w:r></w:p>",
            "外。\n框里。",
            [("text_box", 3, "框里。")],
        ),
        (
            p("不得拆除护罩。", run="<w:strike/>") + p("必须停机。", run="<w:strike w:val='0'/><w:b/>"),
            "不得拆除护罩。\n必须停机。",
            [("struck", 2, "不得拆除护罩。")],
        ),
        (
            f"<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>严禁</w:t></w:r>{RUN.format('戴手套。')}</w:p>"
            + p("必须停机。", run="<w:u w:val='single'/>"),
            "严禁戴手套。\n必须停机。",
            [("emphasis", 2, "严禁")],
        ),
        (
            p("灰的。", run="<w:color w:val='333333'/><w:u w:val='none'/>")
            + p("红的。", run="<w:color w:val='FF0000'/>"),
            "灰的。\n红的。",
            [("emphasis", 3, "红的。")],
        ),
        (
            f"<w:p><w:r><w:sym w:font='Wingdings' w:char='F0FE'/></w:r>{RUN.format('已检测。')}</w:p>",
            "已检测。",
            [("symbol", 2, "Wingdings F0FE")],
        ),
        (f"<w:p>{RUN.format('见图。')}<w:r><w:object/></w:r></w:p>", "见图。", [("object", 2, "")]),
    ],
    ids=[
        "changes",
        "moves",
        "joined",
        "end",
        "hidden",
        "formula",
        "box",
        "struck",
        "bold",
        "colour",
        "symbol",
        "object",
    ],
)
def test_what_a_paragraph_loses(tmp_path, paragraph, text, lost):
    document = read(tmp_path, p("安全讲话") + paragraph)
    assert document.text == f"安全讲话\n{text}"
    assert losses(document) == lost


def test_tables_tell_what_was_taken_apart(tmp_path):
    inner = f"<w:tbl><w:tr>{cell('里一')}{cell('里二')}</w:tr></w:tbl>"
    first, going_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = p("检查表") + (
        f"<w:tbl><w:tr>{cell('项目', WIDE)}{cell('标准')}</w:tr>"
        f"<w:tr>{cell('油', first)}{cell('油位')}<w:tc>{p('外')}{inner}</w:tc></w:tr>"
        f"<w:tr>{cell('', going_on)}{cell('油质')}{cell('清')}</w:tr>"
        f"<w:tr><w:trPr><w:ins/></w:trPr>{cell('新')}{cell('新行')}{cell('有')}</w:tr>"
        f"<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>{cell('缺')}{cell('头')}</w:tr>"
        f"<w:tr><w:trPr><w:del/></w:trPr>{cell('旧')}{cell('旧行')}{cell('无')}</w:tr></w:tbl>"
    )
    document = read(tmp_path, body)
    (table,) = [block for block in document.blocks if block.kind == "table"]
    assert table.rows == (
        ("项目", "", "标准"),
        ("油", "油位", "外 里一 里二"),
        ("", "油质", "清"),
        ("新", "新行", "有"),
        ("", "缺", "头"),
    )
    assert losses(document) == [
        ("merged_cells", 2, "项目"),
        ("merged_cells", 2, "油"),
        ("inner_table", 2, "里一 里二"),
        ("inserted", 2, "新 新行 有"),
        ("deleted", 2, "旧旧行无"),
    ]
    assert loss_place(document.losses[0]) == "第 2 段“项目”"


def test_lists_in_lists(tmp_path):
    level = '<w:lvl w:ilvl="{}"><w:numFmt w:val="{}"/><w:lvlText w:val="{}"/></w:lvl>'
    levels = level.format(0, "decimal", "%1.") + level.format(1, "decimal", "%2.")
    levels += level.format(2, "lowerLetter", "%3)") + level.format(3, "bullet", "")
    numbering = (
        f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    ).encode()
    items = [
        ("停机。", 0),
        ("断电。", 1),
        ("挂牌。", 1),
        ("写明姓名；", 2),
        ("写明时间。", 2),
        ("用黑笔。", 3),
        ("检查。", 0),
    ]
    document = read(
        tmp_path, p("操作规程") + "".join(numbered(text, 1, depth) for text, depth in items), numbering
    )
    (block,) = document.blocks
    assert block.depths == (0, 1, 1, 2, 2, 3, 0)
    assert body_of(document, {}, salutation_apart=False)[0]["value"] == (
        "<ol><li>停机。<ol><li>断电。</li><li>挂牌。<ul><li>a)写明姓名；</li><li>b)写明时间。"
        "<ul><li>用黑笔。</li></ul></li></ul></li></ol></li><li>检查。</li></ol>"
    )


def test_numbers_before_a_frame_are_counted_once(tmp_path):
    frame = f"<w:tbl><w:tr><w:tc>{numbered('第一条意见。', 4)}</w:tc></w:tr></w:tbl>"
    document = read(tmp_path, p("意见汇总") + frame + numbered("第二条意见。", 4), NUMBERING)
    assert document.text == "意见汇总\n第三条 第一条意见。\n第四条 第二条意见。"


def real_file(path):
    """Write a file as Word would: footnote, comment, header, link and pictures, each in its own part."""
    made = docx.Document()
    made.add_heading("动火作业管理规定", 0)
    made.add_paragraph("动火作业前必须检测可燃气体。")
    made.sections[0].header.paragraphs[0].text = "某公司内部资料"
    made.sections[0].footer.paragraphs[0].text = "第 1 页"
    made.add_comment(made.paragraphs[1].runs, text="法务：请核对条款", author="王芳")
    made.add_picture(io.BytesIO(png()))
    made.paragraphs[-1]._p.find(".//{*}docPr").set("descr", "动火点周围的灭火器")
    table = made.add_table(1, 2)
    table.cell(0, 0).text = "图"
    table.cell(0, 1).paragraphs[0].add_run().add_picture(io.BytesIO(png(colour="blue")))
    made.save(str(path))
    note = f'<w:footnotes xmlns:w="{W}"><w:footnote w:type="separator" w:id="0"/><w:footnote w:id="2">{p("见 GB 30871。")}</w:footnote></w:footnotes>'
    parts = {}
    with zipfile.ZipFile(path) as archive:
        text = archive.read("word/document.xml").decode()
        relations = archive.read("word/_rels/document.xml.rels").decode()
    text = text.replace("可燃气体。</w:t>", '可燃气体。</w:t></w:r><w:r><w:footnoteReference w:id="2"/>')
    link = '<w:p><w:hyperlink r:id="rIdL"><w:r><w:t>应急管理部网站。</w:t></w:r></w:hyperlink></w:p>'
    text = text.replace("<w:sectPr", f"{link}<w:sectPr", 1)
    relations = relations.replace(
        "</Relationships>",
        f'<Relationship Id="rIdF" Type="{REL}/footnotes" Target="footnotes.xml"/>'
        f'<Relationship Id="rIdL" Type="{REL}/hyperlink" TargetMode="External" Target="https://www.mem.gov.cn/"/>'
        "</Relationships>",
    )
    parts["word__document.xml"] = text.encode()
    parts["word___rels__document.xml.rels"] = relations.encode()
    parts["word__footnotes.xml"] = note.encode()
    return rewritten(path, **parts)


def test_a_real_file(tmp_path):
    report = read_file(real_file(tmp_path / "动火.docx"))
    (document,) = report.documents
    assert document.text == (
        "动火作业管理规定\n动火作业前必须检测可燃气体。〔注1〕\n图\t\n应急管理部网站。\n〔注1〕见 GB 30871。"
    )
    assert losses(document) == [
        ("header_footer", 0, "某公司内部资料"),
        ("comment", 2, "王芳：法务：请核对条款"),
        ("picture_moved", 5, ""),
        ("link", 7, "应急管理部网站。 https://www.mem.gov.cn/"),
        ("note", 8, "见 GB 30871。"),
    ]
    pictures = [block.description for block in document.blocks if block.kind == "picture"]
    assert pictures == ["动火点周围的灭火器", ""]


@pytest.mark.django_db
def test_the_command_lists_every_loss(tmp_path):
    path = real_file(tmp_path / "动火.docx")
    out = StringIO()
    call_command("import_documents", str(path), "--type=rule", dry_run=True, stdout=out)
    assert "! 整个文件：页眉或页脚，没有导入：某公司内部资料" in out.getvalue()
    out = StringIO()
    call_command("import_documents", str(path), "--type=rule", dry_run=True, json=True, stdout=out)
    (document,) = json.loads(out.getvalue())["files"][0]["documents"]
    assert document["losses"][0] == {
        "kind": "header_footer",
        "place": 0,
        "near": "",
        "text": "某公司内部资料",
    }
    assert {one["kind"] for one in document["losses"]} <= LOSS_NAMES.keys()


def test_losses_stand_with_their_part(tmp_path):
    deleted = "<w:p><w:del><w:r><w:delText>{}</w:delText></w:r></w:del><w:r><w:t>{}</w:t></w:r></w:p>"
    body = (
        p("篇1：甲地的讲话") + deleted.format("一删", "各级党政主要负责人要切实履行安全生产职责。")
        + p("篇2：乙地的讲话") + deleted.format("二删", "安全生产只有起点没有终点，务必警钟长鸣。")
    )  # fmt: skip
    report = read_file(body_docx(tmp_path / "讲话.docx", body))
    assert [[one.text for one in document.losses] for document in report.documents] == [["一删"], ["二删"]]


def test_a_broken_pdf_is_refused_with_the_way_round_it(tmp_path):
    path = tmp_path / "规程.pdf"
    path.write_bytes(b"%PDF-1.7\n")
    problem = read_file(path).problem
    assert problem is not None
    assert "请重新下载或重新复制后再导入" in problem_message("规程.pdf", problem)
