"""Plays the rounds of one installation, builds it anew when it is broken or old, and keeps the results."""

from __future__ import annotations

import re
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from syncer.bootstrap.container import Container, build
from syncer.bootstrap.database import prepare_database
from syncer.config import load
from tests.chaos.findings import Ill
from tests.chaos.laptop import Laptop
from tests.chaos.plan import Round
from tests.chaos.pool import Pool
from tests.chaos.result import Record, Result
from tests.chaos.round import Play
from tests.chaos.site import Broken, Site, await_true
from tests.chaos.watcher import Watcher

SITES: dict[str, type[Site]] = {Laptop.kind: Laptop, Pool.kind: Pool}
#: Rounds after which an installation is given up for a fresh one.
LIFE = 40
#: Bytes of each log that are kept of a round with a finding.
KEPT_LOG = 400_000
COMPLAINT = re.compile(r"warning|error|WARNING|ERROR|CRITICAL")
#: Findings of one round that are told; all are on record.
TOLD = 12
#: After these the next round would be judged by what this one left behind.
SPOILING = (Ill.LOST, Ill.WRONG, Ill.EXTRA, Ill.LEDGER, Ill.STUCK, Ill.HARNESS)
#: How often an installation may fail to start before the run ends.
STARTS = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """A Site at work, with somebody who watches it and a view of its ledger."""

    site: Site
    watcher: Watcher
    container: Container


@contextmanager
def staged(kind: str, cache: Path) -> Iterator[Stage]:
    """Everything runs and every Mapping had its first, empty Run."""
    with ExitStack() as stack:
        site = stack.enter_context(SITES[kind](cache))
        settings = load(site.world.config, {})
        container = build(settings)
        stack.callback(container.database.dispose)
        prepare_database(settings, container.database)
        watcher = stack.enter_context(Watcher(site, container))
        await_true(lambda: watcher.last.green, 90, f"{kind} never became green: {watcher.last}")
        yield Stage(site, watcher, container)


def campaign(kind: str, todo: Iterable[Round], record: Record, cache: Path) -> None:
    """Every round has a result on record; raises what keeps three installations in a row from starting."""
    waiting, failures = deque(todo), 0
    while waiting:
        try:
            with staged(kind, cache) as stage:
                failures = 0
                _use(stage, waiting, record)
        except (Broken, TimeoutError, RuntimeError) as error:
            failures += 1
            say(f"{kind} could not be started: {error}")
            if failures == STARTS:
                raise


def _use(stage: Stage, waiting: deque[Round], record: Record) -> None:
    """Rounds are played until none is left, the installation is old, or spoilt for the next round."""
    for _ in range(min(LIFE, len(waiting))):
        result = play(stage, waiting[0])
        record.add(result)
        tell(result)
        waiting.popleft()
        if result.failed or result.slow:
            folder = record.folder / f"fault-{result.number}"
            _keep_logs(stage.site, folder, tell_ends=result.failed)
        if any(each in SPOILING for each, _ in result.findings):
            return


def play(stage: Stage, round_: Round) -> Result:
    """The round's result; whatever ends it early is a finding, and the run goes on with a fresh Site."""
    began = time.monotonic()
    try:
        return Play(stage.site, stage.container, stage.watcher, round_).run()
    except Exception as error:  # noqa: BLE001  # it is told with its traceback, and fails the run
        text = "".join(traceback.format_exception(error))[-3000:]
        seconds = round(time.monotonic() - began, 1)
        kind = Ill.STUCK if isinstance(error, Broken) else Ill.HARNESS
        return Result(round_.number, round_.site, round_.kind, "", 0, seconds, findings=[(kind, text)])


def tell(result: Result) -> None:
    """One line, and everything about what was found."""
    doubles = f"2x {result.double_downloads} down {result.double_uploads} up"
    what = f"#{result.number:<4} {result.site:6} {result.kind:34}"
    say(f"{what} {result.seconds:6.1f} s  {result.files} files  {doubles}  {result.said}")
    for kind, text in result.findings[:TOLD]:
        say(f"      {kind.upper()}: {text}")
    if len(result.findings) > TOLD:
        say(f"      … and {len(result.findings) - TOLD} findings more, all of them on record")


def say(text: str) -> None:
    """A line for the person who waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _keep_logs(site: Site, folder: Path, *, tell_ends: bool) -> None:
    """The end of every log is in the folder; with ``tell_ends`` the last complaints are told as well."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in site.logs().items():
        end = path.read_bytes()[-KEPT_LOG:]
        (folder / f"{name}.log").write_bytes(end)
        complaints = [line for line in end.decode(errors="replace").splitlines() if COMPLAINT.search(line)]
        for line in complaints[-3:] if tell_ends else ():
            say(f"      {name}: {line[:400]}")
    say(f"      logs: {folder}")
