"""A class watching one film over a bad network, by the second, against the real actions: what is credited, and what was seen.

Each phone does what static/js/study.js does: a beat for every ten seconds, one at a time, sent again three
seconds after it failed; the film waits when more than two are unsent, and goes back to where the server counts.
Nothing waits in real time: events are taken in the order of their moments, and the actions are told the moment.
"""

import datetime as dt
import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from courses import watching
from courses.actions.checks import answer_check
from courses.actions.study import BeatTaken, beat_mac, open_session, take_beat
from courses.models import LessonPage, PlaySession, StudyProgress
from courses.queries import intervals_of
from people.models import Employee

BEGUN = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
TICK_S, RETRY_S = 0.5, 3.0
MOST_UNSENT = 2


@dataclass(frozen=True, slots=True)
class Network:
    """Shares of requests and answers that get lost, of requests that arrive twice, and how long they travel."""

    lost: float = 0.06
    doubled: float = 0.06
    slow: float = 0.05  # of requests: these take up to 12 s, the others up to 1.5 s
    offline_s: float = 60.0  # once in each film, at a moment of its own


@dataclass(frozen=True, slots=True)
class Seat:
    """What came of one person: seconds of film shown at least once, seconds credited, seconds played in all.

    `most_ahead_s` is the most by which the credit ever ran ahead of what had been shown until then.
    """

    seen_s: float
    credited_s: float
    played_s: float
    most_ahead_s: float

    @property
    def error_s(self) -> float:
        """Return credited − truly watched."""
        return self.credited_s - self.seen_s


@dataclass
class Clock:
    """The moments to come, and what happens then."""

    at: float = 0.0
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    order: itertools.count = field(default_factory=itertools.count)

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Let something happen `seconds` from now."""
        heapq.heappush(self.events, (self.at + seconds, next(self.order), event))

    def run(self, until: float) -> None:
        """Let everything happen up to a moment."""
        while self.events and self.events[0][0] <= until:
            self.at, _order, event = heapq.heappop(self.events)
            event()

    @property
    def now(self) -> dt.datetime:
        """Return the moment as the server's clock shows it."""
        return BEGUN + dt.timedelta(seconds=self.at)


class Phone:
    """One person's phone, and the person, who presses play when the film has stopped."""

    def __init__(self, session: PlaySession, film_s: float, clock: Clock, net: Network, seed: int) -> None:
        self.session, self.film_s, self.clock, self.net = session, film_s, clock, net
        self.chance = random.Random(seed)
        self.offline_from = self.chance.uniform(5, film_s)
        self.position = self.frontier = self.played = self.most_ahead = 0.0
        self.shown: watching.Intervals = ()
        self.stretch: list[float] | None = None
        self.queue: list[watching.Beat] = []
        self.seq = 1
        self.playing = self.sending = self.asked = self.done = False
        clock.after(self.chance.uniform(0, 10), self.press_play)

    # The person and the film

    def press_play(self) -> None:
        """Go on with the film unless it plays, is seen, waits for an answer or for the network."""
        if not (self.playing or self.done or self.asked or len(self.queue) > MOST_UNSENT):
            self.playing = True
            self.clock.after(TICK_S, self.tick)

    def stop(self) -> None:
        """Stop the film; what was shown is reported."""
        self.playing = False
        self.flush()

    def tick(self) -> None:
        """Show half a second of film."""
        if not self.playing:
            return
        start, self.position = self.position, min(self.position + TICK_S, self.film_s)
        self.played += self.position - start
        self.shown = watching.add(self.shown, (start, self.position))
        if self.stretch is None:
            self.stretch = [start, start]
        self.stretch[1] = self.position
        if self.stretch[1] - self.stretch[0] >= watching.POLICY.beat_s:
            self.flush()
        if self.position >= self.film_s or len(self.queue) > MOST_UNSENT:
            self.stop()
            self.clock.after(self.chance.uniform(2, 6), self.press_play)
        elif self.chance.random() < 0.002:  # about once in four minutes somebody looks at something again
            self.flush()
            self.position = max(0.0, self.position - 20)
        if self.playing:
            self.clock.after(TICK_S, self.tick)

    # The beats

    def flush(self) -> None:
        """Put what was shown since the last beat into the queue."""
        stretch, self.stretch = self.stretch, None
        if stretch and stretch[1] - stretch[0] >= 0.05:
            beat = watching.Beat(self.seq, watching.FILM, round(stretch[0] * 1000), round(stretch[1] * 1000))
            self.seq += 1
            self.queue.append(beat)
            self.send()

    def send(self) -> None:
        """Send the first beat of the queue, if none is under way."""
        if not self.sending and self.queue:
            self.sending = True
            self.post(self.queue[0])

    def post(self, beat: watching.Beat) -> None:
        """Give a beat to the network."""
        travel = (
            self.chance.uniform(1.5, 12)
            if self.chance.random() < self.net.slow
            else self.chance.uniform(0.05, 1.5)
        )
        if self.is_offline() or self.chance.random() < self.net.lost:
            self.clock.after(RETRY_S, lambda: self.post(beat))
            return
        self.clock.after(travel, lambda: self.arrive(beat))
        if self.chance.random() < self.net.doubled:
            self.clock.after(travel + self.chance.uniform(0, 8), lambda: self.deliver(beat))

    def is_offline(self) -> bool:
        """Tell whether the phone has no network at this moment."""
        return self.offline_from <= self.clock.at < self.offline_from + self.net.offline_s

    def deliver(self, beat: watching.Beat) -> BeatTaken:
        """Let the server take a beat."""
        taken = take_beat(
            session_public_id=self.session.public_id,
            employee_id=self.session.employee_id,
            beat=beat,
            signature=beat_mac(self.session.nonce, self.session.public_id, beat),
            now=self.clock.now,
        )
        credited = watching.total(intervals_of(taken.progress.watched))
        self.most_ahead = max(self.most_ahead, credited - watching.total(self.shown))
        return taken

    def arrive(self, beat: watching.Beat) -> None:
        """Take a beat at the server and send the answer back, which may get lost too."""
        taken = self.deliver(beat)
        if self.chance.random() < self.net.lost or self.is_offline():
            self.clock.after(RETRY_S, lambda: self.post(beat))
        else:
            self.clock.after(0.1, lambda: self.answered(taken))

    def answered(self, taken: BeatTaken) -> None:
        """Go back where the server counts less than was shown, and answer a check."""
        self.queue.pop(0)
        self.sending = False
        watched = intervals_of(taken.progress.watched)
        self.frontier = watching.frontier(watched)
        self.done = watching.is_film_done(watched, watching.Needs(self.film_s, 100))
        shown_from = self.stretch[0] if self.stretch else self.position
        allowed = 0 if self.position >= self.film_s else watching.POLICY.jump_s
        if not self.queue and not self.done and shown_from > self.frontier + allowed:
            self.stretch, self.position = None, self.frontier
        if taken.check is not None and not self.asked:
            self.asked = True
            self.stop()
            number = taken.check.number
            self.clock.after(self.chance.uniform(3, 30), lambda: self.tap(number))
        elif not self.playing:
            self.clock.after(self.chance.uniform(1, 5), self.press_play)
        self.send()

    def tap(self, number: int) -> None:
        """Answer the check; offline the phone tries again."""
        if self.is_offline():
            self.clock.after(RETRY_S, lambda: self.tap(number))
            return
        answer_check(
            session_public_id=self.session.public_id,
            employee_id=self.session.employee_id,
            number=number,
            choice=None,
            now=self.clock.now,
        )
        self.asked = False
        self.press_play()


def watch_together(
    people: Sequence[Employee], lesson: LessonPage, *, network: Network | None = None, seed: int = 1
) -> list[Seat]:
    """Let people watch a lesson's film to its end, all at once; return what came of each.

    Raises RuntimeError if somebody is not through after four times the length of the film and ten minutes.
    """
    film = lesson.film
    if film is None:
        raise RuntimeError("the lesson has no film")
    clock, net = Clock(), network or Network()
    phones = []
    for number, person in enumerate(people):
        session = open_session(employee=person, lesson=lesson, device="phone", now=BEGUN)
        phones.append(Phone(session, film.duration, clock, net, seed * 100_000 + number))
    clock.run(until=4 * film.duration + 600)
    unfinished = sum(not phone.done for phone in phones)
    if unfinished:
        raise RuntimeError(f"{unfinished} of {len(phones)} did not get through the film")
    progress = StudyProgress.objects.in_bulk([phone.session.progress_id for phone in phones])
    return [
        Seat(
            seen_s=watching.total(phone.shown),
            credited_s=watching.total(intervals_of(progress[phone.session.progress_id].watched)),
            played_s=phone.played,
            most_ahead_s=phone.most_ahead,
        )
        for phone in phones
    ]
