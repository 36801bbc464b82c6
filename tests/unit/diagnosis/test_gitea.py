"""What is said of a Gitea, a token and an owner, fact by fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import Clock, GiteaFacts, OwnerFacts, Reply
from syncer.core.diagnosis.finding import Check
from syncer.core.diagnosis.judge_gitea import judge_gitea, judge_owner
from tests.unit.diagnosis.shown import OK, UNKNOWN, said

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://git.example.com/gitea"
YES, NO = Reply(200), Reply(403, "no")
GITEA = GiteaFacts("1.27.1", 50, Clock(NOW, NOW, 1.0), 0.1)
OWNER = OwnerFacts(
    token=YES,
    listing=YES,
    scopes=("read:package",),
    user="alice",
    total=12,
    rows=12,
    linked=True,
    page=YES,
    anonymous=Reply(401),
    root_url=URL,
)
REFUSED = replace(OWNER, listing=NO, total=None, rows=0, page=None, anonymous=None, root_url=None)


def clock(seconds: float) -> GiteaFacts:
    return replace(GITEA, clock=Clock(NOW + timedelta(seconds=seconds), NOW, 1.0))


SCOPES = [
    pytest.param({}, OK, id="just enough"),
    pytest.param({"scopes": ("write:package",)}, [("warning", Code.SCOPE_TOO_WIDE)], id="may publish"),
    pytest.param({"scopes": ("all",)}, [("warning", Code.SCOPE_TOO_WIDE)], id="may everything"),
    pytest.param(
        {"scopes": ("read:package", "read:user")},
        [("notice", Code.SCOPE_UNUSED)],
        id="reads more than needed",
    ),
    pytest.param(
        {"scopes": ("read:package", "public-only")}, [("notice", Code.PUBLIC_ONLY)], id="public owners alone"
    ),
    pytest.param(
        {"scopes": ("read:package", "public-only"), "listing": NO},
        [("problem", Code.PUBLIC_ONLY_REFUSED)],
        id="public owners alone, and this one is not",
    ),
    pytest.param(
        {"scopes": ("all", "public-only")},
        [("notice", Code.PUBLIC_ONLY), ("warning", Code.SCOPE_TOO_WIDE)],
        id="public owners alone, but everything there",
    ),
    pytest.param(
        {"scopes": ("read:user",), "listing": NO}, [("problem", Code.SCOPE_MISSING)], id="no package scope"
    ),
    pytest.param({"scopes": (), "listing": NO}, [("problem", Code.SCOPE_MISSING)], id="no scope at all"),
    pytest.param(
        {"token": Reply(401), "listing": Reply(401), "scopes": None},
        [("problem", Code.TOKEN_REFUSED)],
        id="a wrong token",
    ),
    pytest.param(
        {"token": Reply(404), "listing": Reply(401), "scopes": None},
        [("problem", Code.TOKEN_REFUSED)],
        id="a wrong token, before 1.27",
    ),
    pytest.param(
        {"token": NO, "listing": NO, "scopes": None},
        [("problem", Code.ACCOUNT_PROHIBITED)],
        id="a user who may not sign in",
    ),
    pytest.param(
        {"token": Reply(404), "scopes": None}, [("notice", Code.SCOPES_UNTOLD)], id="enough, before 1.27"
    ),
    pytest.param({"token": Reply(404), "scopes": None, "listing": NO}, UNKNOWN, id="refused, before 1.27"),
    pytest.param({"token": Reply(500), "scopes": None}, UNKNOWN, id="an inner error"),
    pytest.param({"token": YES, "scopes": None}, UNKNOWN, id="an answer of another form"),
]
VISIBILITY = [
    pytest.param({}, OK, id="readable"),
    pytest.param({"anonymous": YES}, OK, id="public"),
    pytest.param({"total": 0, "rows": 0, "page": None, "anonymous": None}, OK, id="empty"),
    pytest.param({"renamed_to": "acme2"}, [("warning", Code.OWNER_RENAMED)], id="renamed"),
    pytest.param({"page": Reply(401)}, [("problem", Code.REGISTRY_REFUSES)], id="a proxy drops the token"),
    pytest.param({"page": Reply(500)}, UNKNOWN, id="an inner error of the registry"),
    pytest.param({"linked": False}, [("warning", Code.REPOSITORIES_UNSEEN)], id="no repository is seen"),
    pytest.param({"listing": Reply(404)}, [("problem", Code.OWNER_MISSING)], id="no such owner"),
    pytest.param({"listing": NO}, [("problem", Code.OWNER_HIDDEN)], id="no member"),
    pytest.param(
        {"listing": NO, "scopes": None, "token": Reply(404)},
        [("problem", Code.ACCESS_REFUSED)],
        id="scope or membership, before 1.27",
    ),
    pytest.param({"listing": NO, "scopes": ("read:user",)}, UNKNOWN, id="hidden by the token's scopes"),
    pytest.param({"listing": NO, "scopes": ("all", "public-only")}, UNKNOWN, id="hidden by public-only"),
    pytest.param({"listing": NO, "token": NO, "scopes": None}, UNKNOWN, id="hidden by the prohibited user"),
    pytest.param({"listing": Reply(401), "token": Reply(401), "scopes": None}, UNKNOWN, id="a wrong token"),
    pytest.param({"listing": Reply(502)}, UNKNOWN, id="a proxy's error"),
]
PAGING = [
    pytest.param({}, 50, OK, id="Gitea's default"),
    pytest.param({"total": 120, "rows": 50}, 1000, OK, id="a higher cap"),
    pytest.param({"total": 0, "rows": 0}, 50, OK, id="nothing to page"),
    pytest.param({"total": 120, "rows": 50}, None, OK, id="a full page shows the cap"),
    pytest.param({"rows": 12}, None, UNKNOWN, id="a cap that nobody told"),
    pytest.param({"total": 12, "rows": 7}, 7, [("notice", Code.CAP_LOW)], id="a low cap"),
    pytest.param({"rows": 7}, 50, [("warning", Code.PAGE_SHORT)], id="cut below the cap"),
    pytest.param({"rows": 0}, 50, [("problem", Code.LIST_UNPROVABLE)], id="an empty page"),
    pytest.param(
        {"unprovable": "no X-Total-Count", "total": None, "rows": 0},
        50,
        [("problem", Code.LIST_UNPROVABLE)],
        id="no total",
    ),
    pytest.param({"listing": NO}, 50, UNKNOWN, id="a list that was refused"),
]
ROOTS = [
    pytest.param([OWNER], OK, id="as configured"),
    pytest.param([replace(OWNER, root_url="https://GIT.example.com:443/gitea/")], OK, id="spelt otherwise"),
    pytest.param([REFUSED, OWNER], OK, id="told by the second owner"),
    pytest.param(
        [replace(OWNER, root_url="http://localhost:3000")], [("notice", Code.ROOT_URL_DIFFERS)], id="another"
    ),
    pytest.param(
        [replace(OWNER, root_url="https://git.example.com:99999/")],
        [("notice", Code.ROOT_URL_DIFFERS)],
        id="no address at all",
    ),
    pytest.param(
        [replace(REFUSED, listing=Reply(401, elsewhere="other.example"))],
        [("problem", Code.URL_REDIRECTS)],
        id="redirected away",
    ),
    pytest.param(
        [replace(OWNER, listing=Reply(200, elsewhere="git.example.com"))],
        [("warning", Code.URL_UPGRADED)],
        id="redirected to https",
    ),
    pytest.param([REFUSED], UNKNOWN, id="no page to see it on"),
    pytest.param([], UNKNOWN, id="no owner"),
]
CLOCKS = [
    pytest.param(clock(0), OK, id="right"),
    pytest.param(clock(-5.9), OK, id="as far as a Date header tells"),
    pytest.param(clock(20), [("notice", Code.CLOCK_DRIFTS)], id="20 s ahead"),
    pytest.param(clock(-600), [("warning", Code.CLOCK_OFF)], id="10 minutes behind"),
    pytest.param(clock(-3 * 3600), [("problem", Code.CLOCK_FAR_OFF)], id="3 hours behind"),
    pytest.param(clock(3e6), [("problem", Code.CLOCK_FAR_OFF)], id="a month ahead"),
    pytest.param(replace(GITEA, clock=None), UNKNOWN, id="no Date header"),
]


def judged(changes: dict[str, Any], check: Check, cap: int | None = 50) -> list[tuple[str, str]]:
    seen = replace(OWNER, **changes)
    return said(judge_owner("[here]", "acme", seen, cap, by_repository=True), check)


@pytest.mark.parametrize(("changes", "expected"), SCOPES)
def test_token_scopes(changes: dict[str, Any], expected: object) -> None:
    assert judged(changes, Check.TOKEN_SCOPES) == expected


@pytest.mark.parametrize(("changes", "expected"), VISIBILITY)
def test_owner_visibility(changes: dict[str, Any], expected: object) -> None:
    assert judged(changes, Check.OWNER_VISIBILITY) == expected


@pytest.mark.parametrize(("changes", "cap", "expected"), PAGING)
def test_paging_cap(changes: dict[str, Any], cap: int | None, expected: object) -> None:
    assert judged(changes, Check.PAGING_CAP, cap) == expected


@pytest.mark.parametrize(("owners", "expected"), ROOTS)
def test_root_url(owners: list[OwnerFacts], expected: object) -> None:
    assert said(judge_gitea("[here]", URL, GITEA, owners), Check.ROOT_URL) == expected


@pytest.mark.parametrize(("gitea", "expected"), CLOCKS)
def test_clock_skew(gitea: GiteaFacts, expected: object) -> None:
    assert said(judge_gitea("[here]", URL, gitea, []), Check.CLOCK_SKEW) == expected


def test_repositories_do_not_matter_to_a_mapping_that_asks_for_none() -> None:
    seen = replace(OWNER, linked=False)
    found = judge_owner("[here]", "acme", seen, 50, by_repository=False)
    assert said(found, Check.OWNER_VISIBILITY) == OK


CASES = [*SCOPES, *VISIBILITY, *PAGING, *ROOTS, *CLOCKS]
