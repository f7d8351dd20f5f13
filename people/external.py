"""Signing in through a provider: which ones there are, which one an app brings, and identities not yet linked."""

from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from common.clock import now

# What a browser inside an app says of itself. WeCom's also says MicroMessenger, as WeChat does.
IN_APP = {"wecom": ("wxwork",), "dingtalk": ("dingtalk",), "feishu": ("lark", "feishu")}
TRIED = "people.tried_provider"
TRIED_S = 10 * 60
STAY = "stay"
WAITING = "people.waiting_identity"
WAITING_S = 10 * 60


@dataclass(frozen=True, slots=True)
class ProviderLink:
    """A button of the sign-in page."""

    id: str
    name: Any
    url: str


@dataclass(frozen=True, slots=True)
class WaitingIdentity:
    """An identity a provider vouched for, which belongs to no account yet."""

    login: SocialLogin
    provider: str
    name: str


def provider_links(request: HttpRequest, next_url: str = "") -> list[ProviderLink]:
    """Return the configured providers in the order of the settings. No query unless rows are in use."""
    extra = {"next": next_url} if next_url else {}
    links = []
    for provider in _providers(request):
        if provider.app is not None:
            links.append(
                ProviderLink(
                    provider.id, provider.app.name or provider.name, provider.get_login_url(request, **extra)
                )
            )
    return links


def _providers(request: HttpRequest) -> list[Any]:
    if not settings.SOCIALACCOUNT_PROVIDERS:
        return []
    return list(get_adapter().list_providers(request))


def provider_of_app(request: HttpRequest) -> Any:
    """Return the provider inside whose app the page was opened, if it is configured and was not tried just now.

    A cancelled or failed attempt comes back to the sign-in page and stays there: the attempt is noted in the
    session for ten minutes. `?stay=1` (after signing out) and an identity that waits to be linked stay, too.
    """
    if request.GET.get(STAY) or request.session.get(WAITING):
        return None
    agent = request.headers.get("User-Agent", "").casefold()
    wanted = next((name for name, words in IN_APP.items() if any(word in agent for word in words)), "")
    if not wanted:
        return None
    at = now().timestamp()
    if at - request.session.get(TRIED, 0) < TRIED_S:
        return None
    for provider in _providers(request):
        if provider.id == wanted and provider.app is not None:
            request.session[TRIED] = at
            return provider
    return None


def keep_identity(request: HttpRequest, login: SocialLogin) -> None:
    """Keep an identity nobody is linked to, for ten minutes, until its owner has signed in by password."""
    request.session[WAITING] = [login.serialize(), now().timestamp()]


def waiting_identity(request: HttpRequest) -> WaitingIdentity | None:
    """Return the identity that waits to be linked in this session, None if there is none or it is too old."""
    kept = request.session.get(WAITING)
    if not kept or now().timestamp() - kept[1] > WAITING_S:
        return None
    login = SocialLogin.deserialize(kept[0])
    if login.state.get("process") == AuthProcess.CONNECT:
        return None
    provider = login.account.get_provider(request)
    return WaitingIdentity(login, str(provider.app.name or provider.name), display_name(login))


def forget_identity(request: HttpRequest) -> None:
    """Drop the identity that waits, after it was linked or refused."""
    request.session.pop(WAITING, None)


def display_name(login: SocialLogin) -> str:
    """Return the name the provider gave, empty if it gave none."""
    return str(login.account.extra_data.get("name") or "")


def provider_failed(
    request: HttpRequest,
    provider: Any = None,
    *,
    is_cancelled: bool = False,
    exception: Exception | None = None,
) -> HttpResponse:
    """Say in plain words that signing in through a provider did not work, and lead to number and password."""
    app = getattr(provider, "app", None) if provider else _provider_at(request)
    told = {
        "provider": app.name if app else getattr(provider, "name", ""),
        "is_cancelled": is_cancelled,
        "reason": getattr(exception, "plain", ""),
        "back": reverse("people:login"),
    }
    return render(request, "people/provider_failed.html", told, status=200 if is_cancelled else 502)


def _provider_at(request: HttpRequest) -> Any:
    """Return the app of the provider whose address was asked for."""
    for provider in _providers(request):
        if provider.app is not None and request.path.startswith(provider.get_login_url(request)):
            return provider.app
    return None
