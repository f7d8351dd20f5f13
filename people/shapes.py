"""Shapes of the JSON that people store and print."""

from collections.abc import Callable
from typing import Literal, TypedDict

# Told how far an import is: the name of the phase (read, check or write), what is done, of how many.
Progress = Callable[[str, int, int], None]


def no_progress(phase: str, done: int, total: int) -> None:
    """Tell nobody."""


class ImportCounts(TypedDict):
    """ImportBatch.counts: what the rows of a list came to."""

    rows: int
    created: int
    moved: int
    terms: int  # other terms of employment at the same place; not in batches from before they were counted
    left: int
    returned: int
    unchanged: int


class ImportFault(TypedDict):
    """One thing wrong with a list. `row` is Excel's number, None for the file as a whole."""

    sheet: str
    row: int | None
    column: str
    message: str


PersonalField = Literal["id_number", "phone", "photo", "everything"]
"""PersonalDataAccess.fields: what somebody saw in clear."""


class DirectoryFault(TypedDict):
    """One member of a directory who was not taken over, and why."""

    number: str
    name: str
    message: str


class DirectoryReport(TypedDict, total=False):
    """DirectorySource.last_report: what the last run came to. Lists are cut at what a page can show."""

    counts: ImportCounts
    faults: list[DirectoryFault]
    fault_count: int
    notes: list[str]
    message: str  # why it stopped or failed, with the cure
    ending: int  # how many would have left, where it stopped for that


# ImportMapping.columns: the 0-based columns that hold each field of people.roster.Row. Only `unit` may have
# several: the levels of a path, from the top down.
ColumnMap = dict[str, list[int]]
