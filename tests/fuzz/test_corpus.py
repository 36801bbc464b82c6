"""Every input of the corpora, every past finding among them, and every hostile one; without a fuzzer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fuzz.hostile import HOSTILE, Hostile
from tests.fuzz.table import CORPUS, TARGETS
from tests.support.memory import cost_of

ENTRIES = sorted(path for path in CORPUS.rglob("*") if path.is_file())
#: CPU seconds; the largest entry needs a hundredth of it.
LONGEST = 1


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: f"{path.parent.name}-{path.name}")
@pytest.mark.filterwarnings("ignore:Duplicate name")  # what a hostile zip may well have
def test_an_input_breaks_no_law(entry: Path) -> None:
    started = time.process_time()
    TARGETS[entry.parent.name].run(entry.read_bytes())
    assert time.process_time() - started < LONGEST


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_hostile_input_costs_little_and_is_refused_with_a_reason(tmp_path: Path, hostile: Hostile) -> None:
    path = tmp_path / "input"
    path.write_bytes(hostile.build())
    imports = "from pathlib import Path; from tests.fuzz.hostile import READERS"
    cost = cost_of("READERS[sys.argv[1]](Path(sys.argv[2]))", hostile.reader, path, imports=imports)
    assert hostile.reason in cost.error
    assert bool(hostile.reason) == bool(cost.error)
    assert cost.kilobytes < hostile.megabytes * 1024
    assert cost.seconds < hostile.seconds


def test_every_target_has_a_corpus_and_every_corpus_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)


def test_the_corpora_stay_small() -> None:
    assert sum(path.stat().st_size for path in ENTRIES) < 200_000
