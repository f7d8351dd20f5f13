"""What is served over SCIM: people as Users, units as Groups, and what the service says of itself.

Only what is kept is described. Anything else a directory sends is left out, which RFC 7644 §3.3 allows; so
is what it asks to change of it.
"""

from typing import Annotated, Any

from django.conf import settings
from pydantic import model_validator
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    External,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

MAX_RESULTS = 200


class Name(ComplexAttribute):
    """A name in parts; the site keeps one name, family name first."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Address(ComplexAttribute):
    """An e-mail address or a phone number. Any text: what is none is left out of the person, not refused."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class PhoneNumber(Address):
    """A phone number."""


class Email(Address):
    """An e-mail address."""


class Manager(ComplexAttribute):
    """The person above, by the id of a User. Kept and given back; the site's own tree says who leads."""

    value: Annotated[str | None, CaseExact.true] = None

    @model_validator(mode="before")
    @classmethod
    def _bare_id(cls, value: Any) -> Any:
        """Take a bare id or a list of one, as Microsoft Entra ID sends it."""
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return {"value": value} if isinstance(value, str) else value


class EnterpriseUser(Extension):
    """The part of the enterprise extension that is kept."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    # Stays as it was when the person was taken on: everything recorded of a person hangs on it.
    employee_number: Annotated[str | None, Mutability.immutable, Uniqueness.server] = None
    organization: str | None = None
    department: str | None = None
    manager: Manager | None = None


class User(Resource[Any]):
    """A person."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Required.true, Uniqueness.server] = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    # Whoever is made is employed; active false comes later and ends that.
    active: bool | None = None
    emails: list[Email] | None = None
    phone_numbers: list[PhoneNumber] | None = None


class Member(ComplexAttribute):
    """Somebody in a unit."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    display: Annotated[str | None, Mutability.immutable] = None
    type: Annotated[str | None, Mutability.immutable] = None


class Group(Resource[Any]):
    """A unit of the organisation with those who stand in it now, without the units below."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Mutability.read_only] = None
    members: list[Member] | None = None


Person: Any = User[EnterpriseUser]  # type: ignore[type-arg, misc]

# As Microsoft Entra ID and Okta send it: unknown attributes, `remove` with a value, entries made by a filter.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


def service() -> ScimProvider:
    """Return the description of the service."""
    return ScimProvider(
        models=[User, EnterpriseUser, Group],
        resource_types=[
            ResourceType.from_resource(Person),
            ResourceType.from_resource(Group),
        ],
        config=ServiceProviderConfig(
            documentation_uri=Reference[External](f"{settings.PUBLIC_BASE_URL}/api/docs"),
            patch=Patch(supported=True),
            bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
            filter=Filter(supported=True, max_results=MAX_RESULTS),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=False),
            etag=ETag(supported=True),
            authentication_schemes=[
                AuthenticationScheme(
                    type=AuthenticationScheme.Type.oauthbearertoken,
                    name="Bearer",
                    description="A token of the site, made for SCIM",
                    primary=True,
                )
            ],
        ),
        policy=POLICY,
    )
