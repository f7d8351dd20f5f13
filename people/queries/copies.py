"""Who may fetch which copy of personal data."""

import datetime as dt
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from people.models import PersonalDataCopy, User
from people.permissions import Capability
from people.queries.employees import employees_for


def get_copy_for(
    user: User | AnonymousUser, public_id: UUID, now: dt.datetime, *, own: bool
) -> PersonalDataCopy:
    """Return a made copy that has not expired to who asked for it, if that person still may have it.

    `own` asks for a copy of the user's own data, else of somebody else's. Raises PersonalDataCopy.DoesNotExist otherwise, whether or not there is such a copy; views answer 404.
    """
    if not isinstance(user, User) or not user.is_active:
        raise PersonalDataCopy.DoesNotExist
    copies = PersonalDataCopy.objects.filter(requested_by=user, expires_at__gt=now).exclude(file="")
    copy = copies.select_related("employee").get(public_id=public_id)
    if own != (copy.employee.user_id == user.pk):
        raise PersonalDataCopy.DoesNotExist
    if not own:
        people = employees_for(user, Capability.UNMASK_IDENTITY)
        if not people.filter(pk=copy.employee_id).exists():
            raise PersonalDataCopy.DoesNotExist
    return copy


def own_copies(user: User, now: dt.datetime) -> QuerySet[PersonalDataCopy]:
    """Return the copies of one's own data that can still be fetched or are being made, the latest first."""
    return PersonalDataCopy.objects.filter(
        requested_by=user, employee__user=user, expires_at__gt=now
    ).select_related("job")
