from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import sqlite_database
from tests.unit.usecases.workplace import Workplace


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """A Workplace on a database and a staging folder of its own."""
    with sqlite_database(tmp_path / "syncer.db") as database:
        yield Workplace(database, tmp_path)
