"""Back-office lists and forms for accounts."""

from wagtail.users.views.users import UserViewSet


class AccountViewSet(UserViewSet):
    """Accounts in Wagtail's user administration."""
