"""What may be withdrawn now, and what holds it up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.deletion import Judgement, Scan, Withdrawal, WithdrawalState, judge
from syncer.core.model import Deletion, DistributionFile, OnSourceDelete

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WITHDRAW = Deletion(OnSourceDelete.WITHDRAW, grace=72 * 3600.0)


def gone(
    number: int = 1, run: int | None = 10, *, due: float | None = 72, confirmed: bool = False
) -> Withdrawal:
    """A file that a Run at noon missed; its grace ends so many hours later."""
    return Withdrawal(
        id=number,
        mapping="my-org",
        file=DistributionFile("alpha", "1.0", f"alpha-{number}.whl", "a" * 64),
        state=WithdrawalState.MARKED,
        gone_at=NOON,
        run_id=run,
        due_at=None if due is None else NOON + due * HOUR,
        confirmed_at=NOON + HOUR if confirmed else None,
    )


def scans(*told: tuple[int, float, int | None]) -> tuple[Scan, ...]:
    """Whole scans by run, hours after noon, and files; newest first."""
    return tuple(Scan(run, NOON + hours * HOUR, files) for run, hours, files in told)


LATER = scans((12, 73, 99), (11, 1, 99), (10, 0, 99))
MANY = [gone(number) for number in range(1, 12)]


def numbers(found: tuple[Withdrawal, ...]) -> list[int]:
    return [each.id for each in found]


@pytest.mark.parametrize(
    ("policy", "open_", "seen", "files", "now", "held", "brake"),
    [
        pytest.param(WITHDRAW, [gone()], LATER, 100, [1], [], "", id="its grace is over"),
        pytest.param(WITHDRAW, [], LATER, 100, [], [], "", id="nothing left"),
        pytest.param(Deletion(), [gone()], LATER, 100, [], [], "", id="keep"),
        pytest.param(Deletion(OnSourceDelete.MARK), [gone()], LATER, 100, [], [], "", id="mark"),
        pytest.param(WITHDRAW, [gone()], LATER[1:], 100, [], [], "", id="within the grace"),
        pytest.param(WITHDRAW, [gone(due=None)], LATER, 100, [], [], "", id="it was only marked"),
        pytest.param(WITHDRAW, [gone(run=12)], LATER, 100, [], [], "", id="one scan alone lacks it"),
        pytest.param(WITHDRAW, [gone(due=1)], LATER, 100, [1], [], "", id="a shorter grace then, and over"),
        pytest.param(
            Deletion(OnSourceDelete.WITHDRAW, 100 * 3600.0),
            [gone()],
            LATER,
            100,
            [],
            [],
            "",
            id="a longer grace now",
        ),
        pytest.param(
            WITHDRAW, [gone()], scans((12, 73, 98), *[(10, 0, 99)]), 100, [], [1], "shrinking", id="shrinking"
        ),
        pytest.param(
            WITHDRAW,
            [gone(confirmed=True)],
            scans((12, 73, 98), (10, 0, 99)),
            100,
            [],
            [1],
            "shrinking",
            id="shrinking, whatever a person said",
        ),
        pytest.param(
            WITHDRAW,
            [gone()],
            scans((12, 73, None), (10, 0, 99)),
            100,
            [],
            [1],
            "known",
            id="an uncounted scan",
        ),
        pytest.param(
            WITHDRAW, [gone()], scans((12, 73, 0), (10, 0, 0)), 100, [], [1], "no file", id="nothing there"
        ),
        pytest.param(
            WITHDRAW, [gone(confirmed=True)], scans((12, 73, 0), (10, 0, 0)), 100, [1], [], "", id="confirmed"
        ),
        pytest.param(
            WITHDRAW,
            MANY,
            LATER,
            1000,
            [],
            list(range(1, 12)),
            "more than 10 ask",
            id="above the cap in files",
        ),
        pytest.param(WITHDRAW, MANY[:10], LATER, 1000, list(range(1, 11)), [], "", id="at the cap in files"),
        pytest.param(WITHDRAW, MANY[:2], LATER, 20, [], [1, 2], "2 of 20", id="above the cap in percent"),
        pytest.param(
            WITHDRAW,
            [gone(1, confirmed=True), *MANY[1:]],
            LATER,
            20,
            [1],
            list(range(2, 12)),
            "10 of 20",
            id="one of them confirmed",
        ),
        pytest.param(
            WITHDRAW,
            [gone(), gone(2, run=12, due=200)],
            LATER,
            20,
            [],
            [1],
            "2 of 20",
            id="others wait within their grace",
        ),
    ],
)
def test_each_situation(
    policy: Deletion,
    open_: list[Withdrawal],
    seen: tuple[Scan, ...],
    files: int,
    now: list[int],
    held: list[int],
    brake: str,
) -> None:
    found = judge(policy, open_, seen, files)
    assert (numbers(found.now), numbers(found.held)) == (now, held)
    assert (brake in found.brake) if brake else not found.brake


@pytest.mark.parametrize(
    ("files", "percent", "number", "cap"),
    [(100, 5, 10, 5), (1000, 5, 10, 10), (10, 5, 10, 1), (10, 0, 10, 0), (10, 100, 0, 0), (0, 5, 10, 0)],
)
def test_the_smaller_cap_counts_and_percent_are_rounded_up(
    files: int, percent: float, number: int, cap: int
) -> None:
    assert Deletion(OnSourceDelete.WITHDRAW, cap_files=number, cap_percent=percent).cap(files) == cap


POLICIES = st.builds(
    Deletion,
    st.sampled_from(OnSourceDelete),
    st.sampled_from([0.0, 3600.0, 72 * 3600.0]),
    st.integers(0, 4),
    st.sampled_from([0.0, 5.0, 50.0, 100.0]),
)
GONE = st.builds(
    gone,
    st.integers(1, 8),
    st.sampled_from([None, 8, 10, 11, 12]),
    due=st.sampled_from([None, 0, 1, 72, 100]),
    confirmed=st.booleans(),
)
SCANS = st.lists(
    st.tuples(st.sampled_from([0, 1, 72, 73, 200]), st.sampled_from([None, 0, 4, 5])), max_size=4
).map(lambda told: tuple(Scan(12 - n, NOON + hours * HOUR, files) for n, (hours, files) in enumerate(told)))


@given(POLICIES, st.lists(GONE, max_size=8, unique_by=lambda each: each.id), SCANS, st.integers(0, 40))
def test_nothing_is_ever_withdrawn_without_two_whole_scans_the_grace_and_the_cap_or_a_person(
    policy: Deletion, open_: list[Withdrawal], seen: tuple[Scan, ...], files: int
) -> None:
    found = judge(policy, open_, seen, files)
    unconfirmed = [each for each in open_ if not each.is_confirmed]
    for each in found.now:
        lacking = [scan for scan in seen if each.run_id is not None and scan.run_id >= each.run_id]
        assert policy.action is OnSourceDelete.WITHDRAW
        assert len(lacking) >= 2
        assert seen[0].began_at >= each.gone_at + timedelta(seconds=policy.grace)
        assert seen[0].files is not None
        assert seen[1].files is not None
        assert seen[0].files >= seen[1].files
        assert each.is_confirmed or (seen[0].files and len(unconfirmed) <= policy.cap(files))
    assert not set(numbers(found.now)) & set(numbers(found.held))
    assert not found.held or found.brake
    assert found == Judgement() or policy.action is OnSourceDelete.WITHDRAW
