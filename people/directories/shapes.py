"""What every directory is brought down to: departments, members, and what it takes to ask for them."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypedDict


class MemberState(StrEnum):
    """What a directory says of an account. Disabled is no proof of having left; gone is."""

    ACTIVE = "active"
    DISABLED = "disabled"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class DirectoryUnit:
    """A department. The root's name may be empty: a site maps it to a unit of its own."""

    external_id: str
    name: str
    parent_id: str = ""


@dataclass(frozen=True, slots=True)
class DirectoryMember:
    """A member with every department they are in; `main_unit_id` is empty where the directory names none.

    `external_id` is the lasting identity (WeCom and DingTalk userid, Feishu open_id, LDAP entryUUID or
    objectGUID), `alternate_id` a second one of the same account (DingTalk unionid, Feishu union_id).
    `attributes` holds the fields that may carry the employee number, by the name an administrator chooses.
    """

    external_id: str
    name: str
    alternate_id: str = ""
    unit_ids: tuple[str, ...] = ()
    main_unit_id: str = ""
    title: str = ""
    phone: str = ""
    state: MemberState = MemberState.ACTIVE
    hired_on: dt.date | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class Directory(Protocol):
    """A source of people. Every method raises DirectoryError with a text for the administrator."""

    def sign_on(self) -> None:
        """Prove who we are, afresh: a new token or a bind."""
        ...

    def departments(self) -> Iterator[DirectoryUnit]:
        """Yield the root department and everything below it that we may see, each once."""
        ...

    def members(self) -> Iterator[DirectoryMember]:
        """Yield every member below the root that we may see, each once."""
        ...

    def close(self) -> None:
        """Give the connection back; the directory may be asked again afterwards."""
        ...


class WeComSettings(TypedDict):
    """What identifies an enterprise and its app in WeCom (企业微信). Secrets: `secret`, `contacts_secret`."""

    corp_id: str


class DingTalkSettings(TypedDict):
    """What identifies an enterprise and its app in DingTalk (钉钉). Secret: `app_secret`."""

    corp_id: str
    app_key: str


class FeishuSettings(TypedDict):
    """What identifies an app in Feishu (飞书). Secret: `app_secret`."""

    app_id: str


class LdapSettings(TypedDict):
    """Where an LDAP server or Active Directory stands and how it is read. Secret: `password`.

    `security` is `ldaps`, `starttls` or `none`. `unit_attribute` empty means that the OUs above an entry are
    its departments. `ca_certificate` is PEM text, empty for the machine's own authorities.
    """

    host: str
    port: int
    security: str
    verify_certificate: bool
    ca_certificate: str
    bind_dn: str
    base_dn: str
    user_filter: str
    name_attribute: str
    title_attribute: str
    phone_attribute: str
    unit_attribute: str
