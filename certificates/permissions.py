"""Who may see and who may change certificates."""

from django.contrib.auth.models import AnonymousUser

from certificates.models import Certificate
from people.models import User


def may_read(user: User | AnonymousUser, certificate: Certificate) -> bool:
    """Tell whether `user` may see a certificate: its holder, or a superuser."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or certificate.employee.user_id == user.pk


def may_manage(user: User | AnonymousUser, certificate: Certificate | None = None) -> bool:
    """Tell whether `user` may change a certificate's standing; without one, whether the lists are open at all."""
    return user.is_active and user.is_superuser
