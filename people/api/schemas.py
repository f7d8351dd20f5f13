"""The shapes of people and the organisation as other systems read them."""

import datetime as dt
import re
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

from people.api.paging import PageQuery

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT.+", re.ASCII)


def _written_out(value: Any) -> Any:
    """Refuse seconds since 1970 and bare days, which pydantic would take for a moment."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise PydanticCustomError("datetime_written_out", "not an ISO 8601 date and time")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]


class UnitRef(Schema):
    """A unit, by id, code and full name (总厂/一车间/甲班)."""

    id: int
    code: str | None
    path: str


class PostRef(Schema):
    """A post."""

    code: str | None
    name: str


class Secondment(Schema):
    """A stay in another unit or post beside the own one, from a day up to, not including, another."""

    unit: UnitRef
    post: PostRef
    starts_on: dt.date
    ends_before: dt.date | None


class Person(Schema):
    """A person. Phone and identity number are masked unless `is_masked` is false."""

    id: str
    employee_no: str
    name: str
    status: Literal["active", "away", "left"]
    employment_type: str
    employer: str | None
    unit: UnitRef | None
    post: PostRef | None
    secondments: list[Secondment] = Field(description="现在和将要开始的借调")
    hired_on: dt.date
    left_on: dt.date | None
    phone: str
    id_number: str
    is_masked: bool
    changed_at: dt.datetime


class PersonPage(Schema):
    """A page of people."""

    items: list[Person]
    next_cursor: str | None


class PersonQuery(PageQuery):
    """Which people."""

    changed_since: Moment | None = Field(None, description="这一刻（带时区）以来有变化的人")
    unit: str = Field("", max_length=400, description="部门的编码、完整路径或独一无二的名称；含下级")
    status: Literal["", "active", "away", "left"] = Field("", description="在岗、离岗、离职")


class EmploymentEvent(Schema):
    """Something that happened to a person's employment."""

    id: str
    kind: Literal[
        "hired",
        "transferred",
        "left_post",
        "returned",
        "left",
        "rehired",
        "terms_changed",
        "seconded",
        "secondment_ended",
    ]
    effective_on: dt.date
    from_unit: str | None
    from_post: str | None
    to_unit: str | None
    to_post: str | None
    days_away: int | None
    employment_type: str | None
    employer: str | None
    is_withdrawn: bool
    corrects: str | None
    recorded_at: dt.datetime


class EventList(Schema):
    """All events of a person, in the order in which they took effect."""

    items: list[EmploymentEvent]


class Unit(UnitRef):
    """A unit of the organisation; `parent` is the id of the unit above, if that one is in scope."""

    name: str
    kind: str
    parent: int | None
    closed_on: dt.date | None


class UnitPage(Schema):
    """A page of units, in the order of the tree."""

    items: list[Unit]
    next_cursor: str | None


class Post(Schema):
    """A post with what it is exposed to and demands."""

    id: int
    code: str | None
    name: str
    is_principal: bool
    is_safety_manager: bool
    hazards: list[str]
    demanded_licences: list[str]


class PostPage(Schema):
    """A page of posts."""

    items: list[Post]
    next_cursor: str | None
