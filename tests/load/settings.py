"""The settings of a developer's machine, with the bench's own addresses added to the site's."""

from config.settings.dev import *  # noqa: F403

ROOT_URLCONF = "tests.load.urls"
