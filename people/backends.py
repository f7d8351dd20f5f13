"""Who is behind a session, read by a prepared query; passwords and permissions as Django has them."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import BigIntegerField, QuerySet

from common.prepared import Prepared
from people.models import User

_account = Prepared(lambda pk: User.objects.filter(pk=pk), pk=BigIntegerField())
_own_permissions: Prepared[tuple[str, str]] = Prepared(
    lambda user_id: _names(Permission.objects.filter(user=user_id)), user_id=BigIntegerField()
)
_group_permissions: Prepared[tuple[str, str]] = Prepared(
    lambda user_id: _names(Permission.objects.filter(group__user=user_id)), user_id=BigIntegerField()
)


def _names(permissions: QuerySet[Permission]) -> QuerySet[Permission, tuple[str, str]]:
    return permissions.values_list("content_type__app_label", "codename").order_by()


class AccountBackend(ModelBackend):
    """Django's accounts, with one statement less dear in every request of somebody signed in."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the account of a session, None if there is none any more or it is closed."""
        user = _account.first(pk=user_id)
        return user if user is not None and self.user_can_authenticate(user) else None

    def _get_permissions(self, user_obj: Any, obj: Any, from_name: str) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous or user_obj.is_superuser or obj is not None:
            return super()._get_permissions(user_obj, obj, from_name)  # type: ignore[misc, no-any-return]
        kept = f"_{from_name}_perm_cache"  # where Django keeps them, too
        if not hasattr(user_obj, kept):
            rows = (_group_permissions if from_name == "group" else _own_permissions).all(user_id=user_obj.pk)
            setattr(user_obj, kept, {f"{label}.{codename}" for label, codename in rows})
        return getattr(user_obj, kept)  # type: ignore[no-any-return]
