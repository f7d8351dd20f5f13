#!/usr/bin/env python
"""Run a management command of the platform: `python manage.py <command>`."""

import os
import sys


def main() -> None:
    """Choose the default settings and hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the environment is set

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
