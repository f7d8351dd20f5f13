"""Keep Wagtail's own access in step with the roles: one group for each role, joined while a grant runs."""

import datetime as dt

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.timezone import localdate
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from people.models import Role, RoleGrant, User
from people.permissions import running_grants, running_on

PREFIX = "anxue-"
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
    Role.HR_OFFICER: (
        *("view_post", "add_post", "change_post", "view_licencetype"),
        *("view_workfeature", "add_workfeature", "change_workfeature"),
    ),
    Role.AUDITOR: ("view_post", "view_workfeature", "view_licencetype"),
    Role.ADMINISTRATOR: (
        *("view_post", "add_post", "change_post"),
        *("view_workfeature", "add_workfeature", "change_workfeature"),
        *("view_licencetype", "add_licencetype", "change_licencetype"),
    ),
}
LIBRARY_MODEL = ("courses", "learninghomepage")


def group_name(role: str) -> str:
    """Return the name of a role's group."""
    return f"{PREFIX}{role}"


def keep_access_in_step(*, user: User, now: dt.datetime) -> frozenset[str]:
    """Put an account into the groups of the roles it holds today and out of the others; return these roles.

    Two queries while nothing changed; groups that belong to no role are left alone.
    """
    held = frozenset(role for role, _path in running_grants(user, localdate(now)))
    join_groups(user, held)
    return held


def join_groups(user: User, held: frozenset[str]) -> None:
    """Put an account into the groups of these roles and out of those of all others."""
    joined = set(user.groups.filter(name__startswith=PREFIX).values_list("name", flat=True))
    wanted = {group_name(role) for role in held}
    if joined != wanted:
        with transaction.atomic():
            user.groups.remove(*Group.objects.filter(name__in=joined - wanted))
            user.groups.add(*(ensure_role_group(role) for role in held if group_name(role) not in joined))


def keep_all_access_in_step(*, now: dt.datetime) -> int:
    """Do for every account what `keep_access_in_step` does for one; return how many memberships changed.

    The back office itself looks at each request; this keeps the lists of groups true for those who stay away.
    """
    members = User.groups.through
    changed = 0
    with transaction.atomic():
        for role in Role.values:
            holders = RoleGrant.objects.filter(
                running_on(localdate(now)), role=role, user__is_active=True
            ).values_list("user_id", flat=True)
            if not Group.objects.filter(name=group_name(role)).exists() and not holders.exists():
                continue
            group = ensure_role_group(role)
            gone, _ = members.objects.filter(group=group).exclude(user_id__in=holders).delete()
            known = set(members.objects.filter(group=group).values_list("user_id", flat=True))
            joined = [members(group=group, user_id=pk) for pk in set(holders) - known]
            members.objects.bulk_create(joined, batch_size=1_000)
            changed += gone + len(joined)
    return changed


def ensure_role_group(role: str) -> Group:
    """Return Wagtail's group of a role, with the permissions the role needs in the back office."""
    group, _ = Group.objects.get_or_create(name=group_name(role))
    access = Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
    codenames = MODEL_PERMISSIONS.get(Role(role), ())
    models = Permission.objects.filter(content_type__app_label="people", codename__in=codenames)
    group.permissions.add(access, *models)
    if role == Role.EDITOR:
        _allow_content(group)
    return group


def _allow_content(group: Group) -> None:
    root = _library_root()
    known = GroupPagePermission.objects.filter(group=group, page=root).exists()
    # Publishing is given once: a site that has its content reviewed takes it away; no new grant brings it back.
    for codename in PAGE_PERMISSIONS if not known else PAGE_PERMISSIONS[:-1]:
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
