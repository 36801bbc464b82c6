"""Files that left their Source, from the scan that missed them to their end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.core.audit import Action
from syncer.core.deletion import Withdrawal, WithdrawalState
from syncer.core.errors import ListingIncomplete, SourceMissing, Unauthorized
from syncer.core.model import Deletion, OnSourceDelete, Scope
from syncer.core.warning import WarningKind
from syncer.queries.deletions import deletions
from syncer.usecases.deletions import confirm, undo
from syncer.usecases.reasons import DecisionRefused
from syncer.usecases.withdraw import Ended, withdraw_due
from tests.support.dists import Dist, wheel
from tests.support.ports import Held, MemorySource
from tests.unit.usecases.workplace import MAPPING, Workplace

HOUR = 3600.0
GRACE = 72 * HOUR
WITHDRAW = Deletion(OnSourceDelete.WITHDRAW, GRACE)
A, A2, B = wheel("alpha", "1.0"), wheel("alpha", "2.0"), wheel("beta", "1.0")
OTHER_A = wheel("alpha", "1.0", payload=b"other")
MANY = [wheel("many", f"1.{number}") for number in range(6)]


@pytest.fixture
def shop(place: Workplace) -> Workplace:
    """Files that this Mapping brought to a volatile Target."""
    place.target.volatile = True
    obey(place, WITHDRAW)
    place.publish(A, A2, B, *MANY)
    place.sync()
    return place


def obey(place: Workplace, policy: Deletion, name: str = MAPPING) -> None:
    place.mappings[name] = replace(place.mappings[name], deletion=policy)


def delete(place: Workplace, *dists: Dist) -> None:
    """They are not at the Source any more."""
    names = {dist.filename for dist in dists}
    for file in place.source.list().files:
        if file.filename in names:
            place.source.remove(file)


def later(place: Workplace, seconds: float = GRACE + 1) -> None:
    """Time has passed, and a whole scan was made."""
    place.wait(seconds)
    place.sync()


def withdraw(place: Workplace) -> list[Ended]:
    return withdraw_due(place.services(), place.worker)


def names(place: Workplace) -> set[str]:
    return {name for _, name in place.target.files}


def states(place: Workplace) -> dict[str, str]:
    """How each file that ever left stands, by name."""
    seen = deletions(place.database, place.mappings)
    return {each.one.file.filename: each.one.state for each in (*seen.ended, *seen.open)}


def marked(place: Workplace) -> list[Withdrawal]:
    return list(place.ledger.withdrawals.open(MAPPING))


def test_a_file_is_withdrawn_after_its_grace_and_a_second_whole_scan(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    assert (withdraw(shop), states(shop)) == ([], {A.filename: "marked"})
    shop.wait(GRACE + 1)
    assert (withdraw(shop), states(shop)) == ([], {A.filename: "marked"})
    shop.sync()
    (ended,) = withdraw(shop)
    assert (ended.one.file.filename, ended.state, ended.reason) == (A.filename, "withdrawn", "deleted")
    assert A.filename not in names(shop)
    assert A2.filename in names(shop)
    assert withdraw(shop) == []


def test_what_was_withdrawn_is_audited_with_its_digest(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    later(shop)
    withdraw(shop)
    record = shop.ledger.audit.head()
    assert record is not None
    assert (record.action, record.actor) == (Action.WITHDRAW, shop.worker.name)
    assert record.subject == f"alpha/{A.filename}"
    assert A.sha256 in record.detail


@pytest.mark.parametrize("action", [OnSourceDelete.KEEP, OnSourceDelete.MARK])
def test_nothing_is_withdrawn_where_it_was_not_asked_for(shop: Workplace, action: OnSourceDelete) -> None:
    obey(shop, Deletion(action, 0.0))
    delete(shop, A)
    shop.sync()
    later(shop)
    assert withdraw(shop) == []
    assert A.filename in names(shop)
    assert states(shop) == ({} if action is OnSourceDelete.KEEP else {A.filename: "marked"})


def test_the_grace_of_what_was_only_marked_begins_when_the_mapping_withdraws(shop: Workplace) -> None:
    obey(shop, Deletion(OnSourceDelete.MARK))
    delete(shop, A)
    shop.sync()
    later(shop)
    obey(shop, WITHDRAW)
    assert withdraw(shop) == []
    later(shop, GRACE - HOUR)
    assert withdraw(shop) == []
    later(shop)
    assert [each.state for each in withdraw(shop)] == ["withdrawn"]


def test_a_file_that_is_listed_again_returns_by_itself(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    shop.publish(A)
    later(shop)
    assert withdraw(shop) == []
    assert (states(shop), A.filename in names(shop)) == ({A.filename: "returned"}, True)


def test_a_look_at_what_is_new_returns_a_file_too(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    shop.publish(A)
    shop.sync(scope=Scope("alpha"))
    assert states(shop) == {A.filename: "returned"}


def test_a_name_with_other_bytes_is_a_conflict_and_the_old_bytes_stay(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    shop.publish(OTHER_A)
    later(shop)
    assert withdraw(shop) == []
    assert states(shop) == {A.filename: "returned"}
    assert shop.target.files["alpha", A.filename].sha256 == A.sha256


def test_what_left_in_a_run_of_one_project_needs_two_whole_scans_besides(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync(scope=Scope("alpha"))
    assert states(shop) == {A.filename: "marked"}
    later(shop)
    assert withdraw(shop) == []
    later(shop, HOUR)
    assert [each.state for each in withdraw(shop)] == ["withdrawn"]


def test_undone_a_file_stays(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    (one,) = marked(shop)
    with pytest.raises(DecisionRefused, match="No reason"):
        undo(shop.services(), one, "  ", "ann@desk")
    undo(shop.services(), one, "we still need it", "ann@desk")
    record = shop.ledger.audit.head()
    assert record is not None
    assert (record.action, record.actor) == (Action.UNDO, "ann@desk")
    later(shop)
    assert withdraw(shop) == []
    assert (states(shop), A.filename in names(shop)) == ({A.filename: "undone"}, True)
    with pytest.raises(DecisionRefused, match="nothing to undo"):
        undo(shop.services(), one, "again", "ann@desk")


@pytest.mark.parametrize(
    ("at", "state"), [("target.list done", "undone"), ("target.withdraw done", "withdrawn")]
)
def test_an_undo_in_the_same_moment_is_obeyed_or_the_removal_is_told(
    shop: Workplace, at: str, state: str
) -> None:
    delete(shop, A)
    shop.sync()
    later(shop)
    (one,) = marked(shop)

    def accident(call: str) -> None:
        if call == at and shop.ledger.withdrawals.is_open(one):
            undo(shop.services(), one, "wait", "ann@desk")

    withdraw_due(shop.services(accident), shop.worker)
    assert (states(shop), A.filename in names(shop)) == ({A.filename: state}, state == "undone")
    actions = [record.action for record in shop.ledger.audit.read()]
    assert actions.count(Action.WITHDRAW) == (state == "withdrawn")


def warnings(place: Workplace) -> list[str]:
    return [each.text for each in place.ledger.warnings.standing(MAPPING, WarningKind.WITHDRAWALS_HELD)]


def test_above_the_cap_nothing_goes_until_a_person_confirms(shop: Workplace) -> None:
    delete(shop, *MANY[:3])
    shop.sync()
    withdraw(shop)
    assert ["3 of 9 files left the source" in text for text in warnings(shop)] == [True]
    later(shop)
    assert withdraw(shop) == []
    assert set(states(shop).values()) == {"due"}
    assert confirm(shop.services(), MAPPING, "the old ones", "ann@desk") == 3
    assert warnings(shop) == []
    assert [each.state for each in withdraw(shop)] == ["withdrawn"] * 3
    with pytest.raises(DecisionRefused, match="nothing to confirm"):
        confirm(shop.services(), MAPPING, "again", "ann@desk")


def test_a_confirmation_does_not_shorten_the_grace_nor_cover_what_leaves_later(shop: Workplace) -> None:
    delete(shop, *MANY[:3])
    shop.sync()
    confirm(shop.services(), MAPPING, "the old ones", "ann@desk")
    assert withdraw(shop) == []
    delete(shop, A, A2, B)
    later(shop)
    later(shop, HOUR)
    assert {each.one.file.project for each in withdraw(shop)} == {"many"}
    later(shop)
    assert withdraw(shop) == []
    assert warnings(shop)


@pytest.mark.parametrize("error", [SourceMissing, Unauthorized, ListingIncomplete])
def test_a_source_that_is_out_of_reach_is_no_evidence(shop: Workplace, error: type[Exception]) -> None:
    delete(shop, A)
    shop.sync()
    shop.wait(GRACE + 1)
    shop.source.broken = error("It failed.", "It is broken.", "Mend it.")  # type: ignore[assignment]  # each is one of ours
    shop.sync()
    assert withdraw(shop) == []
    assert (states(shop), A.filename in names(shop)) == ({A.filename: "marked"}, True)


def test_a_source_that_shows_nothing_at_all_is_believed_of_a_person_only(shop: Workplace) -> None:
    obey(shop, replace(WITHDRAW, cap_files=1000, cap_percent=100.0))
    before = names(shop)
    shop.sources[MAPPING] = MemorySource()
    shop.sync(trigger="schedule")
    assert states(shop) == {}
    later(shop)
    later(shop)
    assert withdraw(shop) == []
    assert names(shop) == before
    assert any("no file at all" in text for text in warnings(shop))
    confirm(shop.services(), MAPPING, "the owner is closed", "ann@desk")
    withdraw(shop)
    assert names(shop) == set()


def test_a_source_that_is_still_shrinking_holds_everything(shop: Workplace) -> None:
    obey(shop, replace(WITHDRAW, cap_percent=50.0))
    delete(shop, A)
    shop.sync()
    delete(shop, B)
    later(shop)
    assert withdraw(shop) == []
    later(shop, HOUR)
    assert [each.one.file.filename for each in withdraw(shop)] == [A.filename]


def test_the_source_is_asked_once_more_just_before(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    later(shop)
    shop.publish(A)
    assert withdraw(shop) == []
    assert A.filename in names(shop)
    shop.source.broken = SourceMissing("There is no such owner.", "It was renamed.", "Correct it.")
    assert withdraw(shop) == []
    assert A.filename in names(shop)


def test_other_bytes_that_stand_there_meanwhile_are_left_alone(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    later(shop)
    shop.target.files["alpha", A.filename] = Held("1.0", OTHER_A.sha256)
    (ended,) = withdraw(shop)
    assert (ended.state, "left alone" in ended.reason) == (WithdrawalState.REFUSED, True)
    assert shop.target.files["alpha", A.filename].sha256 == OTHER_A.sha256


def test_what_somebody_removed_already_counts_as_withdrawn(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    del shop.target.files["alpha", A.filename]
    later(shop)
    (ended,) = withdraw(shop)
    assert (ended.state, ended.reason) == ("withdrawn", "it was not there any more")


def test_a_target_that_lets_nothing_go_is_not_forced(shop: Workplace) -> None:
    delete(shop, A)
    shop.sync()
    shop.target.volatile = False
    later(shop)
    (ended,) = withdraw(shop)
    assert (ended.state, "non-volatile" in ended.reason) == ("refused", True)
    assert A.filename in names(shop)


def test_what_this_mapping_did_not_bring_is_never_marked(place: Workplace) -> None:
    obey(place, WITHDRAW)
    place.publish(A, B)
    place.target.files["alpha", A.filename] = Held("1.0", A.sha256)
    place.target.requires_python["alpha", "1.0"] = ""
    place.sync()
    delete(place, A, B)
    place.sync()
    assert states(place) == {B.filename: "marked"}


def test_a_mapping_that_is_given_another_source_marks_nothing(shop: Workplace) -> None:
    there = shop.mappings[MAPPING]
    shop.mappings[MAPPING] = replace(there, source=replace(there.source, owner="another"))
    shop.sources[MAPPING] = MemorySource()
    shop.publish(B)
    shop.sync()
    assert states(shop) == {}


def test_a_file_that_another_mapping_brings_to_the_same_index_stays(shop: Workplace) -> None:
    _, target = shop.add_mapping("other", shop.target)
    shop.mappings["other"] = replace(shop.mappings["other"], target=shop.mappings[MAPPING].target)
    shop.publish(A, name="other")
    shop.sync(name="other")
    delete(shop, A)
    shop.sync()
    later(shop)
    (ended,) = withdraw(shop)
    assert (ended.state, "mapping other" in ended.reason) == ("refused", True)
    assert ("alpha", A.filename) in target.files


def test_published_again_with_the_same_bytes_it_comes_back_and_with_others_it_is_a_conflict(
    shop: Workplace,
) -> None:
    delete(shop, A)
    shop.sync()
    later(shop)
    withdraw(shop)
    shop.publish(OTHER_A)
    shop.sync()
    assert A.filename not in names(shop)
    delete(shop, OTHER_A)
    shop.publish(A)
    shop.sync()
    assert shop.target.files["alpha", A.filename].sha256 == A.sha256
