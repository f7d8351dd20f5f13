"""The written table of who may do what: one file per room in tests/permissions/access/.

A row says, for one address, one kind of object and one method: who is served when the object is in their scope
(`in_scope`), who when it is not (`out_of_scope`; `=` the same people, `-` nobody), and how (`answer`). In scope
means: the learner's own object for the learner, one of their own plant for everyone else.

Everybody else is refused, and a refused visit writes nothing:

* who is not signed in, a leaver, and another system with its token are sent to the sign-in page;
* below /admin/ a learner is sent there, too, and whoever lacks the capability gets 403 (Wagtail turns that into
  a way back to its first page); elsewhere they get 404;
* who has the capability, but not over this object, gets 404.

Where it is otherwise, the column `refused` says so: words for those without the capability, `guests:` for those
not signed in, `learner:` for the learner below /admin/, `beyond:` for an object out of scope. Several words
joined by `|` are alternatives.

A method without a row of its own must be refused to everyone (405, 404, 403, 401, 400 or the sign-in page) and
write nothing. A name that ends with `*` stands for all addresses of that prefix that have no row of their own.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.permissions.addresses import Address, addresses
from tests.permissions.objects import ACTORS, STAFF

FOLDER = Path(__file__).parent / "access"
COLUMNS = ["url", "object", "method", "in_scope", "out_of_scope", "answer", "refused", "note"]
GUESTS = frozenset({"anonymous", "leaver", "token"})
SIGNED_IN = frozenset(ACTORS) - GUESTS
GROUPS = {
    "-": frozenset(),
    "everyone": frozenset(ACTORS),
    "signed-in": SIGNED_IN,
    "office": frozenset(STAFF) | {"superuser"},
    **{name: frozenset({name}) for name in ACTORS},
}
REFUSALS = frozenset({"405", "404", "403", "401", "400", "sign-in"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    place: str
    url: str
    kind: str
    method: str
    in_scope: frozenset[str]
    out_of_scope: frozenset[str]
    answer: frozenset[str]
    refused: dict[str, frozenset[str]]
    note: str

    def allows(self, actor: str, *, is_in_scope: bool) -> bool:
        """Tell whether `actor` is to be served."""
        return actor in (self.in_scope if is_in_scope else self.out_of_scope)

    def expected(self, actor: str, address: Address, *, is_in_scope: bool) -> frozenset[str]:
        """Return the words that may answer this person; `any`: whatever is no failure."""
        if self.allows(actor, is_in_scope=is_in_scope):
            return self.answer
        if actor in self.in_scope and (actor != "learner" or not address.is_office):
            return self.refused.get("beyond", frozenset({"404"}))
        if actor in GUESTS:
            return self.refused.get("guests", frozenset({"sign-in"}))
        if actor == "learner" and address.is_office:
            return self.refused.get("learner", frozenset({"sign-in"}))
        return self.refused.get("", frozenset({"403" if address.is_office else "404"}))


def _people(text: str) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for word in text.split():
        if word.startswith("!"):
            found -= GROUPS[word[1:]]
        else:
            found |= GROUPS[word]
    return found


def _refusals(text: str) -> dict[str, frozenset[str]]:
    found = {}
    for word in text.split():
        who, _, words = word.rpartition(":")
        found[who] = frozenset(words.split("|"))
    return found


@cache
def rows() -> tuple[Row, ...]:
    """Return the whole table. Raises ValueError or KeyError, with file and line, for a line it cannot read."""
    found = []
    for path in sorted(FOLDER.glob("*.csv")):
        lines = path.read_text(encoding="utf-8").splitlines()
        header = next(csv.reader([lines[0]]))
        if header != COLUMNS:
            raise ValueError(f"{path.name}: the first line must be {','.join(COLUMNS)}")
        for number, line in enumerate(lines[1:], start=2):
            if not line.strip() or line.startswith("#"):
                continue
            cells = [cell.strip() for cell in next(csv.reader([line]))]
            if len(cells) != len(COLUMNS):
                raise ValueError(f"access/{path.name} line {number}: {len(cells)} cells, not {len(COLUMNS)}")
            url, kind, method, inside, outside, answer, refused, note = cells
            in_scope = _people(inside)
            found.append(
                Row(
                    place=f"access/{path.name}:{number}",
                    url=url,
                    kind=kind,
                    method=method,
                    in_scope=in_scope,
                    out_of_scope=in_scope if outside == "=" else _people(outside),
                    answer=frozenset(answer.split("|")),
                    refused=_refusals(refused),
                    note=note,
                )
            )
    return tuple(found)


def rows_for(address: Address) -> list[Row]:
    """Return the rows about an address: its own, or those of the longest prefix."""
    own = [row for row in rows() if row.url == address.name]
    if own:
        return own
    fitting = [row for row in rows() if row.url.endswith("*") and address.name.startswith(row.url[:-1])]
    longest = max((len(row.url) for row in fitting), default=0)
    return [row for row in fitting if len(row.url) == longest]


def section_of(address: Address) -> str:
    """Return the file that holds the rows of an address, for a test's name."""
    found = rows_for(address)
    return found[0].place.split("/")[1].split(".")[0] if found else "none"


def sections() -> list[str]:
    """Return the names of the table's files."""
    return sorted({section_of(address) for address in addresses().values()} - {"none"})
