"""A short, seeded part of ``make chaos``: both kinds of installation survive faults of different kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.campaign import play, staged
from tests.chaos.findings import Ill
from tests.chaos.plan import Round

SEED = 20

# Kinds after which nobody has to wait for a lease.
LAPTOP = ("gitea truncated body", "launcher killed")
POOL = ("worker killed", "broker flushed")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("site", "kinds"),
    [
        pytest.param("laptop", LAPTOP, id="syncer up", marks=pytest.mark.slow),
        pytest.param("pool", POOL, id="workers and servers"),
    ],
)
def test_nothing_is_lost_wrong_or_green_too_early(
    site: str, kinds: tuple[str, ...], devpi_cache: Path
) -> None:
    with staged(site, devpi_cache) as stage:
        results = [play(stage, Round(SEED, number, site, kind)) for number, kind in enumerate(kinds)]
    found = [(result.kind, result.said, result.findings) for result in results if result.count(*_failing())]
    assert found == []
    assert all(result.files for result in results)


def _failing() -> list[Ill]:
    return [ill for ill in Ill if ill is not Ill.LATE]
