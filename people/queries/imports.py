"""Read applied lists."""

from django.db.models import QuerySet

from people.models import EmploymentEvent, EventKind, ImportBatch, ImportMapping, ImportState, Post, User
from people.permissions import Scope
from people.queries.units import unit_directory
from people.shapes import ColumnMap

SHOWN_BATCHES, SHOWN_EVENTS = 20, 500


def recent_batches(user: User) -> QuerySet[ImportBatch]:
    """Return the lists applied last: a superuser sees all, others their own."""
    batches = ImportBatch.objects.select_related("applied_by")
    if not user.is_superuser:
        batches = batches.filter(applied_by=user)
    return batches[:SHOWN_BATCHES]


def get_import_batch_for(user: User, batch_id: int) -> ImportBatch | None:
    """Return an applied list if the user applied it or is a superuser, else None."""
    batches = ImportBatch.objects.select_related("applied_by").filter(pk=batch_id)
    return (batches if user.is_superuser else batches.filter(applied_by=user)).first()


def batch_changes(batch: ImportBatch) -> list[EmploymentEvent]:
    """Return the first events of an applied list with people and places. One query."""
    events = batch.events.select_related(
        "employee", "from_unit", "from_post", "to_unit", "to_post", "employer", "corrected_by"
    )
    return list(events.order_by("kind", "employee__employee_no")[:SHOWN_EVENTS])


def batch_people(batch: ImportBatch) -> QuerySet[EmploymentEvent, int]:
    """Return the ids of the people an applied list took on, as a subquery."""
    taken_on = (EventKind.HIRED, EventKind.REHIRED)
    return batch.events.filter(kind__in=taken_on).values_list("employee_id", flat=True)


def column_mappings(source: str) -> dict[str, ColumnMap]:
    """Return what people have said about the columns of a source's lists, by header signature. One query."""
    return dict(ImportMapping.objects.filter(source=source).values_list("signature", "columns"))


def earlier_import(file_sha256: str) -> ImportBatch | None:
    """Return the latest batch that applied exactly this file, or None."""
    if not file_sha256:
        return None  # lists that came as no file have no digest
    same = ImportBatch.objects.filter(file_sha256=file_sha256).exclude(state=ImportState.APPLYING)
    return same.select_related("applied_by").first()


def open_unit_names(scope: Scope) -> list[str]:
    """Return the full names of the units of a scope that are not closed, in the order of the tree. One query."""
    entries = unit_directory().values()
    return [one.full_name for one in entries if one.closed_on is None and scope.includes_path(one.path)]


def post_names() -> list[str]:
    """Return the names of all posts. One query."""
    return list(Post.objects.order_by("name").values_list("name", flat=True))
