"""manage.py import_documents, from files to pages."""

import datetime as dt
import io
import json

import pytest
from django.core.management import CommandError, call_command
from wagtail.models import Page, Site

from courses.content import outline, sections
from courses.models import (
    LearningHomePage,
    OperatingRulePage,
    Picture,
    PolicySpeechPage,
    ShelfPage,
    WarningCasePage,
)
from tests.courses.importers.files import speech_docx

pytestmark = pytest.mark.django_db

TEXT = "在全厂安全生产大会上的讲话\n（2024年5月8日）\n同志们：\n一、提高认识\n安全生产，责任重于泰山。\n欢迎下载\n"


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    failed = ""
    try:
        call_command("import_documents", *map(str, arguments), stdout=out, stderr=err)
    except CommandError as error:
        failed = str(error)
    return out.getvalue(), err.getvalue(), failed


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "讲话.txt"
    path.write_text(TEXT)
    return path


def test_a_speech_becomes_a_draft_on_its_shelf(text):
    out, err, failed = run(text, "--type", "speech")
    page = PolicySpeechPage.objects.get()
    assert (page.title, page.salutation, page.live) == ("在全厂安全生产大会上的讲话", "同志们：", False)
    assert page.spoken_on == dt.date(2024, 5, 8)
    assert page.get_parent().slug == "speeches"
    assert page.latest_revision is not None
    assert [block.block_type for block in page.body] == ["text", "heading", "text"]
    assert page.body[2].value.source == "<p>安全生产，责任重于泰山。</p>"
    assert f"/admin/pages/{page.pk}/edit/" in out
    assert "去掉网站附加文字 ×1：欢迎下载" in out
    assert (err, failed) == ("", "")


@pytest.mark.parametrize(
    ("kind", "model", "shelf"), [("case", WarningCasePage, "cases"), ("rule", OperatingRulePage, "rules")]
)
def test_other_types_keep_the_salutation_in_the_body(text, kind, model, shelf):
    run(text, "--type", kind, "--publish")
    page = model.objects.get()
    assert page.live
    assert page.get_parent().slug == shelf
    assert page.body[0].value.source == "<p>（2024年5月8日）</p><p>同志们：</p>"


def test_json_is_the_contract_and_nothing_else(text, tmp_path):
    (tmp_path / "坏.docx").write_bytes(b"not a zip")
    out, _, failed = run(tmp_path, "--type", "speech", "--json")
    assert json.loads(out) == {
        "files": [
            {
                "file": str(tmp_path / "坏.docx"),
                "encoding": None,
                "documents": [],
                "errors": [
                    {
                        "code": "wrong_type",
                        "message": f"“{tmp_path / '坏.docx'}”的内容与扩展名不符：它其实是纯文本。"
                        "请用原来的程序打开，另存为 .docx、.txt 或 .md 后再导入。",
                    }
                ],
            },
            {
                "file": str(text),
                "encoding": "utf-8",
                "documents": [
                    {
                        "title": "在全厂安全生产大会上的讲话",
                        "salutation": "同志们：",
                        "headings": [{"level": 1, "text": "一、提高认识"}],
                        "paragraphs": 2,
                        "text": "在全厂安全生产大会上的讲话\n（2024年5月8日）\n同志们：\n一、提高认识\n安全生产，责任重于泰山。",
                        "repairs": [{"kind": "site_text", "count": 1, "example": "欢迎下载"}],
                    }
                ],
                "errors": [],
            },
        ]
    }
    assert failed == "1 个文件没有导入。"
    assert PolicySpeechPage.objects.count() == 1


def test_errors_go_to_stderr_without_json(tmp_path, text):
    (tmp_path / "坏.docx").write_bytes(b"not a zip")
    out, err, failed = run(tmp_path, "--type", "speech")
    assert "它其实是纯文本" in err
    assert "已存为草稿" in out
    assert failed


def test_dry_run_saves_nothing(text):
    before = Page.objects.count()
    out, _, failed = run(text, "--type", "speech", "--dry-run")
    assert "试运行，没有保存" in out
    assert failed == ""
    assert Page.objects.count() == before


def test_a_second_run_adds_nothing(text, tmp_path):
    speech_docx(tmp_path / "b.docx")
    run(tmp_path, "--type", "speech")
    pages, pictures = Page.objects.count(), Picture.objects.count()
    out, _, _ = run(tmp_path, "--type", "speech")
    assert (Page.objects.count(), Picture.objects.count()) == (pages, pictures)
    assert out.count("书架上已有相同内容，没有重复导入") == 2


def test_the_same_title_with_another_text_is_another_page(text):
    run(text, "--type", "speech")
    text.write_text(TEXT.replace("泰山", "一切"))
    run(text, "--type", "speech")
    assert len({page.slug for page in PolicySpeechPage.objects.all()}) == 2


def test_several_texts_make_several_pages(tmp_path):
    path = tmp_path / "两篇.txt"
    path.write_text(
        "篇1：甲地的讲话\n同志们：\n甲地要抓好安全。\n篇2：乙地的讲话\n同志们：\n乙地也要抓好安全。\n"
    )
    run(path, "--type", "speech")
    assert [page.title for page in PolicySpeechPage.objects.order_by("path")] == ["甲地的讲话", "乙地的讲话"]


def test_docx_with_table_and_picture(tmp_path):
    run(speech_docx(tmp_path / "讲话.docx"), "--type", "speech", "--publish")
    page = PolicySpeechPage.objects.get()
    assert [(block.block_type) for block in page.body] == [
        "text",
        "heading",
        "text",
        "heading",
        "text",
        "table",
        "picture",
        "text",
    ]
    assert page.body[4].value.source == (
        "<ol><li>检查油位</li><li>检查防护罩</li></ol><ul><li>甲班</li><li>乙班</li></ul>"
    )
    table = page.body[5].value
    assert [column["heading"] for column in table.columns] == ["项目", "标准"]
    picture = Picture.objects.get()
    assert (picture.width, picture.height, picture.title) == (40, 30, "讲话 图1")
    assert page.body[6].value["picture"] == picture
    assert [(one.title, one.level) for one in outline(page.body)] == [
        ("一、认清形势", 2),
        ("（一）形势严峻", 3),
    ]
    assert [one.title for one in sections(page.body)] == ["", "一、认清形势"]


def test_angle_brackets_stay_text(tmp_path):
    path = tmp_path / "规程.txt"
    path.write_text("空压机规程\n压力<0.5MPa且温度>20℃时停机，<script>alert(1)</script>。\n")
    run(path, "--type", "rule")
    source = OperatingRulePage.objects.get().body[0].value.source
    assert source == "<p>压力&lt;0.5MPa且温度&gt;20℃时停机，alert(1)。</p>"


def test_headings_start_at_the_second_level(tmp_path):
    path = tmp_path / "规程.txt"
    path.write_text(
        "空压机规程\n1. 开机准备\n检查油位和各部位螺栓是否紧固。\n2. 停机\n先卸荷再停机，最后切断电源。\n"
    )
    run(path, "--type", "rule")
    assert [one.level for one in outline(OperatingRulePage.objects.get().body)] == [2, 2]


def test_shelves_are_made_once_and_become_the_site(text):
    run(text, "--type", "speech")
    run(text, "--type", "case")
    assert LearningHomePage.objects.count() == 1
    assert [shelf.slug for shelf in ShelfPage.objects.order_by("path")] == [
        "speeches",
        "cases",
        "rules",
        "courses",
    ]
    assert [shelf.title for shelf in ShelfPage.objects.order_by("path")] == [
        "政策讲话",
        "警示案例",
        "操作规程",
        "课程",
    ]
    assert all(shelf.live for shelf in ShelfPage.objects.all())
    assert Site.objects.get(is_default_site=True).root_page.specific == LearningHomePage.objects.get()
    assert not Page.objects.filter(slug="home").exists()
    assert Page.find_problems() == ([], [], [], [], [])


def test_a_named_shelf(text):
    run(text, "--type", "speech", "--parent", "cases")
    assert PolicySpeechPage.objects.get().get_parent().slug == "cases"


@pytest.mark.parametrize("extra", [[], ["--dry-run"]])
def test_an_unknown_shelf_is_named(text, extra):
    before = Page.objects.count()
    out, _, failed = run(text, "--type", "speech", "--parent", "nowhere", *extra)
    assert "“nowhere”" in failed
    assert out == ""
    assert Page.objects.count() == before


def test_a_path_that_is_not_there(tmp_path):
    out, _, failed = run(tmp_path / "没有.txt", "--type", "speech", "--json")
    assert json.loads(out)["files"][0]["errors"][0]["code"] == "unreadable"
    assert failed


def test_an_empty_folder(tmp_path):
    assert run(tmp_path, "--type", "speech")[2] == "没有找到可以导入的文件。"


def test_an_unknown_type(text):
    assert run(text, "--type", "poem")[2]
