"""Only a balance sheet of which every line is known and equal agrees."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.balance import Basis, Figures, Verdict, balance_of
from syncer.core.look import Depth

WHOLE = Figures(
    stated_releases=3,
    read_releases=3,
    listed_files=5,
    decided_files=5,
    excluded_files=1,
    selected_files=4,
    proved_files=4,
)
NUMBERS = [field.name for field in fields(Figures) if field.name != "depth"]


def verdicts(figures: Figures) -> dict[str, Verdict]:
    return {line.word: line.verdict for line in balance_of(figures).lines}


def test_a_run_whose_figures_all_agree_balances() -> None:
    assert balance_of(WHOLE).agrees
    assert set(verdicts(WHOLE).values()) == {Verdict.AGREES}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_figure_that_is_not_known_is_never_fine(name: str) -> None:
    unknown: Any = {name: None}
    sheet = balance_of(replace(WHOLE, **unknown))
    assert sheet.verdict is Verdict.UNKNOWN
    assert "?" in str(sheet)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("by", [-1, 1])
def test_a_figure_that_is_off_by_one_is_told(name: str, by: int) -> None:
    assert balance_of(replace(WHOLE, **{name: getattr(WHOLE, name) + by})).verdict is Verdict.DIFFERS


def test_the_sheet_says_which_line_is_wrong() -> None:
    lost = balance_of(replace(WHOLE, decided_files=4, excluded_files=0))
    assert {line.word: line.verdict for line in lost.lines}["decided"] is Verdict.DIFFERS
    assert str(lost) == "decisions recorded: 4 of 5"


def test_a_run_of_an_older_version_is_unknown_in_every_line_that_it_did_not_count() -> None:
    found = verdicts(Figures(stated_releases=3, read_releases=3))
    assert (found["stated"], found["read"]) == (Verdict.AGREES, Verdict.AGREES)
    assert {found[word] for word in ("listed", "decided", "selected", "proved")} == {Verdict.UNKNOWN}


def test_a_look_at_what_is_new_says_which_lines_rest_on_the_last_full_one() -> None:
    lines = balance_of(replace(WHOLE, depth=Depth.RECENT)).lines
    assert {line.word for line in lines if line.basis == Basis.NOW} == {"stated"}


MAYBE = st.none() | st.integers(0, 3)


@given(st.builds(Figures, **dict.fromkeys(NUMBERS, MAYBE)))
def test_it_agrees_exactly_when_everything_is_known_and_equal(figures: Figures) -> None:
    known = all(getattr(figures, name) is not None for name in NUMBERS)
    equal = known and (
        figures.read_releases == figures.stated_releases
        and figures.decided_files == figures.listed_files
        and (figures.selected_files or 0) + (figures.excluded_files or 0) == figures.decided_files
        and figures.proved_files == figures.selected_files
    )
    assert balance_of(figures).agrees == equal
