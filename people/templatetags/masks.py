"""How identity numbers are written on pages: never whole."""

from django import template

from people.identity import mask_in_text

register = template.Library()


@register.filter
def masked(value: object) -> str:
    """Write a text with the identity numbers in it hidden: a licence's number may hold its holder's."""
    return mask_in_text(str(value))
