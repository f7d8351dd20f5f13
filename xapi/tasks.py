"""What this room does by itself."""

from common.clock import now
from xapi.actions.sending import send_facts


def send_statements() -> None:
    """Tell new facts to the learning record store. Scheduled every minute; harmless when run twice or while off."""
    send_facts(now=now())
