"""WeCom as a provider of django-allauth."""

from typing import Any

from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider

from people.providers.wecom.views import WecomAdapter


class WecomAccount(ProviderAccount):
    """A member of the corporation."""

    def to_str(self) -> str:
        """Return the member's name."""
        return str(self.account.extra_data.get("name") or super().to_str())


class WecomProvider(OAuth2Provider):
    """Members are known by (corporation, userid): a userid alone is unique only inside one corporation."""

    id = "wecom"
    name = "企业微信"
    account_class = WecomAccount
    oauth2_adapter_class = WecomAdapter

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return the corporation and the userid as one text."""
        return f"{data['corp']}/{data['userid']}"

    def get_default_scope(self) -> list[str]:
        """Ask for the userid alone."""
        return ["snsapi_base"]


provider_classes = [WecomProvider]
