"""Wagtail app configurations adapted to this site's user model."""

from wagtail.users.apps import WagtailUsersAppConfig


class UsersConfig(WagtailUsersAppConfig):
    """Wagtail's user administration, with forms that know one `name` instead of first and last name."""

    user_viewset = "people.viewsets.AccountViewSet"
