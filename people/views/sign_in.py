"""Sign in, sign out, choose a password, and open an account with a slip."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from common.clock import now
from people.actions.accounts import change_password
from people.actions.sessions import follow_session
from people.actions.sign_in import address_may_try, forget_failures
from people.actions.tickets import get_ticket, redeem_sign_in_ticket
from people.errors import TicketInvalid
from people.external import STAY, provider_links, provider_of_app, waiting_identity
from people.forms import ChangePasswordForm, ChoosePasswordForm, SignInForm
from people.models import User
from people.sessions import is_kiosk

# The account that proved its first password and must choose its own before it is signed in.
PENDING = "people.pending_user"
PENDING_S = 15 * 60


class SignInView(LoginView):
    """Sign in by employee number, phone number or account name, or through a provider."""

    template_name = "people/sign_in.html"
    authentication_form = SignInForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send somebody already signed in on, but not back to a back office that turned them away.

        Inside WeCom, DingTalk or Feishu nobody should type anything: go straight to that provider, once.
        """
        if request.user.is_authenticated:
            target = self.get_redirect_url()
            is_office = target.startswith(reverse("wagtailadmin_home"))
            if not target or (is_office and not request.user.has_perm("wagtailadmin.access_admin")):
                return redirect("portal:home")
            return redirect(target)
        provider = provider_of_app(request)
        if provider is not None:
            return provider.redirect(request, AuthProcess.LOGIN, next_url=self.get_redirect_url() or None)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse a locked account, and an address that tries without end, before a password is looked at."""
        if not address_may_try(get_adapter(request).get_client_ip(request), now()):
            context = self.get_context_data(form=SignInForm(request), is_crowded=True)
            return self.render_to_response(context, status=429)
        form: Any = self.get_form()
        valid = form.is_valid()
        if form.locked_minutes:
            context = self.get_context_data(form=SignInForm(request), locked_minutes=form.locked_minutes)
            return self.render_to_response(context, status=429)
        return self.form_valid(form) if valid else self.form_invalid(form)

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, unless the account must choose a password of its own first."""
        user: User = form.get_user()
        if not user.must_change_password:
            return enter(self.request, user, self.get_redirect_url())
        self.request.session.cycle_key()
        self.request.session[PENDING] = [user.pk, int(now().timestamp()), self.get_redirect_url()]
        return redirect("people:password")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the providers' buttons, and the identity that waits to be linked."""
        kwargs["providers"] = provider_links(self.request, self.get_redirect_url())
        kwargs["waiting"] = waiting_identity(self.request)
        return super().get_context_data(**kwargs)


def enter(request: HttpRequest, user: User, next_url: str = "") -> HttpResponse:
    """Sign in somebody who has just proved a password or slip; a second factor is asked for on the way."""
    record_authentication(request, user, "password", username=user.username)
    return perform_login(request, Login(user=user, redirect_url=next_url or None))


class SignOutView(LogoutView):
    """Sign out. By POST only."""

    after = ""

    def get_default_redirect_url(self) -> str:
        """Go to the sign-in page, and stay there even inside WeCom: who signs out wants to be out."""
        return self.after or f"{reverse('people:login')}?{STAY}=1"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Leave a shared tablet for its number pad."""
        self.after = reverse("people:kiosk") if is_kiosk(request) else ""
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


def _pending(request: HttpRequest) -> tuple[User | None, str]:
    kept = request.session.get(PENDING)
    if not kept or now().timestamp() - kept[1] > PENDING_S:
        return None, ""
    return User.objects.filter(pk=kept[0], is_active=True).first(), kept[2]


@sensitive_post_parameters()
@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Choose a new password: somebody signed in gives the old one; a first sign-in has just done so."""
    if isinstance(request.user, User):
        user, next_url, form_class = request.user, "", ChangePasswordForm
    else:
        pending, next_url = _pending(request)
        if pending is None:
            return redirect("people:login")
        user, form_class = pending, ChoosePasswordForm  # type: ignore[assignment]
    is_first = user is not request.user
    form = form_class(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        change_password(user=user, password=form.cleaned_data["new_password1"], acting_user=user, now=now())
        messages.success(request, _("密码已改好。"))
        if is_first:
            request.session.pop(PENDING, None)
            return enter(request, user, next_url)
        # Every other session of this account ends with the old password: its hash is part of each.
        update_session_auth_hash(request, user)
        follow_session(request, user)
        return redirect("portal:home")
    context = {"form": form, "is_first": is_first, "account": user}
    return render(request, "people/password.html", context)


@sensitive_post_parameters()
@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Open an account with a sign-in slip: choose a password and be signed in."""
    try:
        ticket = get_ticket(token, now())
        form = ChoosePasswordForm(ticket.user, request.POST or None)
        if request.method == "POST" and form.is_valid():
            user = redeem_sign_in_ticket(token=token, password=form.cleaned_data["new_password1"], now=now())
            forget_failures(user.username)
            return enter(request, user)
    except TicketInvalid:
        return render(request, "people/ticket_invalid.html", status=410)
    return render(request, "people/join.html", {"form": form, "account": ticket.user})


sign_in = method_decorator(never_cache, name="dispatch")(SignInView).as_view()
sign_out = SignOutView.as_view()
