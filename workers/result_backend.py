"""Celery's result backend is the ledger: one record for Flower, ``celery result`` and the status view."""

from __future__ import annotations

from typing import Any

from celery.backends.base import BaseBackend

from syncer.bootstrap.clock import now
from syncer.ports.claims import TaskRecord
from workers import process


class LedgerBackend(BaseBackend):
    """Stores how a task ended, as JSON with ids only; what its Run has become is read when asked."""

    def _store_result(
        self,
        task_id: str,
        result: Any,
        state: str,
        traceback: str | None = None,
        request: Any = None,
        **_options: Any,
    ) -> Any:
        run = result.get("run") if isinstance(result, dict) else None
        record = TaskRecord(
            id=task_id,
            name=getattr(request, "task", "") or "",
            state=state,
            result=result,
            traceback=traceback or "",
            worker=getattr(request, "hostname", "") or "",
            run_id=run if isinstance(run, int) else None,
        )
        process.container().services.ledger.tasks.store(record, now())
        return result

    def _get_task_meta_for(self, task_id: str) -> dict[str, Any]:
        ledger = process.container().services.ledger
        record = ledger.tasks.get(task_id) or TaskRecord(task_id)
        result = record.result
        if record.run_id is not None and isinstance(result, dict):
            state, outcome = ledger.runs.state(record.run_id)
            result = {**result, "state": str(state), "outcome": str(outcome) if outcome else None}
        return {
            "task_id": task_id,
            "name": record.name,
            "status": record.state,
            "result": result,
            "traceback": record.traceback or None,
            "worker": record.worker,
            "date_done": record.done_at.isoformat() if record.done_at else None,
            "children": [],
        }

    def _forget(self, task_id: str) -> None:
        process.container().services.ledger.tasks.forget(task_id)

    def cleanup(self) -> None:
        """Nothing expires here: the ledger's own housekeeping decides."""
