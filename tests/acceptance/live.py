"""One Mapping of a World at work, and what can be done to it and seen of it from outside."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import requests
from sqlalchemy import select

from syncer.adapters.database.schema import AttemptRow, DecisionRow, TransferRow
from syncer.bootstrap.clock import now
from syncer.core.states import TransferState
from syncer.queries.files import mapping_files
from syncer.queries.overview import MappingStatus, overview
from syncer.queries.rows import FileRow
from syncer.queries.runs import RunSummary, recent_runs
from tests.standin.gitea import Fault
from tests.standin.gitea.faults import Effect
from tests.support.dists import Dist
from tests.support.world import PASSWORD, World, eventually

#: What a fault hits: the package list, a project's page, a file.
LIST, SIMPLE, FILES = "$|[?]", "/pypi/simple/", "/pypi/files/"


@dataclass(frozen=True, slots=True)
class Live:
    """The Mapping ``name``, whose owner at Gitea has the same name, and its ``index`` at devpi."""

    world: World
    name: str
    index: str
    faults: list[Fault] = field(default_factory=list)

    @classmethod
    def of(cls, world: World, name: str = "acme", **options: Any) -> Live:
        """A new Mapping of the World, before its processes start."""
        return cls(world, name, world.add_mapping(name, **options))

    def publish(self, *dists: Dist) -> None:
        """The files are in Gitea."""
        for dist in dists:
            self.world.publish(dist, self.name)

    def fault(self, effect: Effect, path: str, **options: Any) -> Fault:
        """Requests of this Mapping's owner alone are hit."""
        fault = Fault(effect, path=rf"/packages/{self.name}(?:{path})", **options)
        self.faults.append(fault)
        return self.world.gitea.faults.add(fault)

    def mend(self) -> None:
        """All faults are gone."""
        while self.faults:
            self.world.gitea.faults.remove(self.faults.pop())

    def withdraw_all(self) -> None:
        """Gitea has no files of this owner."""
        store = self.world.gitea.store
        with store.lock:
            owner = store.owner(self.name)
            for package in [found for found in store.packages.values() if found.owner is owner]:
                store.delete_package(package)

    def requests(self, path: str = "") -> list[str]:
        """What Gitea was asked about this owner: decoded paths with their query."""
        hit = re.compile(rf"/packages/{self.name}(?:{path})" if path else rf"/packages/{self.name}\b")
        return [unquote(found.path) for found in self.world.gitea.requests if hit.search(found.path)]

    def downloads(self) -> Counter[str]:
        """How often each file was fetched."""
        return Counter(path.rpartition("/")[2] for path in self.requests(FILES))

    def uploads(self, project: str) -> Counter[str]:
        """How often each file was written, by devpi's own log."""
        answer = self.world.devpi.call("GET", f"{self.index}/{project}?ignore_bases")
        links = [link for version in answer["result"].values() for link in version.get("+links", [])]
        return Counter({link["href"].rpartition("/")[2]: _written(link) for link in links})

    def upload(self, dist: Dist, project: str, version: str) -> None:
        """Somebody else puts a file on the index."""
        token = self.world.devpi.login(self.world.user, PASSWORD)
        requests.post(
            f"{self.world.devpi.url}/{self.index}/",
            data={":action": "file_upload", "name": project, "version": version},
            files={"content": (dist.filename, dist.content)},
            auth=(self.world.user, token),
            timeout=30,
        ).raise_for_status()

    def configure_index(self, **options: object) -> None:
        """The index has these options besides its others."""
        self.world.devpi.call("PATCH", self.index, [f"{key}={value}" for key, value in options.items()])

    def on_target(self, project: str) -> dict[str, str]:
        """What an installer sees of the index's own files of the project: sha256 by file name."""
        return self.world.on_target(self.index, project)

    def arrives(self, project: str, *dists: Dist, seconds: float = 40) -> None:
        """The target holds exactly these files of the project, byte for byte."""
        self.world.arrives(self.index, project, *dists, seconds=seconds)

    def status(self) -> MappingStatus:
        """How the Mapping stands, as every view says it."""
        container = self.world.seen
        seen = overview(container.database, container.services.mappings, now())
        return next(mapping for mapping in seen.mappings if mapping.name == self.name)

    def becomes(self, state: str, seconds: float = 40) -> MappingStatus:
        """The Mapping stands so."""
        return eventually(
            lambda: status if (status := self.status()).state == state else None,
            seconds,
            lambda: f"{self.name} {state}, but {self.status()}",
        )

    def is_empty(self) -> MappingStatus:
        """A complete Run has seen that the Mapping has no file."""
        return eventually(
            lambda: (
                status
                if (status := self.status()).state == "complete" and not status.counts.selected
                else None
            ),
            40,
            lambda: f"{self.name} empty, but {self.status()}",
        )

    def files(self) -> dict[str, FileRow]:
        """The current files of the Mapping by name."""
        page = mapping_files(self.world.seen.database, self.name, limit=1000)
        return {file.filename: file for file in page.files}

    def attempts(self, step: str) -> Counter[tuple[str, str]]:
        """How often each file's try of this step ended how, by the ledger: (sha256, result)."""
        ours = select(DecisionRow.sha256).where(DecisionRow.mapping == self.name)
        tried = select(AttemptRow.sha256, AttemptRow.result).where(
            AttemptRow.step == step, AttemptRow.sha256.in_(ours)
        )
        with self.world.seen.database.read() as session:
            return Counter((row.sha256, row.result) for row in session.execute(tried))

    def results(self, step: str) -> Counter[str]:
        """How the tries of this step ended, over all files."""
        return Counter(result for _, result in self.attempts(step).elements())

    def transfers(self) -> list[tuple[str, str]]:
        """State and devpi's answer of every Transfer of the Mapping, former ones too."""
        ours = select(TransferRow.state, TransferRow.answer).join(
            DecisionRow, DecisionRow.id == TransferRow.decision_id
        )
        with self.world.seen.database.read() as session:
            found = session.execute(ours.where(DecisionRow.mapping == self.name))
            return [(row.state, row.answer) for row in found]

    def ended(self) -> int:
        """How many Transfers have ended."""
        return sum(state == TransferState.ENDED for state, _ in self.transfers())

    def runs(self) -> tuple[RunSummary, ...]:
        """The Mapping's Runs, newest first."""
        return recent_runs(self.world.seen.database, self.name)

    def next_run(self, seconds: float = 40) -> RunSummary:
        """A Run that begins from now on has finished."""
        last = max((run.id for run in self.runs()), default=0)
        return eventually(
            lambda: next((run for run in self.runs() if run.id > last and run.outcome), None),
            seconds,
            f"a new run of {self.name}, but {self.runs()[:2]}",
        )

    def resync(self, **arguments: Any) -> RunSummary:
        """What ``syncer.resync`` was asked for has finished."""
        return self.finished(self.world.send(mapping=self.name, **arguments))

    def finished(self, task_id: str, seconds: float = 40) -> RunSummary:
        """The Run that the task asked for has finished."""
        return eventually(
            lambda: next((run for run in self.runs() if run.task_id == task_id and run.outcome), None),
            seconds,
            f"the run of {task_id}, but {self.runs()[:2]}",
        )


def _written(link: dict[str, Any]) -> int:
    """An upload is one entry; overwriting adds one that counts how often."""
    return sum(entry.get("count", 1) for entry in link["log"] if entry["what"] in ("upload", "overwrite"))
