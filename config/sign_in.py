"""The sign-in providers a machine has configured, as django-allauth wants them.

| variables | provider |
|---|---|
| OIDC_SERVER_URL, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NAME, OIDC_UID_FIELD | any OpenID Connect server |
| WECOM_CORP_ID, WECOM_AGENT_ID, WECOM_SECRET | 企业微信, a self-built app |
| DINGTALK_CLIENT_ID, DINGTALK_CLIENT_SECRET, DINGTALK_CORP_ID | 钉钉, an internal app |
| FEISHU_APP_ID, FEISHU_APP_SECRET, FEISHU_TENANT_KEY | 飞书, a self-built app |

A provider of which nothing is set does not appear. One of which only a part is set stops the start, because
its button would lead nowhere.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.env import env


def _value(name: str) -> str:
    return str(env(name, default="")).strip()


def _complete(*names: str) -> bool:
    """Tell whether all of these variables are set; raise ImproperlyConfigured, naming the rest, if only some are."""
    missing = [name for name in names if not _value(name)]
    if missing and len(missing) < len(names):
        raise ImproperlyConfigured(
            f"Set {', '.join(missing)} as well, or none of {', '.join(names)}: signing in needs all of them."
        )
    return not missing


def provider_config() -> dict[str, dict[str, Any]]:
    """Return SOCIALACCOUNT_PROVIDERS for the variables of this machine.

    `settings.tenant` of an app is the organisation at the provider, by which directories know their people.
    """
    providers: dict[str, dict[str, Any]] = {}
    if _complete("OIDC_SERVER_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
        providers["openid_connect"] = {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": _value("OIDC_NAME") or _("统一身份认证"),
                    "client_id": _value("OIDC_CLIENT_ID"),
                    "secret": _value("OIDC_CLIENT_SECRET"),
                    "settings": {
                        "server_url": _value("OIDC_SERVER_URL"),
                        "tenant": _value("OIDC_SERVER_URL"),
                        "uid_field": _value("OIDC_UID_FIELD") or "sub",
                    },
                }
            ],
        }
    if _complete("WECOM_CORP_ID", "WECOM_AGENT_ID", "WECOM_SECRET"):
        providers["wecom"] = _app(
            _("企业微信"), "WECOM_CORP_ID", "WECOM_SECRET", "WECOM_CORP_ID", agent_id=_value("WECOM_AGENT_ID")
        )
    if _complete("DINGTALK_CLIENT_ID", "DINGTALK_CLIENT_SECRET"):
        providers["dingtalk"] = _app(
            _("钉钉"), "DINGTALK_CLIENT_ID", "DINGTALK_CLIENT_SECRET", "DINGTALK_CORP_ID"
        )
    if _complete("FEISHU_APP_ID", "FEISHU_APP_SECRET"):
        providers["feishu"] = _app(_("飞书"), "FEISHU_APP_ID", "FEISHU_APP_SECRET", "FEISHU_TENANT_KEY")
    return providers


def _app(name: Any, client_id: str, secret: str, tenant: str, **more: str) -> dict[str, Any]:
    return {
        "APPS": [
            {
                "name": name,
                "client_id": _value(client_id),
                "secret": _value(secret),
                "settings": {"tenant": _value(tenant) or _value(client_id), **more},
            }
        ]
    }
