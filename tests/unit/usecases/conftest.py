from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncer.adapters.database.engine import Database
from tests.support.databases import empty
from tests.unit.usecases.workplace import Workplace


@pytest.fixture
def place(shared_sqlite: Database, tmp_path: Path) -> Iterator[Workplace]:
    """A Workplace with an empty database and a staging folder of its own."""
    yield Workplace(shared_sqlite, tmp_path)
    empty(shared_sqlite)
