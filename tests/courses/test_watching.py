import dataclasses
import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses import watching as w

T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
NEEDS = w.Needs(film_s=120.0, watch_pct=95, sections={"start": 6.0, "s1": 30.0})


def after(seconds):
    return T0 + dt.timedelta(seconds=seconds)


def film(seq, start, end, **more):
    return w.Beat(seq, "film", round(start * 1000), round(end * 1000), **more)


def play(beats_at, needs=NEEDS, state=None):
    """Run (seconds since the start, beat) pairs; return the last state and all answers."""
    state = state or w.StudyState(paid_until=T0)
    answers = []
    for at, beat in beats_at:
        answers.append(w.credit_beat(state, beat, after(at), needs=needs))
        state = answers[-1].state
    return state, answers


class TestIntervals:
    def test_add_joins_what_touches(self):
        assert w.add(((0.0, 5.0), (10.0, 12.0)), (5.0, 10.0)) == ((0.0, 12.0),)

    def test_add_keeps_what_is_apart(self):
        assert w.add(((4.0, 5.0),), (0.0, 1.0)) == ((0.0, 1.0), (4.0, 5.0))

    def test_add_ignores_an_empty_interval(self):
        assert w.add(((0.0, 1.0),), (3.0, 3.0)) == ((0.0, 1.0),)

    def test_clamp_cuts_at_both_ends(self):
        assert w.clamp(((0.0, 4.0), (6.0, 9.0)), 2.0, 7.0) == ((2.0, 4.0), (6.0, 7.0))

    @given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))))
    def test_union_is_the_set_of_seconds_whatever_the_order(self, pairs):
        intervals = [(float(min(p)), float(max(p))) for p in pairs]
        seconds = {s for left, right in intervals for s in range(int(left), int(right))}
        result = w.union(tuple(intervals))
        assert w.total(result) == len(seconds)
        assert result == w.union(tuple(reversed(intervals)))
        assert all(a[1] < b[0] for a, b in itertools.pairwise(result))
        assert w.union(result, result) == result


class TestCreditBeat:
    def test_honest_viewing_earns_every_second_and_completes_the_film(self):
        state, answers = play([(10 * n, film(n, 10 * (n - 1), 10 * n)) for n in range(1, 13)])
        assert state.watched == ((0.0, 120.0),)
        assert {credit.verdict for credit in answers} == {w.Verdict.CREDITED}
        assert w.is_film_done(state.watched, NEEDS)

    def test_late_beats_lose_nothing_within_the_carry(self):
        state, _ = play([(25, film(1, 0, 10)), (26, film(2, 10, 20)), (30, film(3, 20, 30))])
        assert w.total(state.watched) == 30

    def test_a_huge_claim_earns_the_clock_alone(self):
        state, answers = play([(10, film(1, 0, 120))])
        assert answers[0].verdict is w.Verdict.PARTLY
        assert state.watched == ((0.0, 10.0),)

    def test_a_pause_cannot_be_saved_up(self):
        state, _ = play([(3600, film(1, 0, 120))])
        assert w.total(state.watched) == w.POLICY.carry_s

    def test_a_replayed_beat_is_refused(self):
        state, answers = play([(10, film(1, 0, 10)), (20, film(1, 0, 10))])
        assert answers[1].verdict is w.Verdict.WRONG_SEQ
        assert (w.total(state.watched), state.last_seq) == (10, 1)

    def test_a_skipped_number_is_refused(self):
        assert play([(10, film(2, 0, 10))])[1][0].verdict is w.Verdict.WRONG_SEQ

    def test_a_jump_on_first_view_is_refused(self):
        state, answers = play([(10, film(1, 0, 10)), (20, film(2, 110, 120))])
        assert answers[1].verdict is w.Verdict.JUMPED
        assert state.watched == ((0.0, 10.0),)

    def test_after_the_film_is_done_jumping_and_speed_are_free(self):
        state = w.StudyState(paid_until=T0, watched=((0.0, 120.0),))
        _, answers = play([(10, film(1, 100, 110, rate_pct=200))], state=state)
        assert answers[0].verdict is w.Verdict.NOTHING_NEW

    def test_rounding_of_the_player_leaves_no_holes(self):
        state, _ = play([(10, film(1, 0.1, 9.8)), (20, film(2, 10.4, 20))])
        assert state.watched == ((0.0, 20.0),)

    def test_speed_is_refused(self):
        _, answers = play([(10, film(1, 0, 20, rate_pct=200))])
        assert (answers[0].verdict, answers[0].credited_s) == (w.Verdict.TOO_FAST, 0)

    def test_undeclared_speed_earns_the_clock_alone(self):
        state, _ = play([(10 * n, film(n, w_from, w_from + 20)) for n, w_from in [(1, 0), (2, 10), (3, 20)]])
        assert w.total(state.watched) == 30

    def test_looping_a_minute_gives_nothing_after_the_first_time(self):
        beats = [(10 * n, film(n, (10 * (n - 1)) % 60, (10 * (n - 1)) % 60 + 10)) for n in range(1, 19)]
        state, answers = play(beats)
        assert w.total(state.watched) == 60
        assert {credit.verdict for credit in answers[6:]} == {w.Verdict.NOTHING_NEW}

    def test_a_hidden_page_earns_nothing_and_its_time_is_gone(self):
        state, answers = play([(20, film(1, 0, 20, visible=False)), (20, film(2, 0, 10))])
        assert [credit.credited_s for credit in answers] == [0, 0]
        assert state.watched == ()

    @pytest.mark.parametrize(
        ("start", "end"), [(-1, 5), (5, 5), (9, 3), (115, 130), (0, 10_000_000)], ids=str
    )
    def test_tampered_endpoints_are_refused(self, start, end):
        state = w.StudyState(paid_until=T0, watched=((0.0, 116.0),))
        after_it, answers = play([(60, film(1, start, end))], state=state)
        assert answers[0].verdict is w.Verdict.BAD_INTERVAL
        assert after_it.watched == state.watched

    @pytest.mark.parametrize("part", ["section:s9", "s1", "section:", "", "film2"])
    def test_unknown_part_is_refused(self, part):
        assert play([(10, w.Beat(1, part, 0, 5000))])[1][0].verdict is w.Verdict.UNKNOWN_PART

    def test_a_film_beat_in_a_lesson_without_film_is_refused(self):
        _, answers = play([(10, film(1, 0, 5))], needs=w.Needs(sections={"s1": 9.0}))
        assert answers[0].verdict is w.Verdict.UNKNOWN_PART

    def test_reading_and_watching_share_one_clock(self):
        state, _ = play([(10, film(1, 0, 10)), (10, w.Beat(2, "section:s1", 0, 10_000))])
        assert w.total(state.watched) + sum(state.read_s.values()) == 10

    def test_a_section_earns_no_more_than_it_needs(self):
        state, answers = play([(20, w.Beat(1, "section:start", 0, 20_000))])
        assert (state.read_s, answers[0].credited_s) == ({"start": 6.0}, 6.0)

    def test_a_clock_that_goes_back_earns_nothing(self):
        state, _ = play([(10, film(1, 0, 10)), (5, film(2, 10, 20))])
        assert w.total(state.watched) == 10


class TestCompletion:
    def test_every_part_and_the_confirmation_are_needed(self):
        watched, read = ((0.0, 120.0),), {"start": 6.0, "s1": 30.0}
        assert w.is_complete(watched, read, NEEDS, read_confirmed=True)
        assert not w.is_complete(watched, read, NEEDS, read_confirmed=False)
        assert not w.is_complete(watched, {**read, "s1": 29.9}, NEEDS, read_confirmed=True)
        assert not w.is_complete(((0.0, 113.0),), read, NEEDS, read_confirmed=True)

    def test_the_end_must_be_reached_even_when_the_share_is_seen(self):
        assert not w.is_film_done(((0.0, 116.0),), NEEDS)

    def test_enough_must_be_seen_even_when_the_end_is_reached(self):
        assert not w.is_film_done(((0.0, 10.0), (110.0, 120.0)), NEEDS)

    def test_a_short_film_is_not_finished_by_tolerance(self):
        assert not w.is_film_done(((0.0, 1.2),), w.Needs(film_s=2.0, watch_pct=50))

    def test_seconds_needed_grow_with_the_text_and_never_fall_below_the_least(self):
        assert [w.seconds_needed(n) for n in (0, 20, 600, 1234)] == [3.0, 3.0, 60.0, 123.4]

    def test_done_pct_is_100_only_when_all_is_earned(self):
        assert w.done_pct((), {}, NEEDS) == 0
        assert w.done_pct(((0.0, 120.0),), {"start": 6.0, "s1": 29.99}, NEEDS) == 99
        assert w.done_pct(((0.0, 120.0),), {"start": 6.0, "s1": 30.0}, NEEDS) == 100
        assert w.unread_sections({"start": 6.0}, NEEDS) == ["s1"]


beats = st.builds(
    w.Beat,
    seq=st.integers(0, 12),
    part=st.sampled_from(["film", "section:start", "section:s1", "section:zz"]),
    from_ms=st.integers(-1000, 125_000),
    to_ms=st.integers(-1000, 10_000_000),
    rate_pct=st.sampled_from([50, 100, 125, 1600]),
    visible=st.booleans(),
)
adversaries = st.lists(st.tuples(st.integers(0, 90_000), beats), max_size=12)


class TestWhateverComes:
    @settings(max_examples=300)
    @given(adversaries, st.booleans())
    def test_never_more_than_the_clock(self, moves, in_step):
        state, clock_ms, earned = w.StudyState(paid_until=T0), 0, 0.0
        for pause_ms, sent in moves:
            clock_ms += pause_ms
            beat = dataclasses.replace(sent, seq=state.last_seq + 1) if in_step else sent
            credit = w.credit_beat(state, beat, after(clock_ms / 1000), needs=NEEDS)
            gained = w.total(credit.state.watched) - w.total(state.watched)
            gained += sum(credit.state.read_s.values()) - sum(state.read_s.values())
            assert credit.credited_s == pytest.approx(max(gained, 0), abs=0.002)
            assert credit.state.paid_until >= state.paid_until
            earned += credit.credited_s
            state = credit.state
            assert earned <= clock_ms / 1000 * w.POLICY.first_view_rate + 0.01
        assert w.frontier(state.watched) <= NEEDS.film_s
        # What was seen is one piece from the beginning: nothing was skipped.
        assert state.watched == () or state.watched == ((0.0, w.frontier(state.watched)),)

    @given(st.integers(1, 30), st.integers(0, 3000))
    def test_repeating_everything_gives_nothing(self, count, jitter_ms):
        moves = [(10 * n, film(n, 4 * (n - 1), 4 * n)) for n in range(1, count + 1)]
        state, _ = play(moves)
        again = [
            (1000 + 10 * n + jitter_ms / 1000, film(count + n, 4 * (n - 1), 4 * n))
            for n in range(1, count + 1)
        ]
        state2, answers = play(again, state=state)
        assert sum(credit.credited_s for credit in answers) == 0
        assert state2.watched == state.watched
