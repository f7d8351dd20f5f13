"""The demo's lessons and courses keep the format their loader reads."""

import datetime
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
import yaml

import portal.demo
from common.text import count_readable
from portal.demo.organisation import WORK_FEATURES

DATA = Path(portal.demo.__file__).parent / "data"
FILES = sorted((DATA / "lessons").glob("*.md"))

COMMON_KEYS = {"type", "title", "slug", "shelf", "summary", "posts", "hazards", "industry"}
MAY_KEYS = {
    "speech": {"work", "level", "study_points"},
    "case": {
        "work", "content_warning", "direct_causes", "indirect_causes", "responsibility", "measures",
    },
    "rule": {"work", "supersedes", "forbidden_acts", "emergency_actions"},
}  # fmt: skip
KEYS = {
    "speech": {"speaker", "occasion", "spoken_on", "salutation"},
    "case": {
        "happened_on",
        "place",
        "category",
        "deaths",
        "serious_injuries",
        "loss_yuan",
        "is_fictional",
        "for_my_post",
        "film",
    },
    "rule": {"document_no", "edition", "effective_on", "equipment"},
}
DAY_KEY = {"speech": "spoken_on", "case": "happened_on", "rule": "effective_on"}
SHELVES = {"speech": "speeches", "case": "cases", "rule": "rules"}
POSTS = {
    "电焊工", "电工", "机加工", "行车工", "叉车司机", "涂装工", "装配钳工", "仓管员", "保洁", "班组长", "安全员", "厂长",
}  # fmt: skip
GB_6441_2025 = {
    "物体打击", "厂（场）内车辆致害", "道路（轨道）车辆致害", "机械致害", "起重致害", "触电", "淹溺", "灼烫", "火灾",
    "高处坠落", "跌落", "坍塌", "水害", "容器爆炸", "管道爆炸", "可燃气体爆炸", "可燃液体蒸气爆炸", "粉尘爆炸",
    "民用爆炸物品爆炸", "烟花爆竹爆炸", "其他可燃固体爆炸", "高温熔融物爆炸", "中毒", "窒息", "滑坡", "泄漏", "其他",
}  # fmt: skip
PICTURES = {
    "hot-work-distance",
    "confined-space-entry",
    "glove-lathe",
    "crane-zone",
    "lockout-tagout",
    "assembly-point",
    "gas-blind-plate",
    "dry-ladle",
}
SIGNS = {"stop", "must", "care", "safe"}
CHARACTERS_PER_MINUTE = 300
CREDIT_HOUR_MINUTES = 45


def read(path):
    opening, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    assert opening == ""
    return yaml.safe_load(front), body.strip()


def directives(body):
    """Split the body's fenced directives from the rest: [(name, argument, lines)], other lines."""
    found, rest, current = [], [], None
    for line in body.splitlines():
        if current is None and line.startswith(":::"):
            name, _, argument = line[3:].partition(" ")
            assert name, f"a fence closes what was never opened: {line!r}"
            current = (name, argument, [])
        elif line.startswith(":::"):
            assert line == ":::", f"a fence opens inside another: {line!r}"
            found.append(current)
            current = None
        else:
            (rest if current is None else current[2]).append(line)
    assert current is None, f"never closed: {current}"
    return found, rest


def check_steps(argument, lines):
    assert 0 < len(argument) <= 80
    for number, line in enumerate(lines, start=1):
        match = re.fullmatch(r"(\d+)\. (.+?)(?: \|\| 停止点：(.+))?", line)
        assert match, line
        assert int(match[1]) == number, line
        assert "||" not in match[2], line
        assert len(match[3] or "") <= 200, line


def check_timeline(argument, lines):
    assert argument == ""
    for line in lines:
        match = re.fullmatch(r"([^|]+) \| ([^|]+)", line)
        assert match, line
        assert len(match[1]) <= 40, line


def check_callout(argument, lines):
    assert argument in SIGNS
    assert len(lines) == 1


def check_picture(argument, lines):
    assert argument in PICTURES
    assert len(lines) == 1
    assert len(lines[0]) <= 200


def check_question(argument, lines):
    assert argument
    assert {line[0] for line in lines} == {"+", "-", "="}
    assert sum(line[0] == "+" for line in lines) == 1


CHECKS = {
    "question": check_question,
    "steps": check_steps,
    "timeline": check_timeline,
    "callout": check_callout,
    "picture": check_picture,
}


@pytest.fixture(params=FILES, ids=[path.stem for path in FILES])
def lesson(request):
    return read(request.param)


@pytest.fixture(scope="module")
def all_lessons():
    return [read(path) for path in FILES]


@pytest.fixture(scope="module")
def course_file():
    return yaml.safe_load((DATA / "courses.yaml").read_text(encoding="utf-8"))


def test_front_matter_has_the_keys_of_its_type(lesson):
    front, _body = lesson
    needed = COMMON_KEYS | KEYS[front["type"]]
    assert needed <= set(front) <= needed | MAY_KEYS[front["type"]]
    assert set(front.get("work", ())) <= {feature.name for feature in WORK_FEATURES}
    if front["type"] != "speech":
        assert front["work"]
    assert front["shelf"] == SHELVES[front["type"]]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", front["slug"])
    assert 0 < len(front["summary"]) <= 120
    assert type(front[DAY_KEY[front["type"]]]) is datetime.date
    assert front["posts"]
    assert set(front["posts"]) <= POSTS
    assert front["hazards"]
    assert set(front["hazards"]) <= GB_6441_2025


def test_cases_are_fictional_and_have_a_category(all_lessons):
    cases = [(front, body) for front, body in all_lessons if front["type"] == "case"]
    for front, body in cases:
        assert front["is_fictional"] is True
        assert "虚构" in body
        assert front["category"] in front["hazards"]
        assert all(front[key] >= 0 for key in ("deaths", "serious_injuries", "loss_yuan"))
        assert 2 <= len(front["for_my_post"].strip().splitlines()) <= 4
    assert {front["film"] for front, _body in cases} == {None, "hot-work", "glove"}


def test_body_is_three_to_six_sections_and_long_enough(lesson):
    _front, body = lesson
    assert body.startswith("## "), "text before the first section would be proved by nobody"
    assert 3 <= len(re.findall(r"^## \S", body, re.MULTILINE)) <= 6
    assert 600 <= count_readable(body) <= 1600


def test_directives_are_well_formed(lesson):
    found, rest = directives(lesson[1])
    for name, argument, lines in found:
        assert name in CHECKS
        assert lines
        assert all(line.strip() == line and line for line in lines)
        CHECKS[name](argument, lines)
    for line in rest:
        assert not line.startswith("#") or re.match(r"#{2,3} \S", line), line


def test_tables_have_even_rows(lesson):
    _found, rest = directives(lesson[1])
    for block in "\n".join(rest).split("\n\n"):
        rows = block.strip().splitlines()
        if rows and rows[0].startswith("|"):
            assert re.fullmatch(r"\|( --- \|)+", rows[1]), rows[1]
            assert len({row.count("|") for row in rows}) == 1, rows[0]


def test_slugs_and_titles_are_unique_and_every_type_is_there(all_lessons):
    fronts = [front for front, _body in all_lessons]
    for key in ("slug", "title"):
        assert len({front[key] for front in fronts}) == len(fronts)
    types = [front["type"] for front in fronts]
    assert types.count("speech") >= 3
    assert types.count("case") >= 4
    assert types.count("rule") >= 4
    assert len({front["category"] for front in fronts if front["type"] == "case"}) >= 4


def test_cases_have_a_timeline_and_rules_what_is_worn_and_where_to_stop(all_lessons):
    for front, body in all_lessons:
        names = [name for name, _argument, _lines in directives(body)[0]]
        if front["type"] == "case":
            assert "timeline" in names
            assert "question" in names
        if front["type"] == "rule":
            assert "steps" in names
            assert "【" in body
            assert "停止点" in body


def test_every_picture_is_used(all_lessons):
    used = {
        argument
        for _f, body in all_lessons
        for name, argument, _l in directives(body)[0]
        if name == "picture"
    }
    assert used == PICTURES


def test_courses_name_lessons_that_exist(all_lessons, course_file):
    slugs = {front["slug"] for front, _body in all_lessons}
    courses = course_file["courses"]
    assert [course["code"] for course in courses] == [
        "pre-job",
        "welder",
        "electrician",
        "machining",
        "annual",
        "return",
        "lifting",
        "metallurgy",
    ]
    for course in courses:
        assert set(course) - {"needs"} == {"code", "title", "intro", "hours", "lessons", "exam"}
        assert course["exam"] in ("", f"exam-{course['code']}")
        assert 0 < len(course["intro"]) <= 500
        assert set(course["lessons"]) <= slugs
        assert len(set(course["lessons"])) == len(course["lessons"])
    superseded = {front["supersedes"] for front, _body in all_lessons if "supersedes" in front}
    assert slugs - superseded == {slug for course in courses for slug in course["lessons"]}


def test_course_hours_are_what_the_lessons_fill(all_lessons, course_file):
    by_slug = {front["slug"]: (front, body) for front, body in all_lessons}
    for course in course_file["courses"]:
        minutes = Decimal(0)
        for slug in course["lessons"]:
            front, body = by_slug[slug]
            minutes += Decimal(count_readable(body)) / CHARACTERS_PER_MINUTE
            minutes += Decimal(course_file["film_minutes"].get(front.get("film"), 0))
        hours = (minutes / CREDIT_HOUR_MINUTES).quantize(Decimal("0.1"), ROUND_HALF_UP)
        assert course["hours"] == str(hours), course["code"]
