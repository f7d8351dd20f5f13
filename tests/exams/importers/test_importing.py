"""Files into the bank and out of it, through the commands."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from common.spreadsheet import Sheet, Watermark, workbook_bytes
from exams.actions.bank import retire_question, save_questions
from exams.importers.excel_writer import header
from exams.importers.exporting import FILES, export_bank
from exams.importers.importing import import_questions, stem_code
from exams.models import Bank, Question, QuestionMedia, QuestionVersion, Topic
from tests.exams.importers.test_examples import DATA
from tests.factories.exams import DRAFTS, NOW, BankFactory, TopicFactory, question, true_false

pytestmark = pytest.mark.django_db


def run(path, *more, bank="imported"):
    out, status = io.StringIO(), 0
    try:
        call_command("import_questions", str(path), "--bank", bank, "--json", *more, stdout=out)
    except SystemExit as stop:
        status = stop.code
    return json.loads(out.getvalue()), status


def counts(report):
    return [report[name] for name in ("read", "created", "updated", "unchanged")]


def test_a_second_import_changes_nothing_and_a_changed_answer_is_a_new_version(tmp_path):
    report, status = run(DATA / "safety.gift")
    assert list(report) == ["format", "read", "created", "updated", "unchanged", "unsupported", "errors"]
    assert status == 1
    assert counts(report) == [17, 13, 0, 0]
    assert [entry["line"] for entry in report["errors"]] == [59, 61, 63]
    assert all(set(entry) == {"line", "message"} for entry in report["errors"])
    assert all(set(entry) == {"line", "feature", "message"} for entry in report["unsupported"])

    again, _status = run(DATA / "safety.gift")
    assert counts(again) == [17, 0, 0, 13]

    path = tmp_path / "changed.gift"
    path.write_text((DATA / "safety.gift").read_text().replace("{FALSE#", "{TRUE#"), encoding="utf-8")
    changed, _status = run(path)
    assert counts(changed) == [17, 0, 1, 12]
    assert QuestionVersion.objects.filter(question__code="Q2").count() == 2


def test_a_dry_run_keeps_nothing(tmp_path, settings):
    report, status = run(DATA / "safety.moodle.xml", "--dry-run")
    assert (status, counts(report)) == (1, [13, 8, 0, 0])
    assert not Bank.objects.exists()
    assert not Topic.objects.exists()
    assert not QuestionMedia.objects.exists()
    kept = (
        [path for path in (settings.MEDIA_ROOT / "questions").rglob("*") if path.is_file()]
        if (settings.MEDIA_ROOT / "questions").exists()
        else []
    )
    assert kept == []


def test_pictures_come_along_and_stay_the_same():
    run(DATA / "safety.moodle.xml")
    version = question(Bank.objects.get(), "EL-1").current_version
    assert version.media.alt == "配电室"
    report, _status = run(DATA / "safety.moodle.xml")
    assert counts(report) == [13, 0, 0, 8]


def test_a_format_without_names_finds_questions_by_their_stems():
    run(DATA / "safety.aiken.txt")
    code = stem_code("安全帽的系带可以不系。")
    assert Question.objects.filter(code=code).exists()
    report, status = run(DATA / "safety.aiken.txt")
    assert status == 1
    assert counts(report) == [7, 0, 0, 4]
    assert [entry["line"] for entry in report["errors"]] == [24, 29, 33]


def test_repeated_questions_are_refused_with_both_lines(tmp_path):
    path = tmp_path / "twice.txt"
    path.write_text("::A:: 甲？ {T}\n\n::A:: 乙？ {F}\n\n甲？ {T}\n", encoding="utf-8")
    report, _status = run(path)
    assert counts(report) == [3, 2, 0, 0]
    assert [entry["feature"] for entry in report["unsupported"]] == ["repeated_name", "repeated_name"]
    assert [entry["line"] for entry in report["errors"]] == [5]


@pytest.mark.parametrize(("name", "content"), [("no.txt", None), ("empty.txt", b""), ("bad.xlsx", b"PK\x03\x04x"), ("bad.zip", b"PK\x03\x04x"), ("bad.xml", b"<quiz")])  # fmt: skip
def test_a_file_that_cannot_be_read_is_a_report(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    report, status = run(tmp_path / name)
    assert status == 1
    assert report["read"] == 0
    assert report["errors"]


def bank_of_all_types():
    bank, topic = BankFactory(), TopicFactory(name="综合")
    save_questions(bank=bank, drafts=[make(topic) for make in DRAFTS.values()], acting_user=None, now=NOW)
    return bank


# Of nine types: how many are in the file, and how many of those come back changed in what the format cannot hold.
HELD = {"excel": (8, 0), "gift": (6, None), "aiken": (2, 0), "moodle_xml": (7, None), "qti21": (9, None), "qti30": (9, None)}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_an_export_holds_what_it_can_and_comes_back(tmp_path, name):
    bank = bank_of_all_types()
    path = tmp_path / f"bank.{FILES[name][0]}"
    out = io.StringIO()
    call_command("export_questions", bank=bank.code, format=name, output=path, json=True, stdout=out)
    report = json.loads(out.getvalue())
    written, changed = HELD[name]
    assert report["written"] == written
    left_out = {lost["code"] for lost in report["lost"] if lost["left_out"]}
    assert len(left_out) == 9 - written
    back, status = run(path, bank=bank.code)
    assert (status, back["format"], back["read"], back["created"]) == (0, name, written, 0)
    if changed is not None:
        assert back["updated"] == changed
    lost = {entry["code"] for entry in report["lost"]}
    assert back["updated"] <= len(lost - left_out)
    again, _status = run(path, bank=bank.code)
    assert counts(again) == [written, 0, 0, written]


def test_nothing_comes_in_that_postgresql_cannot_keep(tmp_path):
    path = tmp_path / "bank.xlsx"
    book = Workbook()
    book.active.append(["题型", "题干", "选项A", "选项B", "答案"])
    book.active.append(["单选题", "安全_x0000_帽", "一", "_x0000_", "A"])
    book.active.append(["单选题", "安全_x0000_带", "一", "二", "A"])
    book.save(path)
    report, _status = run(path)
    assert (counts(report), [entry["line"] for entry in report["errors"]]) == ([2, 1, 0, 0], [2])
    assert QuestionVersion.objects.get().stem == "安全带"
    for name in ("bank.csv", "bank.gift"):
        (tmp_path / name).write_bytes("题型,题干,答案\n判断题,安全\0帽{T},对\n".encode())
        report, status = run(tmp_path / name)
        assert (status, report["read"], len(report["errors"])) == (1, 0, 1)


def test_retired_questions_are_named_as_left_out():
    bank = BankFactory()
    save_questions(bank=bank, drafts=[true_false(TopicFactory())], acting_user=None, now=NOW)
    retire_question(question=Question.objects.get(), acting_user=None, now=NOW)
    exported = export_bank(bank, "gift", mark=Watermark("x", NOW))
    assert exported.count == 0
    assert [(loss.feature, loss.is_left_out) for loss in exported.losses] == [("retired", True)]


def test_an_unknown_bank_cannot_be_exported(tmp_path):
    with pytest.raises(CommandError, match="没有编码为"):
        call_command("export_questions", bank="none", format="gift", output=tmp_path / "x")


def workbook(path, count):
    rows = [
        [
            "单选题",
            f"第 {n} 题？",
            "甲",
            "乙",
            "丙",
            None,
            None,
            None,
            "ABC"[n % 3],
            "因为",
            f"知识点{n % 3}",
            3,
        ]
        for n in range(count)
    ]
    path.write_bytes(workbook_bytes([Sheet("试题", header(), rows)], mark=None))


def statements(path, bank):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = import_questions(path=path, file_name=path.name, bank_code=bank, acting_user=None, now=NOW)
    assert not report.errors
    return len(queries)


@pytest.mark.slow
def test_thousands_of_rows_are_a_few_statements(tmp_path):
    few, many = tmp_path / "few.xlsx", tmp_path / "many.xlsx"
    workbook(few, 3)
    workbook(many, 5000)
    first = statements(few, "few")
    bulk = statements(many, "many")
    assert Question.objects.filter(bank__code="many").count() == 5000
    # Bulk inserts and updates go in batches of hundreds; nothing goes row by row.
    assert bulk <= first + 200
    assert statements(many, "many") <= 40
