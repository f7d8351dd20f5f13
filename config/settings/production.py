"""The profile of a real site behind HTTPS. Every secret comes from the environment; none has a default."""

from config.env import env, proxies, required, required_https_address, required_keys
from config.logs import logging_config
from config.settings.base import *

DEBUG = False
SECRET_KEY = required("SECRET_KEY", shortest=50)
FIELD_KEYS = required_keys("FIELD_KEYS")
LEDGER_KEYS = required_keys("LEDGER_KEYS")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
PUBLIC_BASE_URL = WAGTAILADMIN_BASE_URL = required_https_address("PUBLIC_BASE_URL")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_BASE_URL])

MFA_REQUIRED = env.bool("MFA_REQUIRED", default=True)
MFA_TRUST_COOKIE_NAME = "__Host-trusted"
# Most sites have their proxy on the same machine.
TRUSTED_PROXIES = proxies("TRUSTED_PROXIES", default=["127.0.0.0/8", "::1/128", "unix"])
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"

SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sid"
CSRF_COOKIE_NAME = "__Host-csrf"
# The back office shows previews in a frame of the same site; nobody else may frame it (see frame-ancestors).
SILENCED_SYSTEM_CHECKS = ["security.W019"]
LOGGING = logging_config(as_json=True)
