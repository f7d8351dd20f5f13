"""The profile of `make run` and of a developer's machine: local files, secrets made on first use."""

from config.env import env, keep_secret
from config.settings.base import *

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="") or keep_secret("secret_key")
FIELD_KEYS = env.list("FIELD_KEYS", default=[]) or [keep_secret("field_key", nbytes=32)]
LEDGER_KEYS = env.list("LEDGER_KEYS", default=[]) or [keep_secret("ledger_key", nbytes=32)]
ALLOWED_HOSTS = ["*"]
