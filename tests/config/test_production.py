"""The profile of a real site, as `manage.py check --deploy` sees it in a process of its own."""

import os
import subprocess
import sys

import pytest

from config.env import BASE_DIR

COMPLETE = {
    "SECRET_KEY": "production-" + "0123456789abcdefghij" * 3,
    "FIELD_KEYS": "f" * 20 + "0123456789abcdef",
    "LEDGER_KEYS": "l" * 20 + "0123456789abcdef",
    "ALLOWED_HOSTS": "anxue.example.org",
    "PUBLIC_BASE_URL": "https://anxue.example.org",
}


def check(tmp_path, **changes):
    environment = {
        **os.environ,
        **COMPLETE,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "MEDIA_ROOT": str(tmp_path / "media"),
        **changes,
    }
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error::RuntimeWarning",
            "manage.py",
            "check",
            "--deploy",
            "--fail-level",
            "WARNING",
        ],
        cwd=BASE_DIR,
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_complete_environment_passes_every_deployment_check(tmp_path):
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("name", COMPLETE)
def test_missing_variable_stops_the_site_and_is_named(tmp_path, name, value):
    done = check(tmp_path, **{name: value})
    assert done.returncode != 0
    assert name in done.stderr
