"""The profile of the test suite: quick hashing, files in a temporary folder, mail kept in memory."""

import tempfile
from pathlib import Path

from config.settings.base import *

DEBUG = False
SECRET_KEY = "only-for-tests-" + "x" * 40
FIELD_KEYS = ["only-for-tests-field-key-00000001"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = Path(tempfile.gettempdir()) / "anxue-test-media"  # each test gets its own, see tests/conftest.py
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
