"""The Celery application."""

from __future__ import annotations

import sys
from pathlib import Path

from celery import Celery
from kombu import Queue
from tornado.options import options as flower_options

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
    _configure_flower()
    return app


def _configure_flower() -> None:
    """A Flower of this application reads our configuration without being told, so that none is unguarded."""
    if "conf" in flower_options:  # as soon as celery has imported Flower's command
        flower_options.conf = str(Path(__file__).with_name("flowerconfig.py"))


app = make_app()
