"""An exported audit is read back as it was, and any single change of it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.audit import GENESIS, Record
from syncer.core.auditfile import Mark, examine, read, write
from syncer.core.errors import NotGenuine
from tests.unit.core.test_audit import chain

WHOLE = "".join(write(chain(4))).encode("ascii")


def lines_of(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def fault_of(content: bytes, head: str = "") -> str:
    """What verifying the export finds."""
    try:
        return examine(read(lines_of(content)), head=head).fault
    except NotGenuine as refused:
        return str(refused)


def test_an_export_is_read_as_the_records_that_were_written() -> None:
    assert list(read(lines_of(WHOLE))) == chain(4)


def test_an_export_of_nothing_is_sound() -> None:
    assert fault_of("".join(write([])).encode()) == ""


@given(place=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_of_an_export_is_refused(place: int, byte: int) -> None:
    changed = WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    assert bool(fault_of(changed)) == (changed != WHOLE)


@given(place=st.integers(0, len(WHOLE) - 1))
def test_any_missing_byte_of_an_export_is_refused(place: int) -> None:
    assert fault_of(WHOLE[:place] + WHOLE[place + 1 :])


@given(place=st.integers(0, len(WHOLE)), more=st.binary(min_size=1, max_size=4))
def test_anything_put_into_an_export_is_refused(place: int, more: bytes) -> None:
    assert fault_of(WHOLE[:place] + more + WHOLE[place:])


@pytest.mark.parametrize("end", range(len(lines_of(WHOLE))))
def test_an_export_that_was_cut_off_is_refused(end: int) -> None:
    assert "Its last line" in fault_of(b"".join(lines_of(WHOLE)[:end]))


def test_a_chain_that_was_cut_off_and_exported_anew_is_found_by_its_former_head() -> None:
    records = chain(4)
    shorter = "".join(write(records[:3])).encode()
    assert fault_of(shorter) == ""
    assert "removed" in fault_of(shorter, records[-1].digest)


@pytest.mark.parametrize("place", range(4))
def test_a_head_of_any_time_is_found_in_the_chain_that_grew_from_it(place: int) -> None:
    assert examine(chain(4), head=chain(4)[place].digest).fault == ""


def test_the_head_of_an_empty_audit_is_in_every_chain() -> None:
    assert examine(chain(2), head=GENESIS).fault == ""


def changed(records: Sequence[Record], place: int) -> Iterable[Record]:
    return [replace(record, actor="x") if record.id == place else record for record in records]


@pytest.mark.parametrize(
    ("records", "mark", "fault"),
    [
        pytest.param(chain(4)[1:], Mark(2, chain(4)[1].digest), "", id="sound"),
        pytest.param(chain(4)[2:], Mark(2, chain(4)[1].digest), "record 2 is missing", id="it is gone"),
        pytest.param([], Mark(2, chain(4)[1].digest), "record 2 is missing", id="nothing is there"),
        pytest.param(chain(4)[1:], Mark(2, "0" * 64), "record 2 has the digest", id="another digest"),
        pytest.param(
            changed(chain(4)[1:], 2), Mark(2, chain(4)[1].digest), "record 2 was", id="itself changed"
        ),
        pytest.param(changed(chain(4)[1:], 3), Mark(2, chain(4)[1].digest), "record 3 was", id="a later one"),
    ],
)
def test_verifying_can_begin_at_a_record_that_was_noted(
    records: Iterable[Record], mark: Mark, fault: str
) -> None:
    found = examine(records, since=mark)
    assert found.fault.startswith(fault)
    assert bool(found.fault) == bool(fault)
