"""A seeded cohort of 200 people at one exam, 20 of whom cheat: what exams.findings is held against.

Who answers by themselves has an ability, reads at an own speed and goes wrong by the pull of each wrong option.
The cheaters: four pairs of whom one takes over the other's answers, six accounts one after the other on one
telephone, three who have the key and answer at once, and three who answer for a colleague by turns.
"""

import math
import random
from dataclasses import dataclass, field

from exams.findings import RIGHT, Rhythm, Saved, Timed, Use, Vector

PEOPLE, CHEATERS, BANK, PAPER = 200, 20, 60, 50
CHARS = 90


@dataclass
class Cohort:
    """What the finders take, and who of it is to be found."""

    vectors: list[Vector] = field(default_factory=list)
    rhythms: list[Rhythm] = field(default_factory=list)
    timed: dict[int, list[Timed]] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    saves: list[Saved] = field(default_factory=list)
    cheaters: set[int] = field(default_factory=set)


def make_cohort(seed: int, *, people: int = PEOPLE, paper: int = PAPER, bank: int = BANK) -> Cohort:
    """Return the cohort of a seed. Attempt and person have the same number."""
    chance = random.Random(seed)
    easiness = [chance.gauss(0.9, 0.9) for _ in range(bank)]
    pull = [[chance.uniform(0.3, 2.0) for _ in range(3)] for _ in range(bank)]
    answers = {}
    for person in range(people):
        ability = chance.gauss(0, 0.8)
        drawn = chance.sample(range(bank), paper)
        answers[person] = {
            version: RIGHT
            if chance.random() < 1 / (1 + math.exp(-ability - easiness[version]))
            else chance.choices("BCD", pull[version])[0]
            for version in drawn
        }
    cohort = Cohort(cheaters=set(range(CHEATERS)))
    for copier in (0, 2, 4, 6):
        source = copier + 1
        for version in answers[copier]:
            if version in answers[source] and chance.random() < 0.9:
                answers[copier][version] = answers[source][version]
    speed = {person: max(chance.lognormvariate(2.8, 0.35), 5) for person in range(people)}
    speed |= dict.fromkeys(range(14, 17), 1.2)
    begins = {person: chance.uniform(0, 3600) for person in range(people)}
    for person in range(14, 17):
        answers[person] = {version: RIGHT if chance.random() < 0.97 else "B" for version in answers[person]}
    # Three by turns with a colleague who is not to blame less: they share the hands.
    for person in (18, 19):
        begins[person] = begins[17] + 5 * (person - 17)
        speed[person] = speed[17] = 20
    at = begins[8]
    for person in range(8, 14):
        begins[person] = at
        at += paper * speed[person] * 1.3 + 40
    for person, given in answers.items():
        _sit(cohort, chance, person, given, begins[person], speed[person])
    return cohort


def _sit(
    cohort: Cohort, chance: random.Random, person: int, given: dict, begins: float, speed: float
) -> None:
    device = "one-phone" if 8 <= person < 14 else "turns" if 17 <= person < 20 else f"phone-{person}"
    at, times, timed = begins, [], []
    for slot, (_version, answer) in enumerate(given.items(), start=1):
        took = speed * chance.lognormvariate(0, 0.6)
        at += took
        times.append((slot, at - begins))
        timed.append(Timed(slot=slot, took_s=took, chars=CHARS, right=answer == RIGHT))
        cohort.saves.append(Saved(attempt=person, person=person, device=device, at=at))
    cohort.vectors.append(Vector(attempt=person, person=person, answers=given))
    cohort.rhythms.append(Rhythm(attempt=person, person=person, answered=tuple(times)))
    cohort.timed[person] = timed
    cohort.uses.append(Use(attempt=person, person=person, place=device, begins=begins, ends=at))
