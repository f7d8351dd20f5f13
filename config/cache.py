"""Redis as a cache that may be away: what is asked of it meanwhile is a miss, not an error page."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as RedisDown
from redis.exceptions import TimeoutError as RedisSlow

logger = logging.getLogger(__name__)
# Something could not be written or deleted: what Redis still holds may be a session that was ended meanwhile.
_lost_writes = threading.Event()


class ForgivingRedisCache(RedisCache):
    """Sessions are read from the database while Redis is away (cached_db), and people go on working.

    When it is back, everything it holds is dropped first: a session ended meanwhile must not live on there.
    Counters of failed sign-ins do not count for as long; each lost call is a warning in the log, and /health/
    reports the cache as failed.
    """

    def _read(self, do: Callable[..., Any], otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            self._drop_what_is_stale()
            return do(*args, **kwargs)
        except (RedisDown, RedisSlow) as error:
            logger.warning("redis is away: %s", error)
            return otherwise

    def _write(self, do: Callable[..., Any], otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            self._drop_what_is_stale()
            return do(*args, **kwargs)
        except (RedisDown, RedisSlow) as error:
            _lost_writes.set()
            logger.warning("redis is away: %s", error)
            return otherwise

    def _drop_what_is_stale(self) -> None:
        if _lost_writes.is_set():
            super().clear()
            _lost_writes.clear()

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """Return a value; the default while Redis is away."""
        return self._read(super().get, default, key, default, version)

    def get_many(self, keys: Any, version: Any = None) -> Any:
        """Return the values there are; none while Redis is away."""
        return self._read(super().get_many, {}, keys, version)

    def has_key(self, key: Any, version: Any = None) -> bool:
        """Tell whether there is a value; no while Redis is away."""
        return bool(self._read(super().has_key, False, key, version))

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Set a value that is not there; while Redis is away, as if it had been set."""
        return bool(self._write(super().add, True, *args, **kwargs))

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Set a value."""
        self._write(super().set, None, *args, **kwargs)

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        """Add to a number; ValueError, as for one that is not there, while Redis is away."""
        number = self._write(super().incr, None, key, delta, version)
        if number is None:
            raise ValueError(f"Key '{key}' not found")
        return int(number)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        """Lengthen a value's life."""
        return bool(self._write(super().touch, False, *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        """Delete a value."""
        return bool(self._write(super().delete, False, *args, **kwargs))

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        """Delete values."""
        self._write(super().delete_many, None, *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        """Set values; return the keys that failed."""
        return self._write(super().set_many, [], *args, **kwargs)
