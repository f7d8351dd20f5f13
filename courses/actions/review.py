"""The review of content before it is published: first for safety, then for law."""

import datetime as dt

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from wagtail.models import GroupPagePermission, Page, Workflow, WorkflowPage, WorkflowTask

from courses.models import LearningHomePage, ReviewTask
from people.actions.role_groups import ensure_role_group
from people.models import Role, User

# Names are content of the site, written once and then the editors' own; they are how the rows are found again.
WORKFLOW, SAFETY_STEP, LEGAL_STEP = "安全与法务审核", "安全审核", "法务审核"
# Not one of the groups of roles, whose members follow the grants.
LEGAL_GROUP = "法务审核员"


@transaction.atomic
def ensure_review_workflow(
    *, required: bool | None = None, acting_user: User | None, now: dt.datetime
) -> Workflow:
    """Make the workflow 安全审核 → 法务审核 and put it on the library, where it is missing; return it.

    Safety officers pass the first step, members of the group LEGAL_GROUP the second; groups an administrator
    chose for a step that is there already are left alone, and so is another workflow put on the library.
    `required` True takes the right to publish from editors, so that everything goes through review; False gives
    it back; None leaves it. Raises LearningHomePage.DoesNotExist while there is no library.
    Locks: the library until commit.
    """
    home = LearningHomePage.objects.select_for_update().order_by("pk")[:1].get()
    workflow = Workflow.objects.filter(name=WORKFLOW).order_by("pk").first()
    if workflow is None:
        workflow = Workflow.objects.create(name=WORKFLOW)
        steps = ((SAFETY_STEP, ensure_role_group(Role.SAFETY_OFFICER)), (LEGAL_STEP, _legal_group()))
        for order, (name, group) in enumerate(steps):
            task = ReviewTask.objects.create(name=name)
            task.groups.add(group)
            WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=order)
    WorkflowPage.objects.get_or_create(page=Page.objects.get(pk=home.pk), defaults={"workflow": workflow})
    if required is not None:
        _set_publishing(home, is_allowed=not required)
    return workflow


def _legal_group() -> Group:
    group, _ = Group.objects.get_or_create(name=LEGAL_GROUP)
    group.permissions.add(
        Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
    )
    return group


def _set_publishing(home: LearningHomePage, *, is_allowed: bool) -> None:
    """Give editors the right to publish in the library, or take it away."""
    publish = Permission.objects.get(content_type__app_label="wagtailcore", codename="publish_page")
    group = ensure_role_group(Role.EDITOR)
    if is_allowed:
        page = Page.objects.get(pk=home.pk)
        GroupPagePermission.objects.get_or_create(group=group, page=page, permission=publish)
    else:
        GroupPagePermission.objects.filter(group=group, permission=publish).delete()
