import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from jobs.clock_watch import note_step
from jobs.models import ClockSource, Heartbeat
from jobs.schedules import beat

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
# The checks run in threads of their own, so what they read must be committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def beating():
    with time_machine.travel(NOW, tick=False):
        beat()


def look(client, after=dt.timedelta(0), **options):
    with time_machine.travel(NOW + after, tick=True):
        return client.get(reverse("health"), **options)


@pytest.mark.usefixtures("beating")
@pytest.mark.parametrize(
    "options", [{}, {"data": {"format": "json"}}, {"headers": {"accept": "text/html,*/*;q=0.8"}}]
)
def test_healthy_site_answers_200_as_json(client, options):
    response = look(client, **options)
    assert response.status_code == 200
    assert set(response.json().values()) == {"OK"}
    assert len(response.json()) == 5
    assert "no-store" in response["Cache-Control"]


def queue_report(response):
    return next(text for name, text in response.json().items() if "Queue" in name)


@pytest.mark.usefixtures("beating")
def test_queue_that_stopped_beating_makes_it_500(client, caplog):
    response = look(client, after=dt.timedelta(minutes=4))
    assert response.status_code == 500
    assert "restart `manage.py run_queue`" in queue_report(response)
    assert sorted(response.json().values())[:4] == ["OK"] * 4


@pytest.mark.usefixtures("beating")
@pytest.mark.parametrize("wanted", ["json", "text"])
def test_clock_that_was_set_is_a_warning_for_three_days_and_takes_no_site_down(client, wanted):
    note_step(ClockSource.MACHINE, -61.0, at=NOW)
    with time_machine.travel(NOW, tick=False):
        beat()
        shown = client.get(reverse("health"), {"format": wanted})
    assert shown.status_code == 200
    assert "was set by -61.0 s at 2026-03-09 09:00:00+08:00" in shown.text
    assert "docs/operations.md" in shown.text
    late = look(client, after=dt.timedelta(days=3, minutes=1))
    assert "-61.0" not in late.text


def test_queue_that_never_beat_makes_it_500(client):
    assert not Heartbeat.objects.exists()
    assert look(client).status_code == 500


@pytest.mark.usefixtures("beating")
def test_storage_that_fails_makes_it_500_and_tells_no_secrets(client, settings, tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    settings.MEDIA_ROOT = tmp_path / "taken"
    response = look(client)
    assert response.status_code == 500
    assert str(tmp_path) not in response.text
    assert queue_report(response) == "OK"


@pytest.mark.usefixtures("beating")
def test_nobody_needs_to_sign_in_and_nothing_is_left_behind(client, settings):
    look(client)
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    assert client.post(reverse("health")).status_code == 405
