"""What an import did or would do, line by line."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from exams.importers.items import Note

KEPT_LINES = 500  # of each list, for a page somebody reads


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence about a line."""

    line: int
    message: str
    feature: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question: `created`, `updated` or `unchanged`."""

    line: int
    code: str
    stem: str
    outcome: str


@dataclass(slots=True)
class Report:
    """The report of one file."""

    format: str
    read: int
    outcomes: list[Outcome] = field(default_factory=list)
    unsupported: list[Told] = field(default_factory=list)
    errors: list[Told] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        """Return how many questions were `created`, `updated` or `unchanged`."""
        return sum(one.outcome == outcome for one in self.outcomes)

    def as_json(self) -> dict[str, Any]:
        """Return the report as `import_questions --json` prints it."""
        return {
            "format": self.format,
            "read": self.read,
            **{name: self.count(name) for name in ("created", "updated", "unchanged")},
            "unsupported": [
                {"line": one.line, "feature": one.feature, "message": one.message} for one in self.unsupported
            ],
            "errors": [{"line": one.line, "message": one.message} for one in self.errors],
        }

    def kept(self) -> dict[str, Any]:
        """Return the report as a job or a session can keep it: the first lines of each list, and all counts."""
        return {
            **self.as_json(),
            "unsupported": [asdict(one) for one in self.unsupported[:KEPT_LINES]],
            "unsupported_count": len(self.unsupported),
            "errors": [asdict(one) for one in self.errors[:KEPT_LINES]],
            "error_count": len(self.errors),
            "outcomes": [asdict(one) for one in self.outcomes if one.outcome != "unchanged"][:KEPT_LINES],
        }


def told(notes: Iterable[Note]) -> list[Told]:
    """Put notes into the reader's language, with the file of a package or the sheet before them."""
    return [
        Told(note.line, placed(_(note.message) % dict(note.params), note.place), note.feature)
        for note in notes
    ]


def placed(message: str, place: str) -> str:
    """Return a message with the place it is about."""
    return _("%(place)s：%(message)s") % {"place": place, "message": message} if place else message
