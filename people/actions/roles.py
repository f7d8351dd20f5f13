"""Grant and end roles, and keep Wagtail's own access in step."""

import datetime as dt

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from people.audit import record_audit
from people.models import OrgUnit, Role, RoleGrant, User
from people.permissions import Capability, allows

# Whoever edits content may do this with pages and files; publishing is an editor's right too (issue 2 knows no
# second approver).
PAGE_PERMISSIONS = ("add_page", "change_page", "publish_page")
# Wagtail asks for the permissions of its own file models, also where a site has put its own in their place.
FILE_PERMISSIONS = {
    ("wagtailimages", "image"): ("add_image", "change_image", "choose_image"),
    ("wagtaildocs", "document"): ("add_document", "change_document", "choose_document"),
    ("wagtailmedia", "media"): ("add_media", "change_media"),
}
# What a role changes through Wagtail's own lists of models.
MODEL_PERMISSIONS = {
    Role.HR_OFFICER: ("view_post", "add_post", "change_post", "view_licencetype"),
    Role.ADMINISTRATOR: (
        *("view_post", "add_post", "change_post"),
        *("view_licencetype", "add_licencetype", "change_licencetype"),
    ),
}
LIBRARY_MODEL = ("courses", "learninghomepage")


@transaction.atomic
def grant_role(
    *,
    user: User,
    role: str,
    unit: OrgUnit,
    starts_on: dt.date,
    ends_before: dt.date | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> RoleGrant:
    """Grant a role over a unit and all below it, with access to the back office; again: set its time.

    Raises PermissionDenied unless `acting_user` may grant roles over the unit (None: the system). Nobody but
    a superuser grants the administrator's role, or a role to themselves.
    """
    if acting_user is not None:
        _check(acting_user, user, role, unit)
    grant, _ = RoleGrant.objects.update_or_create(
        user=user,
        role=role,
        unit=unit,
        defaults={"starts_on": starts_on, "ends_before": ends_before, "granted_by": acting_user},
    )
    user.groups.add(ensure_role_group(role))
    record_audit(
        grant,
        "people.role.grant",
        acting_user,
        {"after": {"user": user.username, "role": role, "unit": unit.name, "at": now.isoformat()}},
    )
    return grant


@transaction.atomic
def end_role(*, grant: RoleGrant, ends_before: dt.date, acting_user: User | None, now: dt.datetime) -> None:
    """End a role from a day on; a grant that had not begun is deleted. Access to the back office follows.

    Raises PermissionDenied like `grant_role`.
    """
    if acting_user is not None:
        _check(acting_user, grant.user, grant.role, grant.unit)
    record_audit(
        grant,
        "people.role.end",
        acting_user,
        {"after": {"user": grant.user.username, "role": grant.role, "at": now.isoformat()}},
    )
    if ends_before <= grant.starts_on:
        grant.delete()
    else:
        grant.ends_before = ends_before
        grant.save(update_fields=["ends_before"])
    remaining = RoleGrant.objects.filter(user=grant.user, role=grant.role).exclude(
        ends_before__lte=ends_before
    )
    if not remaining.exists():
        grant.user.groups.remove(ensure_role_group(grant.role))


def _check(acting_user: User, user: User, role: str, unit: OrgUnit) -> None:
    if acting_user.is_superuser:
        return
    if user.pk == acting_user.pk or role == Role.ADMINISTRATOR:
        raise PermissionDenied(role)
    if not allows(acting_user, Capability.GRANT_ROLES, unit):
        raise PermissionDenied(unit.name)


def ensure_role_group(role: str) -> Group:
    """Return Wagtail's group of a role, with the permissions the role needs in the back office."""
    group, _ = Group.objects.get_or_create(name=f"anxue-{role}")
    access = Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
    codenames = MODEL_PERMISSIONS.get(Role(role), ())
    models = Permission.objects.filter(content_type__app_label="people", codename__in=codenames)
    group.permissions.add(access, *models)
    if role == Role.EDITOR:
        _allow_content(group)
    return group


def _allow_content(group: Group) -> None:
    root = _library_root()
    for codename in PAGE_PERMISSIONS:
        permission = Permission.objects.get(content_type__app_label="wagtailcore", codename=codename)
        GroupPagePermission.objects.get_or_create(group=group, page=root, permission=permission)
    collection = Collection.get_first_root_node()
    for (app_label, model), codenames in FILE_PERMISSIONS.items():
        kind = ContentType.objects.get_by_natural_key(app_label, model)
        for permission in Permission.objects.filter(content_type=kind, codename__in=codenames):
            GroupCollectionPermission.objects.get_or_create(
                group=group, collection=collection, permission=permission
            )


def _library_root() -> Page:
    """Return the root of the library, or of all pages while there is no library yet.

    The page's class belongs to a room above, so it is found by its name.
    """
    library = Page.objects.filter(
        content_type__app_label=LIBRARY_MODEL[0], content_type__model=LIBRARY_MODEL[1]
    )
    return library.order_by("depth").first() or Page.get_first_root_node()
