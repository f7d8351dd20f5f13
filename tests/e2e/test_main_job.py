"""The main job, from a Word file to a verified certificate and the exported coverage sheet, in a real browser."""

import datetime as dt
import io

import pypdfium2
import pytest
import zxingcpp
from openpyxl import load_workbook
from pypdf import PdfReader

from tests.browser import browser
from tests.e2e import material, walk
from tests.e2e.site import Site

__all__ = ["browser"]

LESSONS = [material.SPEECH_TITLE, material.CASE_TITLE, material.RULE_TITLE]
WORKSHOP = "二车间"
PROGRAMME = "岗前安全教育（线上学习与考试）"


def address_in_qr_code(pdf: bytes) -> str:
    """Return what a phone reads in the QR code of the printed page."""
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    return code.text


@pytest.mark.e2e
@pytest.mark.slow
def test_main_job_from_word_file_to_verified_certificate(site: Site, browser, tmp_path):
    way = walk.Walk(site.url, browser)

    editor = way.signed_in("editor")
    walk.import_document(way, editor, material.make_speech(tmp_path), "政策讲话", material.SPEECH_TITLE)
    walk.import_document(way, editor, material.make_rule(tmp_path), "操作规程", material.RULE_TITLE)
    walk.publish_case(way, editor, material.make_film(tmp_path))
    walk.make_course(way, editor, LESSONS)

    hr = way.signed_in("hr")
    link = walk.import_people(way, hr, material.make_hr_list(tmp_path, dt.date.today()))
    owed, done = walk.coverage_of(hr, WORKSHOP, PROGRAMME)

    learner = walk.open_account(way, link)
    walk.study(way, learner, LESSONS)
    walk.sit_exam(way, learner)
    pdf, number = walk.take_certificate(way, learner)
    assert "高秀兰" in "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    walk.verify(way, address_in_qr_code(pdf), name="高秀兰", number=number)

    # Nobody assigned it: the job change of the HR list brought its own training.
    moved = way.signed_in("hr")
    moved.goto("/admin/training/obligations/?q=1003&state=open")
    assert "电焊工转岗培训（线上学习与考试）" in moved.locator("main").inner_text()

    assert walk.coverage_of(hr, WORKSHOP, PROGRAMME) == (owed, done + 1)
    sheet = load_workbook(walk.export_coverage(way, hr, tmp_path))
    names = {cell.value for page in sheet.worksheets for row in page.iter_rows() for cell in row}
    assert {"高秀兰", WORKSHOP} <= {str(name).strip() for name in names}
