"""Devices and addresses at which many people answered in a row, and people in two places at once."""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypedDict

DEVICE_PEOPLE = 3
ADDRESS_PEOPLE = 4
ROW_GAP_S = 180.0


class InARow(TypedDict):
    """Evidence of attempts at one place: how many people, the median pause between them, and what they share."""

    type: Literal["shared_device", "shared_address"]
    people: int
    median_gap_s: float
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Use:
    """That an attempt was answered at a place (a device, or an address with a browser) from when to when."""

    attempt: int
    person: int
    place: str
    begins: float
    ends: float
    address: str = ""
    agent: str = ""
    is_shared_tablet: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Attempts of several people at one place, in their order."""

    place: str
    attempts: tuple[int, ...]
    evidence: InARow


def _by_place(uses: Iterable[Use]) -> dict[str, list[Use]]:
    places: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        # A tablet that is there for everybody says nothing by being used by many.
        if use.place and not use.is_shared_tablet:
            places[use.place].append(use)
    for found in places.values():
        found.sort(key=lambda use: (use.begins, use.attempt))
    return places


def shared_devices(uses: Iterable[Use], *, least: int = DEVICE_PEOPLE) -> list[Row]:
    """Return the devices on which `least` people or more answered, shared tablets left out."""
    rows = []
    for place, found in _by_place(uses).items():
        if len({use.person for use in found}) >= least:
            rows.append(_row(place, found, "shared_device"))
    return rows


def shared_addresses(uses: Iterable[Use], *, least: int = ADDRESS_PEOPLE) -> list[Row]:
    """Return the rows of people who answered one right after the other from one address with one browser.

    A plant stands behind one address and buys one kind of telephone, so many people at one place are no sign;
    but then they answer at the same time. Only rows in which nobody overlaps are returned.
    """
    rows = []
    for place, found in _by_place(uses).items():
        run: list[Use] = []
        runs = []
        for use in found:
            if run and not 0 <= use.begins - run[-1].ends <= ROW_GAP_S:
                # An overlap makes the run worthless: several devices stand behind this address.
                runs.append([] if use.begins < run[-1].ends else run)
                run = []
            run.append(use)
        runs.append(run)
        rows += [
            _row(place, each, "shared_address") for each in runs if len({use.person for use in each}) >= least
        ]
    return rows


def _row(place: str, uses: Sequence[Use], kind: Literal["shared_device", "shared_address"]) -> Row:
    gaps = [max(later.begins - use.ends, 0) for use, later in itertools.pairwise(uses)]
    return Row(
        place=place,
        attempts=tuple(use.attempt for use in uses),
        evidence=InARow(
            type=kind,
            people=len({use.person for use in uses}),
            median_gap_s=round(median(gaps), 1) if gaps else 0,
            address=uses[0].address,
            agent=uses[0].agent,
        ),
    )


# Two places at once

LEAST_TURNS = 4
TURN_S = 30.0


class Overlap(TypedDict):
    """Evidence of answers in two attempts by turns: how often it changed, and within how many seconds."""

    type: Literal["overlap"]
    turns: int
    median_gap_s: float
    same_person: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """That an answer of an attempt was stored at a moment, from a device."""

    attempt: int
    person: int
    device: str
    at: float


@dataclass(frozen=True, slots=True)
class OverlapPair:
    """Two attempts answered by turns where one person cannot be in both places."""

    one: int
    other: int
    evidence: Overlap


def overlaps(saves: Iterable[Saved]) -> list[OverlapPair]:
    """Return the attempts answered by turns: two people on one device, or one person on two devices.

    Either needs somebody else's hands or account. Four changes within half a minute each are asked for.
    """
    saves = list(saves)
    gaps: dict[tuple[int, int, bool], list[float]] = defaultdict(list)
    for by_device in (True, False):
        lanes: dict[Hashable, list[Saved]] = defaultdict(list)
        for save in saves:
            lanes[save.device if by_device else save.person].append(save)
        lanes.pop("", None)  # what came without a device says nothing of one
        for lane in lanes.values():
            lane.sort(key=lambda save: save.at)
            for before, save in itertools.pairwise(lane):
                apart = before.person != save.person if by_device else before.device != save.device
                if apart and before.attempt != save.attempt and save.at - before.at <= TURN_S:
                    one, other = sorted((before.attempt, save.attempt))
                    gaps[one, other, not by_device].append(save.at - before.at)
    return [
        OverlapPair(one, other, _turns(found, same_person=same))
        for (one, other, same), found in sorted(gaps.items())
        if len(found) >= LEAST_TURNS
    ]


def _turns(gaps: Sequence[float], *, same_person: bool) -> Overlap:
    return Overlap(
        type="overlap", turns=len(gaps), median_gap_s=round(median(gaps), 1), same_person=same_person
    )
