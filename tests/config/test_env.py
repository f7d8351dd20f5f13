import stat
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.env import (
    BASE_DIR,
    cache_config,
    database_config,
    email_config,
    folder,
    keep_secret,
    proxies,
    required_https_address,
    required_keys,
    storage_config,
)

VARIABLES = (
    "DATABASE_URL",
    "REDIS_URL",
    "STORAGE_URL",
    "EMAIL_URL",
    "MEDIA_ROOT",
    "FIELD_KEYS",
    "PUBLIC_BASE_URL",
    "TRUSTED_PROXIES",
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch, tmp_path):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(env, "VAR_DIR", tmp_path / "var %20 车间")


# Database


def test_database_is_a_file_of_ours_unless_another_is_named(tmp_path):
    config = database_config()
    assert config["ENGINE"] == "django.db.backends.sqlite3"
    assert config["NAME"] == str(tmp_path / "var %20 车间" / "db.sqlite3")
    assert (tmp_path / "var %20 车间").is_dir()


def test_empty_variable_is_no_variable(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "")
    assert database_config()["NAME"].endswith("db.sqlite3")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///{tmp}/a.sqlite3", "{tmp}/a.sqlite3"),
        ("sqlite:///{tmp}/安 学/a%23.sqlite3", "{tmp}/安 学/a#.sqlite3"),
        ("sqlite:///var/elsewhere.sqlite3", f"{BASE_DIR}/var/elsewhere.sqlite3"),
    ],
)
def test_sqlite_path_is_made_absolute_from_the_project(monkeypatch, tmp_path, url, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url.format(tmp=tmp_path))
    assert database_config()["NAME"] == name.format(tmp=tmp_path)


def test_sqlite_is_safe_against_power_cuts_and_competing_writers():
    options = database_config()["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] >= 20
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
        assert f"PRAGMA {pragma};" in options["init_command"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_is_read_with_its_parts(monkeypatch, scheme):
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://an:p%40ss@db.example.org:5433/anxue?sslmode=require")
    config = database_config()
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert [config[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "an",
        "p@ss",
        "db.example.org",
        5433,
        "anxue",
    ]
    assert config["OPTIONS"]["sslmode"] == "require"
    assert "synchronous_commit=on" in config["OPTIONS"]["options"]
    assert config["CONN_HEALTH_CHECKS"]


@pytest.mark.parametrize("url", ["mysql://a:b@c/d", "oracle://a:b@c/d", "sqlite://:memory:", "sqlite:///"])
def test_other_databases_are_refused_by_name(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        database_config()


def test_folder_is_absolute_whatever_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert folder("MEDIA_ROOT", tmp_path / "default") == tmp_path / "default"
    monkeypatch.setenv("MEDIA_ROOT", "somewhere/media")
    assert folder("MEDIA_ROOT", tmp_path) == BASE_DIR / "somewhere/media"
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path))
    assert folder("MEDIA_ROOT", BASE_DIR) == tmp_path


# Storage, cache, mail


def test_files_stay_on_this_machine_without_a_storage_url():
    assert storage_config() == {"BACKEND": "django.core.files.storage.FileSystemStorage"}


def test_storage_url_names_a_private_bucket(monkeypatch):
    monkeypatch.setenv("STORAGE_URL", "s3://key:se%2Fcret@s3.example.org:9000/anxue?region=cn-north-1")
    config = storage_config()
    options = config["OPTIONS"]
    assert config["BACKEND"] == "storages.backends.s3.S3Storage"
    assert (options["access_key"], options["secret_key"], options["bucket_name"]) == (
        "key",
        "se/cret",
        "anxue",
    )
    assert (options["endpoint_url"], options["region_name"]) == ("https://s3.example.org:9000", "cn-north-1")
    assert (options["default_acl"], options["querystring_auth"], options["file_overwrite"]) == (
        "private",
        True,
        False,
    )


def test_storage_without_tls_is_asked_for_by_name(monkeypatch):
    monkeypatch.setenv("STORAGE_URL", "s3://key:secret@127.0.0.1/anxue?tls=0")
    assert storage_config()["OPTIONS"]["endpoint_url"] == "http://127.0.0.1"


@pytest.mark.parametrize(
    "url",
    ["http://key:secret@host/bucket", "s3://host/bucket", "s3://key:secret@host", "s3://key:secret@/b", "x"],
)
def test_bad_storage_url_is_refused_with_the_form_it_should_have(monkeypatch, url):
    monkeypatch.setenv("STORAGE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="STORAGE_URL must look like s3://KEY:SECRET@HOST/BUCKET"):
        storage_config()


def test_cache_is_redis_or_a_table(monkeypatch):
    assert cache_config()["BACKEND"].endswith("DatabaseCache")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/1")
    assert cache_config() == {
        "BACKEND": "config.cache.ForgivingRedisCache",
        "LOCATION": "redis://127.0.0.1:6379/1",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }


def test_mail_is_kept_as_files_or_sent(monkeypatch, tmp_path):
    assert email_config() == {
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": str(tmp_path / "var %20 车间" / "mail"),
    }
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://user:p%40ss@mail.example.org:587")
    config = email_config()
    assert config["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert [config[f"EMAIL_{key}"] for key in ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS")] == [
        "mail.example.org",
        587,
        "user",
        "p@ss",
        True,
    ]


# Secrets


def test_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    secret = keep_secret("secret_key")
    kept = tmp_path / "var %20 车间" / "secret_key"
    assert keep_secret("secret_key") == secret == kept.read_text()
    assert len(secret) >= 60
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]
    assert keep_secret("field_key", nbytes=32) != secret


def test_processes_that_start_together_share_one_secret(tmp_path):
    code = (
        "import sys, pathlib; from config import env; env.VAR_DIR = pathlib.Path(sys.argv[1]);"
        "sys.stdin.read(); print(env.keep_secret('secret_key'))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "fresh")],
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        process.stdin.close()
    secrets = set()
    for process in started:
        secrets.add(process.stdout.read().strip())
        process.stdout.close()
        assert process.wait() == 0
    assert len(secrets) == 1
    assert secrets != {""}


def test_emptied_secret_is_not_replaced_in_silence(tmp_path):
    (tmp_path / "var %20 车间").mkdir()
    (tmp_path / "var %20 车间" / "field_key").touch()
    with pytest.raises(ImproperlyConfigured, match=r"field_key is empty: restore it"):
        keep_secret("field_key")


def test_required_keys_are_listed_newest_first(monkeypatch):
    monkeypatch.setenv("FIELD_KEYS", f" {'n' * 32} ,{'o' * 40},")
    assert required_keys("FIELD_KEYS") == ["n" * 32, "o" * 40]


@pytest.mark.parametrize("value", [None, "", " , ", "short", f"{'n' * 32},short"])
def test_missing_or_weak_key_is_refused_by_name(monkeypatch, value):
    if value is not None:
        monkeypatch.setenv("FIELD_KEYS", value)
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS"):
        required_keys("FIELD_KEYS")


def test_public_address_has_no_slash_at_its_end(monkeypatch):
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://anxue.example.org:8443/")
    assert required_https_address("PUBLIC_BASE_URL") == "https://anxue.example.org:8443"


@pytest.mark.parametrize(
    "value", ["", "anxue.example.org", "http://anxue.example.org", "https://", "https://a/b"]
)
def test_public_address_people_cannot_open_is_refused(monkeypatch, value):
    monkeypatch.setenv("PUBLIC_BASE_URL", value)
    with pytest.raises(ImproperlyConfigured, match="PUBLIC_BASE_URL"):
        required_https_address("PUBLIC_BASE_URL")


def test_proxies_are_addresses_ranges_or_the_local_socket(monkeypatch):
    assert proxies("TRUSTED_PROXIES", default=["127.0.0.0/8"]) == ["127.0.0.0/8"]
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.7, 10.1.2.3/16,unix,::1")
    assert proxies("TRUSTED_PROXIES", default=[]) == ["10.0.0.7/32", "10.1.0.0/16", "unix", "::1/128"]
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.7,nginx")
    with pytest.raises(ImproperlyConfigured, match="'nginx' in TRUSTED_PROXIES"):
        proxies("TRUSTED_PROXIES", default=[])
