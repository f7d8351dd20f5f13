"""How figures are written on pages."""

from decimal import Decimal

from django import template

from common.text import plain_number

register = template.Library()


@register.filter
def plain(value: Decimal | int | None) -> str:
    """Write a figure without idle zeros: 8.50 as 8.5; nothing as an empty text."""
    return "" if value is None else plain_number(Decimal(value))
