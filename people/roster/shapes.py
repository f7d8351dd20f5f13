"""The shapes a roster is compared in. Units are full paths (总厂/一车间/甲班), posts are names."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

# What a list writes to erase a phone number or an employer: an empty cell says nothing.
CLEAR = "#清空"


class Standing(StrEnum):
    """Whether a person works; the values are those of people.models.EmploymentStatus."""

    ACTIVE = "active"
    AWAY = "away"
    LEFT = "left"


class EventName(StrEnum):
    """What can happen to an employment; the values are those of people.models.EventKind."""

    HIRED = "hired"
    TRANSFERRED = "transferred"
    LEFT_POST = "left_post"
    RETURNED = "returned"
    LEFT = "left"
    REHIRED = "rehired"
    TERMS_CHANGED = "terms_changed"
    SECONDED = "seconded"
    SECONDMENT_ENDED = "secondment_ended"


class Outcome(StrEnum):
    """What a row does to a person: the counts an import reports. A changed phone number is no change here."""

    CREATED = "created"
    MOVED = "moved"  # to another unit or post
    TERMS = "terms"  # to other terms of employment at the same place
    LEFT = "left"  # left the organisation or, for a time, the post
    RETURNED = "returned"  # back at the post, or hired again
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a person on a day.

    `unit` and `post` are the present ones, or the last ones of somebody away or gone. `since` is the first
    day of the present stay, or the first day without one. `coming` holds what is recorded already of later
    days, in order.
    """

    employee_no: str
    name: str
    standing: Standing
    hired_on: dt.date
    since: dt.date
    unit: str = ""
    post: str = ""
    left_on: dt.date | None = None
    phone: str = ""
    id_digest: str = ""
    employment_type: str = "own"
    employer: str = ""
    coming: tuple[tuple[EventName, dt.date], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """What a list says of a person. Empty means that it says nothing, and nothing is changed.

    CLEAR as phone or employer erases what is known.

    `line` is an opaque mark of where the row stands, from 1 on. `assumed_hired_on` is used for a new person of a list
    that has no hire dates at all.
    """

    employee_no: str
    line: int = 0
    name: str = ""
    unit: str = ""
    post: str = ""
    standing: Standing | None = None
    hired_on: dt.date | None = None
    left_on: dt.date | None = None
    effective_on: dt.date | None = None
    phone: str = ""
    id_digest: str = ""
    employment_type: str = ""
    employer: str = ""
    assumed_hired_on: dt.date | None = None
    is_number_cell: bool = False  # the employee number was a number: leading zeros are gone
    id_number: str = dataclasses.field(
        default="", repr=False, compare=False
    )  # in clear, only on its way to encryption


@dataclass(frozen=True, slots=True)
class Happening:
    """One derived employment event. `days_away` counts from the first day away to the day of return.

    `employment_type` and `employer` are the terms that hold from then on, where the event sets them.
    """

    name: EventName
    effective_on: dt.date
    from_unit: str = ""
    from_post: str = ""
    to_unit: str = ""
    to_post: str = ""
    days_away: int | None = None
    employment_type: str = ""
    employer: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a row comes to. `before` is None for a new person; `after` is None if nothing is kept of the row."""

    employee_no: str
    line: int
    outcome: Outcome
    before: Person | None
    after: Person | None
    events: tuple[Happening, ...] = ()

    @property
    def is_detail_only(self) -> bool:
        """Tell whether only particulars such as the phone number change."""
        return not self.events and self.before != self.after


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that contradicts what is known or itself. `field` names a field of Row; `detail` fills the message."""

    line: int
    field: str
    code: str
    detail: dict[str, str] = dataclasses.field(default_factory=dict)
