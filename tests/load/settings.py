"""The settings of a developer's machine, with the bench's own addresses added to the site's."""

from config.settings.dev import *  # noqa: F403

ROOT_URLCONF = "tests.load.urls"
# Collecting the static files takes as long as the figures; no figure depends on their names.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
