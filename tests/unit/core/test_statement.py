"""What is stated when both sides are equal."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.errors import NotGenuine
from syncer.core.statement import (
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    BothSidesEqual,
    check_manifest,
    digest_of_manifest,
    manifest_of,
    payload_of,
    read_payload,
)

FILES = [("beta", "beta-2.0.tar.gz", "b" * 64), ("alpha", "alpha-1.0.whl", "a" * 64)]
MANIFEST = manifest_of(FILES)
EQUAL = BothSidesEqual(
    mapping="acme",
    source="gitea:x/acme",
    target="devpi:y/u/i",
    run=3,
    depth="full",
    started_at="2026-03-01T12:00:00.000000+00:00",
    finished_at="2026-03-01T12:00:05.000000+00:00",
    signed_at="2026-03-01T12:00:06.000000+00:00",
    files=2,
    stated_releases=2,
    read_releases=2,
    listed_files=2,
    decided_files=None,
    proved_files=None,
    audit_id=9,
    audit_digest="c" * 64,
)
PAYLOAD = payload_of(EQUAL, digest_of_manifest(MANIFEST))


def test_the_manifest_is_as_sha256sum_writes_it_and_in_one_order() -> None:
    assert f"{'a' * 64}  alpha/alpha-1.0.whl\n{'b' * 64}  beta/beta-2.0.tar.gz\n" == MANIFEST
    assert manifest_of(reversed(FILES)) == MANIFEST


def test_the_statement_is_in_totos_about_the_manifest() -> None:
    document = json.loads(PAYLOAD)
    assert (document["_type"], document["predicateType"]) == (STATEMENT_TYPE, PREDICATE_TYPE)
    assert document["subject"][0]["digest"] == {"sha256": digest_of_manifest(MANIFEST)}
    assert read_payload(PAYLOAD) == (EQUAL, digest_of_manifest(MANIFEST))


@given(place=st.integers(0, len(PAYLOAD) - 1), byte=st.integers(0, 255))
def test_a_changed_payload_states_something_else_or_nothing(place: int, byte: int) -> None:
    changed = PAYLOAD[:place] + bytes([byte]) + PAYLOAD[place + 1 :]
    try:
        assert (read_payload(changed) == read_payload(PAYLOAD)) == (changed == PAYLOAD)
    except NotGenuine:
        assert changed != PAYLOAD


@pytest.mark.parametrize("field", [field.name for field in fields(BothSidesEqual)])
@pytest.mark.parametrize("value", [1.5, ["x"], {}])
def test_a_value_of_another_kind_is_refused(field: str, value: object) -> None:
    changes: dict[str, Any] = {field: value}
    with pytest.raises(NotGenuine):
        read_payload(payload_of(replace(EQUAL, **changes), digest_of_manifest(MANIFEST)))


def test_the_manifest_that_was_signed_is_taken_and_no_other() -> None:
    sha256 = digest_of_manifest(MANIFEST)
    check_manifest(MANIFEST.encode(), EQUAL, sha256)
    for other in (MANIFEST + MANIFEST, MANIFEST[:-1], "", MANIFEST.replace("alpha-1", "alpha-2")):
        with pytest.raises(NotGenuine, match="not the one that was signed"):
            check_manifest(other.encode(), EQUAL, sha256)


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param("", id="no line"),
        pytest.param(f"{'a' * 64}  alpha/a.whl\n", id="a line too few"),
        pytest.param("one\ntwo\n", id="no manifest"),
    ],
)
def test_a_statement_that_contradicts_its_manifest_is_refused(manifest: str) -> None:
    with pytest.raises(NotGenuine, match="contradicts"):
        check_manifest(manifest.encode(), EQUAL, digest_of_manifest(manifest))


def test_no_file_at_all_is_a_manifest_too() -> None:
    check_manifest(b"", replace(EQUAL, files=0), digest_of_manifest(""))
