"""Whether a Mapping brought a file is known for as long as the audit is."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete

from syncer.adapters.database.schema import AttemptRow, DecisionRow, TransferRow
from syncer.core.audit import Action, Entry
from syncer.core.check import CheckResult, Finding
from syncer.core.model import EVERYTHING, DistributionFile, Scope
from tests.ledger.steps import Steps
from tests.support.ledgers import wheel

A, B, C = wheel("alpha"), wheel("beta"), wheel("gamma")
OTHER_A = replace(A, sha256="f" * 64)


def key(file: DistributionFile) -> tuple[str, str, str]:
    return (*file.key, file.sha256)


def test_what_was_copied_was_brought_and_what_was_found_there_was_not(world: Steps) -> None:
    world.sync([A, B], [B])
    asked = [A, B, OTHER_A, C]
    assert world.ledger.origins.brought("my-org", asked) == {key(A)}
    assert world.ledger.origins.brought("other", asked) == frozenset()
    assert world.ledger.origins.brought("my-org", []) == frozenset()


def test_the_audit_remembers_what_the_transfers_forgot(world: Steps) -> None:
    world.sync([A])
    detail = {"sha256": A.sha256}
    for action, mapping in ((Action.UPLOAD, "my-org"), (Action.SYNC, "other"), (Action.PUSH, "third")):
        entry = Entry(action, "w", mapping, f"{A.project}/{A.filename}", detail)
        world.ledger.audit.append(entry, world.now)
    with world.database.write() as session:
        for row in (AttemptRow, TransferRow, DecisionRow):
            session.execute(delete(row))
    brought = {
        name: world.ledger.origins.brought(name, [A, OTHER_A]) for name in ("my-org", "other", "third")
    }
    assert brought == {"my-org": {key(A)}, "other": frozenset(), "third": {key(A)}}


def test_files_that_were_opened_say_themselves_what_python_they_take(world: Steps) -> None:
    _, work = world.plan([A, B], [B])
    world.stage(work.blobs)
    claim = world.upload()
    assert claim is not None
    world.ledger.transfers.uploaded(claim, "200 OK", ">=3.12", world.wait(1))
    origins = world.ledger.origins
    assert origins.requires_python("my-org", EVERYTHING) == {A.sha256: ">=3.12"}
    assert origins.requires_python("my-org", Scope("beta")) == {}


def test_a_check_of_each_current_file_can_be_recorded(world: Steps) -> None:
    world.sync([A, B], [B])
    found = world.ledger.origins.checkable("my-org", EVERYTHING)
    assert set(found) == {A.key, B.key}
    assert found[A.key].before is None
    wrong = Finding(CheckResult.DIFFERS, "e" * 64, 7)
    assert world.ledger.checks.record(found[A.key], wrong, world.now)
    again = world.ledger.origins.checkable("my-org", Scope("alpha"))[A.key]
    assert (again.before, again.found_before, again.size) == (CheckResult.DIFFERS, "e" * 64, 7)
    assert world.ledger.rulings.known("my-org").served(A) == "e" * 64
