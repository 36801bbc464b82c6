"""The main job, shown: publish into Gitea, let beat sync, install from devpi."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.demo.packages import NEXT, dists
from tests.demo.stage import INTERVAL, OWNER, Stage, say, stage


def main() -> int:
    """Run the demo; 0 when everything was seen working."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="stay up until Ctrl-C")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    try:
        with stage() as made:
            show(made)
            say(f"All of that took {time.monotonic() - started:.0f} s.")
            if options.serve:
                _serve(made)
    except KeyboardInterrupt:
        say("Interrupted.")
    except TimeoutError as error:
        say(f"FAILED: {error}")
        return 1
    return 0


def show(made: Stage) -> None:
    """What a newcomer should see: everything arrives, and what is published later arrives in seconds."""
    say("Waiting until beat's first discovery has synced everything …")
    _watch(lambda: _synced(made), 60, made)
    environment = _scratch(made)
    publish, arrived = _publish_one_more(made)
    name = f"{NEXT[0]} {NEXT[1]}"
    say(f"{name}: installable {arrived - publish:.1f} s after publication (interval {INTERVAL} s)")
    say(f"pip installed it from devpi: {_install(made, environment)}")
    say("What was synced, as `syncer status` prints it:")
    _run(made, "-m", "syncer", "-c", str(made.config), "status", show=True)
    say(f"Status view {made.status_url}/   Flower {made.flower_url}/   devpi {made.index_url}")


def _synced(made: Stage) -> bool:
    health = made.health()
    return health.get("status") == "ok"


def _watch(look: Callable[[], bool], seconds: float, made: Stage) -> None:
    """Wait, and let the person see what moves."""
    deadline, shown = time.monotonic() + seconds, ""
    while not look():
        health = made.health()
        line = f"  {health.get('synced', 0)} of {health.get('package_versions_total', '?')} releases synced"
        if health and line != shown:
            say(shown := line)
        if time.monotonic() > deadline:
            tail = (made.folder / "up.log").read_text()[-2000:]
            raise TimeoutError(f"not synced within {seconds:.0f} s: {health}\n{tail}")
        time.sleep(0.2)
    say(f"  everything is synced: {made.health().get('synced')} releases")


def _scratch(made: Stage) -> Path:
    say("Making a scratch environment to install into …")
    environment = made.folder / "scratch"
    _run(made, "-m", "venv", str(environment))
    return environment / "bin" / "python"


def _publish_one_more(made: Stage) -> tuple[float, float]:
    say(f"Publishing {NEXT[0]} {NEXT[1]} into Gitea …")
    files = list(dists((NEXT,)))
    published = time.monotonic()
    for dist in files:
        made.gitea.publish(OWNER, dist.filename, dist.content)
    _watch(lambda: all(made.visible(NEXT[0], dist.filename) for dist in files), 30, made)
    return published, time.monotonic()


def _install(made: Stage, python: Path) -> str:
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    words += ["--isolated", "--index-url", made.index_url, f"{NEXT[0]}=={NEXT[1]}"]
    _run(made, *words, python=python)
    listed = _run(made, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check", python=python)
    return ", ".join(line for line in listed.split() if line.startswith("acme"))


def _run(made: Stage, *words: str, python: Path | None = None, show: bool = False) -> str:
    done = subprocess.run(
        [str(python or sys.executable), *words],
        cwd=made.folder if python else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if show:
        say(f"\n{done.stdout}")
    if done.returncode:
        raise TimeoutError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _serve(made: Stage) -> None:
    say("Staying up; Ctrl-C ends it. Publish more with any client:")
    say(f"  Gitea (stand-in) {made.gitea.url}, owner {OWNER}; configuration {made.config}")
    signal.pause()


if __name__ == "__main__":
    sys.exit(main())
