"""Whether the broker answers, asked at most every two seconds whoever asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from syncer.adapters.broker_url import client_url

#: Seconds that one answer is believed, and that one question may take.
BELIEVED = 2.0
PATIENCE = 1.0


class BrokerPulse:
    """Asks the broker for a sign of life; ``find_url`` gives its URL, None while there is none."""

    def __init__(self, find_url: Callable[[], str | None], believed: float = BELIEVED) -> None:
        self._find_url = find_url
        self._believed = believed
        self._lock = Lock()
        self._asked_at = float("-inf")
        self._alive = False

    def alive(self) -> bool:
        """Whether the broker answered lately."""
        with self._lock:
            if time.monotonic() - self._asked_at >= self._believed:
                self._alive = _answers(self._find_url())
                self._asked_at = time.monotonic()
            return self._alive


def _answers(url: str | None) -> bool:
    if url is None:
        return False
    try:
        with redis.Redis.from_url(
            client_url(url),
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError, ValueError):
        return False
