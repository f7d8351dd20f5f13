"""Posts, what they are exposed to, and what they demand."""

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.audit import record_audit
from people.errors import PostRefused
from people.models import Assignment, Hazard, LicenceType, Post, User, WorkFeature
from people.permissions import Capability, scope_for
from people.signals import PostDemandsChanged, post_demands_changed


def _require_organisation(acting_user: User | None) -> None:
    # Posts and licence types belong to no unit, so only who manages the whole organisation may change them.
    if acting_user is not None and not scope_for(acting_user, Capability.MANAGE_ORGANISATION):
        raise PermissionDenied


@transaction.atomic
def save_licence_type(
    *, code: str, name: str, family: str, legal_basis: str, acting_user: User | None
) -> LicenceType:
    """Create or change a licence type, found by its code. Raises PermissionDenied."""
    _require_organisation(acting_user)
    kind, created = LicenceType.objects.get_or_create(
        code=code, defaults={"name": name, "family": family, "legal_basis": legal_basis}
    )
    if not created and (kind.name, kind.family, kind.legal_basis) != (name, family, legal_basis):
        kind.name, kind.family, kind.legal_basis = name, family, legal_basis
        kind.save(update_fields=["name", "family", "legal_basis"])
    record_audit(kind, "people.licence_type.save", acting_user)
    return kind


@transaction.atomic
def save_post(
    *,
    name: str,
    hazards: Iterable[Hazard] = (),
    demanded_licences: Iterable[LicenceType] = (),
    is_principal: bool = False,
    is_safety_manager: bool = False,
    code: str | None = None,
    post: Post | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> Post:
    """Create or change a post with its hazards and the licences it demands: `post`, else the one of this name.

    `code` None leaves the code as it is. Sends `post_demands_changed` if people in the post now need other licences. Raises PostRefused for a name or
    code another post has, PermissionDenied.
    """
    _require_organisation(acting_user)
    if post is None:
        post = Post.objects.select_for_update().filter(name=name).first()
    else:
        post = Post.objects.select_for_update().get(pk=post.pk)
    others = Post.objects.exclude(pk=post.pk) if post else Post.objects.all()
    if others.filter(name=name).exists():
        raise PostRefused(_("已有岗位“%(name)s”：请换一个名称。") % {"name": name})
    if code and others.filter(code=code).exists():
        raise PostRefused(_("编码 %(code)s 已是另一个岗位的：请换一个编码。") % {"code": code})
    post = post or Post(name=name)
    post.name = name
    if code is not None:
        post.code = code or None
    post.is_principal, post.is_safety_manager = is_principal, is_safety_manager
    post.save()
    post.hazards.set(hazards)
    demanded = {kind.pk for kind in demanded_licences}
    before = set(post.demanded_licences.values_list("pk", flat=True))
    if demanded != before:
        post.demanded_licences.set(demanded)
        post_demands_changed.send(sender=Post, event=PostDemandsChanged(post_id=post.pk, recorded_at=now))
    record_audit(post, "people.post.save", acting_user, {"after": {"name": name}, "at": now.isoformat()})
    return post


@transaction.atomic
def save_work_feature(
    *, kind: str, name: str, posts: Iterable[Post], acting_user: User | None, now: dt.datetime
) -> WorkFeature:
    """Create or change a piece of equipment or a process with the posts it concerns; a second call changes nothing.

    `kind` is a WorkFeature.Kind. Raises PermissionDenied.
    """
    _require_organisation(acting_user)
    feature, _created = WorkFeature.objects.get_or_create(kind=kind, name=name)
    feature.posts.set(posts)
    record_audit(
        feature, "people.work_feature.save", acting_user, {"after": {"name": name}, "at": now.isoformat()}
    )
    return feature


@transaction.atomic
def archive_post(*, post: Post, acting_user: User | None, now: dt.datetime) -> None:
    """Put a post out of use from today on; a second call does nothing. Posts are never deleted once used.

    Raises PostRefused while somebody holds the post or is to hold it, PermissionDenied.
    """
    _require_organisation(acting_user)
    post = Post.objects.select_for_update().get(pk=post.pk)
    if post.archived_on:
        return
    today = localdate(now)
    holders = Assignment.objects.filter(Q(ends_before=None) | Q(ends_before__gt=today), post=post)
    count = holders.values("employee").distinct().count()
    if count:
        raise PostRefused(
            ngettext(
                "还有 %(n)s 人在岗位“%(post)s”上：请先给他们办理转岗，再停用。",
                "还有 %(n)s 人在岗位“%(post)s”上：请先给他们办理转岗，再停用。",
                count,
            )
            % {"n": count, "post": post.name}
        )
    post.archived_on = today
    post.save(update_fields=["archived_on"])
    record_audit(post, "people.post.archive", acting_user, {"at": now.isoformat()})


@transaction.atomic
def restore_post(*, post: Post, acting_user: User | None, now: dt.datetime) -> None:
    """Put an archived post into use again; a second call does nothing. Raises PermissionDenied."""
    _require_organisation(acting_user)
    if Post.objects.filter(pk=post.pk).exclude(archived_on=None).update(archived_on=None):
        record_audit(post, "people.post.restore", acting_user, {"at": now.isoformat()})
