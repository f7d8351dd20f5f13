"""Every kind of bad file, and the good ones beside it."""

import io
import zipfile

import docx
import openpyxl
import pytest

from courses.importers import files
from courses.importers.files import files_in, pictures_of, printable, read_file, title_of
from courses.importers.messages import problem_message, report_data
from tests.courses.importers.files import OLE, body_docx, png, rewritten, speech_docx

TEXT = "在全厂安全生产大会上的讲话\n同志们：\n安全生产，责任重于泰山，必须常抓不懈。\n"


def encrypted(path):
    path.write_bytes(OLE + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 600)


def zip_with_flag(path):
    speech_docx(path)
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(magic)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(magic, at + 4)
    path.write_bytes(data)


def cut(path):
    speech_docx(path)
    path.write_bytes(path.read_bytes()[:-2000])


def cut_short(path):
    speech_docx(path)
    path.write_bytes(path.read_bytes()[:10])


def broken_inside(path):
    speech_docx(path)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("word/document.xml")
    start = entry.header_offset + 30 + len(entry.filename) + 60
    data[start : start + 200] = b"\x00" * 200
    path.write_bytes(data)


def bomb(path):
    docx.Document().save(str(path))
    rewritten(path, **{"word__media__zeros.bin": b"\x00" * (60 * 1024 * 1024)})


def many_entries(path):
    docx.Document().save(str(path))
    rewritten(path, **{f"word__media__{number}.png": b"" for number in range(2_100)})


def workbook(path):
    openpyxl.Workbook().save(path)


def plain_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")


def macros(path):
    docx.Document().save(str(path))
    rewritten(path, **{"word__vbaProject.bin": b"x"})


def entity(path):
    speech_docx(path)
    xml = (
        b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        b"<w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
    )
    rewritten(path, **{"word__document.xml": xml})


def bad_xml(path):
    speech_docx(path)
    rewritten(path, **{"word__document.xml": b"<w:document"})


def no_words(path):
    docx.Document().save(str(path))


def slip(path):
    docx.Document().save(str(path))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../evil.xml", "x")


CASES = [
    ("加密.docx", encrypted, "encrypted"),
    ("加密压缩.docx", zip_with_flag, "encrypted"),
    ("空.docx", b"", "empty"),
    ("空.txt", b"", "empty"),
    ("空白.txt", "\u3000\r\n \r\n".encode(), "empty"),
    ("无字.docx", no_words, "empty"),
    ("无字.md", b"---\n\n---\n", "empty"),
    ("半截.docx", cut, "truncated"),
    ("半截2.docx", cut_short, "truncated"),
    ("坏块.docx", broken_inside, "truncated"),
    ("半截.txt", TEXT.encode()[:-5], "truncated"),
    ("炸弹.docx", bomb, "bomb"),
    ("炸弹2.docx", many_entries, "bomb"),
    ("文本.docx", TEXT.encode(), "wrong_type"),
    ("表格.docx", workbook, "wrong_type"),
    ("压缩包.docx", plain_zip, "wrong_type"),
    ("宏.docx", macros, "wrong_type"),
    ("图片.docx", png(), "wrong_type"),
    ("旧版.docx", OLE + b"\x00" * 600 + "WordDocument".encode("utf-16-le"), "wrong_type"),
    ("网页.docx", b"<!DOCTYPE html><html><body>x</body></html>", "wrong_type"),
    ("图片.txt", png(), "wrong_type"),
    ("二进制.txt", b"abc\x00\x01\x02def\x00\x00" * 30, "wrong_type"),
    ("文档.txt", speech_docx, "wrong_type"),
    ("文档.md", speech_docx, "wrong_type"),
    ("网页.txt", b"\xef\xbb\xbf<html><body>x</body></html>"[3:], "wrong_type"),
    ("PDF.txt", b"%PDF-1.7\n...", "wrong_type"),
    ("RTF.txt", b"{\\rtf1\\ansi}", "wrong_type"),
    ("旧版.doc", OLE + b"\x00" * 600, "unsupported"),
    ("宏.docm", macros, "unsupported"),
    ("表格.xlsx", workbook, "unsupported"),
    ("文件.pdf", b"%PDF-1.7", "truncated"),
    ("没有扩展名", TEXT.encode(), "unsupported"),
    ("乱码.txt", bytes(range(129, 255)) * 20, "undecodable"),
    ("外部实体.docx", entity, "unreadable"),
    ("坏XML.docx", bad_xml, "unreadable"),
    ("越界.docx", slip, "unreadable"),
    ("不存在.txt", None, "unreadable"),
]


@pytest.mark.parametrize(("name", "content", "code"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_bad_file(tmp_path, name, content, code):
    path = tmp_path / name
    if callable(content):
        content(path)
    elif content is not None:
        path.write_bytes(content)
    report = read_file(path)
    assert report.problem is not None
    assert report.problem.code == code
    assert report.documents == []
    message = problem_message(report.file, report.problem)
    assert name in message
    assert message.endswith("。")
    assert report_data(report)["errors"] == [{"code": code, "message": message}]


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "DOCUMENT_MAX_BYTES", 100)
    path = tmp_path / "大.txt"
    path.write_bytes(b"x" * 101)
    report = read_file(path)
    assert report.problem is not None
    assert report.problem.code == "too_large"


def test_a_parser_that_runs_out_of_time(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PARSER_SECONDS", 0.001)
    report = read_file(speech_docx(tmp_path / "慢.docx"))
    assert report.problem is not None
    assert report.problem.code == "bomb"


def test_a_good_docx(tmp_path):
    report = read_file(speech_docx(tmp_path / "讲话.docx"))
    assert report.problem is None
    assert report.encoding is None
    (document,) = report.documents
    assert document.title == "在全市安全生产工作会议上的讲话"
    assert document.salutation == "同志们："
    assert [(one.level, one.text) for one in document.headings] == [
        (1, "一、认清形势"),
        (2, "（一）形势严峻"),
    ]
    assert document.text == (
        "在全市安全生产工作会议上的讲话\n（2023年3月15日）\n同志们：\n一、认清形势\n"
        "各级党政主要负责人的行政首长要负总责。\n（一）形势严峻\n1. 检查油位\n2. 检查防护罩\n甲班\n乙班\n"
        "项目\t标准\n油位\t不低于刻线\n谢谢大家！"
    )
    assert [block.kind for block in document.blocks][-6:] == [
        "heading",
        "numbers",
        "bullets",
        "table",
        "picture",
        "paragraph",
    ]
    assert list(pictures_of(report).values()) == [png()] or len(pictures_of(report)) == 1


@pytest.mark.parametrize(
    ("name", "data", "encoding"),
    [
        ("讲话.txt", TEXT.encode(), "utf-8"),
        ("讲话.TXT", TEXT.encode("utf-8-sig"), "utf-8-sig"),
        ("讲话.txt", TEXT.encode("gb18030"), "gb18030"),
        ("讲话.txt", TEXT.encode("utf-16"), "utf-16"),
        ("讲话.txt", TEXT.encode("utf-16-be"), "utf-16-be"),
        ("讲话.md", ("# " + TEXT.replace("\n", "\n\n")).encode(), "utf-8"),
        ("BM开头.txt", ("BM" + TEXT).encode(), "utf-8"),
    ],
)
def test_good_texts(tmp_path, name, data, encoding):
    path = tmp_path / name
    path.write_bytes(data)
    report = read_file(path)
    assert report.problem is None
    assert report.encoding == encoding
    assert report.documents[0].salutation == "同志们："
    assert report.file == str(path)


def test_folders_are_read_without_litter(tmp_path):
    for name in ("b.txt", "a.docx", ".DS_Store", "~$a.docx", "sub/c.md", "Thumbs.db", "__MACOSX/x.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = files_in([tmp_path, tmp_path / "b.txt"])
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a.docx", "b.txt", "sub/c.md"]


def test_names_in_gbk_bytes_can_be_shown():
    assert printable("讲话".encode("gbk").decode("utf-8", "surrogateescape")) == "讲话"
    assert printable("讲话.txt") == "讲话.txt"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("安全生产讲话.docx", "安全生产讲话"),
        ("安全生产_讲话.doc.txt", "安全生产 讲话"),
        ("a/b/规程.md", "规程"),
    ],
)
def test_title_of_a_files_name(tmp_path, name, title):
    assert title_of(tmp_path / name) == title


def test_a_file_that_went_away_between_reading_and_keeping(tmp_path):
    report = read_file(speech_docx(tmp_path / "讲话.docx"))
    report.path.write_bytes(b"")
    with pytest.raises(files.DocumentProblem):
        pictures_of(report)


def test_pictures_that_are_none(tmp_path):
    path = speech_docx(tmp_path / "讲话.docx")
    with zipfile.ZipFile(path) as archive:
        name = next(entry for entry in archive.namelist() if entry.startswith("word/media/"))
    report = read_file(rewritten(path, **{name.replace("/", "__"): b"no picture"}))
    (document,) = report.documents
    assert "picture" not in [block.kind for block in document.blocks]
    assert "picture_left_out" in [repair.kind for repair in document.repairs]


def test_a_picture_that_claims_too_many_pixels(tmp_path):
    data = bytearray(png())
    data[16:24] = (50_000).to_bytes(4, "big") * 2  # width and height in the PNG's header
    path = speech_docx(tmp_path / "讲话.docx")
    report = read_file(rewritten(path, **{"word__media__image1.png": bytes(data)}))
    assert "picture_left_out" in [repair.kind for repair in report.documents[0].repairs]


def test_word_finds_the_main_part_by_its_relation(tmp_path):
    path = speech_docx(tmp_path / "讲话.docx")
    with zipfile.ZipFile(path) as archive:
        document = archive.read("word/document.xml")
        relations = archive.read("word/_rels/document.xml.rels")
        package = archive.read("_rels/.rels").replace(b"word/document.xml", b"word/document2.xml")
    rewritten(
        path,
        **{
            "word__document.xml": None,
            "word__document2.xml": document,
            "word___rels__document2.xml.rels": relations,
        },
    )
    buffer = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(buffer) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    kept["_rels/.rels"] = package
    kept["word/_rels/document2.xml.rels"] = relations
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    assert read_file(path).documents[0].salutation == "同志们："


def test_a_body_that_is_xml_of_word(tmp_path):
    path = body_docx(tmp_path / "正文.docx", "<w:p><w:r><w:t>安全生产责任重于泰山。</w:t></w:r></w:p>")
    assert read_file(path).documents[0].text == "安全生产责任重于泰山。"
