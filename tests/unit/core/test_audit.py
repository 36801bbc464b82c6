"""The audit's chain: any single change of a record is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.audit import GENESIS, Action, Entry, Record, digest_of, follow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def chain(number: int) -> list[Record]:
    records: list[Record] = []
    for place in range(1, number + 1):
        entry = Entry(Action.UPLOAD, "worker", "acme", f"alpha/alpha-{place}.whl", {"run": place})
        at, previous = NOON + timedelta(seconds=place), records[-1].digest if records else GENESIS
        digest = digest_of(previous, at, entry)
        records.append(
            Record(
                place, at, "worker", entry.action, "acme", entry.subject, entry.detail_text, previous, digest
            )
        )
    return records


def test_a_whole_chain_is_sound_and_names_its_head() -> None:
    records = chain(4)
    found = follow(records)
    assert (found.records, found.head, found.fault) == (4, records[-1].digest, "")


def test_a_chain_can_be_read_in_pieces() -> None:
    records = chain(5)
    assert follow(records[2:], follow(records[:2])) == follow(records)


def test_no_record_at_all_is_a_sound_chain() -> None:
    assert follow([]).head == GENESIS


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda records: records[1:], id="the first is missing"),
        pytest.param(lambda records: records[:1] + records[2:], id="one in the middle is missing"),
        pytest.param(lambda records: [records[1], records[0], *records[2:]], id="two are swapped"),
        pytest.param(lambda records: [*records[:2], records[1], *records[2:]], id="one stands twice"),
    ],
)
def test_records_out_of_their_order_are_seen(spoil: object) -> None:
    assert callable(spoil)
    spoilt: Sequence[Record] = spoil(chain(4))
    assert "does not follow" in follow(spoilt).fault


@given(place=st.integers(0, 3), field=st.sampled_from([field.name for field in fields(Record)][1:]))
def test_any_change_of_any_record_is_seen(place: int, field: str) -> None:
    records = chain(4)
    was = getattr(records[place], field)
    change: dict[str, Any] = {field: was + timedelta(microseconds=1) if field == "at" else f"{was}0"}
    records[place] = replace(records[place], **change)
    found = follow(records)
    assert found.fault
    assert found.records <= place + 1
