"""From the stored settings of a source to the client that reads it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings as site

from people.directories import dingtalk, feishu, ldap, wecom
from people.directories.http import ATTEMPTS, Pause
from people.directories.shapes import (
    DingTalkSettings,
    Directory,
    FeishuSettings,
    LdapSettings,
    WeComSettings,
)

# Somebody waits in front of the page: fewer tries and shorter pauses than at night.
CHECK_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Access:
    """Everything it takes to open a directory. Secrets stay out of `repr`, so no log can show them."""

    kind: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    number_field: str
    root: str = ""

    def __repr__(self) -> str:
        return f"Access({self.kind})"


def open_directory(access: Access, *, pause: Pause = time.sleep, attempts: int = ATTEMPTS) -> Directory:
    """Return the client for a source; nothing is asked yet.

    Vendors' hosts are fixed; only the site's own setting DIRECTORY_HOSTS (private deployments, tests) names
    others. Raises ValueError for an unknown kind.
    """
    hosts: Mapping[str, str] = site.DIRECTORY_HOSTS
    patience: dict[str, Any] = {"pause": pause, "attempts": attempts}
    if access.kind == "wecom":
        return wecom.WeComDirectory(
            cast("WeComSettings", access.settings),
            access.secrets,
            root=access.root,
            host=hosts.get("wecom", wecom.HOST),
            **patience,
        )
    if access.kind == "dingtalk":
        return dingtalk.DingTalkDirectory(
            cast("DingTalkSettings", access.settings),
            access.secrets,
            root=access.root,
            host=hosts.get("dingtalk", dingtalk.HOST),
            api_host=hosts.get("dingtalk_api", dingtalk.API_HOST),
            **patience,
        )
    if access.kind == "feishu":
        return feishu.FeishuDirectory(
            cast("FeishuSettings", access.settings),
            access.secrets,
            root=access.root,
            host=hosts.get("feishu", feishu.HOST),
            **patience,
        )
    if access.kind == "ldap":
        return ldap.LdapDirectory(
            cast("LdapSettings", access.settings), access.secrets, number_attribute=access.number_field
        )
    raise ValueError(f"no directory is of the kind {access.kind!r}")
