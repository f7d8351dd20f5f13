import datetime as dt
import json

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.actions.study import open_session
from courses.models import Package, PackageReport
from courses.scorm.manifest import Finding
from courses.scorm.serving import Ticket, ticket_text, with_runtime
from courses.views.package_office import FINDINGS, PROBLEMS
from people.models import Role
from tests.factories.packages import (
    FILES_12,
    FILES_2004,
    PackageLessonFactory,
    make_package,
    manifest_12,
    package_bytes,
)
from tests.factories.people import EmployeeFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db
T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def employee():
    return EmployeeFactory(name="王小明")


@pytest.fixture
def package():
    return make_package(now=T0)


@pytest.fixture
def lesson(package):
    return PackageLessonFactory(package=package)


@pytest.fixture
def session(employee, lesson):
    with time_machine.travel(T0, tick=False):
        yield open_session(employee=employee, lesson=lesson, device="phone", now=T0)


@pytest.fixture
def ticket(package, employee, session):
    return ticket_text(Ticket(package.pk, employee.user_id, session.public_id, "http://testserver"))


def get(client, ticket, path="index.html", **more):
    return client.get(reverse("courses:package-file", args=[ticket, path]), **more)


class TestFile:
    def test_a_page_gets_the_run_time_and_its_own_policy(self, client, ticket):
        response = get(client, ticket)
        page = response.content.decode()
        assert page.index("scorm12.min.js") < page.index("scorm-stage.js") < page.index("scripts/find.js")
        policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
        assert policy["sandbox"] == "allow-scripts allow-forms"
        assert policy["default-src"] == "'none'"
        assert policy["connect-src"] == f"http://testserver/packages/{ticket}/"
        assert policy["form-action"] == "'none'"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Type"] == "text/html"
        assert "Set-Cookie" not in response
        assert "X-Frame-Options" not in response
        assert not response.cookies

    def test_other_files_as_they_are_in_ranges_and_by_any_case(self, client, ticket):
        response = get(client, ticket, "Scripts/Find.js", headers={"Range": "bytes=0-7"})
        assert (response.status_code, b"".join(response), response["Content-Type"]) == (
            206,
            b"function",
            "text/javascript",
        )
        assert "sandbox" in response["Content-Security-Policy"]

    def test_nginx_is_kept_out(self, client, ticket, settings):
        settings.X_ACCEL_REDIRECT = True
        assert "X-Accel-Redirect" not in get(client, ticket, "scripts/find.js")

    def test_no_cookie_is_looked_at(self, client, ticket):
        client.force_login(UserFactory())
        assert get(client, ticket).status_code == 200

    @pytest.mark.parametrize("path", ["no.html", "../index.html", "package.zip", "1"])
    def test_nothing_but_its_files(self, client, ticket, path):
        assert client.get(f"/packages/{ticket}/{path}").status_code == 404

    def test_a_changed_an_old_and_anothers_ticket(self, client, ticket, package, session):
        assert get(client, ticket[:-1] + ("a" if ticket[-1] != "a" else "b")).status_code == 404
        other = ticket_text(Ticket(package.pk, EmployeeFactory().user_id, session.public_id, ""))
        assert get(client, other).status_code == 404
        with time_machine.travel(T0 + dt.timedelta(hours=13), tick=False):
            assert get(client, ticket).status_code == 404

    def test_ends_with_the_session_and_the_account(self, client, ticket, employee, lesson):
        employee.user.is_active = False
        employee.user.save(update_fields=["is_active"])
        assert get(client, ticket).status_code == 404
        employee.user.is_active = True
        employee.user.save(update_fields=["is_active"])
        open_session(employee=employee, lesson=lesson, device="pad", now=T0)
        assert get(client, ticket).status_code == 404

    def test_without_a_session_for_editors_only(self, client, package, employee):
        editor = RoleGrantFactory(role=Role.EDITOR).user
        assert get(client, ticket_text(Ticket(package.pk, editor.pk, None, ""))).status_code == 200
        assert get(client, ticket_text(Ticket(package.pk, employee.user_id, None, ""))).status_code == 404

    def test_two_statements_a_file(self, client, ticket):
        with CaptureQueriesContext(connection) as queries:
            get(client, ticket)
        assert len(queries) == 2


class TestOwnHost:
    @pytest.fixture(autouse=True)
    def _host(self, settings):
        settings.SCORM_HOST = "packages.example.org"
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "packages.example.org"]

    def test_files_come_from_there_and_from_nowhere_else(self, client, ticket):
        assert get(client, ticket).status_code == 404
        response = get(client, ticket, headers={"host": "packages.example.org"})
        assert "sandbox allow-scripts allow-forms allow-same-origin" in response["Content-Security-Policy"]

    def test_nothing_else_is_there(self, client, employee):
        client.force_login(employee.user)
        for address in ("/", "/login/", "/admin/", "/learn/", "/xapi/about"):
            assert client.get(address, headers={"host": "packages.example.org"}).status_code == 404

    def test_the_lesson_may_frame_it(self, client, employee, lesson):
        client.force_login(employee.user)
        policy = client.get(lesson.url)["Content-Security-Policy"]
        assert "frame-src http://packages.example.org" in policy
        opened = client.post(reverse("courses:session-open", args=[lesson.pk])).json()["package"]
        assert opened["origin"] == "http://packages.example.org"
        assert opened["parts"][0]["src"].startswith("http://packages.example.org/packages/")


@pytest.mark.parametrize(
    ("page", "before"),
    [
        (b"<html><head lang=x><title>", b"<html><head lang=x>"),
        (b"<!DOCTYPE html><html lang=zh><body>", b"<!DOCTYPE html><html lang=zh>"),
        (b"<!doctype html><p>", b"<!doctype html>"),
        (b"<p>", b""),
        ("<html><head>动火".encode("gb18030"), b"<html><head>"),
    ],
)
def test_where_the_run_time_goes(page, before):
    found = with_runtime(page, version="1.2", platform="https://a.example")
    assert found.startswith(before + b'<script src="')
    assert found.endswith(page[len(before) :])


class TestReport:
    def send(self, client, session, report):
        body = report if isinstance(report, str) else json.dumps(report)
        return client.post(reverse("courses:package-report", args=[session.public_id]), {"report": body})

    def test_says_how_far_the_person_is(self, client, employee, session):
        client.force_login(employee.user)
        cmi = {"cmi.core.lesson_status": "completed", "cmi.core.score.raw": "90"}
        answer = self.send(client, session, {"seq": 1, "part": "I1", "cmi": cmi, "final": False}).json()
        assert answer["progress"]["package"]["parts"]["I1"]["words"] == "已完成，课件自测 90 分"
        assert answer["progress"]["can_confirm"] is True
        assert answer["data"]["cmi.core.entry"] == "resume"

    @pytest.mark.parametrize(
        "report",
        ["", "{", "[]", "1", {"seq": 0, "part": "I1", "cmi": {}, "final": True}, {"seq": "1"}, "[" * 50_000],
        ids=["empty", "half", "list", "number", "zero", "text", "deep"],
    )
    def test_refuses_nonsense(self, client, employee, session, report):
        client.force_login(employee.user)
        assert self.send(client, session, report).status_code == 400

    def test_refuses_others(self, client, session):
        report = {"seq": 1, "part": "I1", "cmi": {}, "final": False}
        assert self.send(client, session, report).status_code == 401
        client.force_login(EmployeeFactory().user)
        assert self.send(client, session, report).status_code == 404
        assert not PackageReport.objects.exists()


class TestLessonPage:
    def test_says_that_a_score_is_no_exam(self, client, employee, lesson):
        client.force_login(employee.user)
        page = client.get(lesson.url).content.decode()
        assert "不能代替考试" in page
        assert "scorm.js" in page

    def test_an_editor_tries_it_and_others_do_not(self, client, lesson):
        client.force_login(RoleGrantFactory(role=Role.EDITOR).user)
        assert 'id="package-run"' in client.get(lesson.url).content.decode()
        client.force_login(UserFactory())
        assert 'id="package-run"' not in client.get(lesson.url).content.decode()

    def test_is_told_the_name_and_a_number_of_this_package_alone(self, client, employee, lesson):
        client.force_login(employee.user)
        run = client.post(reverse("courses:session-open", args=[lesson.pk])).json()["package"]
        assert run["learner"]["cmi.core.student_name"] == "王小明"
        assert employee.employee_no not in run["learner"]["cmi.core.student_id"]
        assert run["sandbox"] == "allow-scripts allow-forms"


class TestOffice:
    @pytest.fixture(autouse=True)
    def _editor(self, client):
        client.force_login(RoleGrantFactory(role=Role.EDITOR).user)

    def upload(self, client, content, name="动火.zip"):
        return client.post(
            reverse("courses_package_upload"), {"package": SimpleUploadedFile(name, content)}, follow=True
        )

    def test_upload_list_and_look(self, client):
        items = (
            '<item identifier="I1" identifierref="R1"><title>一</title></item>'
            '<item identifier="I2" identifierref="R1"><title>二</title>'
            "<adlcp:prerequisites>I1</adlcp:prerequisites></item>"
        )
        response = self.upload(
            client, package_bytes({**FILES_12, "imsmanifest.xml": manifest_12(items=items), "a.swf": b"FWS"})
        )
        page = response.content.decode()
        assert "先修条件" in page
        assert "二：I1" in page
        assert "a.swf" in page
        assert "动火作业安全" in client.get(reverse("courses_packages")).content.decode()

    def test_the_same_again_is_said(self, client):
        self.upload(client, package_bytes(FILES_2004))
        assert "没有重复保存" in self.upload(client, package_bytes(FILES_2004)).content.decode()
        assert Package.objects.count() == 1

    def test_names_the_file_what_is_wrong_and_the_cure(self, client):
        response = self.upload(client, b"no zip")
        assert response.status_code == 422
        page = response.content.decode()
        assert "“动火.zip”不是 zip 文件。请上传制作工具导出的 SCORM zip 包" in page

    def test_the_list_costs_the_same_for_one_and_three(self, client):
        client.get(reverse("courses_packages"))  # the first visit of an office joins its groups
        counts = []
        for titles in ("甲", "乙丙"):
            for title in titles:
                make_package({**FILES_12, "imsmanifest.xml": manifest_12(title=title)}, now=T0)
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("courses_packages"))
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_refuses_others(self, client, package):
        client.force_login(RoleGrantFactory(role=Role.TRAINER).user)
        for address in ("courses_packages", "courses_package_upload"):
            assert client.get(reverse(address)).status_code == 302
        assert client.get(reverse("courses_package", args=[package.pk])).status_code == 302


def test_every_code_has_its_words():
    finding = Finding("prerequisites", "")
    assert finding.code in FINDINGS
    assert {"bomb", "unsafe_name", "program", "launch_missing"} <= set(PROBLEMS)
