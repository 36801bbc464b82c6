"""State, signed, that both sides are equal when a whole Run was complete."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from syncer.core.audit import GENESIS
from syncer.core.errors import SyncerError
from syncer.core.statement import (
    PAYLOAD_TYPE,
    BothSidesEqual,
    digest_of_manifest,
    manifest_of,
    payload_of,
)
from syncer.ports.context import log_context
from syncer.ports.statements import Signed, Signer, WholeRun
from syncer.usecases.services import Services

log = logging.getLogger(__name__)


def sign_due(services: Services) -> None:
    """The last complete whole Run of each Mapping has its statement, where this process has a key.

    Whatever fails here is logged and leaves the Run unsigned; it never keeps anything else from going on.
    """
    try:
        signer = services.signer()
        for run_id in services.ledger.statements.unsigned() if signer else ():
            _sign(services, signer, run_id)
    except SyncerError as error:
        log.warning("a complete run is unsigned: %s", error)
    except Exception as error:  # noqa: BLE001  # a Run is settled all the same
        # A library's own text may hold anything, and it was just handed the private key.
        log.warning("a complete run is unsigned: an unexpected %s", type(error).__name__)


def _sign(services: Services, signer: Signer | None, run_id: int) -> None:
    run = services.ledger.statements.whole_run(run_id)
    if run is None or signer is None:
        return
    with log_context(run=run_id, mapping=run.mapping, file=""):
        _require_proved(run)
        now = services.clock()
        manifest_sha256 = digest_of_manifest(manifest_of(run.files))
        payload = payload_of(_equal(services, run, now), manifest_sha256)
        envelope = signer.sign(payload, PAYLOAD_TYPE)
        kept = Signed(run_id, run.mapping, len(run.files), manifest_sha256, envelope, signer.key_id, now)
        services.ledger.statements.keep(kept)
        log.info("both sides are equal: signed by %s", signer.key_id[:16])


def _require_proved(run: WholeRun) -> None:
    """Raise SyncerError rather than sign a manifest that is not what the Run's own balance counted."""
    if run.proved_files is not None and run.proved_files != len(run.files):
        raise SyncerError(
            f"Run {run.run_id} proved {run.proved_files} files, and {len(run.files)} decisions stand for it.",
            "Rows of the ledger were changed, or removed, since it was complete.",
            "Look into the database; the next complete run is stated anew.",
        )


def _equal(services: Services, run: WholeRun, now: datetime) -> BothSidesEqual:
    head = services.ledger.audit.head()
    return BothSidesEqual(
        mapping=run.mapping,
        source=run.source,
        target=run.target,
        run=run.run_id,
        depth=run.depth,
        started_at=_text(run.started_at),
        finished_at=_text(run.finished_at),
        signed_at=_text(now),
        files=len(run.files),
        stated_releases=run.stated_releases,
        read_releases=run.read_releases,
        listed_files=run.listed_files,
        decided_files=run.decided_files,
        proved_files=run.proved_files,
        audit_id=head.id if head else 0,
        audit_digest=head.digest if head else GENESIS,
    )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
