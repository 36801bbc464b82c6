"""What people decided, and what was found out before, as the planner takes it into account."""

from __future__ import annotations

import pytest

from syncer.core.known import Known, Ruling, Verdict
from syncer.core.model import DistributionFile, Listing, Selection
from syncer.core.plan import Decision, DecisionKind, Terms, make_plan

A, B, C = "a" * 64, "b" * 64, "c" * 64
KEY = ("alpha", "alpha-1.0-py3-none-any.whl")
APPROVED = {(*KEY, A, B): Ruling(Verdict.APPROVED, "rebuilt", "ann@desk")}
REJECTED = {(*KEY, A, B): Ruling(Verdict.REJECTED, "the old one stands", "ann@desk")}
SPOILT, WAS_SPOILT = Known(spoilt={KEY: (A, C)}), Known(spoilt={KEY: (B, C)})
COPY, THERE = DecisionKind.COPY, DecisionKind.ALREADY_THERE
CONFLICT, EXCLUDED = DecisionKind.CONFLICT, DecisionKind.EXCLUDED


def file(sha256: str) -> DistributionFile:
    return DistributionFile("alpha", "1.0", KEY[1], sha256)


def decided(target: str, terms: Terms) -> Decision:
    there = Listing((file(target),)) if target else Listing()
    (decision,) = make_plan(Listing((file(A),)), there, Selection(), terms).decisions
    return decision


@pytest.mark.parametrize(
    ("target", "terms", "kind", "overwrite", "word"),
    [
        pytest.param(B, Terms(), CONFLICT, False, "other bytes", id="nobody decided"),
        pytest.param(
            B, Terms(volatile=True, known=Known(APPROVED)), COPY, True, "approved by ann", id="approved"
        ),
        pytest.param(
            B, Terms(known=Known(APPROVED)), CONFLICT, False, "has to remove", id="approved, not volatile"
        ),
        pytest.param(
            C,
            Terms(volatile=True, known=Known(APPROVED)),
            CONFLICT,
            False,
            "other bytes",
            id="approved of others",
        ),
        pytest.param(B, Terms(known=Known(REJECTED)), EXCLUDED, False, "rejected by ann", id="rejected"),
        pytest.param(
            B,
            Terms(force=True, volatile=True, known=Known(REJECTED)),
            EXCLUDED,
            False,
            "rejected",
            id="rejected outdoes force",
        ),
        pytest.param(A, Terms(known=SPOILT), CONFLICT, False, "serves others", id="spoilt"),
        pytest.param(A, Terms(known=WAS_SPOILT), THERE, False, "same", id="others were spoilt"),
        pytest.param(
            A,
            Terms(force=True, volatile=True, known=SPOILT),
            COPY,
            True,
            "forced",
            id="spoilt, forced",
        ),
        pytest.param("", Terms(known=Known(former={KEY: A})), COPY, False, "", id="back with the same bytes"),
        pytest.param(
            "", Terms(known=Known(former={KEY: B})), CONFLICT, False, "withdrawn", id="back with other bytes"
        ),
        pytest.param(
            "", Terms(known=Known(APPROVED, {KEY: B})), COPY, False, "approved", id="back and approved"
        ),
        pytest.param(
            "", Terms(known=Known(REJECTED, {KEY: B})), EXCLUDED, False, "rejected", id="back and rejected"
        ),
    ],
)
def test_a_contested_file_goes_by_what_a_person_said(
    target: str, terms: Terms, kind: DecisionKind, overwrite: bool, word: str
) -> None:
    decision = decided(target, terms)
    assert (decision.kind, decision.overwrite) == (kind, overwrite)
    assert word in decision.reason
