"""Recurring work of the training room."""

from common import clock
from training.actions import clearance


def refresh_due_clearance() -> int:
    """Recompute everyone's clearance for the new day; return how many people. Scheduled each night."""
    return clearance.refresh_all(now=clock.now())
