"""The settings of the bench with the planted bug's addresses."""

from tests.load.settings import *  # noqa: F403

ROOT_URLCONF = "tests.load.planted"
