from __future__ import annotations

from dataclasses import replace

from syncer.adapters.database.engine import Database
from syncer.core.model import TargetRef
from syncer.queries.overview import MappingState, overview
from tests.support.ledgers import SERVER, World, mapping, wheel


def test_a_run_says_nothing_of_another_index_that_its_mapping_is_given_later(database: Database) -> None:
    world = World(database)
    there = [wheel("demo")]
    world.settle(world.plan(there, there)[0])
    now, moved = world.now, replace(mapping(), target=TargetRef(SERVER, "root/another"))

    before = overview(database, {"my-org": mapping()}, now)
    after = overview(database, {"my-org": moved}, now)

    assert before.mappings[0].state is MappingState.COMPLETE
    assert after.mappings[0].state is MappingState.NEVER_RUN
