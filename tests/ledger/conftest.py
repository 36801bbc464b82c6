"""Every test of the ledger runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from syncer.adapters.database.engine import Database
from tests.ledger.steps import Steps


@pytest.fixture
def world(database: Database) -> Steps:
    return Steps(database)
