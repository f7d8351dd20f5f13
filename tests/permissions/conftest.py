"""The works, made once for each module that crawls it."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.template import Template
from django.test import override_settings

from config import urls
from tests.factories import count_from_the_start
from tests.permissions.objects import NOW, Works
from tests.permissions.works import build


@pytest.fixture(scope="module")
def works_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def works(django_db_setup: Any, django_db_blocker: Any, works_media: Path) -> Iterator[Works]:
    with django_db_blocker.unblock(), transaction.atomic():
        django_db_setup.rewind()
        count_from_the_start()
        with time_machine.travel(NOW, tick=False), override_settings(MEDIA_ROOT=works_media):
            made = build()
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def _at_the_works(
    works: Works, works_media: Path, settings: Any, _own_media: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Stand at the works' time, with its files."""
    settings.MEDIA_ROOT = works_media
    settings.DIRECTORY_HOSTS = {"wecom": "http://127.0.0.1:9"}  # nobody answers, and at once
    # Nobody looks at the contexts, and copying each of them takes a fifth of the time.
    monkeypatch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
    # What a refusal looks like is tested elsewhere; here there are thousands.
    monkeypatch.setattr(
        urls, "handler403", lambda request, exception: HttpResponse(status=403), raising=False
    )
    monkeypatch.setattr(
        urls, "handler404", lambda request, exception: HttpResponse(status=404), raising=False
    )
    # Nobody reads the log of them.
    logging.disable(logging.CRITICAL)
    with time_machine.travel(NOW, tick=False):
        yield
    logging.disable(logging.NOTSET)
