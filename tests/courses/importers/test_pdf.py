"""PDFs as programs write them: WeasyPrint's, one with a password, a scan, and what only calls itself PDF."""

import io

import pytest
from django.core.management import call_command
from PIL import Image
from pypdf import PdfReader, PdfWriter
from weasyprint import HTML

from courses.importers.files import read_file
from courses.importers.messages import loss_place, problem_message
from courses.models import OperatingRulePage

STYLE = """<style>
@page { size: A4; margin: 28mm 25mm;
        @top-center { content: "云山机械集团安全培训教材" } @bottom-center { content: counter(page) " / " counter(pages) } }
body { font-family: "Noto Sans CJK SC", sans-serif; font-size: 12pt; line-height: 1.6 }
p { text-indent: 2em; margin: 0 } h1 { text-align: center } .next { break-before: page }
</style>"""
RULE = (
    STYLE
    + """<h1>砂轮机安全操作规程</h1>
<h2>一、开机前</h2>
<p>检查砂轮有没有裂纹，防护罩是否齐全，托架与砂轮的间隙不大于三毫米，并且要先空转一分钟，人站在侧面，不得正对砂轮。</p>
<p>戴好防护面罩和手套以外的劳动防护用品，袖口扎紧，长发盘入帽内。</p>
<ol><li>戴好防护面罩</li><li>空转一分钟</li><li>确认转向正确</li></ol>
<h2>二、出现异常</h2>
<p>声音不对、抖动变大，立即停机断电，报告班组长，并在设备上挂出停用牌，未经检修不得再次启动，任何人不得擅自摘除停用牌。</p>
<h2 class="next">三、收尾</h2>
<p>The wheel guard must be closed before anyone starts the machine, and the operator stands to the side of the wheel
for the first full minute after it was changed.</p>
<p class="next">关闭电源，清理现场。</p>
"""
)


@pytest.fixture(scope="module")
def rule(tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "规程.pdf"
    HTML(string=RULE).write_pdf(path)
    return path


def rewritten(source, target, change):
    writer = PdfWriter(clone_from=PdfReader(source))
    change(writer)
    writer.write(target)
    return target


def scan(pages=1):
    image = Image.new("RGB", (400, 560), "white")
    data = io.BytesIO()
    image.save(data, "PDF", save_all=True, append_images=[image] * (pages - 1))
    return data.getvalue()


def message(path):
    report = read_file(path)
    assert report.documents == []
    return report.problem.code, problem_message(report.file, report.problem)


class TestARealFile:
    def test_headings_paragraphs_and_lists_are_guessed(self, rule):
        (document,) = read_file(rule).documents
        assert document.title == "砂轮机安全操作规程"
        assert [block.text for block in document.headings] == ["一、开机前", "二、出现异常", "三、收尾"]
        kinds = [block.kind for block in document.blocks]
        assert kinds.count("numbers") == 1
        items = next(block.items for block in document.blocks if block.kind == "numbers")
        assert [item.lstrip("123. ") for item in items] == ["戴好防护面罩", "空转一分钟", "确认转向正确"]

    def test_lines_are_joined_to_paragraphs(self, rule):
        (document,) = read_file(rule).documents
        paragraphs = [block.text for block in document.blocks if block.kind == "paragraph"]
        assert paragraphs[0].startswith("检查砂轮有没有裂纹")
        assert paragraphs[0].endswith("不得正对砂轮。")
        assert paragraphs[1].startswith("戴好防护面罩和手套")
        english = next(text for text in paragraphs if text.startswith("The wheel"))
        assert "side of the wheel for the first full minute" in english

    def test_running_heads_go_and_are_listed_once(self, rule):
        (document,) = read_file(rule).documents
        assert "教材" not in document.text
        assert "/ 3" not in document.text
        heads = [one.text for one in document.losses if one.kind == "header_footer"]
        assert heads == ["云山机械集团安全培训教材"]
        assert document.losses[0].kind == "layout"

    def test_pages_without_text_are_named_one_by_one(self, rule, tmp_path):
        def add(writer):
            for page in PdfReader(io.BytesIO(scan(2))).pages:
                writer.add_page(page)

        (document,) = read_file(rewritten(rule, tmp_path / "半扫描.pdf", add)).documents
        scanned = [one for one in document.losses if one.kind == "scanned_page"]
        assert [loss_place(one) for one in scanned] == ["第 4 页", "第 5 页"]


class TestRefused:
    @pytest.mark.parametrize("password", ["secret", ""])
    def test_a_password_of_reader_or_owner(self, rule, tmp_path, password):
        def lock(writer):
            writer.encrypt(password, owner_password="owner", algorithm="AES-256")

        code, words = message(rewritten(rule, tmp_path / "锁.pdf", lock))
        assert code == "encrypted"
        assert "不加密的 PDF" in words

    def test_a_scan(self, tmp_path):
        (tmp_path / "扫描.pdf").write_bytes(scan(2))
        code, words = message(tmp_path / "扫描.pdf")
        assert code == "empty"
        assert "OCR" in words

    @pytest.mark.parametrize(
        ("name", "data", "code"),
        [
            ("空.pdf", b"", "empty"),
            ("网页.pdf", b"<!doctype html><p>x", "wrong_type"),
            ("文字.pdf", "会议纪要".encode(), "wrong_type"),
            ("图.pdf", b"\x89PNG\r\n\x1a\n", "wrong_type"),
            ("坏.pdf", b"%PDF-1.7\n" + b"x" * 500 + b"\n%%EOF", "unreadable"),
            ("断.pdf", b"%PDF-1.7\n" + b"x" * 500, "truncated"),
        ],
    )
    def test_what_is_no_sound_pdf(self, tmp_path, name, data, code):
        (tmp_path / name).write_bytes(data)
        assert message(tmp_path / name)[0] == code

    def test_a_cut_file_is_read_or_refused_but_never_raises(self, rule, tmp_path):
        data = rule.read_bytes()
        for share in (0.3, 0.9):
            (tmp_path / "断.pdf").write_bytes(data[: int(len(data) * share)])
            report = read_file(tmp_path / "断.pdf")
            assert report.problem or report.documents

    def test_too_many_pages(self, tmp_path):
        writer = PdfWriter()
        for _number in range(301):
            writer.add_blank_page(100, 100)
        writer.write(tmp_path / "厚.pdf")
        assert message(tmp_path / "厚.pdf")[0] == "too_large"


@pytest.mark.django_db
def test_a_pdf_is_never_published(rule, tmp_path):
    out = io.StringIO()
    call_command("import_documents", str(rule), "--type", "rule", "--publish", stdout=out)
    page = OperatingRulePage.objects.get()
    assert not page.live
    assert "已存为草稿" in out.getvalue()
    assert "按版面推测" in out.getvalue()
