"""SCORM packages as tools make them, small; and hostile ones."""

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from courses.actions.packages import store_package
from courses.models import Package, PackageLessonPage
from tests.factories.courses import PolicySpeechFactory

QUIZ_12 = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>动火</title>
<script src="scripts/find.js"></script></head>
<body><p id="name"></p><p id="was"></p><p>动火前先做什么？</p>
<button id="right">先检测</button><button id="wrong">先点火</button><button id="leave">稍后再学</button>
<script>
  var api = findAPI(window);
  api.LMSInitialize("");
  document.getElementById("name").textContent = api.LMSGetValue("cmi.core.student_name");
  document.getElementById("was").textContent =
    api.LMSGetValue("cmi.core.entry") + "|" + api.LMSGetValue("cmi.core.lesson_location") + "|" + api.LMSGetValue("cmi.suspend_data");
  function end(status, score) {
    api.LMSSetValue("cmi.core.score.min", "0");
    api.LMSSetValue("cmi.core.score.max", "100");
    api.LMSSetValue("cmi.core.score.raw", String(score));
    api.LMSSetValue("cmi.interactions.0.id", "q1");
    api.LMSSetValue("cmi.interactions.0.result", score > 50 ? "correct" : "wrong");
    api.LMSSetValue("cmi.core.lesson_status", status);
    api.LMSCommit("");
    api.LMSFinish("");
  }
  document.getElementById("right").onclick = function () { end("passed", 90); };
  document.getElementById("wrong").onclick = function () { end("failed", 20); };
  document.getElementById("leave").onclick = function () {
    api.LMSSetValue("cmi.core.lesson_location", "page-3");
    api.LMSSetValue("cmi.suspend_data", "答了一半");
    api.LMSSetValue("cmi.core.lesson_status", "incomplete");
    api.LMSSetValue("cmi.core.exit", "suspend");
    api.LMSFinish("");
  };
</script></body></html>"""
FIND_12 = """function findAPI(win) {
  var tries = 0;
  while (win.API == null && win.parent != null && win.parent != win && tries++ < 7) win = win.parent;
  return win.API;
}"""
QUIZ_2004 = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>受限空间</title></head>
<body><p id="was"></p><button id="right">先通风</button><button id="leave">稍后再学</button>
<script>
  var api = window.API_1484_11;
  api.Initialize("");
  document.getElementById("was").textContent = api.GetValue("cmi.entry") + "|" + api.GetValue("cmi.location");
  document.getElementById("right").onclick = function () {
    api.SetValue("cmi.score.scaled", "0.8");
    api.SetValue("cmi.completion_status", "completed");
    api.SetValue("cmi.success_status", "passed");
    api.Commit("");
    api.Terminate("");
  };
  document.getElementById("leave").onclick = function () {
    api.SetValue("cmi.location", "slide-7");
    api.SetValue("cmi.exit", "suspend");
    api.Terminate("");
  };
</script></body></html>"""


def manifest_12(items: str = "", resources: str = "", *, title: str = "动火作业安全", more: str = "") -> str:
    """Return a manifest as an authoring tool writes it for SCORM 1.2."""
    items = items or (
        '<item identifier="I1" identifierref="R1"><title>动火作业</title>'
        "<adlcp:masteryscore>60</adlcp:masteryscore></item>"
    )
    resources = resources or (
        '<resource identifier="R1" type="webcontent" adlcp:scormtype="sco" href="index.html">'
        '<file href="index.html"/></resource>'
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="M1" version="1.0" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
  xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
  <organizations default="O1"><organization identifier="O1"><title>{title}</title>{items}{more}</organization></organizations>
  <resources>{resources}</resources>
</manifest>"""


def manifest_2004(items: str = "", *, edition: str = "2004 4th Edition") -> str:
    """Return a manifest for SCORM 2004, with a passing score in the primary objective."""
    items = items or (
        '<item identifier="S1" identifierref="R1"><title>受限空间作业</title>'
        "<imsss:sequencing><imsss:objectives>"
        '<imsss:primaryObjective objectiveID="p" satisfiedByMeasure="true">'
        "<imsss:minNormalizedMeasure>0.7</imsss:minNormalizedMeasure></imsss:primaryObjective>"
        "</imsss:objectives></imsss:sequencing></item>"
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="M2" xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"
  xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" xmlns:imsss="http://www.imsglobal.org/xsd/imsss"
  xmlns:adlnav="http://www.adlnet.org/xsd/adlnav_v1p3">
  <metadata><schema>ADL SCORM</schema><schemaversion>{edition}</schemaversion></metadata>
  <organizations default="O1"><organization identifier="O1"><title>受限空间</title>{items}</organization></organizations>
  <resources><resource identifier="R1" type="webcontent" adlcp:scormType="sco" href="start.html"/></resources>
</manifest>"""


FILES_12 = {"imsmanifest.xml": manifest_12(), "index.html": QUIZ_12, "scripts/find.js": FIND_12}
FILES_2004 = {"imsmanifest.xml": manifest_2004(), "start.html": QUIZ_2004}


def package_bytes(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip of these files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # One date, so that the same files are the same package.
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def make_package(files: Mapping[str, str | bytes] = FILES_12, *, now: Any, name: str = "动火.zip") -> Package:
    """Store a package and return it."""
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(package_bytes(files))
        file.flush()
        return store_package(path=Path(file.name), file_name=name, acting_user=None, now=now).package


class PackageLessonFactory(PolicySpeechFactory):
    """A live lesson that is a package and has no text of its own."""

    class Meta:
        model = PackageLessonPage

    body = ()
    summary = ""
