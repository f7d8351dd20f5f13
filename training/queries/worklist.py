"""HR's page of the day: who is new, moved, blocked, late or stuck; what to decide, to sign, to print.

Every line says who, why, whose turn it is by name, and until when; it ends in the action that settles it, as far as
the reader may take it. A section counts the same lines its own page lists, so that the number can be checked.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable

from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail import hooks

from people.audit import entries_since
from people.models import User
from people.permissions import Capability
from training.models import Dispensation, Licence, Obligation, ObligationState
from training.queries.cards import cards_for
from training.queries.clearance import reason_views
from training.queries.desk import Act, Batch, Desk, SectionKind, WorkLine, WorkSection, until
from training.queries.dispensations import dispensations_for
from training.queries.exceptions import Hindrance, TrainingException, exceptions_for
from training.queries.record_signing import Session, sessions_for
from training.queries.work import NEW_FOR_DAYS, Waiting, waiting

HOOK = "work_sections"
PRINT_DAYS = 30  # cards of trainings completed since then are offered for printing


def work_sections(user: User, now: dt.datetime, on: dt.date) -> list[WorkSection]:
    """Return what waits for this user, section by section; empty ones are left out.

    The number of statements does not grow with the people.
    """
    desk = Desk(user, now, on)
    sections = [kind.build(desk) for kind in _kinds(waiting(user, on)) if kind.is_shown(desk)]
    return [section for section in sections if len(section)]


def work_section(user: User, name: str, now: dt.datetime, on: dt.date) -> WorkSection | None:
    """Return one section by its name, empty or not; None if there is none for this user."""
    desk = Desk(user, now, on)
    kinds = (kind for kind in _kinds(waiting(user, on)) if kind.name == name and kind.is_shown(desk))
    return next((kind.build(desk) for kind in kinds), None)


def _kinds(rows: Waiting) -> list[SectionKind]:
    """Return every kind of work, this room's and those the rooms above registered, in the page's order."""
    own = (_own_kind(name, order * 10, rows) for order, name in enumerate(_SECTIONS, start=1))
    others = (kind for hook in hooks.get_hooks(HOOK) for kind in hook())
    return sorted((*own, *others), key=lambda kind: kind.order)


def _own_kind(name: str, order: int, rows: Waiting) -> SectionKind:
    build = _SECTIONS[name]
    return SectionKind(name, order, lambda desk: _is_shown(desk, name), lambda desk: build(desk, rows))


def _is_shown(desk: Desk, name: str) -> bool:
    return name != "sign" or desk.may(Capability.RECORD_TRAINING)


def _blocked(desk: Desk, rows: Waiting) -> WorkSection:
    def lines(start: int, stop: int) -> list[WorkLine]:
        shown = [(state.employee, reason_views(state.reasons)) for state in rows.blocked[start:stop]]
        ids = {
            reason.obligation_id for _person, reasons in shown for reason in reasons if reason.obligation_id
        }
        owed = {
            str(item.public_id): item
            for item in Obligation.objects.filter(public_id__in=ids).select_related("employee", "programme")
        }
        desk.look_up((person for person, _reasons in shown), owed.values())
        return [
            WorkLine(
                who=str(person),
                link=desk.page_of(person),
                texts=tuple(
                    desk.reason(reason, person, owed.get(reason.obligation_id)) for reason in reasons
                ),
                acts=desk.acts_for(
                    person,
                    [owed[reason.obligation_id] for reason in reasons if reason.obligation_id in owed],
                    reasons,
                ),
            )
            for person, reasons in shown
        ]

    hint = _("今天不能上岗的人和每条原因。原因消除，人就从这里消失。")
    return WorkSection("blocked", _("暂不可上岗"), "stop", hint, rows.blocked.count(), lines)


def _late(desk: Desk, rows: Waiting) -> WorkSection:
    hint = _("过了截止日期还没做完的人。做完、延期或豁免后消失。")
    return _people(desk, "late", _("培训逾期"), "care", hint, rows.late)


def _new(desk: Desk, rows: Waiting) -> WorkSection:
    hint = _("近 %(days)d 天入职、培训没做完的人。做完后消失。") % {"days": NEW_FOR_DAYS}
    return _people(desk, "new", _("新入职"), "must", hint, rows.new)


def _moved(desk: Desk, rows: Waiting) -> WorkSection:
    hint = _("近 %(days)d 天转岗、返岗或借调、培训没做完的人。做完后消失。") % {"days": NEW_FOR_DAYS}
    return _people(desk, "moved", _("转岗、返岗"), "must", hint, rows.moved)


def _people(
    desk: Desk, name: str, title: str, sign: str, hint: str, found: QuerySet[Obligation]
) -> WorkSection:
    """Return the section of the people who owe something, whoever has to be done first at the top."""
    firsts = found.order_by().values("employee_id").annotate(first=Min("due_on"))
    people = [row["employee_id"] for row in firsts.order_by("first", "employee_id")]

    def lines(start: int, stop: int) -> list[WorkLine]:
        items = list(found.filter(employee__in=people[start:stop]))
        owed: dict[int, list[Obligation]] = defaultdict(list)
        for item in items:
            owed[item.employee_id].append(item)
        desk.look_up((item.employee for item in items), items)
        return [desk.owing(owed[pk]) for pk in people[start:stop] if pk in owed]

    slips = Batch(
        reverse("people_office:slips"),
        lambda n: ngettext("打印本页 %(n)s 人的登录凭条", "打印本页 %(n)s 人的登录凭条", n) % {"n": n},
        in_new_window=True,
    )
    return WorkSection(name, title, sign, hint, len(people), lines, batch=slips)


def _stuck(desk: Desk, _rows: Waiting) -> WorkSection:
    found: dict[int, list[TrainingException]] = defaultdict(list)
    for each in exceptions_for(desk.user, desk.on):
        # What is late already stands among the late: that it cannot be in time any more is no news.
        if each.kind != Hindrance.TOO_LATE or each.obligation.due_on >= desk.on:
            found[each.obligation.pk].append(each)
    stuck = list(found.values())

    def lines(start: int, stop: int) -> list[WorkLine]:
        shown = stuck[start:stop]
        desk.look_up((each[0].obligation.employee for each in shown), [each[0].obligation for each in shown])
        return [desk.stuck(each) for each in shown]

    hint = _("按现在的安排做不完，或缺内容、缺教员、缺账号的任务。排除后消失。")
    return WorkSection("stuck", _("有困难的"), "care", hint, len(stuck), lines, is_people=False)


def _to_decide(desk: Desk, _rows: Waiting) -> WorkSection:
    found = dispensations_for(desk.user).filter(decision__isnull=True)

    def lines(start: int, stop: int) -> list[WorkLine]:
        shown = list(found[start:stop])
        desk.look_up((each.obligation.employee for each in shown), ())
        return [_decision(desk, each) for each in shown]

    hint = _("豁免、延期、认定的申请。由申请人以外的人审批，审批后消失。")
    return WorkSection("decide", _("等待审批"), "must", hint, found.count(), lines, is_people=False)


def _decision(desk: Desk, each: Dispensation) -> WorkLine:
    person = each.obligation.employee
    page = reverse("training_office:dispensations") + f"#request-{each.pk}"
    # Whoever asked does not decide.
    decides = desk.may(Capability.MANAGE_TRAINING) and each.requested_by_id != desk.user.pk
    others = [
        name for name in desk.names(Capability.MANAGE_TRAINING, person) if name != str(each.requested_by)
    ]
    return WorkLine(
        who=str(person),
        link=desk.page_of(person),
        texts=(
            f"{each.get_kind_display()}：{each.obligation.programme.title}",
            each.reason[:80],
            *(() if decides else (_("等 %(who)s 审批") % {"who": "、".join(others) or "—"},)),
        ),
        acts=(Act(_("去审批"), page) if decides else Act(_("看申请"), page, settles=False),),
    )


def _to_sign(desk: Desk, _rows: Waiting) -> WorkSection:
    unsigned = [session for session in sessions_for(desk.user, desk.now) if not session.is_complete]

    def line(session: Session) -> WorkLine:
        address = reverse("training_office:sign-session", args=[session.key])
        return WorkLine(
            who=session.first.title,
            link=address,
            texts=(
                _("%(day)s，%(people)d 人，教员 %(trainer)s")
                % {
                    "day": date_format(session.first.started_at, "Y-m-d"),
                    "people": len(session.rows),
                    "trainer": session.first.trainer_name,
                },
                _missing([
                    (session.trainees_missing, _("受教育人")),
                    (int(session.trainer_missing), _("教育人")),
                    (int(session.responsible_missing), _("教育负责人")),
                ]),
            ),
            acts=(Act(_("去签字"), address),),
        )  # fmt: skip

    hint = _("登记过、还没有签齐的现场教育。三方签齐后消失。")
    return WorkSection(
        "sign", _("要签字"), "must", hint, len(unsigned),
        lambda start, stop: [line(session) for session in unsigned[start:stop]], is_people=False,
    )  # fmt: skip


def _missing(roles: Iterable[tuple[int, str]]) -> str:
    return _("未签：%(who)s") % {
        "who": "、".join(f"{label} {count}" for count, label in roles if count),
    }


def _to_print(desk: Desk, _rows: Waiting) -> WorkSection:
    since = desk.now - dt.timedelta(days=PRINT_DAYS)
    done = cards_for(desk.user).filter(state=ObligationState.DONE, closed_at__gte=since)
    printed: dict[tuple[str, str], dt.datetime] = {}
    for object_id, data, at in entries_since("training.card.print", since):
        key = object_id, data.get("programme", "")
        printed[key] = max(at, printed.get(key, at))
    waiting_ids = [
        pk
        for pk, person, code, closed_at in done.order_by("-closed_at", "-pk").values_list(
            "pk", "employee_id", "programme__code", "closed_at"
        )
        if closed_at is not None
        and ((str(person), code) not in printed or printed[str(person), code] < closed_at)
    ]

    def lines(start: int, stop: int) -> list[WorkLine]:
        shown = cards_for(desk.user).in_bulk(waiting_ids[start:stop])
        return [_card(desk, shown[pk]) for pk in waiting_ids[start:stop] if pk in shown]

    hint = _("近 %(days)d 天做完、卡片还没打印的。打印后消失；以后仍可在“安全教育卡”里打印。") % {
        "days": PRINT_DAYS
    }
    return WorkSection(
        "print", _("要打印的安全教育卡"), "must", hint, len(waiting_ids), lines, is_people=False
    )


def _card(desk: Desk, item: Obligation) -> WorkLine:
    return WorkLine(
        who=str(item.employee),
        link=desk.page_of(item.employee),
        texts=(item.programme.title,),
        note=_("完成于 %(day)s") % {"day": date_format(item.closed_at or desk.now, "Y-m-d")},
        acts=(
            Act(
                _("打印卡片"), reverse("training_office:card-pdf", args=[item.public_id]), in_new_window=True
            ),
        ),
    )


def _licences(desk: Desk, rows: Waiting) -> WorkSection:
    manages = desk.may(Capability.MANAGE_TRAINING)

    def line(licence: Licence) -> WorkLine:
        address = reverse("training_office:licence", args=[licence.pk])
        names = "、".join(desk.names(Capability.MANAGE_TRAINING, licence.employee))
        told = () if manages or not names else (_("换证后由 %(who)s 登记") % {"who": names},)
        # What comes first: the end, or a review that is still ahead.
        review = licence.review_due_on
        is_review = review is not None and desk.on <= review < licence.valid_until
        what = (_("须在 %(day)s 前复审") % {"day": review.isoformat()},) if review and is_review else ()
        return WorkLine(
            who=str(licence.employee),
            link=desk.page_of(licence.employee),
            texts=(str(licence.licence_type), *what, *told),
            note=until(review if review and is_review else licence.valid_until, desk.on),
            acts=(Act(_("登记换证或复审") if manages else _("看证件"), address, settles=manages),),
        )

    def lines(start: int, stop: int) -> list[WorkLine]:
        shown = list(rows.licences[start:stop])
        desk.look_up((licence.employee for licence in shown), ())
        return [line(licence) for licence in shown]

    hint = _("30 天内到期或须复审的证件。登记换证或复审后消失。")
    return WorkSection(
        "licences", _("证件快到期"), "care", hint, rows.licences.count(), lines, is_people=False
    )


_SECTIONS: dict[str, Callable[[Desk, Waiting], WorkSection]] = {
    "blocked": _blocked,
    "late": _late,
    "new": _new,
    "moved": _moved,
    "stuck": _stuck,
    "decide": _to_decide,
    "sign": _to_sign,
    "print": _to_print,
    "licences": _licences,
}
