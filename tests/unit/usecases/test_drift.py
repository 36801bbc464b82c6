"""Comparing both sides, and mending what was found, with both sides in memory."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from syncer.adapters.database.schema import AttemptRow, DecisionRow, TransferRow
from syncer.core.audit import Action
from syncer.core.drift_kinds import Cause
from syncer.core.errors import RemoteUnavailable, SourceMissing, UploadRejected
from syncer.core.model import EVERYTHING, Scope
from syncer.core.states import RunOutcome
from syncer.usecases.drift import Report, verify_sides
from syncer.usecases.repair import repair
from tests.support.dists import Dist, wheel
from tests.support.ports import Happening, Held
from tests.unit.usecases.workplace import MAPPING, Workplace

A, B = wheel("alpha", "1.0", requires_python=">=3.9"), wheel("beta", "1.0")
OTHER_A = wheel("alpha", "1.0", payload=b"other")
TROUBLE = ("It failed.", "It is broken.", "Mend it.")


def compared(place: Workplace, *, with_bytes: bool = False, scope: Scope = EVERYTHING) -> Report:
    return verify_sides(place.services(), place.mappings[MAPPING], scope, with_bytes=with_bytes)


def causes(report: Report) -> dict[str, Cause]:
    return {finding.filename: finding.cause for finding in report.findings}


def in_step(place: Workplace, *dists: Dist) -> None:
    place.publish(*dists)
    assert place.sync() is RunOutcome.COMPLETE


def spoil(place: Workplace, dist: Dist) -> None:
    """The target serves other bytes than it says."""
    place.target.contents[dist.sha256] = b"rotten"


def actions(place: Workplace) -> list[tuple[str, str, str]]:
    records = place.ledger.audit.read()
    return [(each.action, each.actor, each.subject) for each in records if each.action != Action.UPLOAD]


def test_what_was_copied_is_the_same_and_the_report_is_clean(place: Workplace) -> None:
    in_step(place, A, B)
    report = compared(place, with_bytes=True)
    assert report.clean
    assert set(causes(report).values()) == {Cause.SAME}


def test_a_part_is_compared_alone(place: Workplace) -> None:
    in_step(place, A, B)
    assert list(causes(compared(place, scope=Scope("beta")))) == [B.filename]


def test_whether_a_file_came_from_here_is_still_known_when_its_history_is_forgotten(place: Workplace) -> None:
    in_step(place, A)
    place.target.files["beta", B.filename] = Held("1.0", B.sha256)
    place.target.requires_python["beta", "1.0"] = ""
    for file in place.source.list().files:
        place.source.remove(file)
    expected = {A.filename: Cause.GONE_AT_SOURCE, B.filename: Cause.FOREIGN}
    assert causes(compared(place)) == expected
    with place.database.write() as session:
        for row in (AttemptRow, TransferRow, DecisionRow):
            session.execute(delete(row))
    assert causes(compared(place)) == expected


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("error", [RemoteUnavailable(*TROUBLE), SourceMissing(*TROUBLE)])
def test_a_side_that_cannot_be_read_makes_everything_unknown(
    place: Workplace, side: str, error: RemoteUnavailable | SourceMissing
) -> None:
    in_step(place, A)
    getattr(place, side).broken = error
    report = compared(place)
    assert (report.clean, report.problems) == (False, (error,))
    assert list(causes(report).values()) == [getattr(Cause, f"{side}_unread".upper())]


def test_an_empty_side_that_could_not_be_read_is_not_clean(place: Workplace) -> None:
    place.source.broken = RemoteUnavailable(*TROUBLE)
    report = compared(place)
    assert (report.findings, report.clean) == ((), False)


def test_the_file_itself_decides_which_requires_python_is_right(place: Workplace) -> None:
    """Neither the ledger nor the source knows it, so the file is opened."""
    in_step(place, A)
    with place.database.write() as session:
        for row in (AttemptRow, TransferRow, DecisionRow):
            session.execute(delete(row))
    assert place.source.list().files[0].requires_python == ""
    assert causes(compared(place)) == {A.filename: Cause.SAME}
    place.target.requires_python["alpha", "1.0"] = ">=3.8"
    (finding,) = compared(place).findings
    assert finding.why.endswith("(the file says >=3.9, that page says >=3.8)")


def test_bytes_that_are_spoilt_are_known_from_then_on(place: Workplace) -> None:
    in_step(place, A)
    spoil(place, A)
    assert compared(place).clean
    assert causes(compared(place, with_bytes=True)) == {A.filename: Cause.SPOILT}
    assert causes(compared(place)) == {A.filename: Cause.SPOILT}
    place.target.contents[A.sha256] = A.content
    assert compared(place, with_bytes=True).clean
    assert compared(place).clean


def test_bytes_that_cannot_be_fetched_are_unknown(place: Workplace) -> None:
    in_step(place, A)
    trouble = Happening("target.fetch", RemoteUnavailable(*TROUBLE))
    report = verify_sides(place.services(trouble), place.mappings[MAPPING], with_bytes=True)
    assert causes(report) == {A.filename: Cause.NOT_FETCHED}


def mended(place: Workplace, *, with_bytes: bool = False) -> Report:
    """What the repair asks for is carried out, and both sides are compared again."""
    report = compared(place, with_bytes=with_bytes)
    requests, _ = repair(place.services(), report, "me@here", "cli")
    for request in requests:
        place.sync(trigger=request.trigger, scope=request.scope, force=request.force)
    return compared(place, with_bytes=report.doubts_bytes)


def test_what_is_missing_is_copied_and_the_audit_holds_who_asked(place: Workplace) -> None:
    in_step(place, A)
    place.publish(B)
    assert mended(place).clean
    assert actions(place) == [(Action.REPAIR, "me@here", f"beta/{B.filename}")]


@pytest.mark.parametrize("volatile", [True, False])
def test_bytes_are_replaced_on_a_volatile_index_alone(place: Workplace, volatile: bool) -> None:
    in_step(place, A, B)
    place.target.volatile = volatile
    spoil(place, A)
    place.target.files["beta", B.filename] = Held("1.0", OTHER_A.sha256)
    report = mended(place, with_bytes=True)
    assert report.clean == volatile
    assert (A.content in place.target.contents.values()) == volatile
    assert bool(actions(place)) == volatile


def test_metadata_is_written_anew_and_stands_in_the_audit(place: Workplace) -> None:
    in_step(place, A)
    place.target.requires_python["alpha", "1.0"] = ""
    stored = list(place.target.stored)
    assert mended(place).clean
    assert place.target.stored == stored
    assert actions(place) == [
        (Action.REPAIR, "me@here", f"alpha/{A.filename}"),
        (Action.REFRESH, "me@here", f"alpha/{A.filename}"),
    ]


def test_a_target_that_refuses_to_write_anew_leaves_the_rest_to_be_mended(place: Workplace) -> None:
    in_step(place, A)
    place.publish(B)
    place.target.requires_python["alpha", "1.0"] = ""
    refused = Happening("target.refresh", UploadRejected(*TROUBLE))
    requests, (refreshed,) = repair(place.services(refused), compared(place), "me@here", "cli")
    assert [request.scope for request in requests] == [Scope("beta")]
    assert refreshed.error is not None
    assert Action.REFRESH not in {action for action, _, _ in actions(place)}
