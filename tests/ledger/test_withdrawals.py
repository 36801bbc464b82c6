"""Files that left their Source, as rows: who is marked, who returns, and what counts as a whole scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from syncer.core.deletion import Withdrawal, WithdrawalState
from syncer.core.known import Contest, Ruling, Verdict
from syncer.core.look import Depth
from syncer.core.model import (
    EVERYTHING,
    Deletion,
    DistributionFile,
    Listing,
    OnSourceDelete,
    Scope,
    Selection,
)
from syncer.core.plan import Terms, make_plan
from syncer.core.states import Outcome
from syncer.ports.claims import RunRequest, Seen
from syncer.queries.conflicts import ConflictState, conflict, conflicts
from syncer.queries.deletions import deletions, open_deletion
from syncer.queries.hands import InHands, in_hands
from tests.ledger.steps import Steps
from tests.support.ledgers import SERVER, SOURCE, mapping, no_answer, wheel

A, B, C = wheel("alpha"), wheel("beta"), wheel("gamma")
NEW_A = wheel("alpha", content="other bytes")
MARK, WITHDRAW = Deletion(OnSourceDelete.MARK), Deletion(OnSourceDelete.WITHDRAW, grace=3600.0)
MY_ORG = mapping()
ENDS = str(MY_ORG.source), str(MY_ORG.target)
ELSEWHERE = "gitea:elsewhere/other", ENDS[1]


def scan(
    world: Steps,
    *source: DistributionFile,
    target: Sequence[DistributionFile] = (),
    policy: Deletion = WITHDRAW,
    depth: Depth = Depth.FULL,
    scope: Scope = EVERYTHING,
    ends: tuple[str, str] = ENDS,
    dry_run: bool = False,
) -> int:
    """A Run that has recorded what both sides hold, all of whose files then arrive."""
    request = RunRequest("my-org", "call", scope, dry_run=dry_run, source=ends[0], target=ends[1])
    run = world.ledger.runs.request(request, world.now)
    assert run is not None
    inside = tuple(file for file in source if scope.covers(file.project, file.version))
    claim, listing = world.claim(run), Listing(inside, len(inside), len(inside))
    plan = make_plan(listing, Listing(tuple(target)), Selection())
    seen = Seen(listing, SOURCE, SERVER, depth=depth, deletion=policy)
    work = world.ledger.runs.record(claim, plan, seen, world.wait(1))
    assert work is not None
    world.stage(work.blobs)
    world.upload_all()
    world.read_back()
    world.settle(run)
    return run


def marked(world: Steps) -> list[Withdrawal]:
    return list(world.ledger.withdrawals.open("my-org"))


def names(world: Steps) -> list[str]:
    return [each.file.project for each in marked(world)]


def ended(world: Steps) -> dict[str, str]:
    return {
        each.one.file.project: each.one.state for each in deletions(world.database, {"my-org": MY_ORG}).ended
    }


def test_what_a_whole_scan_misses_is_marked_with_its_run_and_its_grace(world: Steps) -> None:
    scan(world, A, B)
    run = scan(world, B, target=[A, B])
    (one,) = marked(world)
    assert one.file == DistributionFile("alpha", "1.0", A.filename, A.sha256)
    assert (one.mapping, one.state, one.run_id) == ("my-org", WithdrawalState.MARKED, run)
    assert one.due_at == one.gone_at + timedelta(hours=1)
    assert not one.is_confirmed


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"policy": Deletion()}, [], id="keep"),
        pytest.param({"policy": MARK}, ["alpha"], id="mark"),
        pytest.param({"depth": Depth.RECENT, "scope": EVERYTHING}, [], id="a look at what is new"),
        pytest.param({"scope": Scope("alpha")}, ["alpha"], id="one project"),
        pytest.param({"scope": Scope("beta")}, [], id="another project"),
        pytest.param({"ends": ELSEWHERE}, [], id="another source"),
        pytest.param({"dry_run": True}, [], id="a dry run"),
    ],
)
def test_what_is_marked(world: Steps, options: dict[str, object], expected: list[str]) -> None:
    scan(world, A, B)
    scan(world, B, target=[A, B], **options)  # type: ignore[arg-type]  # each row names its own
    assert names(world) == expected
    assert all((each.due_at is None) == (options.get("policy") == MARK) for each in marked(world))


def test_what_the_mapping_found_there_or_never_brought_is_not_marked(world: Steps) -> None:
    run = world.planned([A, B, C], [B])
    world.stage([A.sha256, C.sha256])
    world.end(A, Outcome.REJECTED)
    world.uploaded(C)
    world.read_back()
    world.settle(run)
    scan(world, ends=("", ""))
    assert names(world) == ["gamma"]


def test_what_was_brought_long_before_and_found_there_since_is_marked(world: Steps) -> None:
    scan(world, A)
    scan(world, A, target=[A])
    scan(world, A, target=[A])
    scan(world, target=[A])
    assert names(world) == ["alpha"]


def test_other_bytes_in_its_place_are_no_deletion(world: Steps) -> None:
    scan(world, A)
    scan(world, NEW_A, target=[A])
    assert names(world) == []


@pytest.mark.parametrize("depth", [Depth.FULL, Depth.RECENT])
@pytest.mark.parametrize("back", [A, NEW_A], ids=["same bytes", "other bytes"])
def test_what_is_listed_again_returns_whoever_sees_it(
    world: Steps, depth: Depth, back: DistributionFile
) -> None:
    scan(world, A, B)
    scan(world, B, target=[A, B])
    scan(world, back, B, target=[A, B], depth=depth, policy=Deletion())
    assert (names(world), ended(world)) == ([], {"alpha": "returned"})


def test_only_recorded_whole_runs_of_this_source_and_target_are_whole_scans(world: Steps) -> None:
    first = scan(world, A, B)
    scan(world, A, target=[A, B], scope=Scope("alpha"))
    scan(world, A, B, target=[A, B], depth=Depth.RECENT)
    scan(world, A, B, dry_run=True)
    other = scan(world, A, B, target=[A, B], ends=ELSEWHERE)
    world.fail(no_answer())
    last = scan(world, A, target=[A, B])
    world.request()
    found = world.ledger.withdrawals.scans(MY_ORG, 0)
    assert [(each.run_id, each.files) for each in found] == [(last, 1), (first, 2)]
    assert found[0].began_at < world.now
    elsewhere = replace(MY_ORG, source=replace(MY_ORG.source, owner="nobody"))
    assert world.ledger.withdrawals.scans(elsewhere, 0) == []
    assert other not in {each.run_id for each in found}


def test_a_withdrawal_ends_once(world: Steps) -> None:
    scan(world, A, B)
    scan(world, B, target=[A, B])
    (one,), ledger = marked(world), world.ledger.withdrawals
    assert ledger.files("my-org") == 2
    ledger.due([one.id])
    assert marked(world)[0].state is WithdrawalState.DUE
    assert ledger.confirm([one.id], world.now) == 1
    assert marked(world)[0].is_confirmed
    assert ledger.end(one, WithdrawalState.WITHDRAWN, "deleted", world.now)
    assert not ledger.end(one, WithdrawalState.UNDONE, "too late", world.now)
    assert ledger.confirm([one.id], world.now) == 0
    assert ended(world) == {"alpha": "withdrawn"}
    assert ledger.files("my-org") == 1
    assert world.ledger.rulings.known("my-org").former == {A.key: A.sha256}
    assert open_deletion(world.database, "my-org", "", A.filename) is None


def test_a_file_that_another_mapping_lists_is_wanted(world: Steps) -> None:
    world.sync([A], name="other")
    ledger = world.ledger.withdrawals
    assert ledger.wanted(["other", "third"], A) == "other"
    assert ledger.wanted(["third"], A) == ledger.wanted([], A) == ledger.wanted(["other"], B) == ""


# The inbox


def test_a_conflict_is_listed_with_both_digests_and_where_the_others_come_from(world: Steps) -> None:
    scan(world, A)
    scan(world, NEW_A, B, target=[A, replace(B, sha256="f" * 64)])
    alpha, beta = conflicts(world.database, ["my-org", "other"])
    assert alpha.contest == ("alpha", A.filename, NEW_A.sha256, A.sha256)
    assert (alpha.state, beta.state) == (ConflictState.OPEN, ConflictState.OPEN)
    assert "published again with other bytes" in alpha.origin
    assert "somebody else" in beta.origin
    assert in_hands(world.database, ["my-org"]) == InHands(2, 0)
    assert in_hands(world.database, ["other"]) == InHands(0, 0)
    assert conflict(world.database, "my-org", "", A.filename) == alpha
    assert conflict(world.database, "my-org", "beta", A.filename) is None
    assert conflict(world.database, "my-org", "alpha", "\0") is None


def test_an_upload_that_met_other_bytes_is_a_conflict_whose_other_digest_is_not_known(world: Steps) -> None:
    world.ready(A)
    world.end(A, Outcome.CONFLICT)
    (found,) = conflicts(world.database, ["my-org"])
    assert (found.target_sha256, found.state, found.origin) == ("", ConflictState.OPEN, "not known")
    assert in_hands(world.database, ["my-org"]).conflicts == 1


def test_two_contents_at_the_source_are_nothing_to_approve(world: Steps) -> None:
    scan(world, A, replace(NEW_A, version="1.0.0"))
    (found,) = conflicts(world.database, ["my-org"])
    assert (found.state, found.origin) == (ConflictState.AMBIGUOUS, "both lie at the source")


@pytest.mark.parametrize(
    ("verdict", "shown"), [(Verdict.APPROVED, "approved"), (Verdict.REJECTED, "rejected")]
)
def test_what_was_decided_is_shown_with_who_and_why(world: Steps, verdict: Verdict, shown: str) -> None:
    contest: Contest = (*A.key, NEW_A.sha256, A.sha256)
    scan(world, NEW_A, target=[A])
    world.ledger.rulings.rule("my-org", contest, Ruling(verdict, "so be it", "ann@desk"), world.now)
    (found,) = conflicts(world.database, ["my-org"])
    assert (found.state, str(found.ruling)) == (shown, f"{shown} by ann@desk: so be it")


def test_a_rejected_file_is_listed_apart_and_counts_no_more(world: Steps) -> None:
    contest: Contest = (*A.key, NEW_A.sha256, A.sha256)
    world.ledger.rulings.rule("my-org", contest, Ruling(Verdict.REJECTED, "so be it", "ann@desk"), world.now)
    known = world.ledger.rulings.known("my-org")
    claim, listing = world.claim(world.request()), Listing((NEW_A,), 1, 1)
    plan = make_plan(listing, Listing((A,)), Selection(), Terms(known=known))
    assert world.ledger.runs.record(claim, plan, Seen(listing, SOURCE, SERVER), world.wait(1))
    (found,) = conflicts(world.database, ["my-org"])
    assert found.state is ConflictState.REJECTED
    assert conflicts(world.database, ["my-org"], rejected=False) == ()
    assert in_hands(world.database, ["my-org"]).conflicts == 0
