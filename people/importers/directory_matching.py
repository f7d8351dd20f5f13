"""From the members of a directory to the rows HR's lists are made of, with everything that stops one of them.

A member who cannot be taken over is a fault with their name; the others go on. Nothing is guessed: the number
finds a person once, and only if the names agree; from then on the link does.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.actions.directories import EntryIdentity
from people.directories import DirectoryMember, DirectoryUnit, MemberState
from people.directories.paths import unit_paths
from people.importers import cells
from people.models import DirectorySource
from people.queries import KnownLink, known_links, known_people, linked_units, unit_directory
from people.roster import Person, Row, Standing
from people.shapes import DirectoryFault

FAR_FUTURE_DAYS = 366
MISSING_LINE = 0  # the mark of rows for people the directory no longer names


@dataclass(slots=True)
class Matching:
    """What a directory comes to. `members` and `identities` are keyed by `Row.line`."""

    rows: list[Row] = field(default_factory=list)
    members: dict[int, DirectoryMember] = field(default_factory=dict)
    identities: dict[int, EntryIdentity] = field(default_factory=dict)
    faults: list[DirectoryFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unit_paths: dict[str, str] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)  # links
    employed: int = 0  # linked people who have not left

    def fault(self, member: DirectoryMember, number: str, message: str) -> None:
        """Note why a member is not taken over."""
        self.faults.append({"number": number, "name": member.name, "message": message})


class _Unfit(Exception):
    """Why a member is not taken over."""


def match_directory(
    source: DirectorySource, units: list[DirectoryUnit], members: list[DirectoryMember], on: dt.date
) -> Matching:
    """Compare what a directory says with who is known. Reads only; a fixed number of queries."""
    directory = unit_directory()
    matcher = _Matcher(
        source, units, known_people(directory, on=on), directory[source.root_unit_id].full_name, on
    )
    return matcher.match(members)


class _Matcher:
    def __init__(
        self,
        source: DirectorySource,
        units: list[DirectoryUnit],
        known: Mapping[str, Person],
        root: str,
        on: dt.date,
    ) -> None:
        self.source, self.known, self.root, self.on = source, known, root, on
        self.links = known_links(source)
        linked = {own: path for own, path in linked_units(source).items() if self._reaches(path)}
        self.found = Matching(unit_paths=unit_paths(units, root=root, linked=linked))
        self.by_number = {link.employee_no: own for own, link in self.links.items()}
        self.default_post = source.default_post.name if source.default_post else ""
        self.present: set[str] = set()
        self.counted: Counter[str] = Counter()
        self._note_renamed_units(units)

    def match(self, members: list[DirectoryMember]) -> Matching:
        self.present = {member.external_id for member in members}
        numbers = {member.external_id: self._number(member) for member in members}
        taken = Counter(number for own, number in numbers.items() if number and own not in self.links)
        # By number, so that the same directory gives the same list in the same order.
        for line, member in enumerate(
            sorted(members, key=lambda one: (numbers[one.external_id], one.external_id)), start=1
        ):
            number = numbers[member.external_id]
            try:
                if taken[number] > 1:
                    raise _Unfit(_("目录里有 %(count)d 人的工号都是这个，请改正") % {"count": taken[number]})
                self._take(line, member, number)
            except (_Unfit, cells.CellFlaw) as why:
                self.found.fault(member, number, str(why))
        self._look_for_missing()
        self._note_counts()
        return self.found

    def _number(self, member: DirectoryMember) -> str:
        """Return the employee number of a member: the linked one, else the directory's."""
        link = self.links.get(member.external_id)
        if link is not None:
            return link.employee_no
        said = member.attributes.get(self.source.number_field, "")
        try:
            return cells.employee_no(said)
        except cells.CellFlaw:
            return said.strip()  # refused with a reason when it is this member's turn

    def _take(self, line: int, member: DirectoryMember, number: str) -> None:
        link = self.links.get(member.external_id)
        if link is None:
            number = self._new_number(member, number)
        else:
            self._note_renumbered(member, link)
        person = self.known.get(number)
        if link is None and person is not None:
            self._require_same(member, person)
        if person is not None and not self._reaches(person.unit):
            raise _Unfit(
                _("此人在“%(unit)s”，不在这个目录对应的“%(root)s”之内，不会改动")
                % {"unit": person.unit, "root": self.root}
            )
        row = self._row(line, member, number, person, link)
        if row is not None:
            self.found.rows.append(row)
            self.found.members[line] = member
        if self._is_gone(member):
            if link is not None:
                self.found.missing.append(link.pk)
        elif row is not None or person is not None:
            identity = EntryIdentity(member.external_id, member.alternate_id, number)
            self.found.identities[line] = identity

    def _is_gone(self, member: DirectoryMember) -> bool:
        is_disabled = member.state is MemberState.DISABLED
        return member.state is MemberState.GONE or (is_disabled and self.source.disabled_is_left)

    def _new_number(self, member: DirectoryMember, number: str) -> str:
        if not number:
            raise _Unfit(_("目录里没有工号（字段“%(field)s”），请补上") % {"field": self.source.number_field})
        return cells.employee_no(number)

    def _note_renumbered(self, member: DirectoryMember, link: KnownLink) -> None:
        said = member.attributes.get(self.source.number_field, "").strip()
        if said and said != link.employee_no:
            self.found.notes.append(
                _("%(name)s：目录里的工号改成了 %(said)s，系统里仍是 %(known)s，需要时请在员工页更正")
                % {"name": member.name, "said": said, "known": link.employee_no}
            )

    def _require_same(self, member: DirectoryMember, person: Person) -> None:
        """Refuse a first match that could be another person under a used or mistyped number."""
        if cells.person_name(member.name) != person.name:
            raise _Unfit(
                _("系统里这个工号是“%(known)s”，姓名对不上：请核对工号，或先更正系统里的姓名")
                % {"known": person.name}
            )
        other = self.by_number.get(person.employee_no)
        if other is not None and other in self.present:
            raise _Unfit(_("系统里这个工号已经对应目录里的另一个账号“%(other)s”") % {"other": other})

    def _reaches(self, unit: str) -> bool:
        return unit == self.root or unit.startswith(f"{self.root}/")

    def _row(
        self,
        line: int,
        member: DirectoryMember,
        number: str,
        person: Person | None,
        link: KnownLink | None,
    ) -> Row | None:
        """Return what the list says of a member; None if nothing is to be said."""
        gone = self._is_gone(member)
        if person is None:
            if gone or member.state is MemberState.DISABLED:
                self.counted["disabled"] += 1
                return None
            return self._new(line, member, number)
        if gone:
            day = max(self.on, person.since)
            return Row(number, line, standing=Standing.LEFT, effective_on=day)
        if member.state is MemberState.DISABLED:
            return None
        if person.standing is Standing.LEFT and not self._came_back(member, person, link):
            self.counted["left"] += 1
            return None
        return self._present(line, member, number, person)

    def _came_back(self, member: DirectoryMember, person: Person, link: KnownLink | None) -> bool:
        """Tell a return from a directory that has not heard of the leaving yet."""
        return self._hired_again(member, person) or (link is not None and link.was_missing)

    def _hired_again(self, member: DirectoryMember, person: Person) -> bool:
        """Tell whether the directory has a day of hire after the day the person left, and not a future one."""
        if member.hired_on is None or person.left_on is None:
            return False
        return person.left_on < member.hired_on <= self.on

    def _new(self, line: int, member: DirectoryMember, number: str) -> Row:
        name = cells.person_name(member.name)
        if not name:
            raise _Unfit(_("目录里没有姓名，请给应用开通读取姓名的权限"))
        post = self._post(member) or self.default_post
        if not post:
            raise _Unfit(_("目录里没有职务，请补上，或给这个目录选一个默认岗位"))
        soon = member.hired_on and (member.hired_on - self.on).days <= FAR_FUTURE_DAYS
        return Row(
            number,
            line,
            name=name,
            unit=self._unit(member, ""),
            post=post,
            standing=Standing.ACTIVE,
            hired_on=member.hired_on if soon else None,
            assumed_hired_on=self.on,
            phone=_phone(member),
            employment_type=str(self.source.employment_type),
        )

    def _present(self, line: int, member: DirectoryMember, number: str, person: Person) -> Row:
        row = Row(number, line, name=cells.person_name(member.name), phone=_phone(member))
        if person.standing is Standing.AWAY:
            return row  # away from the post: the place counts again on return, which HR records
        return Row(
            number,
            line,
            name=row.name,
            unit=self._unit(member, person.unit),
            post=self._post(member),
            standing=Standing.ACTIVE,
            hired_on=member.hired_on if self._hired_again(member, person) else None,
            phone=row.phone,
        )

    def _post(self, member: DirectoryMember) -> str:
        return cells.post_name(member.title) if self.source.takes_posts else ""

    def _unit(self, member: DirectoryMember, present: str) -> str:
        """Return the unit of a member: the main department, else the present one, else the first named."""
        paths = self.found.unit_paths
        named = [paths[own] for own in member.unit_ids if own in paths]
        main = paths.get(member.main_unit_id)
        chosen = main if main is not None else present if present in named else next(iter(named), self.root)
        if not chosen:
            raise _Unfit(_("所在部门没有名称，请给应用开通读取部门名称的权限"))
        return chosen

    def _look_for_missing(self) -> None:
        # An account made anew under the same number takes the place of the old one.
        followed = {identity.employee_no for identity in self.found.identities.values()}
        for own, link in self.links.items():
            person = self.known[link.employee_no]
            has_left = person.standing is Standing.LEFT
            self.found.employed += not has_left
            if own in self.present or link.employee_no in followed:
                continue
            self.found.missing.append(link.pk)
            if self.source.full_roster and not has_left and self._reaches(person.unit):
                day = max(self.on, person.since)
                self.found.rows.append(
                    Row(link.employee_no, MISSING_LINE, standing=Standing.LEFT, effective_on=day)
                )

    def _note_renamed_units(self, units: list[DirectoryUnit]) -> None:
        """Say which departments are called or placed differently by now; their people stay where they are."""
        fresh = unit_paths(units, root=self.root, linked={})
        for unit in units:
            ours, theirs = self.found.unit_paths[unit.external_id], fresh[unit.external_id]
            above_same = self.found.unit_paths.get(unit.parent_id) == fresh.get(unit.parent_id)
            if ours and theirs and ours != theirs and above_same:
                self.found.notes.append(
                    _("部门在目录里改成了“%(theirs)s”，系统里仍是“%(ours)s”：需要时请在组织机构里改名或移动")
                    % {"theirs": theirs, "ours": ours}
                )

    def _note_counts(self) -> None:
        for key, count in sorted(self.counted.items()):
            if key == "left":
                text = ngettext(
                    "%(count)d 人在系统里已离职，目录里还在：没有改动；真的回来了请在员工页登记再入职",
                    "%(count)d 人在系统里已离职，目录里还在：没有改动；真的回来了请在员工页登记再入职",
                    count,
                )
            else:
                text = ngettext(
                    "%(count)d 个停用或已退出的账号没有新建为员工",
                    "%(count)d 个停用或已退出的账号没有新建为员工",
                    count,
                )
            self.found.notes.append(text % {"count": count})


def _phone(member: DirectoryMember) -> str:
    """Return a phone number HR's lists would accept; directories hide or mistype many, and none is needed."""
    try:
        return cells.phone(member.phone)
    except cells.CellFlaw:
        return ""
