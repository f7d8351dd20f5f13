"""The two addresses of signing in with WeCom."""

from typing import Any

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)
from django.http import HttpRequest

from people.providers.wecom.client import API, WecomClient


class WecomAdapter(OAuth2Adapter):
    """WeCom in allauth's flow. Its pages and tokens differ from OAuth 2.0; the client knows how."""

    provider_id = "wecom"
    client_class = WecomClient
    authorize_url = API
    access_token_url = API

    def get_client(self, request: HttpRequest, app: Any) -> WecomClient:
        """Return the client of the configured app."""
        client: WecomClient = super().get_client(request, app)
        client.agent_id = app.settings.get("agent_id", "")
        client.api = app.settings.get("api", API)
        return client

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        """Ask WeCom whose code this is."""
        client = self.get_client(request, app)
        userid = client.member_of_code(kwargs["response"]["code"])
        facts = {"corp": app.client_id, "userid": userid, "name": client.name_of(userid)}
        return self.get_provider().sociallogin_from_response(request, facts)


oauth2_login = OAuth2LoginView.adapter_view(WecomAdapter)
oauth2_callback = OAuth2CallbackView.adapter_view(WecomAdapter)
