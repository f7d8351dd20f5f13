"""Accounts, units, posts, employees with their stays, and roles."""

import datetime as dt
from typing import Any

import factory

from people.models import (
    Assignment,
    Employee,
    EmploymentStatus,
    EmploymentType,
    Hazard,
    HazardStandard,
    OrgUnit,
    Post,
    Role,
    RoleGrant,
    UnitKind,
    User,
)

PASSWORD = "anquan-diyi-2026"
HIRED_ON = dt.date(2026, 3, 2)


class UserFactory(factory.django.DjangoModelFactory):
    """An account that can sign in with PASSWORD; `password=None` makes one that cannot."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        superuser = factory.Trait(is_staff=True, is_superuser=True)

    username = factory.Sequence(lambda n: f"u{n:05d}")
    name = "王建国"
    is_active = True

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        password = kwargs.pop("password", PASSWORD)
        user = model_class(*args, **kwargs)
        user.set_password(password)
        user.save()
        return user


class OrgUnitFactory(factory.django.DjangoModelFactory):
    """A unit; without `parent` a root of the tree."""

    class Meta:
        model = OrgUnit

    name = factory.Sequence(lambda n: f"第{n}车间")
    kind = UnitKind.WORKSHOP

    @classmethod
    def _create(cls, model_class: type[OrgUnit], *args: Any, **kwargs: Any) -> OrgUnit:
        parent = kwargs.pop("parent", None)
        if parent is None:
            return OrgUnit.add_root(**kwargs)
        parent.refresh_from_db()
        return parent.add_child(**kwargs)


def org_path(path: str) -> OrgUnit:
    """Return the unit at a path such as `总厂/一车间/甲班`, making what is missing."""
    unit: OrgUnit | None = None
    for name in path.split("/"):
        siblings = OrgUnit.get_root_nodes() if unit is None else unit.get_children()
        unit = siblings.filter(name=name).first() or OrgUnitFactory(name=name, parent=unit)
    assert unit is not None
    return unit


class HazardFactory(factory.django.DjangoModelFactory):
    """An accident category of a standard of its own, beside those that ship with the site."""

    class Meta:
        model = Hazard

    code = factory.Sequence(lambda n: f"T{n}")
    name = factory.Sequence(lambda n: f"试验类别{n}")
    standard = factory.LazyFunction(
        lambda: HazardStandard.objects.get_or_create(code="GB 0-2026", defaults={"year": 2026})[0]
    )


class PostFactory(factory.django.DjangoModelFactory):
    """A post without hazards or demanded licences."""

    class Meta:
        model = Post

    name = factory.Sequence(lambda n: f"操作工{n}")


class EmployeeFactory(factory.django.DjangoModelFactory):
    """An active employee with an account of the same number.

    `assigned=True` adds a stay since the hire date; `assigned__unit=…`, `assigned__post=…` and
    `assigned__starts_on=…` choose where and when. `user=None` leaves out the account.
    """

    class Meta:
        model = Employee
        skip_postgeneration_save = True

    class Params:
        left = factory.Trait(status=EmploymentStatus.LEFT, left_on=dt.date(2026, 9, 30))

    # From 070000 on: tests write down lower numbers themselves.
    employee_no = factory.Sequence(lambda n: f"{70_000 + n:06d}")
    name = "王建国"
    employment_type = EmploymentType.OWN
    hired_on = HIRED_ON
    user = factory.SubFactory(
        UserFactory, username=factory.SelfAttribute("..employee_no"), name=factory.SelfAttribute("..name")
    )

    @factory.post_generation
    def assigned(self: Employee, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Add the stay asked for."""
        unit = kwargs.pop("unit", None)
        if create and (extracted or unit):
            AssignmentFactory(
                employee=self,
                unit=unit or OrgUnitFactory(),
                starts_on=kwargs.pop("starts_on", self.hired_on),
                **kwargs,
            )


class AssignmentFactory(factory.django.DjangoModelFactory):
    """A stay in a unit and post since the usual hire date, still open, under the person's terms."""

    class Meta:
        model = Assignment

    employee = factory.SubFactory(EmployeeFactory)
    unit = factory.SubFactory(OrgUnitFactory)
    post = factory.SubFactory(PostFactory)
    employment_type = factory.SelfAttribute("employee.employment_type")
    employer = factory.SelfAttribute("employee.employer")
    starts_on = HIRED_ON


class RoleGrantFactory(factory.django.DjangoModelFactory):
    """A role over one unit and all below it. Wagtail's own groups are left alone (see grant_role)."""

    class Meta:
        model = RoleGrant

    user = factory.SubFactory(UserFactory)
    role = Role.HR_OFFICER
    unit = factory.SubFactory(OrgUnitFactory)
    starts_on = dt.date(2026, 1, 1)
