"""A small year lived twice: the same comes of it, told in bulk or one by one, and what was answered stays so."""

import argparse

import pytest
from django.db import transaction

from tests.load.year import compared, live

pytestmark = pytest.mark.django_db


def lived(*, in_bulk, **plan):
    """Live one life and leave no trace of it."""
    options = argparse.Namespace(**{"seed": 1, "first": "2026-05-25", **plan})
    with transaction.atomic():
        found = live(options, in_bulk=in_bulk, with_questions=in_bulk)
        transaction.set_rollback(True)
    return found


def same_twice(**plan):
    found = compared([lived(in_bulk=True, **plan), lived(in_bulk=False, **plan)])
    assert found["ok"], (found["differing"], found["lives"][0]["answered_otherwise"][:20])
    return found["lives"][0]


def test_some_weeks_around_a_change_of_rules():
    life = same_twice(people=24, days=40, pace=15, nights_apart=4)
    assert (life["asked"], life["asked_again"]) == (3, 3)
    assert life["happened"].keys() >= {
        "employment",
        "records",
        "exams",
        "rules changed",
        "pushed",
        "four_new",
        "refused",
    }


@pytest.mark.slow
def test_three_months_of_a_works():
    life = same_twice(people=60, days=92, pace=12, nights_apart=7, first="2026-05-15")
    assert (life["asked"], life["asked_again"]) == (4, 5)
    happened = {
        "late_transfer",
        "correct",
        "extension",
        "waiver",
        "violation",
        "second",
        "rules changed",
        "refused",
    }
    happened |= {"licences lapsed"}
    assert life["happened"].keys() >= happened
    assert life["restated_by_what_is_known_today"], "nothing was corrected, so nothing was shown"
