"""How django-allauth behaves here: nobody signs up, no e-mail is sent, keys are encrypted."""

from io import BytesIO
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.internal.flows.trust import is_trusted_browser
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from common.addresses import client_address
from common.clock import now
from common.signing import decrypt_text, encrypt_text
from people.actions.identities import link_identity
from people.external import (
    TRIED,
    forget_identity,
    keep_identity,
    provider_failed,
    waiting_identity,
)
from people.models import User
from people.queries import employee_by_external_id, needs_second_factor
from people.sessions import BACKEND, SEEN, TRUSTED, recently_authenticated

# What is kept of a provider's answer: the ids by which a directory knows the person, and a name to show.
KEPT_FACTS = ("userid", "user_id", "unionId", "union_id", "openId", "open_id", "sub", "tenant_key")
NAMES = ("name", "nick", "preferred_username")
# What stands for the address of a client that comes through a local socket (RFC 1122 §3.2.1.3).
NO_ADDRESS = "0.0.0.0"  # noqa: S104
# By which of these a directory lists its people, first choice first. OpenID Connect: the uid itself.
DIRECTORY_IDS = {
    "wecom": ("userid",),
    "dingtalk": ("unionId", "openId"),
    "feishu": ("user_id", "union_id", "open_id"),
}


class AccountAdapter(DefaultAccountAdapter):
    """Signing in by our own page; allauth asks for the second factor on the way."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_password": _("现在的密码不对。"),
        "too_many_login_attempts": _("输错太多次。请等 5 分钟再试。"),
        "rate_limited": _("输错太多次。请等 5 分钟再试。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Let nobody sign up: accounts come with employment."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing by flash message: our pages say what happened."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send no mail: the owner gets a notice (people/receivers.py)."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address of the client; behind a local socket without a forwarded one there is none."""
        return client_address(request) or NO_ADDRESS

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Tell somebody who left that the account is closed."""
        return render(request, "people/account_closed.html", status=403)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Open the session, and note whether the browser is one the person chose to trust."""
        user.backend = BACKEND
        super().login(request, user)
        request.session.pop(TRIED, None)
        request.session[SEEN] = int(now().timestamp())
        if is_trusted_browser(request, user):
            request.session[TRUSTED] = user.pk

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Go on to where the reader wanted, or first to the identity that waits to be linked."""
        response = super().post_login(request, user, **kwargs)
        return redirect("people:link") if waiting_identity(request) else response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again only if the person has not proved who they are for ten minutes; signing in counts."""
        return not recently_authenticated(context.request)


class SocialAdapter(DefaultSocialAccountAdapter):
    """Who signs in through a provider must be known already: accounts are never made here."""

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        """Return the configured apps. They stand in the settings alone, so that no secret lies in the database."""
        apps = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for group in apps.values() for app in group]

    def get_app(self, request: HttpRequest, provider: Any, client_id: Any = None) -> SocialApp:
        """Return the configured app of a provider. Raises Http404 if it is not configured."""
        try:
            return super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist as error:
            raise Http404(provider) from error

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Let nobody sign up."""
        return False

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Any:
        """Keep of the provider's answer only what finds the person again, and a name; no phone, no picture."""
        account = sociallogin.account
        given = account.extra_data
        given = given.get("userinfo") or given.get("id_token") or given
        kept = {key: str(given[key]) for key in KEPT_FACTS if given.get(key)}
        name = next((str(given[key]) for key in NAMES if given.get(key)), "")
        account.extra_data = kept | {"name": name[:60]}
        sociallogin.email_addresses = []
        return sociallogin.user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the account of an identity: linked before, or named by a directory; else say what to do."""
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            raise ImmediateHttpResponse(redirect("people:account"))
        if sociallogin.is_existing:
            forget_identity(request)
            return
        user = _user_in_directory(sociallogin)
        if user is None or not user.is_active:
            keep_identity(request, sociallogin)
            raise ImmediateHttpResponse(redirect("people:unknown-identity"))
        sociallogin.account = link_identity(
            user=user, account=sociallogin.account, acting_user=None, now=now()
        )
        sociallogin.user = user
        forget_identity(request)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        """Say in plain words that it did not work, and lead back to the number and password."""
        raise ImmediateHttpResponse(
            provider_failed(request, provider, is_cancelled=error == AuthError.CANCELLED, exception=exception)
        )


def _user_in_directory(login: SocialLogin) -> User | None:
    provider = login.account.get_provider()
    tenant = str(provider.app.settings.get("tenant") or provider.app.client_id)
    for key in DIRECTORY_IDS.get(provider.id, ()):
        external_id = login.account.extra_data.get(key)
        employee = employee_by_external_id(provider.id, tenant, external_id) if external_id else None
        if employee is not None:
            return employee.user
    if provider.id not in DIRECTORY_IDS:
        employee = employee_by_external_id(provider.id, tenant, login.account.uid)
        return employee.user if employee else None
    return None


class SecondFactorAdapter(DefaultMFAAdapter):
    """One-time codes: keys encrypted at rest, QR codes drawn here, and no way out for those who need one."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("验证码不对。请看验证器上现在的 6 位数字；手机时间要准。"),
        "cannot_delete_authenticator": _(
            "您能看到别人的资料，不能关闭两步验证。换手机请先找系统管理员重置。"
        ),
        "cannot_generate_recovery_codes": _("先开通两步验证，再生成备用码。"),
    }

    def encrypt(self, text: str) -> str:
        """Encrypt a key with FIELD_KEYS."""
        return encrypt_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` made."""
        return decrypt_text(encrypted_text)

    def get_totp_label(self, user: Any) -> str:
        """Name the account in the app by its number."""
        return str(user.username)

    def build_totp_svg(self, url: str) -> str:
        """Draw the QR code of a key."""
        drawn = BytesIO()
        # With its name space: the page shows it as a picture of its own.
        segno.make(url, error="m", micro=False).save(drawn, kind="svg", scale=4, border=2, xmldecl=False)
        return drawn.getvalue().decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep the second factor of those who must have one."""
        return not (settings.MFA_REQUIRED and needs_second_factor(authenticator.user))
