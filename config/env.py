"""The environment variables the site understands, read once and typed.

| variable | meaning | default |
|---|---|---|
| DATABASE_URL | `sqlite:///PATH` or `postgres://…` | `var/db.sqlite3` |
| REDIS_URL | cache and sessions (never the queue) | none: database cache |
| STORAGE_URL | `s3://KEY:SECRET@HOST/BUCKET?region=…&tls=1` | none: files in MEDIA_ROOT |
| EMAIL_URL | `smtp://…`, `smtp+tls://…` | messages are written to `var/mail` |
| MEDIA_ROOT | folder of uploaded and made files | `var/media` |
| SECRET_KEY | signing key | made once in `var/secret_key`; required in production |
| FIELD_KEYS | comma-separated keys for encrypted fields, newest first | derived from `var/field_key`; required in production |
| PUBLIC_BASE_URL | address printed in QR codes | `http://127.0.0.1:PORT` |
"""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()


def keep_secret(name: str, *, nbytes: int = 48) -> str:
    """Return the secret kept in `var/<name>`, making it on first use (readable by the owner only)."""
    path = VAR_DIR / name
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(nbytes))
        try:
            # link() fails if another process was first: both then read the same secret.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def database_config() -> dict[str, Any]:
    """Return the Django database entry for DATABASE_URL.

    SQLite runs in WAL with synchronous=FULL (an acknowledged answer survives a power cut) and takes the
    write lock at BEGIN (a deferred transaction that reads, then writes, fails under load).
    """
    config: dict[str, Any] = env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")
    if config["ENGINE"] == "django.db.backends.sqlite3":
        Path(config["NAME"]).expanduser().resolve().parent.mkdir(parents=True, exist_ok=True)
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
        return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}
    return {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_entries"}


def storage_config() -> dict[str, Any]:
    """Return the default file storage: an S3-compatible bucket when STORAGE_URL is set, else MEDIA_ROOT.

    Raises ValueError, naming the variable, for an address that is not `s3://KEY:SECRET@HOST/BUCKET`.
    """
    url = env("STORAGE_URL", default="")
    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if parts.scheme != "s3" or not parts.hostname or not bucket or not parts.username:
        raise ValueError("STORAGE_URL must look like s3://KEY:SECRET@HOST/BUCKET?region=REGION&tls=1")
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
