"""Shapes of the JSON that people store and print."""

from typing import TypedDict


class ImportCounts(TypedDict):
    """ImportBatch.counts: what the rows of a list came to."""

    rows: int
    created: int
    moved: int
    left: int
    returned: int
    unchanged: int


class ImportFault(TypedDict):
    """One thing wrong with a list. `row` is Excel's number, None for the file as a whole."""

    sheet: str
    row: int | None
    column: str
    message: str
