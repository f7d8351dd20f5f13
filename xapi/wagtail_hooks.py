"""What this room registers with Wagtail."""

from wagtail import hooks

from people.personal_data import Provider
from xapi.personal_data import PROVIDERS


@hooks.register("personal_data")
def personal_data() -> tuple[Provider, ...]:
    """Add what other systems brought about a person to the copy the person may ask for."""
    return PROVIDERS
