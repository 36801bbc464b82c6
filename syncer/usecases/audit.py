"""Record in the audit what was written to a Target."""

from __future__ import annotations

from syncer.core.audit import Action, Entry
from syncer.ports.claims import TransferClaim, Worker
from syncer.usecases.services import Services


def record_write(
    services: Services, action: Action, claim: TransferClaim, worker: Worker, answer: str
) -> None:
    """The audit holds that the file was written; it comes last in its transaction."""
    mapping = services.mappings.get(claim.mapping)  # it may have been removed since; what was done stands
    detail = {
        "sha256": claim.file.sha256,
        "target": str(mapping.target) if mapping else "",
        "overwrite": claim.overwrite,
        "run": claim.run_id,
        "answer": answer,
    }
    subject = f"{claim.file.project}/{claim.file.filename}"
    services.ledger.audit.append(Entry(action, worker.name, claim.mapping, subject, detail), services.clock())
