"""Every file of either side has one symbol, and only what is proved to be the same is ``=``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.drift import Finding, doubtful, find_drift
from syncer.core.drift_kinds import KINDS, Cause, Remedy, Symbol
from syncer.core.known import Known, Ruling, Verdict
from syncer.core.model import (
    EVERYTHING,
    DistributionFile,
    Listing,
    Mapping,
    Scope,
    Selection,
    SourceRef,
    TargetRef,
    same_specifier,
)
from syncer.core.plan import Terms
from syncer.core.repair import MANY, instruction, repairs_of
from syncer.core.sides import Served, Shelf, Sides

A, B, C = "a" * 64, "b" * 64, "c" * 64
FILE = DistributionFile("alpha", "1.0", "alpha-1.0.tar.gz", A, requires_python=">=3.9")
LATER = DistributionFile("alpha", "2.0", "alpha-2.0.tar.gz", B)
OTHER = DistributionFile("alpha", "1.0", "alpha-1.0-py3-none-any.whl", C)
STALE = replace(FILE, requires_python="")
MAPPING = Mapping("my-org", SourceRef("https://gitea.example", "o"), TargetRef("http://devpi.example", "u/i"))


def shelf(*files: DistributionFile, page: Any = None, **rest: Any) -> dict[str, Shelf]:
    return {"alpha": Shelf(files, files if page is None else page, **rest)}


def sides(source: Any = (FILE,), shelves: Any = None, **rest: Any) -> Sides:
    listing = None if source is None else Listing(tuple(source))
    return Sides(listing, shelves, **rest)


def spoilt(found: str) -> Terms:
    return Terms(known=Known(spoilt={FILE.key: (A, found)}))


REJECTED = Terms(known=Known({(*FILE.key, A, B): Ruling(Verdict.REJECTED, "no", "me")}))
WITHDRAWN = Terms(known=Known(former={FILE.key: B}))
UNREAD = {"alpha": Shelf(error="devpi did not answer.")}

CASES = [
    pytest.param(sides(shelves=shelf(FILE)), "=", Cause.SAME, id="the same on both sides"),
    pytest.param(sides(shelves={}), "+", Cause.PROJECT_MISSING, id="a project that is missing"),
    pytest.param(sides(shelves=shelf()), "+", Cause.PROJECT_MISSING, id="a project without a file"),
    pytest.param(sides((LATER,), shelf(FILE)), "+", Cause.RELEASE_MISSING, id="a release that is missing"),
    pytest.param(sides((OTHER,), shelf(FILE)), "+", Cause.FILE_MISSING, id="a file that is missing"),
    pytest.param(
        sides((replace(FILE, filename="notes.txt"),), {}), "+", Cause.NO_DISTRIBUTION, id="no distribution"
    ),
    pytest.param(sides(shelves={}, terms=WITHDRAWN), "+", Cause.WITHDRAWN, id="withdrawn with other bytes"),
    pytest.param(
        sides(shelves={"alpha": Shelf(inherited=(FILE,))}), "i", Cause.INHERITED, id="only a base has it"
    ),
    pytest.param(
        sides(shelves=shelf(replace(FILE, sha256=B))), "*", Cause.OTHER_BYTES, id="other bytes at the target"
    ),
    pytest.param(
        sides((FILE, replace(FILE, sha256=B)), shelf(FILE)),
        "*",
        Cause.TWICE_AT_SOURCE,
        id="twice at the source",
    ),
    pytest.param(
        sides(shelves=shelf(FILE), served={FILE.key: Served(B)}), "*", Cause.SPOILT, id="spoilt when fetched"
    ),
    pytest.param(
        sides(shelves=shelf(FILE), terms=spoilt(B)), "*", Cause.SPOILT, id="spoilt when last checked"
    ),
    pytest.param(
        sides(shelves=shelf(FILE), served={FILE.key: Served()}),
        "*",
        Cause.NO_BYTES,
        id="no bytes when fetched",
    ),
    pytest.param(
        sides(shelves=shelf(FILE), terms=spoilt("")), "*", Cause.NO_BYTES, id="no bytes when last checked"
    ),
    pytest.param(
        sides(shelves=shelf(FILE), terms=spoilt(B), served={FILE.key: Served(A)}),
        "=",
        Cause.SAME,
        id="what was spoilt is right when it is fetched again",
    ),
    pytest.param(
        sides(shelves=shelf(FILE, page=(STALE,))), "m", Cause.STALE_PAGE, id="the page says another python"
    ),
    pytest.param(sides(shelves=shelf(FILE, page=())), "m", Cause.STALE_PAGE, id="the page lacks the file"),
    pytest.param(
        sides(shelves=shelf(FILE, page=(replace(FILE, sha256=B),))),
        "m",
        Cause.STALE_PAGE,
        id="the page says another digest",
    ),
    pytest.param(
        sides((FILE, OTHER), shelf(STALE, OTHER), requires_python={A: ">=3.9", C: ""}),
        "m",
        Cause.MIXED_PYTHON,
        id="a release whose files state different ones",
    ),
    pytest.param(sides(shelves=shelf(STALE)), "m", Cause.REQUIRES_PYTHON, id="requires-python was lost"),
    pytest.param(
        sides(shelves=shelf(FILE), requires_python={A: ">=3.12"}),
        "m",
        Cause.REQUIRES_PYTHON,
        id="what the file itself says counts, not what the source says",
    ),
    pytest.param(
        sides(
            (replace(FILE, version="v1.0", requires_python=""),), shelf(FILE), requires_python={A: ">=3.9"}
        ),
        "=",
        Cause.SAME,
        id="a source that lacks the metadata of the file is no drift",
    ),
    pytest.param(
        sides(shelves=shelf(replace(FILE, version="1"), page=(FILE,)), requires_python={}),
        "=",
        Cause.SAME,
        id="another spelling of the version",
    ),
    pytest.param(
        sides(shelves=shelf(replace(FILE, version="1.0.1"))), "m", Cause.OTHER_VERSION, id="another version"
    ),
    pytest.param(
        sides((), shelf(FILE), brought=frozenset({(*FILE.key, A)})), "-", Cause.GONE_AT_SOURCE, id="ours"
    ),
    pytest.param(sides((), shelf(FILE)), "-", Cause.FOREIGN, id="foreign"),
    pytest.param(
        sides((), shelf(FILE), brought=frozenset({(*FILE.key, B)})), "-", Cause.FOREIGN, id="others' bytes"
    ),
    pytest.param(sides((), shelf(page=(FILE,))), "-", Cause.PAGE_ONLY, id="a ghost on the page"),
    pytest.param(
        sides(shelves=shelf(FILE), selection=Selection(project_deny=("alpha",))),
        "x",
        Cause.EXCLUDED,
        id="excluded",
    ),
    pytest.param(
        sides(shelves=shelf(replace(FILE, sha256=B)), terms=REJECTED), "x", Cause.EXCLUDED, id="rejected"
    ),
    pytest.param(
        sides(shelves=shelf(replace(FILE, sha256=""))), "?", Cause.NO_DIGEST, id="the target states no digest"
    ),
    pytest.param(
        sides(shelves=shelf(FILE), served={FILE.key: Served(error="It failed.")}),
        "?",
        Cause.NOT_FETCHED,
        id="bytes that could not be fetched",
    ),
    pytest.param(sides(None, shelf(FILE)), "?", Cause.SOURCE_UNREAD, id="the source could not be read"),
    pytest.param(sides(), "?", Cause.TARGET_UNREAD, id="the target could not be read"),
    pytest.param(sides(shelves=UNREAD), "?", Cause.TARGET_UNREAD, id="a project there could not be read"),
]


@pytest.mark.parametrize(("given_sides", "symbol", "cause"), CASES)
def test_each_difference_has_its_symbol_and_cause(given_sides: Sides, symbol: str, cause: Cause) -> None:
    found = {finding.cause: finding for finding in find_drift(given_sides)}
    assert found[cause].symbol == symbol
    assert found[cause].why.startswith(KINDS[cause].meaning)


def test_every_cause_and_symbol_is_among_the_cases() -> None:
    assert {case.values[2] for case in CASES} == set(Cause) == set(KINDS)
    assert {case.values[1] for case in CASES} == set(Symbol)


@pytest.mark.parametrize(("volatile", "remedy"), [(True, Remedy.REPLACE), (False, Remedy.PERSON)])
@pytest.mark.parametrize("cause", [Cause.OTHER_BYTES, Cause.SPOILT, Cause.NO_BYTES])
def test_bytes_are_replaced_on_a_volatile_index_alone(cause: Cause, volatile: bool, remedy: Remedy) -> None:
    case = next(case.values[0] for case in CASES if case.values[2] is cause)
    assert isinstance(case, Sides)
    (finding,) = find_drift(replace(case, terms=replace(case.terms, volatile=volatile)))
    assert finding.remedy is remedy
    assert repairs_of([finding]).runs == (((Scope("alpha", "1.0"), True),) if volatile else ())


@pytest.mark.parametrize("given_sides", [case.values[0] for case in CASES])
def test_whatever_is_not_fine_has_an_instruction(given_sides: Sides) -> None:
    for finding in find_drift(given_sides):
        text = instruction(finding, MAPPING, volatile=False)
        assert bool(text) == (finding.remedy is not Remedy.NOTHING)
        assert finding.fine == (finding.remedy is Remedy.NOTHING)


def test_many_projects_are_copied_by_one_run() -> None:
    several = [replace(FILE, project=f"p{n}", filename=f"p{n}-1.0.tar.gz") for n in range(MANY + 1)]
    findings = find_drift(sides(several, {}))
    assert repairs_of(findings[:MANY]).runs == tuple((Scope(each.project), False) for each in several[:MANY])
    assert repairs_of(findings).runs == ((EVERYTHING, False),)


def test_an_instruction_is_a_command_that_a_shell_takes_as_it_is() -> None:
    (finding,) = find_drift(sides(shelves={}))
    odd = replace(MAPPING, name="my org's")
    assert instruction(finding, odd, volatile=False) == "syncer repair -m 'my org'\"'\"'s' -p alpha"


def test_only_files_whose_metadata_is_in_doubt_are_opened() -> None:
    assert doubtful(sides(shelves=shelf(STALE))) == (FILE,)
    assert doubtful(sides(shelves=shelf(FILE))) == ()
    assert doubtful(sides(shelves=shelf(STALE), requires_python={A: ">=3.9"})) == ()
    assert doubtful(sides(shelves=shelf(replace(STALE, sha256=B)))) == ()


# Laws

NAMES = ("alpha-1.0.tar.gz", "alpha-1.0-py3-none-any.whl", "beta-2.0.tar.gz", "notes.txt")
FILES = st.builds(
    DistributionFile,
    st.sampled_from(["alpha", "beta"]),
    st.sampled_from(["1.0", "1.0.0", "2.0", "odd"]),
    st.sampled_from(NAMES),
    st.sampled_from([A, B, ""]),
    requires_python=st.sampled_from(["", ">=3.9", ">=3.10"]),
)
SHELVES = st.dictionaries(
    st.sampled_from(["alpha", "beta"]),
    st.builds(
        lambda files, page, error: Shelf(() if error else files, () if error else page, error=error),
        st.lists(FILES, max_size=3).map(tuple),
        st.lists(FILES, max_size=3).map(tuple),
        st.sampled_from(["", "", "", "It failed."]),
    ),
)
SIDES = st.builds(
    Sides,
    st.none() | st.lists(FILES, max_size=5).map(lambda files: Listing(tuple(files))),
    st.none() | SHELVES.map(lambda shelves: {name: _of(name, shelf) for name, shelf in shelves.items()}),
    st.sampled_from([Selection(), Selection(project_deny=("beta",))]),
    st.builds(Terms, st.just(False), st.booleans()),
    served=st.dictionaries(
        st.tuples(st.sampled_from(["alpha", "beta"]), st.sampled_from(NAMES)),
        st.sampled_from([Served(A), Served(B), Served(), Served(error="It failed.")]),
    ),
)


def _of(name: str, shelf: Shelf) -> Shelf:
    """A shelf holds files of its own project alone."""
    files, page = (tuple(replace(each, project=name) for each in part) for part in (shelf.files, shelf.page))
    return replace(shelf, files=files, page=page)


def key(finding: Finding) -> tuple[str, str]:
    return finding.project, finding.filename


@given(SIDES)
def test_every_file_of_either_side_appears_exactly_once(both: Sides) -> None:
    wanted = {file.key for file in both.source.files} if both.source else set()
    found = [key(finding) for finding in find_drift(both)]
    assert len(found) == len(set(found))
    assert set(found) == wanted | both.own().keys() | both.page().keys()


@given(SIDES)
def test_nothing_is_the_same_unless_every_proof_says_so(both: Sides) -> None:
    own, page = both.own(), both.page()
    for finding in find_drift(both):
        if finding.symbol is not Symbol.SAME:
            continue
        assert both.source is not None
        file, at = both.source.by_key()[key(finding)], key(finding)
        digests = {file.sha256, own[at].sha256, page[at].sha256}
        assert digests == {both.served[at].sha256} if at in both.served else len(digests) == 1
        assert "" not in digests
        assert same_specifier(page[at].requires_python, file.requires_python)
        assert same_specifier(own[at].requires_python, file.requires_python)


@given(SIDES)
def test_of_a_side_that_was_not_read_nothing_is_said(both: Sides) -> None:
    symbols = {finding.symbol for finding in find_drift(both)}
    if both.source is None:
        assert symbols <= {Symbol.UNKNOWN}
    if both.shelves is None:
        refused = {Cause.NO_DISTRIBUTION, Cause.TWICE_AT_SOURCE, Cause.EXCLUDED, Cause.TARGET_UNREAD}
        assert {finding.cause for finding in find_drift(both)} <= refused


@given(SIDES)
def test_only_a_volatile_target_has_bytes_replaced(both: Sides) -> None:
    repairs = repairs_of(find_drift(both))
    assert both.terms.volatile or not any(force for _, force in repairs.runs)
