"""The demo's people: posts and what they demand, accounts with roles, and a year of HR files."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from django.db import transaction
from django.utils import timezone

from people.actions.accounts import save_account
from people.actions.imports import ImportOptions, apply_import
from people.actions.licence_types import load_licence_types
from people.actions.organisation import ensure_unit_path, ensure_unit_paths
from people.actions.posts import save_licence_type, save_post, save_work_feature
from people.actions.roles import grant_role
from people.models import Employee, Hazard, LicenceType, UnitKind, User
from people.roster import Row
from portal.demo.organisation import (
    CONTRACTOR,
    DEMO_LOGINS,
    DEMO_PASSWORD,
    DISPATCH_FIRM,
    HAZARD_STANDARD,
    LICENCES,
    POSTS,
    ROOT,
    WORK_FEATURES,
    DemoLogin,
    DemoPerson,
)
from training.actions.licences import save_licence

Report = Callable[[str, int, int], None]
CHUNK = 200  # people in one transaction: each commit waits for the disk
_DEMANDED = {post.name: post.licences for post in POSTS}


def load_posts(*, now: dt.datetime) -> None:
    """Load licence types, posts, and what people work with; the accident categories came with the site."""
    load_licence_types(acting_user=None)
    hazards = {hazard.name: hazard for hazard in Hazard.objects.filter(standard__code=HAZARD_STANDARD)}
    licences = {
        licence.code: save_licence_type(
            code=licence.code,
            name=licence.name,
            family=licence.family,
            legal_basis=licence.legal_basis,
            acting_user=None,
        )
        for licence in LICENCES
    }
    posts = {}
    for post in POSTS:
        posts[post.name] = save_post(
            name=post.name,
            hazards=[hazards[name] for name in post.hazards],
            demanded_licences=[licences[code] for code in post.licences],
            is_principal=post.is_principal,
            is_safety_manager=post.is_safety_manager,
            acting_user=None,
            now=now,
        )
    for feature in WORK_FEATURES:
        save_work_feature(
            kind=feature.kind,
            name=feature.name,
            posts=[posts[name] for name in feature.posts],
            acting_user=None,
            now=now,
        )


def load_units(*, now: dt.datetime) -> None:
    """Load the root of the works and the two outside firms; teams come with the people."""
    kinds = {ROOT: UnitKind.GROUP, DISPATCH_FIRM: UnitKind.DISPATCH_FIRM, CONTRACTOR: UnitKind.CONTRACTOR}
    ensure_unit_paths(paths=kinds, kinds=kinds, acting_user=None, now=now)


def load_people(people: Sequence[DemoPerson], *, today: dt.date, report: Report) -> None:
    """Apply one HR file per day on which somebody was hired or moved, in order, as HR would have."""
    done = 0
    total = len(people) + sum(person.moved_on is not None for person in people)
    for day, rows in _files(people):
        apply_import(
            rows=rows,
            options=ImportOptions(create_missing=True),
            file_name=f"人员变动-{day:%Y%m%d}.xlsx",
            file_sha256=hashlib.sha256(repr(rows).encode()).hexdigest(),
            acting_user=None,
            now=timezone.make_aware(dt.datetime.combine(day, dt.time(8, 0))),
        )
        done += len(rows)
        report("人员", done, total)


def _files(people: Sequence[DemoPerson]) -> Iterator[tuple[dt.date, list[Row]]]:
    by_day: dict[dt.date, list[Row]] = defaultdict(list)
    for line, person in enumerate(people, start=2):
        unit, post = person.moved_from or (person.unit, person.post)
        row = Row(
            person.employee_no,
            line=line,
            name=person.name,
            unit=unit,
            post=post,
            hired_on=person.hired_on,
            phone=person.phone,
            employment_type=person.employment_type,
            employer=person.employer,
        )
        by_day[person.hired_on].append(row)
        if person.moved_on is not None:
            by_day[person.moved_on].append(
                Row(
                    person.employee_no,
                    line=line,
                    unit=person.unit,
                    post=person.post,
                    effective_on=person.moved_on,
                )
            )
    yield from sorted(by_day.items())


def load_accounts(*, today: dt.date, now: dt.datetime, of_people: bool) -> dict[str, User]:
    """Open the accounts the start screen names: those of nobody in the HR file, or those the import made."""
    return {
        login.username: _account(login, today, now)
        for login in DEMO_LOGINS
        if bool(login.employee_no) == of_people
    }


def _account(login: DemoLogin, today: dt.date, now: dt.datetime) -> User:
    if login.employee_no and login.employee_no != login.username:
        # The import named the account after the person's number; the start screen names it after the role.
        User.objects.filter(employee__employee_no=login.employee_no).update(username=login.username)
    user = save_account(
        username=login.username,
        name=login.name,
        password=DEMO_PASSWORD,
        is_superuser=login.role == "administrator",
        acting_user=None,
    )
    if login.role:
        grant_role(
            user=user,
            role=login.role,
            unit=ensure_unit_path(path=login.unit, acting_user=None, now=now),
            starts_on=today,
            acting_user=None,
            now=now,
        )
    return user


def load_licences(
    people: Sequence[DemoPerson],
    *,
    lacking: set[str],
    expiring: set[str],
    today: dt.date,
    now: dt.datetime,
    report: Report,
) -> None:
    """Register the licences their posts demand, but for the people in `lacking`; those in `expiring` run out soon."""
    holders = {
        employee.employee_no: employee
        for employee in Employee.objects.filter(assignments__ends_before=None).distinct()
    }
    types = {kind.code: kind for kind in LicenceType.objects.all()}
    wanted = [person for person in people if _DEMANDED[person.post] and person.employee_no not in lacking]
    for start in range(0, len(wanted), CHUNK):
        with transaction.atomic():
            for person in wanted[start : start + CHUNK]:
                _register_licences(person, holders[person.employee_no], types, expiring, today, now)
        report("证件", min(start + CHUNK, len(wanted)), len(wanted))


def _register_licences(
    person: DemoPerson,
    holder: Employee,
    types: dict[str, LicenceType],
    expiring: set[str],
    today: dt.date,
    now: dt.datetime,
) -> None:
    days = 23 if person.employee_no in expiring else 400 + int(person.employee_no) % 1500
    for code in _DEMANDED[person.post]:
        save_licence(
            employee=holder,
            licence_type=types[code],
            number=f"T{today:%Y}{person.employee_no}{code[:2].upper()}",
            issuer="云山市应急管理局（演示）",
            valid_from=today - dt.timedelta(days=600),
            valid_until=today + dt.timedelta(days=days),
            acting_user=None,
            now=now,
        )
