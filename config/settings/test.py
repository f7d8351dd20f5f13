"""The profile of the test suite: quick hashing, files in a temporary folder, mail kept in memory."""

import tempfile
from pathlib import Path

from config.settings.base import *

DEBUG = False
SECRET_KEY = "only-for-tests-" + "x" * 40
FIELD_KEYS = ["only-for-tests-field-key-00000001"]
LEDGER_KEYS = ["only-for-tests-ledger-key-0000001"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = Path(tempfile.gettempdir()) / "anxue-test-media"  # each test gets its own, see tests/conftest.py
WORK_DIR = Path(tempfile.gettempdir()) / "anxue-test-work"
ENCODE_FILMS = False  # encoding takes seconds; the tests of it switch it on
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
# As with Redis: what a test counts are the statements of the page, not that of its session.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# A test is one transaction from its first line to its last, with all that it reads and works out between two
# statements, on a machine that does much else: what protects a site from a forgotten transaction would end it.
if "postgresql" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=0"
