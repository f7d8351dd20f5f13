"""What Word writes: automatic numbers, fields, revisions, text boxes, frames, notes."""

import pytest

from courses.importers.docx_numbering import format_number, han_number
from courses.importers.files import read_file
from tests.courses.importers.files import W, body_docx, rewritten

NUMBERING_TYPE = (
    b'<Relationship Id="rIdN" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering" Target="numbering.xml"/>'
)


def p(text, properties="", run=""):
    return f'<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def numbered(text, number, depth=0):
    return p(text, f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>')


def level(depth, form, text, start=1):
    return f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'


NUMBERING = (
    f'<w:numbering xmlns:w="{W}">'
    f'<w:abstractNum w:abstractNumId="0">{level(0, "chineseCounting", "%1、")}{level(1, "chineseCounting", "（%2）")}'
    f"{level(2, 'decimal', '%3.')}</w:abstractNum>"
    f'<w:abstractNum w:abstractNumId="1">{level(0, "decimal", "%1")}{level(1, "decimal", "%1.%2")}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="2">{level(0, "bullet", "")}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="3">{level(0, "japaneseCounting", "第%1条", 3)}</w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>'
    '<w:num w:numId="4"><w:abstractNumId w:val="3"/></w:num>'
    '<w:num w:numId="5"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/>'
    "</w:lvlOverride></w:num>"
    "</w:numbering>"
).encode()


def read(tmp_path, body, numbering=None):
    parts = {}
    if numbering:
        parts["word__numbering.xml"] = numbering
    report = read_file(body_docx(tmp_path / "规程.docx", body, **parts))
    assert report.problem is None
    (document,) = report.documents
    return document


def test_automatic_chinese_numbers_become_headings(tmp_path):
    body = (
        p("设备检修安全规程")
        + numbered("检修前准备", 1)
        + p("办理检修手续，切断电源并挂牌。")
        + numbered("人员要求", 1, 1)
        + p("检修人员必须持证上岗。")
        + numbered("工具要求", 1, 1)
        + p("工具必须完好。")
        + numbered("检修作业", 1)
        + p("严格执行监护制度。")
        + numbered("收尾", 1, 1)
        + p("清点工具。")
    )
    document = read(tmp_path, body, NUMBERING)
    assert [(one.level, one.text) for one in document.headings] == [
        (1, "一、检修前准备"),
        (2, "（一）人员要求"),
        (2, "（二）工具要求"),
        (1, "二、检修作业"),
        (2, "（一）收尾"),
    ]


def test_decimal_outline_bullets_and_articles(tmp_path):
    body = (
        p("磨床操作规程")
        + numbered("范围", 2)
        + p("本规程适用于平面磨床。")
        + numbered("一般要求", 2, 1)
        + p("操作者必须持证上岗。")
        + numbered("防护镜", 3)
        + numbered("工作服", 3)
        + numbered("本规程自发布之日起施行，由安全环保部负责解释和修订。", 4)
    )
    document = read(tmp_path, body, NUMBERING)
    assert "1 范围\n" in document.text
    assert "1.1 一般要求" in document.text
    assert "第三条" in document.text
    assert ("防护镜", "工作服") in [block.items for block in document.blocks]


def test_a_restarted_numbering(tmp_path):
    body = p("讲话汇编") + numbered("甲", 1) + p("一段文字。") + numbered("乙", 5) + p("又一段文字。")
    assert [one.text for one in read(tmp_path, body, NUMBERING).headings] == ["一、甲", "一、乙"]


def test_what_is_not_text_stays_out(tmp_path):
    body = (
        p("安全讲话")
        + "<w:p><w:del><w:r><w:delText>删去的话</w:delText></w:r></w:del><w:ins><w:r><w:t>加上的话。</w:t></w:r></w:ins></w:p>"
        + p("隐藏的话。", run="<w:vanish/>")
        + '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> PAGE </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>37</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        + '<w:p><w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>88</w:t></w:r></w:fldSimple></w:p>'
        + "<w:p><w:ruby><w:rt><w:r><w:t>pin</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>拼音字。</w:t></w:r></w:rubyBase></w:ruby></w:p>"
    )
    assert read(tmp_path, body).text == "安全讲话\n加上的话。\n拼音字。"


def test_contents_lists_of_word(tmp_path):
    body = (
        p("安全讲话")
        + '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{p('一、认识 1')}</w:sdtContent></w:sdt>"
        + f"<w:sdt><w:sdtContent>{p('正文在控件里。')}</w:sdtContent></w:sdt>"
    )
    document = read(tmp_path, body)
    assert document.text == "安全讲话\n正文在控件里。"
    assert [(one.kind, one.example) for one in document.repairs] == [("contents_list", "一、认识 1")]


def test_line_breaks_tabs_and_hyphens(tmp_path):
    body = p("安全讲话") + (
        "<w:p><w:r><w:t>第一行。</w:t><w:br/><w:t>第二行。</w:t><w:tab/><w:t>接着</w:t><w:noBreakHyphen/><w:t>说。</w:t></w:r></w:p>"
    )
    assert read(tmp_path, body).text == "安全讲话\n第一行。\n第二行。接着-说。"


def test_raised_and_lowered_signs(tmp_path):
    body = p("通风规程") + (
        '<w:p><w:r><w:t>CO</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="subscript"/></w:rPr><w:t>2</w:t></w:r>'
        '<w:r><w:t>不超过10</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>-3</w:t></w:r>'
        '<w:r><w:t>，见注</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>甲</w:t></w:r>'
        "<m:oMath><m:r><m:t>x+y</m:t></m:r></m:oMath></w:p>"
    )
    assert read(tmp_path, body).text == "通风规程\nCO₂不超过10⁻³，见注甲x+y"


def test_text_boxes_are_read_once(tmp_path):
    box = f"<w:txbxContent>{p('框里的话。')}</w:txbxContent>"
    body = p("安全讲话") + (
        "<w:p><w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>"
        f"{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent>"
        "<w:t>框外的话。</w:t></w:r></w:p>"
    )
    assert read(tmp_path, body).text == "安全讲话\n框外的话。\n框里的话。"


def cell(text, properties=""):
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"


WIDE, FIRST = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>'


def test_merged_cells(tmp_path):
    body = p("检查表") + (
        f"<w:tbl><w:tr>{cell('项目', WIDE)}{cell('标准')}</w:tr>"
        f"<w:tr>{cell('油', FIRST)}{cell('油位')}{cell('够')}</w:tr>"
        f"<w:tr>{cell('油', '<w:vMerge/>')}{cell('油质')}{cell('清')}</w:tr></w:tbl>"
    )
    (table,) = [block for block in read(tmp_path, body).blocks if block.kind == "table"]
    assert table.rows == (("项目", "", "标准"), ("油", "油位", "够"), ("", "油质", "清"))


def test_a_frame_around_the_text_is_no_table(tmp_path):
    body = (
        p("安全讲话") + f"<w:tbl><w:tr>{cell('框住的正文。')}</w:tr><w:tr>{cell('还有一段。')}</w:tr></w:tbl>"
    )
    assert read(tmp_path, body).text == "安全讲话\n框住的正文。\n还有一段。"


def test_a_table_inside_a_table(tmp_path):
    inner = f"<w:tbl><w:tr>{cell('里一')}{cell('里二')}</w:tr></w:tbl>"
    body = p("检查表") + f"<w:tbl><w:tr><w:tc>{p('外')}{inner}{p('')}</w:tc>{cell('右')}</w:tr></w:tbl>"
    (table,) = [block for block in read(tmp_path, body).blocks if block.kind == "table"]
    assert table.rows == (("外 里一 里二", "右"),)


def test_bold_lines_and_outline_levels_are_headings(tmp_path):
    body = (
        p("某厂绞伤事故")
        + p("现场情况", run="<w:b/>")
        + p("车床正在运转。")
        + p("后果", '<w:outlineLvl w:val="0"/>')
        + p("一人重伤。")
    )
    assert [one.text for one in read(tmp_path, body).headings] == ["现场情况", "后果"]


def test_strict_documents(tmp_path):
    path = body_docx(tmp_path / "严格.docx", p("严格格式的正文。"))
    xml = f'<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"><w:body>{p("严格格式的正文。")}</w:body></w:document>'
    report = read_file(rewritten(path, **{"word__document.xml": xml.encode()}))
    assert report.documents[0].text == "严格格式的正文。"


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [
        (1, "decimal", "1"),
        (12, "chineseCountingThousand", "十二"),
        (20, "japaneseCounting", "二十"),
        (3, "decimalEnclosedCircle", "③"),
        (2, "upperLetter", "B"),
        (3, "lowerLetter", "c"),
        (4, "upperRoman", "IV"),
        (9, "lowerRoman", "ix"),
        (30, "decimalEnclosedCircle", "30"),
    ],
)
def test_numbers_as_word_writes_them(number, form, text):
    assert format_number(number, form) == text


def test_large_numbers_stay_digits():
    assert han_number(100) == "100"
