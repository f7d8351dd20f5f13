"""The second factor of an account: taken away by an administrator when a phone is lost."""

import datetime as dt

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from notices.actions import send_notice
from people.actions.sessions import end_sessions
from people.audit import record_audit
from people.models import RoleGrant, User
from people.permissions import Capability, scope_for
from people.queries.employees import employees_for


def resettable_for(acting_user: User, on: dt.date) -> QuerySet[User]:
    """Return the accounts with a second factor that `acting_user` may reset on a day.

    Those of people, or of holders of roles, in the part of the tree where `acting_user` grants roles; a
    superuser's only by a superuser, and never one's own: that needs the present code.
    """
    users = User.objects.filter(authenticator__type=Authenticator.Type.TOTP).exclude(pk=acting_user.pk)
    if acting_user.is_superuser:
        return users.order_by("username")
    scope = scope_for(acting_user, Capability.GRANT_ROLES, on)
    if not scope:
        return users.none()
    people = employees_for(acting_user, Capability.GRANT_ROLES, on).values("user_id")
    inside = RoleGrant.objects.filter(scope.q("unit__path")).values("user_id")
    outside = RoleGrant.objects.exclude(scope.q("unit__path")).values("user_id")
    reachable = users.filter(is_superuser=False).exclude(pk__in=outside)
    return (reachable.filter(pk__in=people) | reachable.filter(pk__in=inside)).order_by("username")


@transaction.atomic
def reset_second_factor(*, user: User, acting_user: User | None, now: dt.datetime) -> None:
    """Take the second factor from an account, end its sessions and tell its owner, who then sets up a new one.

    Again: no change. Raises PermissionDenied unless `resettable_for` names the account (None: the system).
    """
    if acting_user is not None and not acting_user.is_active:
        raise PermissionDenied(user.username)
    factors = Authenticator.objects.filter(user=user)
    if not factors.exists():
        return
    if (
        acting_user is not None
        and not resettable_for(acting_user, localdate(now)).filter(pk=user.pk).exists()
    ):
        raise PermissionDenied(user.username)
    factors.delete()
    end_sessions(user=user, acting_user=acting_user, now=now)
    record_audit(user, "people.second_factor.reset", acting_user, {"at": now.isoformat()})
    send_notice(
        recipient_id=user.pk,
        cause=f"people.second_factor.reset:{now.isoformat()}",
        title=_("您的两步验证已被重置"),
        body=_(
            "%(name)s 重置了您的两步验证。下次登录只要密码，请马上重新开通。如果您没有要求，请立即联系管理员。"
        )
        % {"name": acting_user or _("系统")},
        link="/account/",
        now=now,
    )
