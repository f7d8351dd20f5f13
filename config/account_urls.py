"""Those addresses of django-allauth that this site uses, and no others.

Signing in, signing up, passwords and e-mail are our own or not there at all: what is not listed here answers 404.
The names are allauth's, because its flows look them up.
"""

from allauth.account import views as account
from allauth.mfa.base import views as code
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.urls import build_provider_urlpatterns
from django.urls import include, path
from django.views.generic import RedirectView

own_account = RedirectView.as_view(pattern_name="people:account")

urlpatterns = [
    path("password-again/", account.reauthenticate, name="account_reauthenticate"),
    path("code/", code.authenticate, name="mfa_authenticate"),
    path("code/trust/", code.trust, name="mfa_trust"),
    path("code-again/", code.reauthenticate, name="mfa_reauthenticate"),
    path("second-factor/", own_account, name="mfa_index"),
    path("second-factor/on/", totp.activate_totp, name="mfa_activate_totp"),
    path("second-factor/off/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("recovery-codes/new/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("via/", include(build_provider_urlpatterns())),
]
