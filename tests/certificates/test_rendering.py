import datetime as dt
import io
import re

import pytest
from django.core.exceptions import SuspiciousFileOperation
from pypdf import PdfReader
from weasyprint import HTML

from certificates.content import PLACEHOLDERS, sample_fields
from certificates.models import MAX_TEXT
from certificates.rendering import certificate_html, render_pdf, verify_url
from common.printing import STATIC_SCHEME, OwnFilesOnly, RenderingFailed, qr_svg

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
CODE = "Xk3_9dLm-QzT81vbnYw0aPcR5ue"


def fields(**changes):
    texts = {
        "title": "安全生产培训合格证书",
        "body": "{name}完成“{programme}”，准予上岗。",
        "footnote": "不代替特种作业操作证。",
        "prefix": "AX",
        "issuer": "华川重型机械有限公司",
    }
    return sample_fields(**texts) | changes


def read(pdf):
    return PdfReader(io.BytesIO(pdf))


def test_pdf_says_what_was_printed_on_one_landscape_page():
    reader = read(render_pdf(fields(), CODE, issued_at=NOW))
    assert len(reader.pages) == 1
    page = reader.pages[0]
    assert [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [297, 210]
    text = page.extract_text()
    for name, value in fields().items():
        if name != "record_hash":
            assert re.sub(r"\s", "", value) in re.sub(r"\s", "", text), name
    assert "0" * 16 in text
    assert "Xk3_9 dLm-Q zT81v bnYw0 aPcR5 ue" in text


def test_pdf_carries_its_title_issuer_and_date():
    metadata = read(render_pdf(fields(), CODE, issued_at=NOW)).metadata
    assert metadata.title == "安全生产培训合格证书 AX-2026-000001-67 张𠮷安"
    assert metadata.author == "华川重型机械有限公司"
    assert metadata.creation_date == NOW


def test_rare_characters_come_in_the_mainland_face():
    page = read(render_pdf(fields(name="张𠮷㐂䶮", body="𠮷"), CODE, issued_at=NOW)).pages[0]
    fonts = {font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()}
    assert all(font.endswith(("-SC", "-SC-Bold", "-Mono")) for font in fonts), fonts
    assert "张𠮷㐂䶮" in page.extract_text().replace(" ", "")


def test_same_fields_give_the_same_bytes():
    assert render_pdf(fields(), CODE, issued_at=NOW) == render_pdf(fields(), CODE, issued_at=NOW)


def test_longest_texts_stay_on_the_one_page():
    long = fields(
        title="危险化学品岗位安全生产教育培训合格证书" * 2,
        name="阿卜杜热合曼·买买提依明江·吐尔逊·艾合买提",
        unit="/".join(["华川重型机械有限公司", "第二制造基地", "大型结构件焊接车间", "数控龙门加工中心甲班"]),
        body="字" * (MAX_TEXT + 60),
        footnote="字" * MAX_TEXT,
        programme="危险化学品相关岗位年度安全再培训（含受限空间、动火、盲板抽堵三项）",
    )
    assert len(read(render_pdf(long, CODE, issued_at=NOW)).pages) == 1


def test_text_of_editors_brings_no_markup():
    page = certificate_html(
        fields(body="<img src=http://x.example/a>&{name}", name="<b>王</b>"), CODE, issued_at=NOW
    )
    assert "<img" not in page
    assert "&lt;img src=http://x.example/a&gt;" in page
    assert "<b>王" not in page


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "http://127.0.0.1/x.png",
        "https://example.org/x.css",
        "ftp://example.org/x",
        "static:css/no-such-file.css",
        "//example.org/x.png",
    ],
)
def test_nothing_is_fetched_from_outside(url):
    with pytest.raises(RenderingFailed):
        OwnFilesOnly().fetch(url)
    page = HTML(string=f'<img src="{url}">', base_url=STATIC_SCHEME, url_fetcher=OwnFilesOnly())
    if not url.startswith("//"):
        with pytest.raises(RenderingFailed):
            page.write_pdf()


def test_static_name_cannot_lead_out():
    with pytest.raises((SuspiciousFileOperation, RenderingFailed)):
        OwnFilesOnly().fetch("static:../manage.py")


def test_data_and_own_files_are_served():
    fetcher = OwnFilesOnly()
    assert fetcher.fetch("data:text/plain,ok").read() == b"ok"
    assert b"@page" in fetcher.fetch("static:css/certificate-pdf.css").read()


def test_qr_leads_to_the_public_page(settings):
    settings.PUBLIC_BASE_URL = "https://anxue.example"
    assert verify_url(CODE) == f"https://anxue.example/verify/{CODE}/"
    assert qr_svg(verify_url(CODE)).startswith("<svg")


def test_preview_is_marked_as_a_sample():
    text = read(render_pdf(fields(), CODE, issued_at=NOW, sample=True)).pages[0].extract_text()
    assert "样张 · 无效" in text
    assert PLACEHOLDERS["unit"] in text
