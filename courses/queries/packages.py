"""Read packages: who may have their files, what a person left in them, whether they are gone through."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, QuerySet

from courses.models import Package, PackageFile, PackageReport, PlaySession, StudyProgress
from courses.scorm import tracking
from courses.scorm.tracking import PartState
from courses.shapes import PackageNeeds, PackagePart
from people.models import User
from people.permissions import Capability, allows

STATE_FIELDS = tuple(PartState.__dataclass_fields__)


def may_edit_packages(user: User | AnonymousUser) -> bool:
    """Tell whether `user` uploads packages and looks at what was found in them."""
    return allows(user, Capability.EDIT_CONTENT)


def packages_for(user: User | AnonymousUser) -> QuerySet[Package]:
    """Return the packages an editor sees, newest first, with `lesson_count`; none for anybody else."""
    if not may_edit_packages(user):
        return Package.objects.none()
    return (
        Package.objects.select_related("uploaded_by")
        .annotate(lesson_count=Count("lessons"))
        .order_by("-uploaded_at", "-pk")
    )


def get_package_for(user: User | AnonymousUser, pk: int) -> Package:
    """Return a package an editor may look at. Raises Package.DoesNotExist otherwise; views answer 404."""
    return packages_for(user).get(pk=pk)


def package_file(package_id: int, path: str) -> PackageFile:
    """Return a file of a package by the path its pages use. Raises PackageFile.DoesNotExist."""
    return PackageFile.objects.select_related("package").get(package_id=package_id, path_key=path.casefold())


def is_session_live(public_id: UUID, user_id: int) -> bool:
    """Tell whether a play session belongs to this account and was not ended by another."""
    return PlaySession.objects.filter(
        public_id=public_id, closed_at__isnull=True, employee__user_id=user_id, employee__user__is_active=True
    ).exists()


def is_editor(user_id: int) -> bool:
    """Tell whether an account may try packages out without studying them."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user is not None and may_edit_packages(user)


def part_state(progress: StudyProgress, part: str) -> PartState:
    """Return where one part of a package stands for a person."""
    kept = progress.package.get(part)
    return PartState(**{name: kept[name] for name in STATE_FIELDS}) if kept else PartState()


def kept_part(
    state: PartState, *, report: int | None, sitting: int = 0, sitting_s: float = 0.0
) -> PackagePart:
    """Return a part's state as StudyProgress.package keeps it."""
    return {**asdict(state), "report": report, "sitting": sitting, "sitting_s": sitting_s}  # type: ignore[typeddict-item]


def part_states(progress: StudyProgress) -> dict[str, PartState]:
    """Return the state of every part a person has opened."""
    return {part: part_state(progress, part) for part in progress.package}


def is_package_done(progress: StudyProgress) -> bool:
    """Tell whether the package of a progress is gone through by its lesson's rule; true where there is none."""
    needs = package_needs(progress)
    return needs is None or tracking.is_done(part_states(progress), needs["parts"], needs["rule"])


def package_needs(progress: StudyProgress) -> PackageNeeds | None:
    """Return what a progress asks of a package, or None where the lesson has none."""
    needs: PackageNeeds | None = progress.needs.get("package")
    return needs


def starting_data_of(package: Package, progress: StudyProgress | None) -> dict[str, dict[str, str]]:
    """Return for each part what it is opened with: what the person left in it, and the platform's own elements.

    One statement, whatever the number of parts.
    """
    states = {
        item["identifier"]: tracking.begin_again(part_state(progress, item["identifier"]))
        if progress
        else PartState()
        for item in package.items
    }
    kept = _kept_data(progress, states) if progress else {}
    return {
        item["identifier"]: tracking.starting_data(
            package.version,
            kept.get(item["identifier"], {}),
            states[item["identifier"]],
            passing_pct=item["passing_pct"],
            launch_data=item["launch_data"],
        )
        for item in package.items
    }


def next_data_of(progress: StudyProgress, part: str) -> dict[str, str]:
    """Return what one part of a progress's package is opened with next; empty where the lesson has none."""
    needs = package_needs(progress)
    package = Package.objects.filter(pk=needs["id"]).first() if needs else None
    return starting_data_of(package, progress).get(part, {}) if package else {}


def _kept_data(progress: StudyProgress, states: Mapping[str, PartState]) -> dict[str, Any]:
    """Return the data of each part's last report, of the attempt that goes on."""
    ids = [
        progress.package[part]["report"]
        for part, state in states.items()
        if part in progress.package and progress.package[part]["attempt"] == state.attempt
    ]
    reports = PackageReport.objects.filter(pk__in=[pk for pk in ids if pk is not None])
    return dict(reports.values_list("part", "cmi"))
