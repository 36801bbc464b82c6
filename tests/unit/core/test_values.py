from __future__ import annotations

import pickle
import random
from collections.abc import Mapping
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.errors import (
    ConfigError,
    DigestMismatch,
    FileGone,
    FileRefused,
    NotADistribution,
    Problem,
    SyncerError,
    Unexpected,
    UploadRejected,
)
from syncer.core.model import Scope, same_version
from syncer.core.retry import LONGEST_ASKED, LONGEST_DELAY, delay_after
from syncer.core.secret import Secret
from syncer.core.states import (
    BLOB_TRANSITIONS,
    RUN_TRANSITIONS,
    TRANSFER_TRANSITIONS,
    Outcome,
    outcome_of,
)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("1.0", "1.0.0", True),
        ("2024.01.05", "2024.1.5", True),
        ("v1.0", "1.0", True),
        ("1.0", "1!1.0", False),
        ("1.0+local.1", "1.0+local-1", True),
        ("banana", "banana", True),
        ("banana", "1.0", False),
    ],
)
def test_versions_compare_as_pep_440_and_else_as_text(left: str, right: str, same: bool) -> None:
    assert same_version(left, right) is same


def test_a_scope_normalizes_its_project_and_covers_every_spelling_of_its_version() -> None:
    scope = Scope("My.Package", "1.0")

    assert scope.covers("my-package", "1.0.0")
    assert not scope.covers("my-package", "1.1")
    assert not scope.covers("other", "1.0")
    assert Scope().covers("anything", "at all")


@given(st.text(min_size=1))
def test_a_secret_is_never_shown(value: str) -> None:
    shown = f"{Secret(value)} {Secret(value)!r} {Secret(value)!s}"

    assert shown == "*** Secret(***) ***"
    with pytest.raises(TypeError):
        pickle.dumps(Secret(value))


@given(st.integers(min_value=1, max_value=10_000), st.floats(min_value=0, max_value=1e6))
def test_a_delay_is_positive_bounded_and_never_shorter_than_asked(attempt: int, asked: float) -> None:
    delay = delay_after(attempt, asked, random.Random(1))

    assert min(asked, LONGEST_ASKED) <= delay <= max(LONGEST_ASKED, LONGEST_DELAY * 1.25)
    assert delay >= 1


def test_delays_grow_until_the_longest() -> None:
    delays = [delay_after(attempt, jitter=random.Random(1)) for attempt in range(1, 12)]

    assert delays == sorted(delays)
    assert delays[0] < 2


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (FileGone("x"), Outcome.GONE),
        (DigestMismatch("x"), Outcome.CORRUPT),
        (NotADistribution("x"), Outcome.NOT_A_DISTRIBUTION),
        (UploadRejected("x", status=400), Outcome.REJECTED),
        (FileRefused("x"), Outcome.REJECTED),
    ],
)
def test_each_refusal_has_an_outcome(error: FileRefused, outcome: Outcome) -> None:
    assert outcome_of(error) is outcome


def test_an_error_says_what_why_and_what_next_and_has_a_code() -> None:
    error = DigestMismatch("It differs.", "A proxy.", "Look there.")

    assert str(error) == "It differs. A proxy. Look there."
    assert error.code == "digest_mismatch"


def test_a_configuration_error_lists_every_problem_on_a_line() -> None:
    error = ConfigError((Problem("a:1", "bad", "mend"), Problem("a:2", "worse")))

    assert str(error).splitlines() == ["a:1: bad — mend", "a:2: worse"]


def test_an_unexpected_error_keeps_its_text_to_itself() -> None:
    error: SyncerError = Unexpected(ValueError("token=secret"))

    assert "ValueError" in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize("transitions", [RUN_TRANSITIONS, BLOB_TRANSITIONS, TRANSFER_TRANSITIONS])
def test_every_state_has_its_transitions_and_leads_somewhere_known(
    transitions: Mapping[StrEnum, frozenset[StrEnum]],
) -> None:
    known = set(type(next(iter(transitions))))

    assert set(transitions) == known
    assert {after for afters in transitions.values() for after in afters} <= known
