import datetime as dt
import io
import zipfile

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import connection
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from courses import errors
from courses.actions.packages import Report, store_package, take_report
from courses.actions.study import beat_mac, confirm_read, open_session, take_beat
from courses.models import CourseLesson, LessonContent, Package, PackageReport
from courses.queries import course_progress
from courses.queries.packages import starting_data_of
from courses.scorm.manifest import BadPackage
from courses.watching import Beat
from tests.factories.courses import CourseFactory
from tests.factories.packages import (
    FILES_12,
    FILES_2004,
    PackageLessonFactory,
    make_package,
    manifest_12,
    package_bytes,
)
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
THROUGH = {"cmi.core.lesson_status": "completed", "cmi.core.session_time": "0000:00:30.00"}


def after(seconds):
    return T0 + dt.timedelta(seconds=seconds)


def stored(tmp_path, files, **more):
    path = tmp_path / "package.zip"
    path.write_bytes(files if isinstance(files, bytes) else package_bytes(files))
    more = {"file_name": "动火.zip", "acting_user": None, "now": T0, **more}
    return store_package(path=path, **more)


class TestStorePackage:
    def test_keeps_the_files_under_numbers_and_the_package_itself(self, tmp_path):
        made = stored(tmp_path, FILES_12)
        package = made.package
        assert made.created
        assert (package.title, package.version, package.findings) == ("动火作业安全", "1.2", [])
        assert package.items[0]["passing_pct"] == 60.0
        assert {file.path_key: file.content_type for file in package.files.all()} == {
            "imsmanifest.xml": "application/xml",
            "index.html": "text/html",
            "scripts/find.js": "text/javascript",
        }
        kept = default_storage.open(f"{package.folder}/{package.files.get(path_key='index.html').number}")
        with kept:
            assert kept.read().decode() == FILES_12["index.html"]
        assert default_storage.exists(package.file.name)

    def test_the_same_file_is_kept_once(self, tmp_path):
        first = stored(tmp_path, FILES_12)
        again = stored(tmp_path, FILES_12)
        assert (again.created, again.package.pk, Package.objects.count()) == (False, first.package.pk, 1)

    def test_2004(self, tmp_path):
        package = stored(tmp_path, FILES_2004).package
        assert (package.version, package.manifest["edition"]) == ("2004", "2004 4th Edition")
        assert package.items[0]["passing_pct"] == 70.0

    def test_only_editors_may(self, tmp_path):
        with pytest.raises(PermissionDenied):
            stored(tmp_path, FILES_12, acting_user=UserFactory())
        assert not Package.objects.exists()

    @pytest.mark.parametrize(
        ("files", "code"),
        [
            (b"this is no archive", "not_a_zip"),
            (package_bytes(FILES_12)[:-40], "truncated"),
            ({"index.html": "x"}, "no_manifest"),
            ({f"in/{name}": text for name, text in FILES_12.items()}, "manifest_not_at_top"),
            ({**FILES_12, "../../evil.js": "x"}, "unsafe_name"),
            ({**FILES_12, "/etc/evil.js": "x"}, "unsafe_name"),
            ({**FILES_12, "a\\..\\..\\evil.js": "x"}, "unsafe_name"),
            ({**FILES_12, "INDEX.html": "x"}, "unsafe_name"),
            ({**FILES_12, "big.txt": b"0" * 30_000_000}, "bomb"),
            ({**FILES_12, "tool.png": b"MZ\x90\0" + b"x" * 90}, "program"),
            ({name: text for name, text in FILES_12.items() if name != "index.html"}, "launch_missing"),
            ({**FILES_12, "imsmanifest.xml": "<manifest"}, "bad_xml"),
            ({**FILES_12, "imsmanifest.xml": manifest_12(items="<item/>")}, "no_items"),
            (
                {
                    **FILES_12,
                    "imsmanifest.xml": '<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                    + manifest_12(title="&x;").partition("?>")[2],
                },
                "bad_xml",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_refuses(self, tmp_path, files, code):
        with pytest.raises(BadPackage) as refused:
            stored(tmp_path, files)
        assert refused.value.code == code
        assert not Package.objects.exists()

    def test_refuses_a_link_out_of_the_package(self, tmp_path):
        target = io.BytesIO(package_bytes(FILES_12))
        with zipfile.ZipFile(target, "a") as archive:
            link = zipfile.ZipInfo("secret.txt")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
        with pytest.raises(BadPackage, match="unsafe_name"):
            stored(tmp_path, target.getvalue())

    def test_what_is_left_out_is_listed(self, tmp_path):
        files = {
            **FILES_12,
            "film.swf": b"FWS",
            "notes.docx": b"PK",
            "photo.png": b"<script>",
            "index.html": FILES_12["index.html"] + "<iframe src=a.html></iframe>",
        }
        package = stored(tmp_path, files).package
        assert {one["code"]: one["detail"] for one in package.findings} == {
            "flash": "film.swf",
            "unknown_kind": "notes.docx",
            "wrong_content": "photo.png",
            "frames": "index.html",
        }
        assert package.files.count() == 3

    def test_names_from_a_chinese_windows(self, tmp_path):
        packed = package_bytes({**FILES_12, "aaaaaaaaa.txt": "x"})
        named = packed.replace(b"aaaaaaaaa.txt", "图片/动火.txt".encode("gb18030"))
        package = stored(tmp_path, named).package
        assert package.files.filter(path_key="图片/动火.txt").exists()


@pytest.fixture
def employee():
    return EmployeeFactory()


@pytest.fixture
def lesson():
    return PackageLessonFactory(package=make_package(now=T0))


@pytest.fixture
def session(employee, lesson):
    return open_session(employee=employee, lesson=lesson, device="phone", now=T0)


def send(session, seq, cmi, at, *, part="I1", final=False, employee_id=None):
    return take_report(
        session_public_id=session.public_id,
        employee_id=employee_id or session.employee_id,
        report=Report(seq, part, cmi, final),
        now=after(at),
    )


class TestTakeReport:
    def test_keeps_what_came_and_moves_the_state(self, session):
        progress = send(session, 1, {**THROUGH, "cmi.core.score.raw": "88"}, 40)
        row = PackageReport.objects.get()
        assert (row.completion, row.success, row.score_pct, row.credited_s) == (
            "completed",
            "passed",
            88.0,
            30.0,
        )
        assert progress.package["I1"]["has_passed"] is True

    def test_the_same_report_again_changes_nothing(self, session):
        send(session, 1, THROUGH, 40)
        send(session, 1, {"cmi.core.lesson_status": "failed"}, 41)
        assert PackageReport.objects.count() == 1

    def test_a_number_left_out_is_refused(self, session):
        with pytest.raises(errors.WrongSeq) as refused:
            send(session, 2, THROUGH, 40)
        assert refused.value.expected == 1

    @pytest.mark.parametrize("said", ["9999:00:00.00", "0010:00:00.00"])
    def test_time_is_never_more_than_the_clock_allows(self, session, said):
        progress = send(session, 1, {**THROUGH, "cmi.core.session_time": said}, 60)
        assert progress.package["I1"]["total_s"] == 60.0
        progress = send(session, 2, {**THROUGH, "cmi.core.session_time": said}, 90)
        assert progress.package["I1"]["total_s"] == 90.0

    def test_two_parts_share_one_clock(self, employee):
        items = "".join(
            f'<item identifier="I{n}" identifierref="R1"><title>第{n}部分</title></item>' for n in (1, 2)
        )
        package = make_package({**FILES_12, "imsmanifest.xml": manifest_12(items=items)}, now=T0)
        session = open_session(
            employee=employee, lesson=PackageLessonFactory(package=package), device="", now=T0
        )
        send(session, 1, {"cmi.core.session_time": "0001:00:00"}, 60, part="I1")
        progress = send(session, 2, {"cmi.core.session_time": "0001:00:00"}, 90, part="I2")
        assert [progress.package[part]["total_s"] for part in ("I1", "I2")] == [60.0, 30.0]

    def test_resumes_where_it_was_left_on_another_device(self, session, lesson):
        left = {
            "cmi.core.lesson_status": "incomplete",
            "cmi.core.lesson_location": "page-3",
            "cmi.suspend_data": "答了一半",
            "cmi.core.exit": "suspend",
            "cmi.core.session_time": "0000:00:20",
        }
        send(session, 1, left, 40, final=True)
        second = open_session(employee=session.employee, lesson=lesson, device="pad", now=after(100))
        data = starting_data_of(lesson.package, second.progress)["I1"]
        assert data["cmi.suspend_data"] == "答了一半"
        assert data["cmi.core.lesson_location"] == "page-3"
        assert (data["cmi.core.entry"], data["cmi.core.total_time"]) == ("resume", "0000:00:20.00")
        assert "cmi.core.session_time" not in data
        with pytest.raises(errors.SessionTakenOver):
            send(session, 2, THROUGH, 101)

    def test_after_a_failed_attempt_it_begins_anew(self, session, lesson):
        progress = send(
            session, 1, {"cmi.core.lesson_status": "failed", "cmi.suspend_data": "x"}, 9, final=True
        )
        data = starting_data_of(lesson.package, progress)["I1"]
        assert (data["cmi.core.entry"], "cmi.suspend_data" in data) == ("ab-initio", False)
        second = open_session(employee=session.employee, lesson=lesson, device="pad", now=after(100))
        send(second, 1, {"cmi.core.lesson_status": "incomplete"}, 110)
        assert list(PackageReport.objects.order_by("pk").values_list("attempt", flat=True)) == [1, 2]

    @pytest.mark.parametrize(
        "cmi",
        [
            None,
            ["cmi"],
            {"cmi.suspend_data": "x" * 64_001},
            {"cmi.suspend_data": "\0"},
            {"cmi.suspend_data": {"a": 1}},
            {"__proto__": "x"},
            {f"cmi.interactions.{n}.id": "x" for n in range(4_001)},
            {f"cmi.comments_{n}": "x" * 60_000 for n in range(5)},
        ],
        ids=["none", "list", "long", "nul", "nested", "name", "many", "much"],
    )
    def test_refuses_what_is_no_report(self, session, cmi):
        with pytest.raises(errors.BadPackageReport):
            send(session, 1, cmi, 10)
        assert not PackageReport.objects.exists()

    def test_refuses_a_part_the_package_does_not_have(self, session):
        with pytest.raises(errors.BadPackageReport):
            send(session, 1, THROUGH, 10, part="I9")

    def test_refuses_somebody_else(self, session):
        with pytest.raises(errors.SessionUnknown):
            send(session, 1, THROUGH, 10, employee_id=EmployeeFactory().pk)

    def test_rows_are_never_changed(self, session):
        send(session, 1, THROUGH, 10)
        with pytest.raises(DatabaseError, match="append-only"):
            PackageReport.objects.update(success="passed")

    def test_costs_the_same_with_a_long_history(self, session):
        counts = []
        for seq in range(1, 5):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                send(session, seq, THROUGH, 10 * seq)
            counts.append(len(queries))
        assert counts[0] == counts[-1] <= 8


class TestCompletion:
    def test_needs_the_package_to_say_it_is_through(self, session):
        with pytest.raises(errors.NotYetStudied, match="课件包还没有报告完成"):
            confirm_read(session_public_id=session.public_id, employee_id=session.employee_id, now=after(50))

    def test_a_failed_package_is_not_gone_through(self, session):
        send(session, 1, {"cmi.core.lesson_status": "failed", "cmi.core.score.raw": "10"}, 10)
        with pytest.raises(errors.NotYetStudied):
            confirm_read(session_public_id=session.public_id, employee_id=session.employee_id, now=after(50))

    def test_record_names_the_package_and_its_word(self, session, lesson):
        send(session, 1, {**THROUGH, "cmi.core.score.raw": "88"}, 40)
        record = confirm_read(
            session_public_id=session.public_id, employee_id=session.employee_id, now=after(50)
        )
        assert record.package_sha256 == lesson.package.sha256
        assert record.package_result == {
            "rule": "completed",
            "parts": {
                "I1": {"completion": "completed", "success": "passed", "score_pct": 88.0, "total_s": 30.0}
            },
        }
        assert LessonContent.objects.get().package_sha256 == lesson.package.sha256
        again = confirm_read(
            session_public_id=session.public_id, employee_id=session.employee_id, now=after(60)
        )
        assert again.pk == record.pk

    def test_the_stricter_rule_asks_for_a_pass(self, employee):
        files = {
            **FILES_12,
            "imsmanifest.xml": manifest_12().replace("<adlcp:masteryscore>60</adlcp:masteryscore>", ""),
        }
        lesson = PackageLessonFactory(package=make_package(files, now=T0), package_rule="passed")
        session = open_session(employee=employee, lesson=lesson, device="", now=T0)
        send(session, 1, THROUGH, 10)
        with pytest.raises(errors.NotYetStudied):
            confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(50))
        send(session, 2, {"cmi.core.lesson_status": "passed"}, 20)
        assert confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(50))

    def test_minimum_time_is_counted_by_the_servers_clock(self, employee):
        lesson = PackageLessonFactory(package=make_package(now=T0), package_minutes=1)
        session = open_session(employee=employee, lesson=lesson, device="", now=T0)
        send(session, 1, {**THROUGH, "cmi.core.session_time": "0009:00:00"}, 5)
        with pytest.raises(errors.NotYetStudied, match="课件包学习时间不够"):
            confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(6))
        for seq in range(1, 7):
            beat = Beat(seq, "section:package", (seq - 1) * 10_000, seq * 10_000)
            take_beat(
                session_public_id=session.public_id,
                employee_id=employee.pk,
                beat=beat,
                signature=beat_mac(session.nonce, session.public_id, beat),
                now=after(10 * seq),
            )
        assert confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(61))

    def test_another_package_is_another_content(self, session, lesson):
        send(session, 1, THROUGH, 10)
        lesson.package = make_package(FILES_2004, now=T0)
        lesson.save_revision().publish()
        with pytest.raises(errors.ContentChanged):
            confirm_read(session_public_id=session.public_id, employee_id=session.employee_id, now=after(50))


@pytest.mark.parametrize("count", [1, 3])
def test_a_course_of_packages_in_force_costs_the_same(employee, django_assert_num_queries, count):
    lessons = [
        PackageLessonFactory(package=make_package(FILES_12 | {"number.js": str(number)}, now=T0))
        for number in range(count)
    ]
    course = CourseFactory(lessons=lessons)
    CourseLesson.objects.filter(course=course).update(is_newest_due=True)
    with django_assert_num_queries(3):
        assert course_progress(employee.pk, course).total == count
