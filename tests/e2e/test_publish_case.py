"""A warning case from a Word file and a film to the people it concerns, as a new editor would, in a real browser."""

import sys

import pytest

from tests.browser import browser
from tests.e2e import case_walk, material, walk
from tests.e2e.site import Site

__all__ = ["browser"]

HANDS_S = 5 * 60
# Finding, reading and aiming cost a person about six seconds a click, more than the page itself takes.
SECONDS_A_CLICK = 6
FILES = 2  # and each file to be found in a dialogue of the system as long as four clicks
CLICKS_A_FILE = 4


@pytest.mark.e2e
@pytest.mark.slow
def test_a_case_is_published_and_pushed_in_less_than_five_minutes(site: Site, browser, tmp_path, capsys):
    document, film = material.make_case(tmp_path), material.make_film(tmp_path)
    way, watch = walk.Walk(site.url, browser), case_walk.Stopwatch()

    editor = case_walk.signed_in_and_counted(way, "editor")
    with watch.step("import the Word file", editor):
        case_walk.import_case(way, editor, document)
    with watch.step("upload the film", editor):
        case_walk.attach_film(way, editor, film)
    with watch.step("tick hazard and equipment", editor):
        case_walk.say_whom_it_is_for(way, editor, "机械致害", "车床铣床")
    with watch.step("hand in for review", editor):
        case_walk.hand_in(editor)

    case_walk.review(way, "safety", "下一步：法务审核", "publish-4-review")
    case_walk.review(way, "admin", "已通过全部审核并发布")

    with watch.step("push to the people concerned", editor):
        people = case_walk.push(way, editor)
    case_walk.expect_curve(editor, people, 0)

    case_walk.learn(way, way.signed_in("1002", walk.PHONE))
    case_walk.expect_curve(editor, people, 1)
    way.snap(editor, "publish-9-curve")

    if way.pictures is not None:  # whoever makes the pictures anew writes the times beside them
        with capsys.disabled():
            sys.stdout.writelines(
                f"\n{name}: {spent:.1f} s, {clicks} clicks" for name, spent, clicks in watch.steps
            )
    hands = watch.seconds + SECONDS_A_CLICK * (watch.clicks + FILES * CLICKS_A_FILE)
    assert hands < HANDS_S, watch.steps
