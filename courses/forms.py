"""What a client may report while someone studies."""

import re
from collections.abc import Mapping

from django import forms

from courses.watching import Beat

LARGEST = 2**31 - 1
WHOLE = re.compile(r"-?[0-9]{1,10}")
# Positions are whole milliseconds, so that both sides sign the same text.
BEAT_NUMBERS = {
    "seq": (1, LARGEST),
    "from_ms": (-LARGEST, LARGEST),
    "to_ms": (-LARGEST, LARGEST),
    "rate_pct": (1, 10_000),
    "visible": (0, 1),
}
BEAT_TEXTS = {"part": 60, "mac": 64}  # characters at most


class BadBeat(ValueError):
    """What came is no beat; `fields` names what is wrong, in order."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def read_beat(sent: Mapping[str, str]) -> tuple[Beat, str]:
    """Return a beat as it was sent, and its signature. Raises BadBeat.

    A Django form would do the same for ten times the work, and nothing on the site is asked more often.
    """
    numbers = {name: int(text) for name in BEAT_NUMBERS if WHOLE.fullmatch(text := sent.get(name, ""))}
    wrong = [
        name
        for name, (least, most) in BEAT_NUMBERS.items()
        if name not in numbers or not least <= numbers[name] <= most
    ]
    for name, longest in BEAT_TEXTS.items():
        text = sent.get(name, "")
        if not 0 < len(text) <= longest or "\0" in text:
            wrong.append(name)
    if wrong:
        raise BadBeat(sorted(wrong))
    beat = Beat(
        numbers["seq"],
        sent["part"],
        numbers["from_ms"],
        numbers["to_ms"],
        numbers["rate_pct"],
        bool(numbers["visible"]),
    )
    return beat, sent["mac"]


class CheckForm(forms.Form):
    """The answer to a check: the place of the option chosen, from 0; empty for a tap."""

    check = forms.IntegerField(min_value=1, max_value=LARGEST)
    choice = forms.IntegerField(min_value=0, max_value=20, required=False)
