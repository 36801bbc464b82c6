"""The judge can fail: each thing that could be wrong, shown to it, is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from syncer.core.plan import DecisionKind
from syncer.core.states import Outcome, TransferState
from tests.chaos.findings import Finding, Ill
from tests.chaos.judge import (
    Entry,
    Green,
    judge_claims,
    judge_green,
    judge_ledger,
    judge_projects,
    judge_shelf,
)
from tests.chaos.target import Held, Shelf
from tests.chaos.truth import Publication
from tests.support.dists import sdist, wheel

FILES = [wheel("demo", "1.0", requires_python=">=3.9"), sdist("demo", "1.0", requires_python=">=3.9")]
PUBLISHED = [Publication("acme", "demo", "1.0", dist, ">=3.9", 0, at=10.0) for dist in FILES]
HELD = {dist.filename: Held(dist.filename, dist.sha256, ">=3.9", dist.sha256) for dist in FILES}
FIRST, SECOND = (dist.filename for dist in FILES)
SHELF = Shelf("demo", HELD, Counter([*HELD]))
ENTRIES = [
    Entry("demo", dist.filename, dist.sha256, DecisionKind.COPY, TransferState.ENDED, Outcome.COPIED)
    for dist in FILES
]


def with_file(held: Held, times: int = 1) -> Shelf:
    files = {**HELD, held.filename: held}
    return Shelf("demo", files, Counter({name: times if name == held.filename else 1 for name in files}))


def kinds(findings: Sequence[Finding]) -> list[Ill]:
    return [finding.kind for finding in findings]


def test_what_is_right_has_no_findings() -> None:
    assert judge_shelf("user/dev", SHELF, PUBLISHED) == []
    assert judge_projects("user/dev", {"demo"}, PUBLISHED) == []
    assert judge_ledger("alpha", ENTRIES, PUBLISHED) == []
    assert judge_claims("alpha", ENTRIES, {"demo": SHELF}) == []
    assert judge_green(Green("a page", "alpha", 7, 20.0), [(each, 15.0) for each in PUBLISHED]) == []


def test_another_spelling_of_requires_python_is_no_finding() -> None:
    assert judge_shelf("user/dev", with_file(replace(HELD[FIRST], requires_python=">= 3.9")), PUBLISHED) == []


@pytest.mark.parametrize(
    ("shelf", "kind"),
    [
        pytest.param(Shelf("demo", {SECOND: HELD[SECOND]}, Counter([SECOND])), Ill.LOST, id="lost file"),
        pytest.param(with_file(replace(HELD[FIRST], sha256="0" * 64)), Ill.WRONG, id="wrong digest"),
        pytest.param(with_file(replace(HELD[FIRST], served="0" * 64)), Ill.WRONG, id="wrong bytes"),
        pytest.param(with_file(replace(HELD[FIRST], requires_python="")), Ill.WRONG, id="wrong metadata"),
        pytest.param(with_file(HELD[FIRST], times=2), Ill.WRONG, id="listed twice"),
        pytest.param(with_file(Held("other.whl", "0" * 64, "")), Ill.EXTRA, id="file that nobody published"),
    ],
)
def test_a_shelf_that_is_not_as_published_is_found(shelf: Shelf, kind: Ill) -> None:
    assert kinds(judge_shelf("user/dev", shelf, PUBLISHED)) == [kind]


def test_a_project_that_nobody_published_is_found() -> None:
    assert kinds(judge_projects("user/dev", {"demo", "stranger"}, PUBLISHED)) == [Ill.EXTRA]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(ENTRIES[:1], id="a file that is not decided"),
        pytest.param([*ENTRIES, replace(ENTRIES[0], filename="other.whl")], id="a file that never was"),
        pytest.param([replace(ENTRIES[0], sha256="0" * 64), ENTRIES[1]], id="another digest"),
        pytest.param([replace(ENTRIES[0], kind=DecisionKind.CONFLICT), ENTRIES[1]], id="a conflict"),
        pytest.param([replace(ENTRIES[0], state=TransferState.UPLOADED), ENTRIES[1]], id="not read back"),
        pytest.param([replace(ENTRIES[0], outcome=Outcome.GAVE_UP), ENTRIES[1]], id="given up"),
    ],
)
def test_a_ledger_that_says_something_else_is_found(entries: list[Entry]) -> None:
    assert kinds(judge_ledger("alpha", entries, PUBLISHED)) == [Ill.LEDGER]


@pytest.mark.parametrize(
    "shelf",
    [
        pytest.param(Shelf("demo", {SECOND: HELD[SECOND]}), id="is not there"),
        pytest.param(with_file(replace(HELD[FIRST], sha256="0" * 64)), id="has other bytes"),
    ],
)
def test_a_transfer_that_claims_to_have_copied_what_is_not_there_is_found(shelf: Shelf) -> None:
    assert kinds(judge_claims("alpha", ENTRIES, {"demo": shelf})) == [Ill.LEDGER]


@pytest.mark.parametrize(
    "began",
    [pytest.param(None, id="never sent"), pytest.param(20.5, id="sent after it was said")],
)
def test_green_before_it_was_true_is_found(began: float | None) -> None:
    listed = [(PUBLISHED[0], began), (PUBLISHED[1], 15.0)]
    found = judge_green(Green("a page", "alpha", 7, 20.0), listed)
    assert kinds(found) == [Ill.FALSE_GREEN]
    assert FIRST in found[0].text
