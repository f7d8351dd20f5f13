import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from wagtail.models import ModelLogEntry

from people.actions.accounts import save_account
from people.actions.organisation import ensure_post, ensure_unit_path
from people.actions.roles import end_role, grant_role
from people.levels import guess_kind
from people.models import OrgUnit, Role, RoleGrant, UnitKind, User
from tests.factories.people import RoleGrantFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)


def grant(user, role=Role.HR_OFFICER, unit=None, acting_user=None, **more):
    return grant_role(user=user, role=role, unit=unit or org_path("总厂"), starts_on=TODAY,
                      acting_user=acting_user, now=NOW, **more)  # fmt: skip


def fresh(user):
    return User.objects.get(pk=user.pk)


def test_grant_opens_the_back_office_and_end_closes_it():
    user = UserFactory()
    assert not user.has_perm("wagtailadmin.access_admin")
    made = grant(user)
    assert fresh(user).has_perm("wagtailadmin.access_admin")
    assert not fresh(user).has_perm("wagtailcore.publish_page")
    assert ModelLogEntry.objects.get(action="people.role.grant").data["after"]["role"] == "hr_officer"
    end_role(grant=made, ends_before=TODAY + dt.timedelta(1), acting_user=None, now=NOW)
    assert fresh(user).has_perm("wagtailadmin.access_admin")  # until the day is over
    assert RoleGrant.objects.get().ends_before == TODAY + dt.timedelta(1)
    end_role(grant=made, ends_before=TODAY, acting_user=None, now=NOW)
    assert not fresh(user).has_perm("wagtailadmin.access_admin")
    assert not RoleGrant.objects.exists()


def test_a_second_grant_of_the_role_keeps_the_back_office_open():
    user = UserFactory()
    first = grant(user)
    grant(user, unit=org_path("总厂/一车间"))
    end_role(grant=first, ends_before=TODAY, acting_user=None, now=NOW)
    assert fresh(user).has_perm("wagtailadmin.access_admin")
    assert RoleGrant.objects.get().unit.name == "一车间"


def test_granting_again_changes_the_time():
    user = UserFactory()
    first = grant(user)
    assert grant(user, ends_before=TODAY + dt.timedelta(30)).pk == first.pk
    assert RoleGrant.objects.get().ends_before == TODAY + dt.timedelta(30)


def test_editor_may_edit_pages_and_files():
    user = UserFactory()
    grant(user, role=Role.EDITOR)
    group = Group.objects.get(name="anxue-editor")
    codes = set(group.page_permissions.values_list("permission__codename", flat=True))
    assert codes == {"add_page", "change_page", "publish_page"}
    files = set(group.collection_permissions.values_list("permission__codename", flat=True))
    assert {"add_image", "change_image", "add_document", "add_media", "change_media"} <= files
    grant(UserFactory(), role=Role.EDITOR)
    assert group.page_permissions.count() == 3


def test_who_may_grant():
    target, unit = UserFactory(), org_path("总厂/一车间")
    administrator = RoleGrantFactory(role=Role.ADMINISTRATOR, unit=org_path("总厂")).user
    assert grant(target, unit=unit, acting_user=administrator).granted_by == administrator
    denied = [
        (administrator, administrator, Role.EDITOR, unit),
        (administrator, target, Role.ADMINISTRATOR, unit),
        (administrator, target, Role.EDITOR, org_path("别厂")),
        (RoleGrantFactory(unit=unit).user, target, Role.EDITOR, unit),
        (UserFactory(), target, Role.EDITOR, unit),
    ]
    for acting_user, user, role, where in denied:
        with pytest.raises(PermissionDenied):
            grant(user, role=role, unit=where, acting_user=acting_user)
    assert grant(target, role=Role.ADMINISTRATOR, unit=unit, acting_user=UserFactory(superuser=True))


@pytest.mark.parametrize(
    ("name", "depth", "kind"),
    [("华北集团", 1, UnitKind.GROUP), ("东方有限公司", 1, UnitKind.COMPANY), ("总厂", 1, UnitKind.PLANT),
     ("一车间", 2, UnitKind.WORKSHOP), ("安全环保部", 2, UnitKind.WORKSHOP), ("高铁项目部", 2, UnitKind.WORKSHOP),
     ("甲班", 3, UnitKind.TEAM), ("维修班组", 3, UnitKind.TEAM), ("东方", 1, UnitKind.COMPANY),
     ("焊接", 2, UnitKind.WORKSHOP), ("夜间", 3, UnitKind.TEAM)],
)  # fmt: skip
def test_guess_kind(name, depth, kind):
    assert guess_kind(name, depth) == kind


def test_ensure_unit_path_is_idempotent():
    first = ensure_unit_path(path="总厂/一车间/甲班", acting_user=None, now=NOW)
    assert ensure_unit_path(path="/总厂 / 一车间/甲班/", acting_user=None, now=NOW) == first
    assert OrgUnit.objects.count() == 3
    firm = ensure_unit_path(path="远航劳务", kind=UnitKind.DISPATCH_FIRM, acting_user=None, now=NOW)
    assert firm.kind == UnitKind.DISPATCH_FIRM
    with pytest.raises(ValueError, match="empty"):
        ensure_unit_path(path=" / ", acting_user=None, now=NOW)


def test_units_and_posts_are_made_only_in_scope():
    hr = RoleGrantFactory(unit=org_path("总厂/一车间")).user
    assert ensure_unit_path(path="总厂/一车间/乙班", acting_user=hr, now=NOW)
    assert ensure_post(name="电工", acting_user=hr, now=NOW) == ensure_post(
        name="电工", acting_user=None, now=NOW
    )
    for path in ("总厂/三车间", "新厂"):
        with pytest.raises(PermissionDenied):
            ensure_unit_path(path=path, acting_user=hr, now=NOW)
    with pytest.raises(PermissionDenied):
        ensure_post(name="车工", acting_user=UserFactory(), now=NOW)
    assert not OrgUnit.objects.filter(name__in=["三车间", "新厂"]).exists()


def test_save_account_makes_and_changes():
    user = save_account(username="boss", name="厂长", password="guan-tong-88", acting_user=None)
    assert user.check_password("guan-tong-88")
    hashed = user.password
    again = save_account(
        username="boss", name="总厂厂长", password="guan-tong-88", is_superuser=True, acting_user=None
    )
    assert (again.pk, again.name, again.is_superuser, again.password) == (user.pk, "总厂厂长", True, hashed)
    assert not save_account(username="x", name="x", password=None, acting_user=None).has_usable_password()
    with pytest.raises(PermissionDenied):
        save_account(username="y", name="y", password=None, acting_user=UserFactory())
