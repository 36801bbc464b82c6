"""The planner: named situations first, then the laws that hold for any two listings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.model import DistributionFile, Listing, Selection
from syncer.core.plan import USUAL, DecisionKind, Terms, make_plan

A, B = "a" * 64, "b" * 64
FORCED = Terms(force=True, volatile=True)


def file(filename: str = "demo-1.0-py3-none-any.whl", sha256: str = A, **more: object) -> DistributionFile:
    fields = {"project": "demo", "version": "1.0", **more}
    return DistributionFile(filename=filename, sha256=sha256, **fields)  # type: ignore[arg-type]  # test shorthand


WANTS_ALL = Selection()
SITUATIONS = [
    pytest.param(file(), [], WANTS_ALL, False, "copy", id="missing at the target"),
    pytest.param(file(), [file()], WANTS_ALL, False, "already_there", id="the same bytes are there"),
    pytest.param(file(), [file(sha256=B)], WANTS_ALL, False, "conflict", id="other bytes are there"),
    pytest.param(file(), [file(sha256="")], WANTS_ALL, False, "conflict", id="unknown bytes are there"),
    pytest.param(file(), [file(sha256=B)], WANTS_ALL, True, "copy", id="other bytes, forced"),
    pytest.param(file(), [file()], WANTS_ALL, True, "already_there", id="same bytes, forced"),
    pytest.param(
        file("demo-1.0.tar.gz"),
        [file()],
        WANTS_ALL,
        False,
        "copy",
        id="an sdist added to a version whose wheel is there",
    ),
    pytest.param(
        file(), [file(project="other")], WANTS_ALL, False, "copy", id="the name exists in another project"
    ),
    pytest.param(file(), [], Selection(project_deny=("de*",)), False, "excluded", id="project denied"),
    pytest.param(file(), [], Selection(project_allow=("x",)), False, "excluded", id="project not allowed"),
    pytest.param(file(), [], Selection(file_deny=("*.whl",)), False, "excluded", id="file denied"),
    pytest.param(
        file("demo-1.0.exe"),
        [],
        Selection(file_deny=("*.exe",)),
        False,
        "excluded",
        id="excluded beats refused",
    ),
    pytest.param(
        file(archived=True, repository="o/r"), [], WANTS_ALL, False, "excluded", id="archived repository"
    ),
    pytest.param(
        file(archived=True, repository="o/r"),
        [],
        Selection(include_archived=True),
        False,
        "copy",
        id="archived repository wanted",
    ),
    pytest.param(
        file(repository="Org/Core-Lib"),
        [],
        Selection(repositories=frozenset({"core-lib"})),
        False,
        "copy",
        id="repository allowed by bare name in any case",
    ),
    pytest.param(
        file(repository="org/core"),
        [],
        Selection(repositories=frozenset({"org/core"})),
        False,
        "copy",
        id="repository allowed by full name",
    ),
    pytest.param(
        file(repository="org/core"),
        [],
        Selection(repositories=frozenset({"other/core"})),
        False,
        "excluded",
        id="same repository name of another owner",
    ),
    pytest.param(
        file(),
        [],
        Selection(repositories=frozenset({"core"})),
        False,
        "excluded",
        id="linked to no repository",
    ),
    pytest.param(file("demo-1.0.exe"), [], WANTS_ALL, False, "not_a_distribution", id="an executable"),
    pytest.param(file("demo-1.0.asc"), [], WANTS_ALL, False, "not_a_distribution", id="a signature"),
    pytest.param(
        file("other-1.0-py3-none-any.whl"),
        [],
        WANTS_ALL,
        False,
        "not_a_distribution",
        id="a wheel that names another project",
    ),
    pytest.param(
        file("dou__ble-1.0-py3-none-any.whl", project="dou-ble"),
        [],
        WANTS_ALL,
        False,
        "copy",
        id="a name that only strict parsers refuse",
    ),
    pytest.param(
        file("demo-1.0\n.whl"),
        [],
        WANTS_ALL,
        False,
        "not_a_distribution",
        id="a control character in the name",
    ),
    pytest.param(
        file("x" * 300 + ".whl"),
        [],
        WANTS_ALL,
        False,
        "not_a_distribution",
        id="a name too long for any disk",
    ),
]


@pytest.mark.parametrize(("source", "target", "selection", "overwrite", "expected"), SITUATIONS)
def test_each_situation_has_one_decision_with_a_reason(
    source: DistributionFile,
    target: list[DistributionFile],
    selection: Selection,
    overwrite: bool,
    expected: str,
) -> None:
    plan = make_plan(Listing((source,)), Listing(tuple(target)), selection, FORCED if overwrite else USUAL)

    (decision,) = plan.decisions
    assert decision.kind == expected
    assert decision.reason


def test_two_different_files_of_one_name_in_the_source_are_a_conflict() -> None:
    plan = make_plan(Listing((file(), file(sha256=B, version="1.0.0"))), Listing(), WANTS_ALL)

    (decision,) = plan.decisions
    assert decision.kind is DecisionKind.CONFLICT
    assert B in decision.reason


def test_the_same_file_twice_in_the_source_is_copied_once() -> None:
    plan = make_plan(Listing((file(), file(version="1.0.0"))), Listing(), WANTS_ALL)

    assert [decision.kind for decision in plan.decisions] == [DecisionKind.COPY]


def test_a_forced_copy_says_that_it_overwrites() -> None:
    plan = make_plan(Listing((file(),)), Listing((file(sha256=B),)), WANTS_ALL, FORCED)

    (decision,) = plan.decisions
    assert decision.overwrite
    assert B in decision.reason


names = st.sampled_from(["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", "demo-2.0.zip", "demo.exe", "\x00"])
files = st.builds(
    DistributionFile,
    project=st.sampled_from(["demo", "other"]),
    version=st.sampled_from(["1.0", "2.0"]),
    filename=names | st.text(max_size=20),
    sha256=st.sampled_from([A, B, ""]),
    archived=st.booleans(),
    repository=st.sampled_from(["", "o/r"]),
)
listings = st.builds(lambda found: Listing(tuple(found)), st.lists(files, max_size=8))


@given(listings, listings, st.booleans())
def test_every_source_file_is_decided_exactly_once_and_in_order(
    source: Listing,
    target: Listing,
    overwrite: bool,
) -> None:
    plan = make_plan(source, target, WANTS_ALL, FORCED if overwrite else USUAL)
    keys = [decision.file.key for decision in plan.decisions]

    assert keys == sorted({file.key for file in source.files})


@given(listings, listings)
def test_nothing_that_the_target_holds_is_ever_overwritten_unforced(source: Listing, target: Listing) -> None:
    plan = make_plan(source, target, WANTS_ALL)

    assert not {decision.file.key for decision in plan.of(DecisionKind.COPY)} & set(target.by_key())


@given(listings)
def test_after_all_copies_the_next_plan_is_empty(source: Listing) -> None:
    copied = make_plan(source, Listing(), WANTS_ALL).of(DecisionKind.COPY)

    after = make_plan(source, Listing(tuple(decision.file for decision in copied)), WANTS_ALL)

    assert after.is_empty() or any(not decision.file.sha256 for decision in copied)


@given(listings, listings)
def test_already_there_means_equal_digests(source: Listing, target: Listing) -> None:
    held = target.by_key()

    for decision in make_plan(source, target, WANTS_ALL).of(DecisionKind.ALREADY_THERE):
        assert held[decision.file.key].sha256 == decision.file.sha256
