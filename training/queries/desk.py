"""Lines of HR's page of the day: what one person needs next, whose turn it is, and what the reader can do about it."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, overload
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.actions.tickets import issuable_for
from people.models import Employee, User
from people.permissions import Capability
from people.queries import employees_for, without_password
from training.clearance import ReasonCode
from training.models import Dispensation, Obligation
from training.permissions import may, may_ask_dispensations
from training.queries.assessors import Recorders, Whereabouts, recorders_on, whereabouts_on
from training.queries.clearance import ReasonView
from training.queries.exceptions import Hindrance, TrainingException
from training.queries.turns import NAMED, By, Officers, Turn, officers_with, turns_of

LICENCE_REASONS = frozenset(
    {
        *(ReasonCode.LICENCE_MISSING, ReasonCode.LICENCE_NOT_YET_VALID, ReasonCode.LICENCE_EXPIRED),
        *(ReasonCode.LICENCE_REVIEW_OVERDUE, ReasonCode.LICENCE_REFUTED),
    }
)


@dataclass(frozen=True, slots=True)
class Act:
    """What the reader can do: the words on the button, and where it leads; with `fields` it is sent as a form.

    `settles` tells whether it brings the line further; otherwise it only shows more.
    """

    label: str
    link: str
    settles: bool = True
    fields: tuple[tuple[str, str], ...] = ()
    in_new_window: bool = False


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One line: whom it is about, what is to be done, why and until when, and the acts that settle it."""

    who: str
    link: str
    texts: tuple[str, ...]
    acts: tuple[Act, ...]
    note: str = ""
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """One button for all lines of a page whose acts are sent to `link`; `label` says it for a number of them."""

    link: str
    label: Callable[[int], str]
    in_new_window: bool = False


@dataclass(frozen=True, slots=True)
class WorkSection:
    """Lines of one kind, read as they are asked for, and how many there are in all.

    `acts` are for the section as a whole and stand at its head.
    """

    name: str
    title: str
    sign: str  # must | care | stop
    hint: str  # what is counted, and when a line vanishes
    total: int
    read: Callable[[int, int], Sequence[WorkLine]] = field(repr=False)
    is_people: bool = True
    batch: Batch | None = None
    acts: tuple[Act, ...] = ()

    def __len__(self) -> int:
        """Return how many lines there are."""
        return self.total

    @overload
    def __getitem__(self, key: slice) -> Sequence[WorkLine]: ...
    @overload
    def __getitem__(self, key: int) -> WorkLine: ...
    def __getitem__(self, key: slice | int) -> Sequence[WorkLine] | WorkLine:
        """Read the lines of a slice, in a number of statements that does not grow with them."""
        if isinstance(key, slice):
            start, stop, _step = key.indices(self.total)
            return self.read(start, stop)
        return self.read(key, key + 1)[0]


def until(due_on: dt.date, on: dt.date) -> str:
    """Say a deadline and how far away it is."""
    days = (due_on - on).days
    values = {"day": date_format(due_on, "Y-m-d"), "n": abs(days)}
    if days < 0:
        return ngettext("截止 %(day)s，已过 %(n)s 天", "截止 %(day)s，已过 %(n)s 天", -days) % values
    if not days:
        return _("截止 %(day)s，就是今天") % values
    return ngettext("截止 %(day)s，还有 %(n)s 天", "截止 %(day)s，还有 %(n)s 天", days) % values


class Desk:
    """Who reads the page, when, and what was looked up about the people shown."""

    def __init__(self, user: User, now: dt.datetime, on: dt.date) -> None:
        self.user, self.now, self.on = user, now, on
        self._may: dict[Capability, bool] = {}
        self._officers: dict[Capability, Officers] = {}
        self._paths: dict[int, str] = {}
        self._places: dict[int, Whereabouts] = {}
        self._slips: dict[int, bool] = {}
        self._turns: dict[int, Turn] = {}
        self._asked: set[int] = set()

    def may(self, capability: Capability) -> bool:
        """Tell whether the reader has a capability anywhere."""
        if capability not in self._may:
            self._may[capability] = may(self.user, capability)
        return self._may[capability]

    @cached_property
    def may_ask(self) -> bool:
        """Tell whether the reader may ask for an extension or a waiver."""
        return may_ask_dispensations(self.user)

    def look_up(self, people: Iterable[Employee], owed: Collection[Obligation]) -> None:
        """Read once what the lines of these people need: units, slips, turns, requests. Eight queries at most."""
        ids = {person.pk for person in people}
        known = employees_for(self.user, Capability.VIEW_COVERAGE).in_bulk(ids)
        self._paths |= {pk: getattr(person, "last_unit_path", "") or "" for pk, person in known.items()}
        self._turns |= turns_of(list(owed), self.on)
        judged = {item.employee_id for item in owed if self._is_judged(item)} & known.keys()
        if judged:
            self._places |= whereabouts_on({pk: known[pk] for pk in judged}, self.on)
        self._asked |= set(
            Dispensation.objects.filter(
                obligation__in=[item.pk for item in owed], decision__isnull=True
            ).values_list("obligation_id", flat=True)
        )
        if self.may(Capability.MANAGE_PEOPLE):
            waiting = without_password(issuable_for(self.user, self.on).filter(pk__in=ids), self.now)
            self._slips |= dict(waiting.values_list("pk", "has_slip"))

    def _is_judged(self, item: Obligation) -> bool:
        turn = self._turns.get(item.pk)
        return turn is not None and turn.by == By.ASSESSOR

    @cached_property
    def _recorders(self) -> Recorders:
        return recorders_on(self.on)

    def names(self, capability: Capability, person: Employee) -> tuple[str, ...]:
        """Return who has a capability over a person, those nearest first."""
        if capability not in self._officers:
            self._officers[capability] = officers_with(capability, self.on)
        return self._officers[capability].over(self._paths.get(person.pk, ""))

    def page_of(self, person: Employee, anchor: str = "") -> str:
        """Return the address of a person's page."""
        return reverse("people_office:employee", args=[person.public_id]) + anchor

    # Lines

    def owing(self, owed: Sequence[Obligation]) -> WorkLine:
        """Return the line of one person and what that person owes, due first first."""
        person, first = owed[0].employee, owed[0]
        return WorkLine(
            who=str(person),
            link=self.page_of(person),
            texts=tuple(self._owed_text(item) for item in owed),
            note=until(first.due_on, self.on),
            is_late=first.due_on < self.on,
            acts=self.acts_for(person, owed),
        )

    def reason(self, reason: ReasonView, person: Employee, owed: Obligation | None) -> str:
        """Say why somebody is blocked, and whose turn it is to end that."""
        if owed is not None:
            said = self._turn_text(owed)
        elif reason.code in LICENCE_REASONS and not self.may(Capability.MANAGE_TRAINING):
            names = "、".join(self.names(Capability.MANAGE_TRAINING, person))
            said = _("取证后由 %(who)s 登记") % {"who": names} if names else ""
        elif reason.code == ReasonCode.REASSESSMENT_DUE and not self.may(Capability.MANAGE_TRAINING):
            names = "、".join(self.names(Capability.MANAGE_TRAINING, person))
            said = _("考核后由 %(who)s 登记") % {"who": names} if names else ""
        else:
            said = ""
        return f"{reason.text} · {said}" if said else reason.text

    def _owed_text(self, item: Obligation) -> str:
        said = self._turn_text(item)
        return f"{item.programme.title} · {said}" if said else item.programme.title

    def _turn_text(self, item: Obligation) -> str:
        turn = self._turns.get(item.pk)
        if item.pk in self._asked:
            return str(_("申请已提交，等待审批"))
        if turn is None:
            return ""
        said = turn.text(self._helpers(turn, item.employee))
        if turn.by == By.OWN and item.employee_id in self._slips:
            slip = _("凭条已发，还没登录") if self._slips[item.employee_id] else _("还没有登录凭条")
            said = f"{said}（{slip}）"
        return said

    def _helpers(self, turn: Turn, person: Employee) -> tuple[str, ...]:
        if turn.by in (By.OWN, By.TIME):
            return ()
        if turn.by == By.ASSESSOR:
            where = self._places.get(person.pk)
            return self._recorders.nearest(turn.part, where, person.user_id)[:NAMED] if where else ()
        wanted = Capability.MANAGE_TRAINING if turn.by == By.OFFICE else Capability.RECORD_TRAINING
        return self.names(wanted, person)

    def stuck(self, found: Sequence[TrainingException]) -> WorkLine:
        """Return the line of one obligation and what stands in its way."""
        item = found[0].obligation
        acts = self._acts_of(item, with_slip=False)
        acts += [act for each in found for act in self._cure(each)]
        return WorkLine(
            who=str(item.employee),
            link=self.page_of(item.employee),
            texts=(self._owed_text(item), *(each.text for each in found), *self._told(found)),
            note=until(item.due_on, self.on),
            is_late=item.due_on < self.on,
            acts=_ordered(acts, self._task(item)),
        )

    def _told(self, found: Sequence[TrainingException]) -> Iterable[str]:
        """Yield who can help where the reader cannot."""
        person = found[0].obligation.employee
        cures = (
            (Hindrance.TOO_LATE, Capability.RECORD_TRAINING, _("排课找 %(who)s")),
            (Hindrance.NO_CONTENT, Capability.EDIT_CONTENT, _("内容找 %(who)s")),
            (Hindrance.NO_TRAINER, Capability.GRANT_ROLES, _("授权找 %(who)s")),
        )
        for kind, capability, text in cures:
            if any(each.kind == kind for each in found) and not self.may(capability):
                names = self.names(capability, person)
                if names:
                    yield text % {"who": "、".join(names)}

    def _cure(self, each: TrainingException) -> Iterable[Act]:
        match each.kind:
            case Hindrance.NO_CONTENT if each.component and self.may(Capability.EDIT_CONTENT):
                if each.component.course_id:
                    address = reverse("wagtailadmin_pages:edit", args=[each.component.course_id])
                    yield Act(_("补课程内容"), address)
            case Hindrance.NO_TRAINER:
                if each.led and not each.led.leader and self.may(Capability.MANAGE_ORGANISATION):
                    address = reverse("people_office:unit-leader", args=[each.led.unit_id])
                    yield Act(_("任命负责人"), address)
                if self.may(Capability.GRANT_ROLES):
                    yield Act(_("授予角色"), reverse("people_office:role-grant"))
            case Hindrance.NO_ACCOUNT if self.may(Capability.MANAGE_PEOPLE):
                yield Act(_("看账号"), self.page_of(each.obligation.employee, "#account"))
            case Hindrance.TOO_LATE if self.may_ask and each.obligation.pk not in self._asked:
                yield self._ask(each.obligation)

    # Acts

    def acts_for(
        self, person: Employee, owed: Sequence[Obligation], reasons: Iterable[ReasonView] = ()
    ) -> tuple[Act, ...]:
        """Return what the reader can do for a person: about what is owed and about other reasons of being blocked."""
        acts = [act for reason in reasons for act in self._about(reason, person)]
        for item in owed:
            acts += self._acts_of(item)
        if self.may_ask:  # after what brings the training itself further
            acts += [self._ask(item) for item in owed if item.due_on < self.on and item.pk not in self._asked]
        look = (
            self._task(owed[0]) if len(owed) == 1 else Act(_("看这个人"), self.page_of(person), settles=False)
        )
        return _ordered(acts, look)

    def _acts_of(self, item: Obligation, *, with_slip: bool = True) -> list[Act]:
        turn = self._turns.get(item.pk)
        acts: list[Act] = []
        if turn and turn.by == By.TRAINER and self.may(Capability.RECORD_TRAINING):
            page = reverse("training_office:on-site-record", args=[turn.part.pk])
            acts.append(Act(_("登记现场教育"), f"{page}?people={item.public_id}"))
        if turn and turn.by == By.ASSESSOR and self.may(Capability.RECORD_TRAINING):
            page = reverse("training_office:practical-check", args=[item.public_id, turn.part.pk])
            acts.append(Act(_("考核"), page))
        if with_slip and turn and turn.by == By.OWN and self._slips.get(item.employee_id) is False:
            acts.append(
                Act(
                    _("打印登录凭条"),
                    reverse("people_office:slips"),
                    fields=(("employee", str(item.employee.public_id)),),
                    in_new_window=True,
                )
            )
        return acts

    def _ask(self, item: Obligation) -> Act:
        return Act(_("申请延期或豁免"), reverse("training_office:dispensation-ask", args=[item.public_id]))

    def _task(self, item: Obligation) -> Act:
        return Act(_("看任务"), reverse("training_office:obligation", args=[item.public_id]), settles=False)

    def _about(self, reason: ReasonView, person: Employee) -> Iterable[Act]:
        if reason.code in LICENCE_REASONS and self.may(Capability.MANAGE_TRAINING):
            page = reverse("training_office:licence-add")
            yield Act(_("登记证件"), f"{page}?employee_no={person.employee_no}")
        elif reason.code == ReasonCode.REASSESSMENT_DUE and self.may(Capability.MANAGE_TRAINING):
            page = reverse("training_office:licences")
            yield Act(_("登记实操考核"), f"{page}?{urlencode({'q': person.employee_no})}")
        elif reason.code == ReasonCode.AWAY and self.may(Capability.MANAGE_PEOPLE):
            yield Act(
                _("登记返岗"), reverse("people_office:employee-change", args=[person.public_id, "return"])
            )
        elif reason.code == ReasonCode.NO_POST and self.may(Capability.MANAGE_PEOPLE):
            yield Act(
                _("安排岗位"), reverse("people_office:employee-change", args=[person.public_id, "transfer"])
            )


def _ordered(acts: Iterable[Act], look: Act) -> tuple[Act, ...]:
    """Return each act once: at most three that settle, then the look."""
    found: dict[tuple[str, Any], Act] = {}
    for act in acts:
        found.setdefault((act.label, act.fields), act)
    return (*list(found.values())[:3], look)


@dataclass(frozen=True, slots=True)
class SectionKind:
    """A kind of work on the page of the day: its place there, who is shown it, and how it is read.

    Rooms above register theirs under the hook `work_sections`. `build` reads in a number of statements that does
    not grow with the lines, and counts exactly the lines it lists.
    """

    name: str
    order: int
    is_shown: Callable[[Desk], bool]
    build: Callable[[Desk], WorkSection] = field(repr=False)
