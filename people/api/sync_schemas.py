"""The shapes of a list to sync and of the answer."""

from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

from people.api.problems import Fault, Problem

MAX_ROWS = 200_000
# PostgreSQL keeps no NUL in a text.
Text = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]


class SyncRow(Schema):
    """One person as they should be; what is left out is not changed. The rules are those of the HR workbook."""

    model_config = ConfigDict(extra="forbid")

    employee_no: Text = Field(description="工号")
    name: Text | None = Field(None, description="姓名；新员工必填")
    unit: Text | None = Field(
        None, description="部门：编码、完整路径（总厂/一车间/甲班）或独一无二的名称；新员工必填"
    )
    post: Text | None = Field(None, description="岗位：编码或名称；新员工必填")
    employment_type: Text | None = Field(
        None, description="own、dispatched、intern、contractor、temporary、visitor，或 HR 表里的说法"
    )
    employer: Text | None = Field(None, description="用人单位：派遣单位或承包商")
    hired_on: Text | None = Field(None, description="入职日期 2026-01-02；新员工必填")
    phone: Text | None = Field(None, description="手机号或座机")
    id_number: Text | None = Field(None, description="身份证号，18 位")
    status: Text | None = Field(None, description="active、away、left，或 HR 表里的说法")
    left_on: Text | None = Field(None, description="离职日期")
    effective_on: Text | None = Field(None, description="变动生效日期；不填按当天")


class SyncOptionsIn(Schema):
    """How the list is to be read."""

    model_config = ConfigDict(extra="forbid")

    full_roster: bool = Field(default=False, description="这是全员名单：没有列出的人按离职处理")
    create_missing: bool | None = Field(
        default=None, description="新建没有的部门和岗位；不填：只在组织还是空的时候"
    )
    allow_ending: int = Field(
        default=0, ge=0, le=10_000_000, description="允许办理离职的人数（超过在册人数一成时须写明）"
    )
    dry_run: bool = Field(default=False, description="只比对，不保存")
    skip_faulty: bool = Field(default=False, description="跳过有错的行，保存其余的；有错的人保持不变")


class SyncRequest(Schema):
    """A list of people as they should be."""

    model_config = ConfigDict(extra="forbid")

    rows: list[SyncRow] = Field(max_length=MAX_ROWS)
    options: SyncOptionsIn = SyncOptionsIn()
    run_async: bool = Field(False, alias="async", description="排队处理；超过 5,000 行总是排队")


class SyncCounts(Schema):
    """What the rows came to; `terms` are other terms of employment at the same place, `updated` are particulars such as a phone number."""

    rows: int
    created: int
    moved: int
    terms: int
    left: int
    returned: int
    unchanged: int
    updated: int


class SyncEvent(Schema):
    """A derived employment event."""

    kind: str
    effective_on: str
    from_unit: str | None
    from_post: str | None
    to_unit: str | None
    to_post: str | None
    days_away: int | None


class SyncChange(Schema):
    """What a row comes to; `row` is null for somebody a full roster does not name."""

    row: int | None
    employee_no: str
    outcome: str
    events: list[SyncEvent]


class SyncReply(Schema):
    """What the list did or would do. The first 500 changes and 1,000 errors are shown, all are counted."""

    applied: bool
    dry_run: bool
    code: str = Field(description="空：没有问题；rows_faulty：有错误的行，什么也没有保存")
    message: str
    where: str
    counts: SyncCounts
    changes: list[SyncChange]
    changes_total: int
    new_units: list[str]
    new_posts: list[str]
    ending: int = Field(description="超出制动的离职人数；0 表示没有超出")
    errors: list[Fault]
    errors_total: int
    batch: int | None = Field(description="导入批次；没有变化时为 null")


class JobReply(Schema):
    """A queued list; `reply` and `problem` come when it is done."""

    id: UUID
    state: str = Field(description="queued、running、done、failed")
    done: int
    total: int
    message: str
    reply: SyncReply | None = None
    problem: Problem | None = None


def inlined(schema: type[Schema]) -> dict[str, Any]:
    """Return the JSON schema of a body that is read here and not by ninja, without references."""
    whole = schema.model_json_schema(by_alias=True)
    parts = whole.pop("$defs", {})

    def fill(node: Any) -> Any:
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            beside = {key: fill(value) for key, value in node.items() if key != "$ref"}
            return fill(parts[name]) | beside if name else beside
        return [fill(one) for one in node] if isinstance(node, list) else node

    filled: dict[str, Any] = fill(whole)
    return filled
