"""The programs of ``syncer up``."""

import socket
import sys
from collections.abc import Callable

from syncer.config.settings import Settings
from syncer.launch.broker import EmbeddedBroker
from syncer.launch.program import Program

# Longer than worker_soft_shutdown_timeout (7 s), which a busy worker waits out in full.
WORKER_GRACE = 12.0
# The ledger keeps every task; Flower keeps the newest ones, in memory.
FLOWER_TASKS = 10_000


def build_programs(settings: Settings, broker: EmbeddedBroker | None) -> list[Program]:
    """All of them, the one that the others need first; ``broker`` is None when a server is configured."""
    env = {"PYTHONUNBUFFERED": "1"}
    if settings.path is not None:
        env["SYNCER_CONFIG"] = str(settings.path.absolute())
    return [
        *([broker.program] if broker else []),
        _worker("discover", "discover,housekeeping", 2, env),
        _worker("download", "download", settings.download_workers, env),
        _worker("upload", "upload", settings.upload_workers, env),
        _beat(settings, env),
        _web(settings, env),
        _flower(settings, env),
    ]


def _celery(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "-A", "workers", *arguments)


def _worker(name: str, queues: str, concurrency: int, env: dict[str, str]) -> Program:
    return Program(
        name=f"worker-{name}",
        argv=_celery(
            *("worker", "-Q", queues, "-n", f"{name}@%h", "-c", str(concurrency), "-E"),
            *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        ),
        # A warm shutdown would wait for a running task without limit.
        env={**env, "REMAP_SIGTERM": "SIGQUIT"},
        grace=WORKER_GRACE,
        ready_line=r"\bready\.",
    )


def _beat(settings: Settings, env: dict[str, str]) -> Program:
    schedule = settings.state_dir.absolute() / "beat-schedule"
    return Program(
        name="beat",
        argv=_celery("beat", "--loglevel", "INFO", "--schedule", str(schedule)),
        env=env,
        ready_line=r"beat: Starting",
    )


def _web(settings: Settings, env: dict[str, str]) -> Program:
    return Program(
        name="web",
        argv=(sys.executable, "-m", "syncer.web"),
        env=env,
        probe=_listens(local_address(settings.web.host), settings.web.port),
    )


def _flower(settings: Settings, env: dict[str, str]) -> Program:
    database = settings.state_dir.absolute() / "flower.db"
    return Program(
        name="flower",
        argv=_celery(
            *("flower", f"--max-tasks={FLOWER_TASKS}"),
            *("--persistent=True", f"--db={database}", "--state-save-interval=10000"),
        ),
        # Address, port and password are no arguments: it reads them from the configuration itself.
        env=env,
        probe=_listens(local_address(settings.web.host), settings.web.flower_port),
    )


def local_address(host: str) -> str:
    """The address at which this machine itself reaches a server that listens on ``host``."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # only read


def _listens(host: str, port: int) -> Callable[[], bool]:
    def probe() -> bool:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            return False
        return True

    return probe
