"""Sign in, sign out, choose a password, and open an account with a slip."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
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
from people.actions.sign_in import forget_failures, is_locked, note_failure
from people.actions.tickets import get_ticket, redeem_sign_in_ticket
from people.errors import TicketInvalid
from people.forms import ChangePasswordForm, ChoosePasswordForm, SignInForm, plain_username
from people.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"
# The account that proved its first password and must choose its own before it is signed in.
PENDING = "people.pending_user"
PENDING_S = 15 * 60


class SignInView(LoginView):
    """Sign in by employee number or account name."""

    template_name = "people/sign_in.html"
    authentication_form = SignInForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send somebody already signed in on, but not back to a back office that turned them away."""
        if request.user.is_authenticated:
            target = self.get_redirect_url()
            is_office = target.startswith(reverse("wagtailadmin_home"))
            if not target or (is_office and not request.user.has_perm("wagtailadmin.access_admin")):
                return redirect("portal:home")
            return redirect(target)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse an account with too many failures before its password is looked at."""
        form = self.get_form()
        username = plain_username(request.POST.get("username", ""))
        if is_locked(username):
            context = self.get_context_data(form=SignInForm(request), is_locked=True)
            return self.render_to_response(context, status=429)
        if form.is_valid():
            forget_failures(username)
            return self.form_valid(form)
        if username:
            note_failure(username)
        return self.form_invalid(form)

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, unless the account must choose a password of its own first."""
        user: User = form.get_user()
        if not user.must_change_password:
            return super().form_valid(form)
        self.request.session.cycle_key()
        self.request.session[PENDING] = [user.pk, int(now().timestamp()), self.get_redirect_url()]
        return redirect("people:password")


class SignOutView(LogoutView):
    """Sign out. By POST only."""


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
        if is_first:
            login(request, user, backend=BACKEND)
            request.session.pop(PENDING, None)
        else:
            update_session_auth_hash(request, user)
        messages.success(request, _("密码已改好。"))
        return redirect(next_url or "portal:home")
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
            login(request, user, backend=BACKEND)
            return redirect("portal:home")
    except TicketInvalid:
        return render(request, "people/ticket_invalid.html", status=410)
    return render(request, "people/join.html", {"form": form, "account": ticket.user})


sign_in = method_decorator(never_cache, name="dispatch")(SignInView).as_view()
sign_out = SignOutView.as_view()
