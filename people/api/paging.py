"""Lists in pages: a cursor names the last row of a page, so that rows added meanwhile shift nothing."""

import base64
import binascii
import json
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Schema

from people.api.problems import ApiProblem

MAX_LIMIT = 500
ModelT = TypeVar("ModelT", bound=Model)


class PageQuery(Schema):
    """Where to go on, and how many rows at most."""

    cursor: str = Field("", max_length=400, description="上一页的 next_cursor；第一页不填")
    limit: int = Field(100, ge=1, le=MAX_LIMIT, description="每页最多多少行")


def refuse_unknown(request: HttpRequest, query: PageQuery) -> None:
    """Refuse parameters that mean nothing: a misspelt filter would return everybody. Raises ApiProblem."""
    for name in request.GET:
        if name not in type(query).model_fields:
            raise ApiProblem(422, "unknown_parameter", _("没有这个参数，请核对拼写"), f"query.{name[:60]}")


def page_of(
    rows: QuerySet[ModelT, Any], key: str, query: PageQuery, kind: type[int] | type[str]
) -> tuple[list[ModelT], str | None]:
    """Return one page of rows in the order of `key`, a unique field, and the cursor of the next page.

    Raises ApiProblem for a cursor that is none of ours.
    """
    rows = rows.order_by(key)
    if query.cursor:
        rows = rows.filter(**{f"{key}__gt": _read(query.cursor, kind)})
    found = list(rows[: query.limit + 1])
    page = found[: query.limit]
    more = len(found) > query.limit
    return page, _write(getattr(page[-1], key)) if more else None


def _write(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, ensure_ascii=False).encode()).decode().rstrip("=")


def _read(cursor: str, kind: type[int] | type[str]) -> Any:
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        value = None
    # PostgreSQL refuses NUL in a text, both databases a number beyond 64 bits.
    is_sound = type(value) is kind and (abs(value) < 2**63 if isinstance(value, int) else "\x00" not in value)
    if not is_sound:
        raise ApiProblem(422, "invalid_cursor", _("cursor 应是上一页回答里的 next_cursor"), "query.cursor")
    return value
