"""What every room's objects are noted in, and when and where the works stands.

Each kind of object has three places: `own` belongs to the learner (who works in the first plant), `near` to a
colleague in the first plant, `far` to somebody in the second. What belongs to no plant is shared.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from people.models import Role, User

NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)  # 09:00 in Shanghai
TODAY = dt.date(2026, 11, 20)
PLACES = ("own", "near", "far")

# In the words of the table.
STAFF = {
    "leader": Role.TEAM_LEADER,
    "trainer": Role.TRAINER,
    "hr": Role.HR_OFFICER,
    "safety": Role.SAFETY_OFFICER,
    "editor": Role.EDITOR,
    "writer": Role.QUESTION_WRITER,
    "examiner": Role.EXAMINER,
    "marker": Role.MARKER,
    "auditor": Role.AUDITOR,
    "admin": Role.ADMINISTRATOR,
}
ACTORS = ("anonymous", "learner", *STAFF, "superuser", "leaver", "token")


@dataclass
class Works:
    """The people who ask, and what they ask for: object kind → place → values for the address."""

    users: dict[str, User | None] = field(default_factory=dict)
    objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    token: str = ""

    def add(self, kind: str, place: str, /, **values: Any) -> None:
        """Note an object; a name that starts with `?` goes into the query, one with `=` into the body."""
        self.objects.setdefault(kind, {})[place] = values

    def share(self, kind: str, /, **values: Any) -> None:
        """Note an object that belongs to no plant."""
        self.objects[kind] = dict.fromkeys(PLACES, values)
