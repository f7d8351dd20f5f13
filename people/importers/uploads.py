"""Lists kept on the server between preview and confirmation, encrypted: they hold identity numbers in clear.

A list belongs to the account that uploaded it: the account's id is part of its name, so another account's
token finds nothing.
"""

import base64
import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from common.signing import decrypt_text, encrypt_text, make_token, token_digest

FOLDER = "people-imports"
KEPT_FOR = dt.timedelta(days=1)


class UploadGone(Exception):
    """The list was applied or thrown away, or never was this account's."""


def _name(user_id: int, token: str) -> str:
    return f"{FOLDER}/{user_id}-{token_digest(token)}"


def keep_upload(file: IO[bytes], *, user_id: int, now: dt.datetime) -> str:
    """Keep a list for a day and return the token that finds it again. Throws older lists away."""
    _purge(now)
    token = make_token()
    sealed = encrypt_text(base64.b64encode(file.read()).decode())
    default_storage.save(_name(user_id, token), ContentFile(sealed.encode()))
    return token


@contextmanager
def opened_upload(token: str, *, user_id: int) -> Iterator[Path]:
    """Give the path of a kept list in clear while the block runs. Raises UploadGone."""
    try:
        with default_storage.open(_name(user_id, token)) as sealed:
            content = base64.b64decode(decrypt_text(sealed.read().decode()))
    except FileNotFoundError as error:
        raise UploadGone from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_bytes(content)
        yield path


def drop_upload(token: str, *, user_id: int) -> None:
    """Throw a kept list away."""
    default_storage.delete(_name(user_id, token))


def _purge(now: dt.datetime) -> None:
    if not default_storage.exists(FOLDER):
        return
    for name in default_storage.listdir(FOLDER)[1]:
        path = f"{FOLDER}/{name}"
        if default_storage.get_modified_time(path) < now - KEPT_FOR:
            default_storage.delete(path)
