"""The environment variables the site understands, read once and typed.

| variable | meaning | default |
|---|---|---|
| DATABASE_URL | `sqlite:///PATH` or `postgres://…` | `var/db.sqlite3` |
| REDIS_URL | cache and sessions (never the queue) | none: database cache |
| STORAGE_URL | `s3://KEY:SECRET@HOST/BUCKET?region=…&tls=1` | none: files in MEDIA_ROOT |
| EMAIL_URL | `smtp://…`, `smtp+tls://…` | messages are written to `var/mail` |
| MEDIA_ROOT | folder of uploaded and made files | `var/media` |
| WORK_DIR | folder of uploads not yet complete and films being encoded; web and queue share it | `var/work` |
| ENCODE_FILMS | whether the queue encodes films in several sizes | `1` |
| SECRET_KEY | signing key | made once in `var/secret_key`; required in production |
| FIELD_KEYS | comma-separated keys for encrypted fields, newest first | made once in `var/field_key`; required in production |
| LEDGER_KEYS | comma-separated keys that sign the training ledger, newest first; `public:HEX` for retired ones | made once in `var/ledger_key`; required in production |
| LEDGER_CHECKPOINT_MAIL | comma-separated addresses a checkpoint of the ledger is sent to each morning | none |
| PUBLIC_BASE_URL | address printed in QR codes | `http://127.0.0.1:PORT` |
| MFA_REQUIRED | a second factor for all who can see other people's data | `0`; in production `1` |
| MFA_TRUST_DAYS | for how long a browser may be trusted, `0`: never | `14` |
| TRUSTED_PROXIES | proxies whose X-Forwarded-For is believed: addresses, ranges, `unix` | none; in production this machine |
| EXAM_ARRIVAL_GRACE_S | seconds an answer may wait for a worker, by X-Request-Start of a trusted proxy | 0: the header is ignored |
| SCORM_HOST | another host name of this site, for nothing but SCORM packages | none: same host, without an origin |
| XAPI_LRS_URL | learning record store that is told what people learned, up to and without `/statements` | none: nothing is sent |
| XAPI_LRS_KEY, XAPI_LRS_SECRET | how this site signs in there | none |
| XAPI_ACTOR | people are named there by `employee_no` or by a `pseudonym` | `employee_no` |
| XAPI_SINCE | moment (ISO 8601 with a zone) before which nothing is told | none: everything |
| API_CALLS_PER_MINUTE | calls a token may make in a minute | 1200 |

The providers of signing in (OIDC_…, WECOM_…, DINGTALK_…, FEISHU_…) stand in config/sign_in.py.

Relative paths count from the project's folder, so that every process of the site means the same files,
wherever it was started.
"""

import datetime as dt
import ipaddress
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
SHORTEST_KEY = 32


def folder(name: str, default: Path) -> Path:
    """Return the folder a variable names, as an absolute path."""
    return _absolute(env(name, default="") or str(default))


def _absolute(path: str) -> Path:
    return (BASE_DIR / Path(path).expanduser()).resolve()


def moment(name: str) -> dt.datetime | None:
    """Return the moment a variable names (ISO 8601 with a zone), or None. Raises ImproperlyConfigured."""
    text = env(name, default="").strip()
    if not text:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"Set {name} to a moment such as 2026-12-01T00:00+08:00.") from error
    if found.tzinfo is None:
        raise ImproperlyConfigured(f"Set {name} with its zone, such as 2026-12-01T00:00+08:00.")
    return found


def required(name: str, *, shortest: int = 1) -> str:
    """Return the value of a variable; raise ImproperlyConfigured, naming it, if it is missing or too short."""
    value: str = env(name, default="").strip()
    if len(value) < shortest:
        raise ImproperlyConfigured(f"Set the {name} environment variable (at least {shortest} characters).")
    return value


def proxies(name: str, *, default: list[str]) -> list[str]:
    """Return the proxies a variable lists: addresses and ranges in their usual form, or `unix` for a local socket.

    Raises ImproperlyConfigured, naming the variable, for an entry that is neither.
    """
    found = []
    for entry in (text.strip() for text in env.list(name, default=default)):
        try:
            found.append(entry if entry == "unix" else str(ipaddress.ip_network(entry, strict=False)))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{entry!r} in {name} is neither an address nor a range such as 10.0.0.0/8 nor `unix`."
            ) from error
    return found


def required_keys(name: str) -> list[str]:
    """Return the keys a variable lists, newest first.

    Raises ImproperlyConfigured, naming the variable, if there is none or one is too short to keep a secret.
    """
    keys = [key.strip() for key in env.list(name, default=[]) if key.strip()]
    if not keys or any(len(key) < SHORTEST_KEY for key in keys):
        raise ImproperlyConfigured(
            f"Set the {name} environment variable: comma-separated keys, newest first, each of at least "
            f"{SHORTEST_KEY} characters, e.g. from `openssl rand -base64 36`."
        )
    return keys


def required_https_address(name: str) -> str:
    """Return the address a variable holds, without a slash at its end.

    Raises ImproperlyConfigured, naming the variable, for anything but `https://HOST`.
    """
    address: str = env(name, default="").strip().rstrip("/")
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query:
        raise ImproperlyConfigured(
            f"Set the {name} environment variable to the address people open, e.g. https://anxue.example.org: "
            "it is printed in QR codes."
        )
    return address


def keep_secret(name: str, *, nbytes: int = 48) -> str:
    """Return the secret kept in `var/<name>`, making it on first use (readable by the owner only).

    Raises ImproperlyConfigured if the file is there but empty: what was encrypted with the lost secret would
    become unreadable without anyone noticing.
    """
    path = VAR_DIR / name
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(nbytes))
            file.flush()
            os.fsync(file.fileno())
        try:
            # link() fails if another process was first: both then read the same secret.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    secret = path.read_text().strip()
    if not secret:
        raise ImproperlyConfigured(f"{path} is empty: restore it from a backup, or delete it to begin anew.")
    return secret


def database_config() -> dict[str, Any]:
    """Return the Django database entry for DATABASE_URL.

    SQLite runs in WAL with synchronous=FULL (an acknowledged answer survives a power cut) and takes the
    write lock at BEGIN (a deferred transaction that reads, then writes, fails under load).
    Raises ImproperlyConfigured, naming the variable, for another kind of database.
    """
    url = env("DATABASE_URL", default="") or f"sqlite:///{quote(str(VAR_DIR / 'db.sqlite3'))}"
    config: dict[str, Any] = environ.Env.db_url_config(url)
    if config["ENGINE"] not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:/// or postgres://")
    if config["ENGINE"] == "django.db.backends.sqlite3":
        if config["NAME"] == ":memory:":
            raise ImproperlyConfigured(
                "DATABASE_URL must name a file: web server and queue are processes that share it"
            )
        path = _absolute(config["NAME"])
        path.parent.mkdir(parents=True, exist_ok=True)
        config["NAME"] = str(path)
        # Opening takes longer than most requests need; the last to close moves the whole WAL into the file.
        config["CONN_MAX_AGE"] = 60
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
                "PRAGMA busy_timeout=20000;PRAGMA journal_size_limit=268435456;PRAGMA cache_size=-20000;"
            ),
        }
    else:
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
        config["OPTIONS"] = {
            **config.get("OPTIONS", {}),
            "options": "-c synchronous_commit=on -c idle_in_transaction_session_timeout=30s -c lock_timeout=5s",
        }
    return config


def cache_config() -> dict[str, Any]:
    """Return the default cache: Redis when REDIS_URL is set, else a table shared by all processes."""
    url = env("REDIS_URL", default="")
    if url:
        return {
            "BACKEND": "config.cache.ForgivingRedisCache",
            "LOCATION": url,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
        }
    return {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_entries",
        # Django keeps 300 and drops a third of them above that: counters of failed sign-ins would be among them.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }


def session_engine() -> str:
    """Return where sessions live: in their table, and read through Redis where there is one.

    Read through the cache kept in the same database they would cost a second statement, and each one that was
    not found there a write; two thousand candidates are more than such a cache holds.
    """
    if env("REDIS_URL", default=""):
        return "django.contrib.sessions.backends.cached_db"
    return "people.session_store"


def storage_config() -> dict[str, Any]:
    """Return the default file storage: an S3-compatible bucket when STORAGE_URL is set, else MEDIA_ROOT.

    Raises ImproperlyConfigured, naming the variable, for an address that is not `s3://KEY:SECRET@HOST/BUCKET`.
    """
    url = env("STORAGE_URL", default="")
    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if parts.scheme != "s3" or not parts.hostname or not bucket or not parts.username:
        raise ImproperlyConfigured(
            "STORAGE_URL must look like s3://KEY:SECRET@HOST/BUCKET?region=REGION&tls=1"
        )
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    scheme = "https" if query.get("tls", "1") == "1" else "http"
    port = f":{parts.port}" if parts.port else ""
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "access_key": unquote(parts.username),
            "secret_key": unquote(parts.password or ""),
            "bucket_name": bucket,
            "endpoint_url": f"{scheme}://{parts.hostname}{port}",
            "region_name": query.get("region") or None,
            "default_acl": "private",
            "querystring_auth": True,
            "querystring_expire": 300,
            "file_overwrite": False,
            "addressing_style": "path",
        },
    }


def email_config() -> dict[str, Any]:
    """Return the EMAIL_* settings for EMAIL_URL; without one, messages are kept as files in `var/mail`."""
    if env("EMAIL_URL", default=""):
        return dict(env.email("EMAIL_URL"))
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": str(VAR_DIR / "mail"),
    }
