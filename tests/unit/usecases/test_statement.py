"""A complete whole Run is stated, signed, and never kept from settling."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from syncer.adapters.database.schema import RunRow
from syncer.core.audit import Action, Entry
from syncer.core.errors import SigningUnavailable
from syncer.core.model import Scope
from syncer.core.statement import digest_of_manifest, manifest_of, read_payload
from syncer.core.states import RunOutcome
from syncer.ports.claims import RunRequest
from syncer.ports.statements import Signed, Signer
from syncer.usecases.discover import discover, request_run
from syncer.usecases.reconcile import reconcile
from syncer.usecases.resync import read_resync
from syncer.usecases.services import Services
from syncer.usecases.statement import sign_due
from tests.support.dists import wheel
from tests.unit.usecases.workplace import MAPPING, Workplace

A, B = wheel("alpha", "1.0"), wheel("beta", "1.0")
PRIVATE = "the private key itself"


class Pen:
    """Signs by writing the payload down."""

    key_id = "b" * 64

    def sign(self, payload: bytes, payload_type: str) -> str:
        return json.dumps({"type": payload_type, "payload": payload.decode()})


class BrokenPen(Pen):
    """A library that fails with what it was handed."""

    def sign(self, payload: bytes, payload_type: str) -> str:
        raise ValueError(PRIVATE, payload, payload_type)


def no_key() -> Signer | None:
    raise SigningUnavailable("The signing key cannot be used.", "It is open to others.", "chmod 600.")


def with_pen(place: Workplace, pen: Signer | None = None) -> Services:
    return replace(place.services(), signer=lambda: pen or Pen())


def synced_with(place: Workplace, services: Services, **options: Any) -> int:
    """A Run that found everything at its place, settled by these services."""
    run = place.request(**options)
    discover(services, run, place.worker)
    return run


def stated(place: Workplace, run: int) -> Signed | None:
    return place.ledger.statements.find(MAPPING, run)


def test_a_complete_run_is_stated_with_its_files_and_the_head_of_the_audit(place: Workplace) -> None:
    place.publish(A, B)
    assert place.sync() is RunOutcome.COMPLETE
    place.ledger.audit.append(Entry(Action.SYNC, "ann@desk"), place.now)
    run = synced_with(place, with_pen(place))
    signed, head = stated(place, run), place.ledger.audit.head()
    assert signed is not None
    assert head is not None
    equal, sha256 = read_payload(json.loads(signed.envelope)["payload"].encode())
    files = [("alpha", A.filename, A.sha256), ("beta", B.filename, B.sha256)]
    assert sha256 == signed.manifest_sha256 == digest_of_manifest(manifest_of(files))
    assert (equal.mapping, equal.run, equal.files, equal.stated_releases) == (MAPPING, run, 2, 2)
    assert (equal.audit_id, equal.audit_digest) == (head.id, head.digest)
    assert (signed.key_id, signed.signed_at) == (Pen.key_id, place.now)


def test_a_run_over_one_project_is_not_stated(place: Workplace) -> None:
    place.publish(A)
    place.sync()
    assert stated(place, synced_with(place, with_pen(place), scope=Scope("alpha"))) is None


def test_what_a_process_without_the_key_settled_is_signed_by_reconcile_elsewhere(place: Workplace) -> None:
    place.publish(A)
    assert place.sync() is RunOutcome.COMPLETE
    assert stated(place, 1) is None
    reconcile(with_pen(place))
    assert stated(place, 1) is not None


@pytest.mark.parametrize(
    "signer", [pytest.param(no_key, id="no usable key"), pytest.param(BrokenPen, id="a defect")]
)
def test_a_failure_to_sign_leaves_the_run_complete_and_unsigned_and_tells_no_secret(
    place: Workplace, signer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    place.publish(A)
    place.sync()
    with caplog.at_level(logging.WARNING, "syncer"):
        run = synced_with(place, replace(place.services(), signer=signer))
    assert place.ledger.runs.state(run)[1] is RunOutcome.COMPLETE
    assert stated(place, run) is None
    assert "unsigned" in caplog.text
    assert PRIVATE not in caplog.text


def test_a_manifest_that_is_not_what_the_run_counted_is_not_signed(
    place: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "syncer")
    place.publish(A, B)
    place.sync()
    with place.database.write() as session:
        session.execute(update(RunRow).values(proved_files=3))
    sign_due(with_pen(place))
    assert stated(place, 1) is None
    assert "proved 3 files, and 2 decisions" in caplog.text


def test_signing_again_changes_nothing(place: Workplace) -> None:
    place.publish(A)
    place.sync()
    run = synced_with(place, with_pen(place))
    before = stated(place, run)
    place.wait(60)
    sign_due(with_pen(place))
    assert stated(place, run) == before


def test_a_request_of_a_person_is_audited_with_the_run_that_it_made(place: Workplace) -> None:
    run = request_run(
        place.services(), RunRequest(MAPPING, "cli", Scope("alpha"), force=True, actor="ann@desk")
    )
    (record,) = place.ledger.audit.read()
    assert (record.action, record.actor, record.mapping, record.subject) == (
        "sync",
        "ann@desk",
        MAPPING,
        "alpha",
    )
    assert json.loads(record.detail) == {"trigger": "cli", "force": True, "dry_run": False, "run": run}


def test_a_message_of_an_operator_is_audited_by_its_task(place: Workplace) -> None:
    request_run(place.services(), read_resync((), {"mapping": MAPPING}, [MAPPING], "task-7"))
    (record,) = place.ledger.audit.read()
    assert (record.actor, json.loads(record.detail)["trigger"]) == ("celery call task-7", "call")
