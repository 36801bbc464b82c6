"""Every state has a symbol, a word and a tone of its own."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

import syncer.web
from syncer.core.states import RunOutcome, RunState
from syncer.queries.overview import MappingState
from syncer.queries.statuses import FileStatus
from syncer.web.words import (
    FILES,
    FILTERS,
    MAPPINGS,
    OUTCOMES,
    TASKS,
    UNKNOWN,
    file_badge,
    mapping_badge,
    run_badge,
    task_badge,
)

STYLE = (Path(syncer.web.__file__).parent / "static" / "style.css").read_text()


def test_no_state_is_without_a_badge() -> None:
    assert set(FILES) == set(FileStatus)
    assert set(MAPPINGS) == set(MappingState)
    assert set(OUTCOMES) == {*RunOutcome, *RunState} - {RunState.FINISHED}


def test_every_tone_has_a_colour() -> None:
    badges = chain(FILES.values(), MAPPINGS.values(), OUTCOMES.values(), TASKS.values())
    for badge in badges:
        assert f".badge.{badge.tone} " in STYLE


@pytest.mark.parametrize("badges", [FILES, MAPPINGS], ids=["files", "mappings"])
def test_no_two_states_share_a_word(badges: dict[str, object]) -> None:
    words = [getattr(badge, "word", "") for badge in badges.values()]
    assert len(set(words)) == len(words)


def test_only_what_was_proved_is_good() -> None:
    assert [status for status, badge in FILES.items() if badge.tone == "good"] == [FileStatus.SYNCED]
    assert [state for state, badge in MAPPINGS.items() if badge.tone == "good"] == [MappingState.COMPLETE]


def test_what_is_not_known_is_shown_as_unknown() -> None:
    unheard = "a word of a newer version"
    assert file_badge(unheard) == mapping_badge(unheard) == task_badge(unheard) == UNKNOWN
    assert run_badge("finished", "") == run_badge("finished", unheard) == UNKNOWN


def test_every_status_of_a_current_file_can_be_filtered_by() -> None:
    assert set(FILTERS) == set(FileStatus) - {FileStatus.SUPERSEDED, FileStatus.PLANNED}
