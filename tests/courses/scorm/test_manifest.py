import pytest

from courses.scorm.manifest import BadPackage, read_manifest
from tests.factories.packages import manifest_12, manifest_2004

SEQUENCED = (
    '<item identifier="S1" identifierref="R1"><title>一</title>'
    '<imsss:sequencing><imsss:controlMode flow="true"/>'
    '<imsss:objectives><imsss:primaryObjective objectiveID="p">'
    '<imsss:mapInfo targetObjectiveID="g"/></imsss:primaryObjective></imsss:objectives></imsss:sequencing>'
    "<adlnav:presentation/><adlcp:timeLimitAction>exit,message</adlcp:timeLimitAction>"
    "<adlcp:dataFromLMS>a=1</adlcp:dataFromLMS></item>"
)


def read(text):
    return read_manifest(text.encode())


def test_what_is_not_done_is_listed():
    found = read(manifest_2004(SEQUENCED))
    assert {one.code for one in found.findings} == {
        "sequencing",
        "shared_objectives",
        "navigation_ui",
        "time_limit",
    }
    assert (found.items[0].launch_data, found.items[0].passing_pct) == ("a=1", None)


def test_a_tree_of_parts_with_bases_parameters_and_what_is_left_out():
    items = (
        '<item identifier="A"><title>上册</title>'
        '<item identifier="B" identifierref="R1" parameters="?lang=zh"><title>第一章</title></item>'
        '<item identifier="C" identifierref="R2"><title>网上的</title></item>'
        '<item identifier="D" identifierref="R9"><title>没有的</title></item>'
        '<item identifier="E" identifierref="R1" isvisible="false"><title>暗的</title></item></item>'
    )
    resources = (
        '<resource identifier="R1" adlcp:scormtype="asset" xml:base="a/" href="../b/one%20two.html?x=1"/>'
        '<resource identifier="R2" adlcp:scormtype="sco" href="https://example.org/x.html"/>'
    )
    found = read(manifest_12(items, resources))
    assert [(item.identifier, item.depth, item.href, item.is_sco) for item in found.items] == [
        ("B", 1, "b/one%20two.html?x=1&lang=zh", False)
    ]
    assert {one.code: one.detail for one in found.findings} == {
        "outside_item": "网上的 https://example.org/x.html",
        "missing_resource": "没有的",
        "hidden_item": "暗的",
        "no_sco": "",
    }


def test_a_second_organization_is_named():
    text = manifest_12().replace(
        "</organization>",
        '</organization><organization identifier="O2"><title>英文版</title></organization>',
    )
    found = read(text)
    assert [(one.code, one.detail) for one in found.findings] == [("several_organizations", "英文版")]


@pytest.mark.parametrize(
    ("said", "version"), [("CAM 1.3", "2004"), ("2004 3rd Edition", "2004"), ("1.2", "1.2"), ("", "2004")]
)
def test_version(said, version):
    assert read(manifest_2004(edition=said)).version == version


def test_a_score_that_is_none():
    text = manifest_12().replace(">60<", ">sixty<")
    assert read(text).items[0].passing_pct is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<html/>", "bad_xml"),
        ("", "bad_xml"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><manifest/>', "bad_xml"),
        ("<manifest/>", "unknown_version"),
        (
            manifest_12().replace('default="O1"><organization', "><x").replace("</organization>", "</x>"),
            "no_items",
        ),
        (
            manifest_12('<item identifier="I" identifierref="R1"/><item identifier="I" identifierref="R1"/>'),
            "bad_xml",
        ),
    ],
    ids=["html", "empty", "entity", "bare", "no organization", "twice"],
)
def test_refuses(text, code):
    with pytest.raises(BadPackage) as refused:
        read(text)
    assert refused.value.code == code
