"""What a Redis or Valkey tells of itself, by INFO alone."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from syncer.adapters.broker_url import client_url
from syncer.core.diagnosis.facts import BrokerFacts
from syncer.core.errors import RemoteUnavailable

#: Seconds that one question may take.
PATIENCE = 5.0


def look_at_broker(url: str) -> BrokerFacts:
    """The broker at a URL as Celery wants it; raises RemoteUnavailable when it does not answer."""
    try:
        with redis.Redis.from_url(
            client_url(url),
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            client.ping()
            return read_info(_info(client))
    except redis.AuthenticationError as error:
        raise RemoteUnavailable(
            f"The broker at {_host(url)} refuses the login ({type(error).__name__}).",
            "User or password in [broker] url are missing or wrong.",
            "Correct [broker] url.",
        ) from None
    except (redis.RedisError, OSError, ValueError) as error:
        raise RemoteUnavailable(
            f"The broker at {_host(url)} does not answer ({type(error).__name__}).",
            "It is down, still loading its data, or [broker] url leads elsewhere.",
            "Start it, or correct [broker] url.",
        ) from None


def read_info(info: dict[str, Any]) -> BrokerFacts:
    """The facts in an answer to INFO, which may be empty where that is forbidden."""
    version = str(info.get("redis_version", ""))
    own = info.get("valkey_version")
    limit = info.get("maxmemory")
    append_only = info.get("aof_enabled")
    return BrokerFacts(
        name=f"Valkey {own}" if own else f"Redis {version}".strip(),
        version=tuple(int(part) for part in re.findall(r"\d+", version)[:2]) or None,
        policy=str(info["maxmemory_policy"]) if "maxmemory_policy" in info else None,
        max_memory=limit if isinstance(limit, int) else None,
        append_only=None if append_only is None else bool(append_only),
        write_error=_write_error(info),
    )


def _info(client: redis.Redis) -> dict[str, Any]:
    try:
        answer = client.info()
    except redis.ResponseError:  # an ACL may forbid it
        return {}
    return dict(answer) if isinstance(answer, dict) else {}


def _write_error(info: dict[str, Any]) -> str:
    """What it could not save last, empty when all went well."""
    if info.get("aof_enabled") and info.get("aof_last_write_status", "ok") != "ok":
        return "the last write of the append-only file failed"
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        return "the last snapshot failed"
    return ""


def _host(url: str) -> str:
    """Where it is, without a password."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parts.path
