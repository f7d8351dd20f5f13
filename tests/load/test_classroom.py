"""The simulated class: an honest learner on a bad network loses little, and nobody gains."""

import pytest

from courses.models import StudyBeat
from tests.factories.courses import FilmFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory
from tests.load.classroom import Network, watch_together

pytestmark = pytest.mark.django_db
ROUNDING_S = 0.01


def class_of(people, **network):
    lesson = PolicySpeechFactory(film=FilmFactory(duration=120.0))
    return watch_together([EmployeeFactory() for _ in range(people)], lesson, network=Network(**network))


def test_on_a_good_network_every_second_shown_is_credited_and_played_once():
    for seat in class_of(3, lost=0, doubled=0, slow=0, offline_s=0):
        assert seat.error_s == pytest.approx(0, abs=1.0)
        assert seat.most_ahead_s <= ROUNDING_S


def test_on_a_bad_network_nobody_gains_and_little_is_lost():
    seats = class_of(6, lost=0.15, doubled=0.3, slow=0.2)
    assert max(seat.error_s for seat in seats) <= ROUNDING_S
    assert max(seat.most_ahead_s for seat in seats) <= ROUNDING_S
    assert min(seat.error_s for seat in seats) >= -10, "what the server did not count was watched again"
    assert StudyBeat.objects.filter(verdict="partly").exists(), "the minute offline cost somebody something"
