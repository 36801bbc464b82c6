"""A launcher for tests: ``python -m tests.integration.launch_driver STATE_DIR PROGRAMS``.

PROGRAMS is a JSON list; each entry holds the fields of a Program, or is the word "broker".
"""

import json
import sys
from contextlib import ExitStack
from pathlib import Path

from syncer.core.errors import SyncerError
from syncer.launch.broker import EmbeddedBroker
from syncer.launch.guard import Guard
from syncer.launch.launcher import echo
from syncer.launch.lock import LauncherLock
from syncer.launch.program import Program
from syncer.launch.supervisor import Supervisor


def main(state_dir: Path, entries: list[dict[str, object] | str]) -> None:
    with ExitStack() as stack:
        lock = stack.enter_context(LauncherLock(state_dir))
        programs = [
            stack.enter_context(EmbeddedBroker(state_dir)).program
            if isinstance(entry, str)
            else Program(**entry)  # type: ignore[arg-type]  # the tests' own JSON
            for entry in entries
        ]
        guard = stack.enter_context(Guard(keep_open=(lock.fd,)))
        Supervisor(programs, guard, state_dir, echo).run()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), json.loads(sys.argv[2]))
    except SyncerError as error:
        sys.exit(f"refused: {error}")
