"""Rows for tests, each with what it needs around it."""

from factory.django import DjangoModelFactory


def count_from_the_start() -> None:
    """Let every factory number what it makes as in a new process.

    Otherwise the employee numbers of a test follow from how many people the tests before it made, and one of
    them is, on some day, the number the test itself wrote down.
    """
    waiting = DjangoModelFactory.__subclasses__()
    while waiting:
        made_by = waiting.pop()
        waiting += made_by.__subclasses__()
        made_by.reset_sequence(force=True)  # type: ignore[no-untyped-call]
