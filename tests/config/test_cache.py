"""The site without its Redis: slower, but it works."""

import socket

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache

from config.env import cache_config, session_engine
from tests.factories.people import PASSWORD, EmployeeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def _redis_is_away(settings, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
    settings.CACHES = {"default": cache_config()}


@pytest.mark.usefixtures("_redis_is_away")
def test_calls_are_misses():
    assert cache.get("a", "default") == "default"
    assert cache.get_many(["a"]) == {}
    assert cache.add("a", 1) is True
    assert "a" not in cache
    assert cache.set("a", 1) is None
    assert cache.touch("a") is False
    assert cache.delete("a") is False
    assert cache.delete_many(["a"]) is None
    assert cache.set_many({"a": 1}) == []
    with pytest.raises(ValueError, match="not found"):
        cache.incr("a")


@pytest.mark.usefixtures("_redis_is_away")
def test_people_sign_in_work_and_sign_out(client):
    employee = EmployeeFactory()
    number = {"username": employee.employee_no}
    assert client.post("/login/", number | {"password": "wrong"}).status_code == 200
    assert client.post("/login/", number | {"password": PASSWORD}).status_code == 302
    assert client.get("/me/").status_code == 200
    assert client.get("/account/sessions/").status_code == 200
    assert client.post("/logout/").status_code == 302
    assert client.get("/me/").status_code == 302


@pytest.mark.usefixtures("_redis_is_away")
def test_what_redis_held_is_dropped_when_it_is_back(monkeypatch):
    dropped = []
    cache.delete("a-session-that-was-ended")
    monkeypatch.setattr(RedisCache, "clear", lambda self: dropped.append(1))
    monkeypatch.setattr(RedisCache, "get", lambda self, key, default=None, version=None: "there")
    assert [cache.get("a"), cache.get("b")] == ["there", "there"]
    assert dropped == [1]


@pytest.mark.usefixtures("_redis_is_away")
def test_sessions_live_in_the_database():
    store = SessionStore()
    store["a"] = 1
    store.create()
    assert SessionStore(store.session_key)["a"] == 1


def test_sessions_are_read_through_redis_alone(monkeypatch):
    """Through the cache in the same database every request would ask, and often write, once more."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    assert session_engine().endswith(".cached_db")
    monkeypatch.delenv("REDIS_URL")
    assert session_engine() == "people.session_store"
    assert cache_config()["OPTIONS"]["MAX_ENTRIES"] == 20_000
