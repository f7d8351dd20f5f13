"""Every address × every role × an object in scope and one out of scope × GET and POST, against the table."""

import gc
from collections import Counter

import pytest

from tests.permissions.addresses import Address, addresses
from tests.permissions.crawl import Visitor
from tests.permissions.objects import ACTORS, Works
from tests.permissions.table import REFUSALS, Row, rows, rows_for, section_of, sections

METHODS = ("GET", "POST")

HOW_TO = """
{name} (/{route}) has no row in tests/permissions/access/*.csv. Say who may open it, in the file of its room:

    {name},<kind of object>,GET,<who, in scope>,<who, out of scope>,page,,<why, if it needs saying>

The kinds of objects are made in tests/permissions/objects/ (it wants: {wanted}); the words are explained in
tests/permissions/table.py. Add a POST row if it takes one. Write what ought to be, then run
`pytest tests/permissions`: where the site answers otherwise, the site is wrong.
"""


def test_every_address_stands_in_the_table() -> None:
    missing = [
        HOW_TO.format(name=address.name, route=address.route, wanted=", ".join(address.wanted) or "nothing")
        for address in addresses().values()
        if not rows_for(address)
    ]
    if missing:
        pytest.fail("".join(missing), pytrace=False)


def test_every_row_is_about_an_address_and_stands_once() -> None:
    used = {row.place for address in addresses().values() for row in rows_for(address)}
    assert [row.place for row in rows() if row.place not in used] == []
    often = Counter((row.url, row.kind, row.method) for row in rows())
    assert [entry for entry, times in often.items() if times > 1] == []


def test_the_auditor_changes_nothing() -> None:
    """What an auditor may post is about their own account, or only asks."""
    wrong = [
        row.place
        for row in rows()
        if row.method == "POST" and "auditor" in row.in_scope | row.out_of_scope and "own" not in row.note
    ]
    assert wrong == []


# Wagtail leaves the temporary files of the pictures it scales to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile.*")
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
@pytest.mark.usefixtures("_at_the_works")
@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize(
    "section",
    # Wagtail has as many addresses as all our rooms together.
    [pytest.param(name, marks=pytest.mark.slow) if name == "wagtail" else name for name in sections()],
)
def test_access(works: Works, section: str, actor: str) -> None:
    visitor = Visitor(works.users[actor], works.token if actor == "token" else "")
    wrong: list[str] = []
    for address in addresses().values():
        if section_of(address) == section:
            for row, method in _cells(address):
                wrong += _visits(works, visitor, actor, address, row, method)
    gc.collect()
    if wrong:
        pytest.fail("\n".join(["the site and the table differ:", *wrong]), pytrace=False)


def _cells(address: Address) -> list[tuple[Row, str]]:
    """Return each row with the method it is visited by; a method without a row is tried with any object."""
    found = rows_for(address)
    cells = [(row, row.method) for row in found if row.method in METHODS]
    cells += [(row, method) for row in found if row.method == "any" for method in METHODS]
    covered = {method for _, method in cells}
    return cells + [(found[0], method) for method in METHODS if found and method not in covered]


def _visits(works: Works, visitor: Visitor, actor: str, address: Address, row: Row, method: str) -> list[str]:
    wrong = []
    is_written = row.method in (method, "any")
    places = works.objects[row.kind]
    inside = "own" if actor in ("learner", "leaver") else "near"
    outside = "near" if inside == "own" else "far"
    for place in (inside,) if places[inside] is places[outside] else (inside, outside):
        is_in_scope = place == inside
        word, tables = visitor.visit(address, method, places[place])
        expected = row.expected(actor, address, is_in_scope=is_in_scope) if is_written else REFUSALS
        served = is_written and row.allows(actor, is_in_scope=is_in_scope)
        where = f"{row.place} {address.name} {method} {row.kind} {'in' if is_in_scope else 'out of'} scope"
        is_fine = word in expected or ("any" in expected and word not in ("sign-in", "500"))
        if not is_fine:
            said = " or ".join(sorted(expected))
            wrong.append(
                f"{where}: {actor} got {word}, the table says {said}" + ("" if is_written else " (no row)")
            )
        if tables and not served:
            wrong.append(f"{where}: {actor} was refused ({word}), yet wrote to {', '.join(sorted(tables))}")
        if tables and method == "GET" and not tables <= _may_note(row):
            wrong.append(f"{where}: {actor} wrote to {', '.join(sorted(tables))} by looking")
    return wrong


def _may_note(row: Row) -> set[str]:
    """Return the tables a look may write to: the row's note names them after `notes:`."""
    return set(row.note.partition("notes:")[2].split())
