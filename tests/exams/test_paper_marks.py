"""Exams on paper: printing a frozen paper, and typing in or importing what people earned on it."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from exams.actions.marks import record_hand_mark
from exams.actions.paper_marks import Typed, add_scan, enter_mark, enter_marks
from exams.actions.paper_sources import draw_forms
from exams.actions.paper_times import give_time
from exams.actions.printing import print_papers
from exams.actions.regrade import regrade_exam
from exams.actions.scores import keep_topic_scores
from exams.double_entry import Standing
from exams.errors import BadHandMark, BadPaperMark
from exams.models import Attempt, AttemptMark, PaperEntry, PaperScan
from exams.queries import result_for_display
from exams.queries.analysis import exam_analysis
from exams.queries.practice_spots import recorded_result
from exams.signals import Owing, attempt_graded, owing_asked
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.factories.exams import DEVICE, NOW, make_attempt, make_bank, make_exam, make_exam_of_all_types
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db
SAT_ON = dt.date(2026, 5, 11)
SAT_AT = dt.datetime(2026, 5, 10, 23, tzinfo=dt.UTC)  # seven in the morning of that day in China


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def person(unit):
    return EmployeeFactory(assigned__unit=unit, employee_no="A001", name="张三")


@pytest.fixture
def markers(unit):
    return [RoleGrantFactory(role=Role.MARKER, unit=unit).user for _n in range(2)]


def printed_for(unit, exam=None, *, sat_at=SAT_AT, **settings):
    """A printed paper of two single choice (10 points each), a multiple choice and a judgement (5 each)."""
    exam = exam or make_exam(make_bank(), pass_pct=80)
    made, _job = print_papers(exam=exam, unit=unit, sat_on=SAT_ON, acting_user=None, now=NOW, **settings)
    if sat_at is not None:
        give_time(printed=made[0], starts_at=sat_at, duration_min=45, acting_user=None, now=NOW)
    return made[0]


def enter(printed, person, points, *, by=None, reason="", per_slot=()):
    line = Typed(
        person,
        None if points is None else Decimal(points),
        tuple(Decimal(earned) for earned in per_slot),
        reason,
    )
    return enter_mark(printed=printed, line=line, acting_user=by, now=NOW)


def heard(signal, key):
    told = []

    def hear(**given):
        told.append(given[key])

    signal.connect(hear, weak=False)
    return told, hear


# Printing


def test_a_paper_is_frozen_and_its_three_files_are_made_once(unit):
    exam = make_exam_of_all_types()
    printed = printed_for(unit, exam)
    run_pending_jobs()
    printed.refresh_from_db()
    sizes = [file.size for file in (printed.paper_file, printed.sheet_file, printed.key_file)]
    assert min(sizes) > 5_000
    with printed.paper_file.open("rb") as file:
        assert file.read(5) == b"%PDF-"
    assert printed.paper["printed"] == printed.code
    assert len(printed.code) == 8
    kinds = [slot["kind"] for slot in printed.paper["slots"]]
    assert len(set(kinds)) == len(kinds)


def test_each_form_is_printed_with_its_label(unit):
    exam = make_exam(make_bank(singles=8, multiples=4, judgements=4), paper_source="forms", is_open=False)
    draw_forms(exam=exam, count=2, acting_user=None, now=NOW)
    made, _job = print_papers(exam=exam, unit=unit, sat_on=SAT_ON, acting_user=None, now=NOW)
    assert [printed.label for printed in made] == ["A", "B"]
    made, _job = print_papers(exam=exam, unit=unit, sat_on=SAT_ON, label="B", acting_user=None, now=NOW)
    assert [printed.label for printed in made] == ["B"]


def test_only_an_examiner_prints_and_gets_the_files(unit, markers):
    exam = make_exam()
    exam.bank.owner = unit
    exam.bank.save()
    with pytest.raises(PermissionDenied):
        print_papers(exam=exam, unit=unit, sat_on=SAT_ON, acting_user=markers[0], now=NOW)
    examiner = RoleGrantFactory(role=Role.EXAMINER, unit=unit).user
    with pytest.raises(PermissionDenied):
        print_papers(exam=exam, unit=OrgUnitFactory(), sat_on=SAT_ON, acting_user=examiner, now=NOW)
    client = Client()
    client.force_login(examiner)
    page = reverse("exams_office:exam-print", args=[exam.pk])
    assert client.post(page, {"unit": "", "sat_on": ""}).status_code == 422
    assert client.post(page, {"unit": unit.pk, "sat_on": "2026-05-11"}).status_code == 302
    printed = exam.printed_papers.get()
    for part in ("paper", "sheet", "key"):
        getattr(printed, f"{part}_file").save(f"{part}.pdf", ContentFile(b"%PDF-1.7"), save=False)
    printed.save()
    assert printed.code in client.get(page).content.decode()
    for part in ("paper", "sheet", "key"):
        address = reverse("exams_office:printed-file", args=[printed.public_id, part])
        answer = client.get(address)
        assert b"".join(answer)[:5] == b"%PDF-"
        assert "no-store" in answer["Cache-Control"]
        for user in (markers[0], UserFactory()):
            other = Client()
            other.force_login(user)
            assert other.get(address).status_code in {302, 403, 404}
    assert (
        client.get(reverse("exams_office:printed-file", args=[printed.public_id, "seed"])).status_code == 404
    )


# Typing in


def test_a_typed_mark_becomes_an_attempt_of_the_frozen_paper(unit, person, markers):
    printed = printed_for(unit)
    events, hear = heard(attempt_graded, "event")
    try:
        outcome = enter(printed, person, "24", by=markers[0])
        again = enter(printed, person, "24", by=markers[0])
    finally:
        attempt_graded.disconnect(hear)
    assert (outcome.standing, outcome.changed, again.changed) == (Standing.COUNTS, True, False)
    attempt = Attempt.objects.get(employee=person)
    mark = attempt.marks.get()
    assert (attempt.paper, attempt.device, attempt.state) == (printed.paper, "paper", "graded")
    assert (mark.points, mark.max_points, mark.score_pct, mark.passed) == (24, 30, 80, True)
    assert mark.per_slot == []
    assert [event.passed for event in events] == [True]
    entry = PaperEntry.objects.get()
    assert (entry.entered_by, entry.entered_at) == (markers[0], NOW)


def test_points_of_each_question_count_for_must_know_and_analysis(unit, person):
    exam = make_exam(make_bank(), pass_pct=60, must_know_fails=True)
    printed = printed_for(unit, exam)
    printed.paper["slots"][0]["must_know"] = True
    with pytest.raises(BadPaperMark, match="逐题登分"):
        enter(printed, person, "24")
    with pytest.raises(BadPaperMark, match="第 3 题"):
        enter(printed, person, None, per_slot=(10, 10, 6, 0))
    enter(printed, person, None, per_slot=("7.5", 10, 5, 5))
    mark = AttemptMark.objects.get()
    assert (mark.points, mark.passed, mark.missed_must_know) == (Decimal("27.5"), False, 1)
    assert [entry["fraction"] for entry in mark.per_slot] == ["0.75", "1.00", "1.00", "1.00"]
    assert exam_analysis(exam).figures.n == 1
    assert keep_topic_scores() == 1


def test_a_total_alone_says_nothing_of_questions_and_is_not_regraded(unit, person):
    printed = printed_for(unit)
    enter(printed, person, "24")
    assert exam_analysis(printed.exam).figures.n == 0
    assert keep_topic_scores() == 0
    assert regrade_exam(exam_id=printed.exam_id, reason="试", now=NOW).checked == 0
    attempt = Attempt.objects.get()
    with pytest.raises(BadHandMark):
        record_hand_mark(attempt_id=attempt.pk, slot=1, per_point=[1], acting_user=None, now=NOW)
    shown = result_for_display(attempt, NOW)
    assert (shown.mark.score_pct, shown.review, shown.question_count) == (80, (), 0)
    topics = set(printed.exam.bank.questions.values_list("topic", flat=True))
    assert recorded_result(person.pk, topics) is None, "a test on the spot has nothing to compare with"


def test_a_mark_is_corrected_with_a_reason_and_nothing_is_rewritten(unit, person, markers):
    printed = printed_for(unit)
    enter(printed, person, "24", by=markers[0])
    with pytest.raises(BadPaperMark, match="更正原因") as refused:
        enter(printed, person, "20", by=markers[1])
    assert refused.value.field == "reason"
    enter(printed, person, "20", by=markers[1], reason="第 3 题漏看")
    assert [(mark.points, mark.passed, mark.reason) for mark in AttemptMark.objects.order_by("number")] == [
        (24, True, ""),
        (20, False, "第 3 题漏看"),
    ]
    assert [entry.points for entry in PaperEntry.objects.order_by("number")] == [24, 20]


def test_two_people_have_to_type_the_same(unit, person, markers):
    printed = printed_for(unit, second_entry=True)
    first, second = markers
    assert enter(printed, person, "24", by=first).standing == Standing.SECOND_WANTED
    assert enter(printed, person, "24", by=first).changed is False
    assert enter(printed, person, "20", by=second).standing == Standing.DIFFERS
    assert not Attempt.objects.exists()
    client = Client()
    client.force_login(second)
    page = client.get(reverse("exams_office:paper-marks", args=[printed.public_id])).content.decode()
    assert "两人录的不一样" in page
    assert 'value="24"' not in page
    assert enter(printed, person, "24", by=second).standing == Standing.COUNTS
    assert AttemptMark.objects.get().points == 24


@pytest.mark.parametrize(("points", "told"), [("31", "0 到 30"), ("-1", "0 到 30"), (None, "0 到 30")])
def test_points_no_sheet_can_have_are_refused(unit, person, points, told):
    with pytest.raises(BadPaperMark, match=told):
        enter(printed_for(unit), person, points)
    assert not PaperEntry.objects.exists()


def test_who_may_not_be_entered(unit, person, markers):
    printed = printed_for(unit)
    own = EmployeeFactory(user=markers[0], assigned__unit=unit)
    elsewhere = EmployeeFactory(assigned__unit=OrgUnitFactory())
    for someone in (own, elsewhere):
        with pytest.raises(PermissionDenied):
            enter(printed, someone, "24", by=markers[0])
    make_attempt(printed.exam, employee=person, device=DEVICE)
    with pytest.raises(BadPaperMark, match="正在网上考"):
        enter(printed, person, "24")
    other = EmployeeFactory()
    printed.exam.attempts_allowed = 1
    printed.exam.save()
    enter(printed, other, "24")
    with pytest.raises(BadPaperMark, match="考满 1 次"):
        enter(printed_for(unit, printed.exam), other, "24")
    second = printed_for(unit, printed.exam, sat_at=None)
    second.sat_on = dt.date(2026, 5, 12)
    with pytest.raises(BadPaperMark, match="还没有到"):
        enter(second, person, "24")


def test_the_attempt_is_for_what_the_rooms_above_say(unit, person):
    def answer(asked, **_):
        return [Owing(employee_id, "obligation:18", "岗前培训") for employee_id in asked.employee_ids]

    owing_asked.connect(answer)
    try:
        enter(printed_for(unit), person, "24")
    finally:
        owing_asked.disconnect(answer)
    assert Attempt.objects.get().purpose == "obligation:18"


# The pages


@pytest.fixture
def marker(markers):
    client = Client()
    client.force_login(markers[0])
    return client


def test_marks_are_typed_line_by_line_and_a_bad_line_keeps_no_other_back(unit, person, marker):
    printed = printed_for(unit)
    other = EmployeeFactory(assigned__unit=unit, employee_no="A002")
    idle = EmployeeFactory(assigned__unit=unit, employee_no="A003")
    page = reverse("exams_office:paper-marks", args=[printed.public_id])
    shown = marker.get(page)
    assert [line["row"].employee for line in shown.context["rows"]] == [person, other, idle]
    assert "作业顺序" not in shown.content.decode()
    answer = marker.post(page, {f"t-{person.pk}": "24", f"t-{other.pk}": "99", f"t-{idle.pk}": ""})
    assert answer.status_code == 422
    assert "不在 0 到 30 之间" in answer.content.decode()
    assert Attempt.objects.get().employee == person
    assert marker.post(page, {f"t-{other.pk}": "18.5"}).status_code == 302
    cells = {f"s-{idle.pk}-{slot}": "5" for slot in range(1, 5)}
    assert marker.post(f"{page}?by=question", cells).status_code == 302
    assert Attempt.objects.count() == 3
    found = marker.get(f"{page}?numbers=A002 X9")
    assert [line["total"] for line in found.context["rows"]] == ["18.5"]
    assert found.context["missing"] == "X9"


def test_the_page_costs_the_same_for_one_person_and_for_many(
    unit, person, marker, django_assert_max_num_queries
):
    printed = printed_for(unit)
    for _n in range(4):
        enter(printed, EmployeeFactory(assigned__unit=unit), "24")
    with django_assert_max_num_queries(40):
        marker.get(reverse("exams_office:paper-marks", args=[printed.public_id]))


def test_a_typed_code_opens_its_paper_and_another_units_is_not_there(unit, marker):
    printed = printed_for(unit)
    foreign = printed_for(OrgUnitFactory(), printed.exam)
    sheets = reverse("exams_office:paper-sheets")
    assert printed.code in marker.get(sheets).content.decode()
    assert foreign.code not in marker.get(sheets).content.decode()
    assert marker.get(sheets, {"code": printed.code.lower()}).status_code == 302
    assert "不归你登分" in marker.get(sheets, {"code": foreign.code}).content.decode()
    assert marker.get(reverse("exams_office:paper-marks", args=[foreign.public_id])).status_code == 404


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return SimpleUploadedFile("登分.xlsx", data.getvalue())


def test_a_workbook_is_looked_at_and_then_taken_in(unit, person, marker):
    printed = printed_for(unit)
    other = EmployeeFactory(assigned__unit=unit, employee_no="A002")
    page = reverse("exams_office:paper-import", args=[printed.public_id])
    file = workbook(
        ["某厂登分表"], ["工号", "姓名", "总分", "更正原因"],
        ["A001", "张三", 24, None], ["A002", "", "二十", None], ["A001", "", 3, None], ["X9", "", 20, None],
    )  # fmt: skip
    looked = marker.post(page, {"file": file})
    report = [(line["line"], line["refused"]) for line in looked.context["report"]]
    assert report == [(3, False), (4, True), (5, True), (6, True)]
    assert (looked.context["taken"], looked.context["refused"]) == (1, 3)
    assert not Attempt.objects.exists()
    assert not PaperEntry.objects.exists()
    done = marker.post(page, {"token": looked.context["token"]})
    assert done.context["taken"] == 1
    assert Attempt.objects.get().employee == person
    assert marker.post(page, {"token": looked.context["token"]}).status_code == 422
    assert marker.post(page, {"file": workbook(["名字"], ["张三"])}).status_code == 422
    assert not Attempt.objects.filter(employee=other).exists()


def test_the_downloaded_workbook_comes_back_without_a_change(unit, person, marker):
    printed = printed_for(unit)
    enter(printed, person, None, per_slot=(10, "2.5", 5, 0))
    data = marker.get(reverse("exams_office:paper-workbook", args=[printed.public_id])).content
    rows = list(load_workbook(io.BytesIO(data)).active.values)
    assert rows[0][:4] == ("工号", "姓名", "单位", "总分")
    assert rows[1][4:8] == (10, 2.5, 5, 0)
    file = SimpleUploadedFile("a.xlsx", data)
    page = marker.post(reverse("exams_office:paper-import", args=[printed.public_id]), {"file": file})
    assert (page.context["taken"], page.context["same"], page.context["refused"]) == (0, 1, 0)


def test_a_scan_is_told_by_its_content_and_kept_once(unit, person, marker, markers):
    printed = printed_for(unit)
    address = reverse("exams_office:paper-scan-add", args=[printed.public_id])
    for name, data in (
        ("a.pdf", b"%PDF-1.7 x"),
        ("a.pdf", b"%PDF-1.7 x"),
        ("b.pdf", b"<html>"),
        ("c.exe", b"MZ"),
    ):
        marker.post(address, {"employee": "A001", "file": SimpleUploadedFile(name, data)})
    scan = PaperScan.objects.get()
    assert scan.added_by == markers[0]
    got = marker.get(reverse("exams_office:paper-scan", args=[printed.public_id, scan.pk]))
    assert b"".join(got) == b"%PDF-1.7 x"
    assert got["Content-Disposition"] == "attachment"
    with pytest.raises(BadPaperMark, match="MB"):
        add_scan(
            printed=printed,
            employee=person,
            name="d.pdf",
            data=b"%PDF-" + bytes(20 * 2**20),
            acting_user=None,
            now=NOW,
        )


def test_a_rehearsal_stores_nothing(unit, person):
    printed = printed_for(unit)
    line = Typed(person, Decimal(24))
    told = enter_marks(printed=printed, typed=[line], acting_user=None, now=NOW, dry_run=True)
    assert told[0].changed
    assert not Attempt.objects.exists()


def test_the_attempt_has_the_time_that_was_given_and_later_ones_the_corrected_one(unit, person):
    printed = printed_for(unit, sat_at=None)
    with pytest.raises(BadPaperMark, match="先填写考试时间"):
        enter(printed, person, "24")
    assert not PaperEntry.objects.exists()
    give_time(printed=printed, starts_at=SAT_AT, duration_min=45, acting_user=None, now=NOW)
    enter(printed, person, "24")
    attempt = Attempt.objects.get()
    assert (attempt.started_at, attempt.submitted_at) == (SAT_AT, SAT_AT + dt.timedelta(minutes=45))
    later = SAT_AT + dt.timedelta(minutes=60)
    for _again in range(2):
        give_time(printed=printed, starts_at=later, duration_min=30, acting_user=None, now=NOW)
    enter(printed, EmployeeFactory(), "20")
    attempt.refresh_from_db()
    assert attempt.started_at == SAT_AT
    assert Attempt.objects.latest("pk").started_at == later
    assert printed.times.count() == 2


def test_a_time_that_is_not_over_or_lasts_no_time_is_refused(unit, markers):
    printed = printed_for(unit, sat_at=None)
    common = {"printed": printed, "acting_user": markers[0], "now": NOW}
    with pytest.raises(BadPaperMark, match="才结束"):
        give_time(starts_at=NOW, duration_min=10, **common)
    with pytest.raises(BadPaperMark, match="到 600 分钟"):
        give_time(starts_at=SAT_AT, duration_min=0, **common)
    outsider = RoleGrantFactory(role=Role.MARKER).user
    with pytest.raises(PermissionDenied):
        give_time(printed=printed, starts_at=SAT_AT, duration_min=45, acting_user=outsider, now=NOW)
    assert not printed.times.exists()


def test_the_page_asks_for_the_time_and_shows_it(unit, person, markers, time_machine):
    time_machine.move_to(NOW, tick=False)
    printed = printed_for(unit, sat_at=None)
    client = Client()
    client.force_login(markers[0])
    page = reverse("exams_office:paper-marks", args=[printed.public_id])
    assert "先填写考试时间" in client.get(page).text
    url = reverse("exams_office:paper-time", args=[printed.public_id])
    typed = {"time-day": "2026-05-11", "time-start": "07:00", "time-minutes": "45"}
    assert "请填写考试日期" in client.post(url, {**typed, "time-start": "九点"}, follow=True).text
    shown = client.post(url, typed, follow=True).text
    assert "2026-05-11 07:00–07:45" in shown
    assert "先填写考试时间" not in shown
    assert client.get(url).status_code == 405
