"""Runs the stand-in on its own: `python -m tests.standin.gitea --directory dist --owner acme --token T`."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from .loading import SUFFIXES
from .server import StandinGitea


def main() -> None:
    """Prints the address on the first line and serves until SIGTERM or SIGINT."""
    options = _parser().parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _gitea(options) as gitea:
        sys.stdout.write(f"{gitea.url}\n")
        sys.stdout.flush()
        stop.wait()


def _gitea(options: argparse.Namespace) -> StandinGitea:
    gitea = StandinGitea(options.root_url, latency=options.latency, port=options.port)
    gitea.add_owner(options.owner)
    if options.token:
        gitea.add_token(options.token)
    if options.upload_token:
        gitea.add_token(options.upload_token, scopes=("write:package",))
    for path in _distributions(options.directory):
        gitea.publish(options.owner, path.name, path.read_bytes())
    return gitea


def _distributions(directory: Path | None) -> list[Path]:
    return sorted(p for p in directory.iterdir() if p.name.endswith(SUFFIXES)) if directory else []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.standin.gitea", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--directory", type=Path, help="every wheel and sdist in it is published at start")
    parser.add_argument("--owner", default="acme", help="the organization that owns the packages")
    parser.add_argument("--token", help="a token of the owner with read:package")
    parser.add_argument("--upload-token", help="a token of the owner with write:package")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every answer takes at least")
    parser.add_argument("--root-url", help="ROOT_URL, if it is not the address served")
    return parser


if __name__ == "__main__":
    main()
