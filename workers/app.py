"""The Celery application."""

from __future__ import annotations

import sys

from celery import Celery
from kombu import Queue

from syncer.bootstrap.container import broker_url
from workers import lifecycle, process
from workers.settings import QUEUES, celery_settings


def make_app() -> Celery:
    """The application, ready for a worker, beat, Flower or ``celery call``."""
    settings = process.settings()
    url = broker_url(settings)
    if url is None:
        sys.stderr.write(
            "No broker: [broker] url is not set and no `syncer up` runs with this state directory "
            f"({settings.state_dir}).\nStart `syncer up`, or set [broker] url.\n"
        )
        raise SystemExit(2)
    app = Celery("syncer", include=["workers.tasks"])
    app.conf.update(celery_settings(settings, url))
    app.conf.task_queues = [Queue(name) for name in QUEUES]
    lifecycle.connect()
    return app


app = make_app()
