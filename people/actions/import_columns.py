"""What HR says about the columns of their lists, kept for the next list like it."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction

from people.audit import record_audit
from people.models import ImportMapping, User
from people.permissions import Capability, allows
from people.shapes import ColumnMap


@transaction.atomic
def save_columns(
    *,
    source: str,
    signature: str,
    headers: Sequence[str],
    columns: Mapping[str, Sequence[int]],
    acting_user: User,
    now: dt.datetime,
) -> ImportMapping:
    """Keep which column holds what for lists of a source with this header row; what was said before gives way.

    Raises PermissionDenied unless `acting_user` may manage people somewhere.
    """
    if not allows(acting_user, Capability.MANAGE_PEOPLE):
        raise PermissionDenied
    said: ColumnMap = {name: list(found) for name, found in columns.items() if found}
    mapping, _created = ImportMapping.objects.update_or_create(
        source=source,
        signature=signature,
        defaults={"headers": list(headers), "columns": said, "saved_by": acting_user, "saved_at": now},
    )
    record_audit(mapping, "people.import.columns", acting_user, {"after": said})
    return mapping


@transaction.atomic
def forget_columns(*, source: str, signature: str, acting_user: User) -> None:
    """Forget what was said about a header row, so that the columns are recognised by their names again.

    Raises PermissionDenied as `save_columns`.
    """
    if not allows(acting_user, Capability.MANAGE_PEOPLE):
        raise PermissionDenied
    for mapping in ImportMapping.objects.filter(source=source, signature=signature):
        record_audit(mapping, "people.import.columns", acting_user, {"before": mapping.columns})
        mapping.delete()
