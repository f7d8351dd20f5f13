"""Accounts: made and changed apart from employment, and their passwords."""

import datetime as dt

from django.contrib.auth.hashers import check_password
from django.core.exceptions import PermissionDenied
from django.db import transaction

from people.audit import record_audit
from people.models import User


@transaction.atomic
def save_account(
    *,
    username: str,
    name: str,
    password: str | None,
    is_superuser: bool = False,
    acting_user: User | None,
) -> User:
    """Make the account of this user name, or set its name, password and rights; return it.

    With a password it may sign in at once; None leaves an existing password and gives a new account none.
    Raises PermissionDenied unless `acting_user` is a superuser (None: the system).
    """
    if acting_user is not None and not acting_user.is_superuser:
        raise PermissionDenied(username)
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        user = User(username=username)
        user.set_unusable_password()
    user.name, user.is_superuser, user.is_staff = name, is_superuser, is_superuser
    if password is not None and not (user.password and check_password(password, user.password)):
        # The hash is left alone if it already fits: loading a demo twice should not sign anybody out.
        user.set_password(password)
    if password is not None:
        user.must_change_password = False
    user.save()
    record_audit(user, "people.account.save", acting_user, {"after": {"username": username}})
    return user


@transaction.atomic
def change_password(*, user: User, password: str, acting_user: User | None, now: dt.datetime) -> None:
    """Set an account's password, chosen by its owner, and end the duty to change it.

    The caller has validated the password. Raises PermissionDenied if `acting_user` is somebody else.
    """
    if acting_user is not None and acting_user.pk != user.pk:
        raise PermissionDenied(user.username)
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record_audit(user, "people.password.change", acting_user, {"at": now.isoformat()})
