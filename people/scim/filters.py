"""A SCIM filter over people as a condition of the database."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.dateparse import parse_datetime
from scim2_models import InvalidFilterException
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

from people.models import EmploymentStatus

NOBODY = Q(pk__in=())
_TEXT_LOOKUPS = {
    CompareOperator.eq: "iexact",
    CompareOperator.co: "icontains",
    CompareOperator.sw: "istartswith",
    CompareOperator.ew: "iendswith",
}
_ORDER_LOOKUPS = {
    CompareOperator.gt: "gt",
    CompareOperator.ge: "gte",
    CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}


def _texts(*columns: str) -> Callable[[CompareOperator, Any], Q]:
    """Return the comparison of a text with any of these columns."""

    def compare(op: CompareOperator, value: Any) -> Q:
        if op is CompareOperator.ne:
            return ~compare(CompareOperator.eq, value)
        if op not in _TEXT_LOOKUPS or not isinstance(value, str) or "\x00" in value:
            raise InvalidFilterException(detail=f"{op.value} does not fit here")
        condition = Q()
        for column in columns:
            condition |= Q(**{f"{column}__{_TEXT_LOOKUPS[op]}": value})
        return condition

    return compare


def _user_name(op: CompareOperator, value: Any) -> Q:
    if op is CompareOperator.ne:
        return ~_user_name(CompareOperator.eq, value)
    # Somebody no directory has named yet goes by the employee number.
    own = _texts("scim__user_name_key")(op, value.casefold() if isinstance(value, str) else value)
    return (Q(scim__isnull=False) & own) | (Q(scim__isnull=True) & _texts("employee_no")(op, value))


def _id(op: CompareOperator, value: Any) -> Q:
    if op not in (CompareOperator.eq, CompareOperator.ne):
        raise InvalidFilterException(detail="id is compared by eq and ne")
    try:
        condition = Q(public_id=UUID(str(value)))
    except (ValueError, ValidationError):
        condition = NOBODY
    return condition if op is CompareOperator.eq else ~condition


def _active(op: CompareOperator, value: Any) -> Q:
    if op not in (CompareOperator.eq, CompareOperator.ne):
        raise InvalidFilterException(detail="active is compared by eq and ne")
    wants = str(value).casefold() == "true"
    if op is CompareOperator.ne:
        wants = not wants
    return ~Q(status=EmploymentStatus.LEFT) if wants else Q(status=EmploymentStatus.LEFT)


def _last_modified(op: CompareOperator, value: Any) -> Q:
    moment = parse_datetime(str(value))
    if op not in _ORDER_LOOKUPS or moment is None or moment.tzinfo is None:
        raise InvalidFilterException(detail="meta.lastModified is compared with a time by gt, ge, lt and le")
    return Q(**{f"changed_at__{_ORDER_LOOKUPS[op]}": moment})


_ATTRIBUTES: dict[str, Callable[[CompareOperator, Any], Q]] = {
    "username": _user_name,
    "id": _id,
    "active": _active,
    "externalid": _texts("scim__external_id"),
    "displayname": _texts("name"),
    "name.formatted": _texts("name"),
    "emails": _texts("scim__email_key"),
    "emails.value": _texts("scim__email_key"),
    "employeenumber": _texts("employee_no"),
    "meta.lastmodified": _last_modified,
}
_PRESENT: dict[str, Q] = {
    "username": Q(),
    "id": Q(),
    "active": Q(),
    "displayname": ~Q(name=""),
    "employeenumber": Q(),
    "externalid": Q(scim__isnull=False) & ~Q(scim__external_id=""),
    "emails": Q(scim__isnull=False) & ~Q(scim__email_key=""),
}


def _name(path: AttrPath) -> str:
    return f"{path.attr}.{path.sub_attr}".casefold() if path.sub_attr else path.attr.casefold()


class PeopleFilter(FilterVisitor[Q]):
    """Builds the condition. Raises InvalidFilterException for what cannot be asked."""

    def visit_comparison(self, node: Comparison) -> Q:
        """Compare one attribute."""
        compare = _ATTRIBUTES.get(_name(node.attr_path))
        if compare is None:
            raise InvalidFilterException(detail=f"people are not found by {_name(node.attr_path)}")
        return compare(node.op, node.value)

    def visit_present(self, node: Present) -> Q:
        """Ask whether an attribute has a value."""
        condition = _PRESENT.get(_name(node.attr_path))
        if condition is None:
            raise InvalidFilterException(detail=f"people are not found by {_name(node.attr_path)} pr")
        return condition

    def visit_not(self, node: Not) -> Q:
        """Turn a condition round."""
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        """Join conditions."""
        condition = self.visit(node.terms[0])
        for term in node.terms[1:]:
            other = self.visit(term)
            condition = condition & other if node.op == LogicalOperator.and_ else condition | other
        return condition

    def visit_value_path(self, node: ValuePath) -> Q:
        """Compare an e-mail address of a type: `emails[type eq "work" and value eq "…"]`.

        One address is kept to be found by, the primary one or else the first, whatever its type.
        """
        if node.attr_path.attr.casefold() != "emails":
            raise InvalidFilterException(detail=f"people are not found by {node.attr_path}")
        for term in _terms(node.val_filter):
            if isinstance(term, Comparison) and _name(term.attr_path) == "value":
                return _ATTRIBUTES["emails"](term.op, term.value)
        raise InvalidFilterException(detail="emails are found by their value")


def _terms(node: FilterNode) -> tuple[FilterNode, ...]:
    return node.terms if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_ else (node,)
