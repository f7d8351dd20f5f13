"""Settings every profile shares. What a machine may change is read in config/env.py."""

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from config.env import (
    BASE_DIR,
    VAR_DIR,
    cache_config,
    database_config,
    email_config,
    env,
    folder,
    moment,
    proxies,
    session_engine,
    storage_config,
)
from config.logs import logging_config
from config.sign_in import provider_config

INSTALLED_APPS = [
    "portal",
    "xapi",
    "certificates",
    "access",
    "training",
    "courses",
    "exams",
    "people",
    "notices",
    "jobs",
    "config.apps.UsersConfig",
    "wagtail.contrib.settings",
    "wagtail.contrib.typed_table_block",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "wagtailmedia",
    "modelcluster",
    "taggit",
    "treebeard",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.dingtalk",
    "allauth.socialaccount.providers.feishu",
    "people.providers.wecom",
    "django_q",
    "ninja",
    "django_htmx",
    "django_structlog",
    "csp",
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.PackageHostMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.RequestLogMiddleware",
    "config.middleware.ApiCallMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "people.middleware.ProviderDownMiddleware",
    "people.middleware.KioskMiddleware",
    "people.middleware.LimitedSessionMiddleware",
    "people.middleware.SessionSeenMiddleware",
    "people.middleware.SecondFactorMiddleware",
    "config.office_door.OfficeDoorMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
                "csp.context_processors.nonce",
                "config.context_processors.display_preferences",
                "config.context_processors.kiosk_clock",
            ],
        },
    }
]

# Data
DATABASES = {"default": database_config()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": cache_config()}
SESSION_ENGINE = session_engine()
MEDIA_ROOT = folder("MEDIA_ROOT", VAR_DIR / "media")
MEDIA_URL = "/media/"
# Uploads not yet complete and films being encoded; may be lost, is shared by web server and queue, never served.
WORK_DIR = folder("WORK_DIR", VAR_DIR / "work")
ENCODE_FILMS = env.bool("ENCODE_FILMS", default=True)
STATIC_URL = "/static/"
STATIC_ROOT = folder("STATIC_ROOT", VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / ".vendor"]  # the latter is made by tools/setup
STORAGES = {
    "default": storage_config(),
    "staticfiles": {"BACKEND": "config.staticfiles.ModuleManifestStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # Wagtail's page editor posts many small fields

# People and sign-in
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["people.backends.AccountBackend"]
LOGIN_URL = "people:login"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "people:login"
PASSWORD_HASHERS = [
    "people.hashers.PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# allauth brings the flows nobody should write by hand: OAuth, one-time codes, the list of sessions. Its own
# pages of signing in, signing up and e-mail are not mounted (config/account_urls.py).
ACCOUNT_ADAPTER = "people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False  # the owner is told by a notice instead
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_TIMEOUT = 15 * 60
# Per account and never per address: a whole works signs in from behind one.
ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key", "reauthenticate": "20/5m/user"}
ACCOUNT_FORMS = {"reauthenticate": "people.forms.PasswordAgainForm"}
SOCIALACCOUNT_ADAPTER = "people.adapters.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = provider_config()
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form that leads to another site would be stopped by form-action
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
MFA_ADAPTER = "people.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "people.forms.CodeForm",
    "reauthenticate": "people.forms.CodeAgainForm",
    "activate_totp": "people.forms.ActivateCodeForm",
}
MFA_TOTP_ISSUER = "安学 AnXue"
MFA_TOTP_TOLERANCE = 1  # phones in a works are often half a minute off
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Whoever can see other people's data must give a second factor (production: yes).
MFA_REQUIRED = env.bool("MFA_REQUIRED", default=False)
_trust_days = env.int("MFA_TRUST_DAYS", default=14)
MFA_TRUST_ENABLED = _trust_days > 0
MFA_TRUST_COOKIE_AGE = _trust_days * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600

# Security headers
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"  # Wagtail previews a page in a frame of the same site
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    },
}

# Language and time
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# Wagtail
WAGTAIL_SITE_NAME = "安学"
WAGTAILADMIN_BASE_URL = env("PUBLIC_BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
WAGTAILADMIN_LOGIN_URL = "people:login"
WAGTAIL_FRONTEND_LOGIN_URL = "people:login"
WAGTAILADMIN_PERMITTED_LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
WAGTAIL_CONTENT_LANGUAGES = [("zh-hans", "简体中文")]
WAGTAILIMAGES_IMAGE_MODEL = "courses.Picture"
WAGTAILDOCS_DOCUMENT_MODEL = "courses.Attachment"
WAGTAILMEDIA = {"MEDIA_MODEL": "courses.Film", "MEDIA_FORM_BASE": "courses.admin_forms.FilmForm"}
WAGTAILIMAGES_EXTENSIONS = ["jpg", "jpeg", "png", "webp"]
WAGTAILDOCS_EXTENSIONS = ["pdf", "docx", "xlsx", "pptx"]
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAIL_AUTOSAVE_INTERVAL = 4000  # every pause writes a revision; SQLite has one writer
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_USER_TIME_ZONES = ["Asia/Shanghai"]
WAGTAIL_MODERATION_ENABLED = True
# What was approved is what is published: a changed draft passes every step of its review again.
WAGTAIL_WORKFLOW_REQUIRE_REAPPROVAL_ON_EDIT = True
WAGTAIL_FINISH_WORKFLOW_ACTION = "common.publishing.publish_reviewed"  # reviewers need no right to publish
WAGTAILADMIN_RICH_TEXT_EDITORS = {
    "default": {
        "WIDGET": "wagtail.admin.rich_text.DraftailRichTextArea",
        "OPTIONS": {"features": ["h3", "h4", "bold", "italic", "ol", "ul", "link", "document-link"]},
    }
}
WAGTAILSEARCH_BACKENDS = {
    # Wagtail's default index finds no word inside a Chinese sentence; LIKE does.
    "default": {"BACKEND": "wagtail.search.backends.database.fallback", "AUTO_UPDATE": False},
}

# The queue: rows in the same database, so that a job and the facts it is about commit together.
# retry > queue_limit / workers x longest job + timeout, or a job that waits its turn is started twice.
Q_CLUSTER = {
    "name": "anxue",
    "orm": "default",
    "workers": 2,
    "queue_limit": 2,
    "bulk": 1,
    "timeout": 300,
    "retry": 1200,
    "max_attempts": 3,
    "ack_failures": False,
    "catch_up": False,
    "save_limit": 2000,
    "recycle": 200,
    "max_rss": 600_000,
    "poll": 1,
    "label": "Django Q",
}

# What the queue does by itself, as (name, dotted path, cron line).
SCHEDULES = [
    ("heartbeat", "jobs.schedules.beat", "* * * * *"),
    ("close expired attempts", "exams.tasks.close_expired_attempts", "* * * * *"),
    ("keep topic scores", "exams.tasks.keep_topic_scores", "* * * * *"),
    ("look for missing topic scores", "exams.tasks.keep_all_topic_scores", "50 2 * * *"),
    ("remind of the daily question", "exams.tasks.remind_of_daily_question", "30 7 * * *"),
    ("remind of tomorrow's exams", "exams.tasks.remind_of_sittings", "0 16 * * *"),
    ("look for irregularities in exams", "exams.tasks.look_for_irregularities", "50 2 * * *"),
    ("delete exam photographs", "exams.tasks.delete_exam_photos", "25 3 * * *"),
    ("drop personal data copies", "people.tasks.drop_expired_copies", "20 * * * *"),
    ("apply coming changes of employment", "people.tasks.apply_coming_changes", "1 0 * * *"),
    ("publish scheduled pages", "courses.tasks.publish_scheduled", "* * * * *"),
    ("sync directories", "people.tasks.sync_due_directories", "40 1 * * *"),
    ("step roles", "people.tasks.step_roles", "1 0 * * *"),
    ("seal the ledger", "training.tasks.seal_ledger", "* * * * *"),
    ("mail a checkpoint of the ledger", "training.tasks.mail_checkpoint", "30 6 * * *"),
    ("sweep films", "courses.tasks.sweep_films", "35 3 * * *"),
    ("send xAPI statements", "xapi.tasks.send_statements", "* * * * *"),
    ("recompute obligations", "training.tasks.recompute_due_obligations", "5 0 * * *"),
    ("refresh clearance", "training.tasks.refresh_due_clearance", "10 0 * * *"),
    ("tell of changed clearance", "access.tasks.send_waiting", "* * * * *"),
    ("drop old looks at badges", "access.tasks.drop_old", "50 3 * * *"),
    ("remind of licences", "training.tasks.remind_of_licences", "20 6 * * *"),
]

# What run_queue does every five seconds beside the queue: it must not wait behind a long job. Each must be quick
# when there is nothing to do, and harmless when run twice.
TICKS = ["jobs.clock_watch.look_at_clocks", "exams.tasks.close_expired_attempts"]
# By how many seconds a clock may be set, or be apart from the database server's, before it is an alarm.
CLOCK_STEP_LIMIT_S = env.float("CLOCK_STEP_LIMIT_S", default=2.0)

# The platform's own settings
PROJECT_DIR = BASE_DIR
PUBLIC_BASE_URL = WAGTAILADMIN_BASE_URL
ORGANISATION_NAME = env("ORGANISATION_NAME", default="")
API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", default=1200)  # per token
# Proxies whose X-Forwarded-For is believed when the address of a caller counts.
TRUSTED_PROXIES = proxies("TRUSTED_PROXIES", default=[])
# How long an answer that reached the proxy in time may wait for a worker, by the X-Request-Start a trusted proxy sets
# over whatever the client sent. 0: the header is ignored, and the time of the worker counts.
EXAM_ARRIVAL_GRACE_S = env.int("EXAM_ARRIVAL_GRACE_S", default=0)
# Other hosts for the vendors of directories (private deployments): wecom=https://…,dingtalk=…,dingtalk_api=…,feishu=…
DIRECTORY_HOSTS = env.dict("DIRECTORY_HOSTS", default={})
# Roles that do not go together are refused without a reason for the exception, or granted and listed.
SEPARATION_OF_ROLES = env.str("SEPARATION_OF_ROLES", default="refuse", choices=("refuse", "warn"))
# Where the root of the ledger is sent each morning, so that it lies outside this machine too.
LEDGER_CHECKPOINT_MAIL = env.list("LEDGER_CHECKPOINT_MAIL", default=[])
# Another host name for SCORM packages (packages.anxue.example.org): foreign pages then keep an origin of their own.
SCORM_HOST = env("SCORM_HOST", default="")
# Where statements of what people learned are sent (xAPI); nowhere unless an address is set.
XAPI_LRS_URL = env("XAPI_LRS_URL", default="").rstrip("/")
XAPI_LRS_KEY = env("XAPI_LRS_KEY", default="")
XAPI_LRS_SECRET = env("XAPI_LRS_SECRET", default="")
XAPI_ACTOR = env.str("XAPI_ACTOR", default="employee_no", choices=("employee_no", "pseudonym"))
XAPI_SINCE = moment("XAPI_SINCE")  # older facts are not told
# What somebody who scans a badge without signing in may see: whether the person is cleared, and a masked name.
BADGE_PUBLIC_SCAN = env.bool("BADGE_PUBLIC_SCAN", default=False)
# Networks of one's own that may be told of changes of clearance (10.0.0.0/8,…), and the CA their servers show.
WEBHOOK_NETWORKS = env.list("WEBHOOK_NETWORKS", default=[])
WEBHOOK_CA_FILE = env("WEBHOOK_CA_FILE", default="")
X_ACCEL_REDIRECT = env.bool("X_ACCEL_REDIRECT", default=False)

globals().update(email_config())
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="anxue@localhost")

LOGGING = logging_config(as_json=False)
