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
    storage_config,
)
from config.logs import logging_config

INSTALLED_APPS = [
    "portal",
    "certificates",
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
    "django_q",
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
    "config.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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
            ],
        },
    }
]

# Data
DATABASES = {"default": database_config()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": cache_config()}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
MEDIA_ROOT = folder("MEDIA_ROOT", VAR_DIR / "media")
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
STATIC_ROOT = folder("STATIC_ROOT", VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": storage_config(),
    "staticfiles": {"BACKEND": "config.staticfiles.ModuleManifestStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # Wagtail's page editor posts many small fields

# People and sign-in
AUTH_USER_MODEL = "people.User"
LOGIN_URL = "people:login"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "people:login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
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
    ("refresh clearance", "training.tasks.refresh_due_clearance", "10 0 * * *"),
]

# The platform's own settings
PROJECT_DIR = BASE_DIR
PUBLIC_BASE_URL = WAGTAILADMIN_BASE_URL
ORGANISATION_NAME = env("ORGANISATION_NAME", default="")
CREDIT_HOUR_MINUTES = 45  # 1 学时 = 45 minutes: convention, no clause defines it
X_ACCEL_REDIRECT = env.bool("X_ACCEL_REDIRECT", default=False)

globals().update(email_config())
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="anxue@localhost")

LOGGING = logging_config(as_json=False)
