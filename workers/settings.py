"""Celery's settings, in one place; a misspelt one is an error that a test finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from syncer.config.settings import Settings
from syncer.core.model import OnSourceDelete

#: Seconds that a task may take beyond the deadline of one file; then it is asked to stop, then killed,
#: and long after that its message is delivered again. Each must stay below the next.
SOFT_MARGIN, HARD_MARGIN, REDELIVERY_MARGIN = 40.0, 100.0, 400.0
QUEUES = ("discover", "download", "upload", "housekeeping")
ROUTES = {
    "syncer.discover": "discover",
    "syncer.resync": "discover",
    "syncer.download": "download",
    "syncer.upload": "upload",
    "syncer.reconcile": "housekeeping",
    "syncer.namesakes": "housekeeping",
    "syncer.ping": "housekeeping",
    "syncer.recheck": "housekeeping",
    "syncer.releases": "housekeeping",
    "syncer.withdraw": "housekeeping",
    "syncer.tidy": "housekeeping",
}
#: Seconds between two looks for history that may be forgotten.
TIDY_INTERVAL = 3600.0
#: Seconds between two looks for files whose grace is over.
WITHDRAW_INTERVAL = 60.0
#: The least seconds between two looks for what a Mapping's warnings are about, by task.
WARNINGS_INTERVALS = {"namesakes": 60.0, "releases": 300.0}
#: Seconds between two slices of the files that are fetched back from their targets.
RECHECK_INTERVAL = 60.0
#: Seconds between two signs to a monitor elsewhere.
PING_INTERVAL = 60.0


def celery_settings(settings: Settings, broker_url: str) -> dict[str, Any]:
    """Everything that ``app.conf`` is given.

    Late acknowledgement with redelivery, one message at a time, and the ledger as result backend:
    a message may come twice and may get lost, and neither matters.
    """
    return {
        "broker_url": broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            "visibility_timeout": settings.file_deadline + REDELIVERY_MARGIN,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
        },
        "result_backend": "workers.result_backend.LedgerBackend",
        "result_extended": True,
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": settings.file_deadline + HARD_MARGIN,
        "task_soft_time_limit": settings.file_deadline + SOFT_MARGIN,
        "task_track_started": False,
        "task_send_sent_event": True,
        "task_default_queue": "housekeeping",
        "task_create_missing_queues": False,
        "task_queues": None,
        "task_routes": {task: {"queue": queue} for task, queue in ROUTES.items()},
        "task_publish_retry_policy": {
            "max_retries": 3,
            "interval_start": 0.1,
            "interval_step": 0.3,
            "interval_max": 1.0,
        },
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": True,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_soft_shutdown_timeout": 7.0,
        "worker_hijack_root_logger": False,
        "timezone": "UTC",
        "enable_utc": True,
        "beat_scheduler": "workers.schedule:SyncScheduler",
        "beat_max_loop_interval": 1.0,
        "beat_schedule": beat_schedule(settings),
    }


def beat_schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """Discovery and warnings of each Mapping, and housekeeping; each expires before the next one comes."""
    entries: dict[str, dict[str, Any]] = {
        f"discover {mapping.name}": _entry("syncer.discover", mapping.interval, {"mapping": mapping.name})
        for mapping in settings.mappings.values()
    }
    entries |= {
        f"{what} {mapping.name}": _entry(
            f"syncer.{what}", max(mapping.interval, least), {"mapping": mapping.name}
        )
        for what, least in WARNINGS_INTERVALS.items()
        for mapping in settings.mappings.values()
    }
    entries["reconcile"] = _entry("syncer.reconcile", settings.reconcile_interval, {})
    if any(each.deletion.action is OnSourceDelete.WITHDRAW for each in settings.mappings.values()):
        entries["withdraw"] = _entry("syncer.withdraw", WITHDRAW_INTERVAL, {})
    entries["recheck"] = _entry("syncer.recheck", RECHECK_INTERVAL, {})
    entries["tidy"] = _entry("syncer.tidy", TIDY_INTERVAL, {})
    if settings.ping_url is not None:
        entries["ping"] = _entry("syncer.ping", PING_INTERVAL, {})
    return entries


def _entry(task: str, interval: float, kwargs: dict[str, str]) -> dict[str, Any]:
    return {
        "task": task,
        "schedule": timedelta(seconds=interval),
        "kwargs": kwargs,
        "options": {"expires": interval * 0.9},
    }
