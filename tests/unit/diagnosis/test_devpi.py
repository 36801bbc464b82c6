"""What is said of a devpi-server, a credential and an index, fact by fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import Clock, DevpiFacts, IndexFacts, Reply, TokenFacts
from syncer.core.diagnosis.finding import Check
from syncer.core.diagnosis.judge_devpi import judge_devpi
from syncer.core.diagnosis.judge_index import judge_index
from tests.unit.diagnosis.shown import OK, UNKNOWN, said

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
INDEX = "root/stable"
DEVPI = DevpiFacts(
    version="6.20.3",
    is_replica=False,
    user="ci",
    has_password=True,
    accepted=True,
    login=Reply(200),
    token=None,
    groups=frozenset({"builders"}),
    clock=Clock(NOW, NOW, 1.0),
    slowest=0.1,
)
STAGE = IndexFacts(Reply(200), "stage", acl_upload=("ci",), volatile=False)


def lasting(days: float, **limits: Any) -> dict[str, Any]:
    """A token of devpi-tokens that ends after so many days."""
    token = TokenFacts("devpi-token", "ci", NOW + timedelta(days=days), **limits)
    return {"has_password": False, "token": token}


FOR_EVER = {"has_password": False, "token": TokenFacts("devpi-token", "ci", None)}
OF_LOGIN = {"has_password": False, "token": TokenFacts("login", "ci", NOW + timedelta(hours=9))}
OF_BOB = {"has_password": False, "accepted": False, "token": TokenFacts("devpi-token", "bob", None)}

VERSIONS = [
    pytest.param({}, OK, id="as tested"),
    pytest.param({"version": "6.99"}, OK, id="newer"),
    pytest.param({"version": "6.9.1"}, [("notice", Code.DEVPI_OLDER)], id="older"),
    pytest.param({"version": "5.5.0"}, [("warning", Code.DEVPI_OTHER)], id="the generation before"),
    pytest.param({"version": "7.0.0rc1"}, [("warning", Code.DEVPI_OTHER)], id="the generation to come"),
    pytest.param({"version": ""}, UNKNOWN, id="not told"),
]
REPLICAS = [
    pytest.param({}, OK, id="a primary"),
    pytest.param({"is_replica": True}, [("warning", Code.IS_REPLICA)], id="a replica"),
    pytest.param({"is_replica": None}, UNKNOWN, id="not told"),
]
CREDENTIALS = [
    pytest.param({}, OK, id="a password"),
    pytest.param({"accepted": False}, [("problem", Code.CREDENTIAL_REFUSED)], id="a wrong password"),
    pytest.param(lasting(200), OK, id="a lasting token"),
    pytest.param(lasting(13), [("warning", Code.TOKEN_EXPIRES_SOON)], id="a token about to end"),
    pytest.param(
        {**lasting(-1), "accepted": False}, [("problem", Code.TOKEN_EXPIRED)], id="a token that has ended"
    ),
    pytest.param(
        {**lasting(9), "accepted": False},
        [("problem", Code.CREDENTIAL_REFUSED)],
        id="a token that was deleted",
    ),
    pytest.param(FOR_EVER, [("notice", Code.TOKEN_FOR_EVER)], id="a token without an end"),
    pytest.param(OF_LOGIN, [("warning", Code.TOKEN_OF_LOGIN)], id="a token of a login"),
    pytest.param(OF_BOB, [("problem", Code.TOKEN_OF_ANOTHER)], id="somebody else's token"),
    pytest.param(
        {"has_password": False}, [("unknown", Code.TOKEN_UNREADABLE)], id="a token of an unknown form"
    ),
]
KINDS = [
    pytest.param({}, OK, id="a stage"),
    pytest.param({"reply": Reply(404), "kind": ""}, [("problem", Code.INDEX_MISSING)], id="no such index"),
    pytest.param({"reply": Reply(403), "kind": ""}, [("problem", Code.INDEX_UNREADABLE)], id="closed"),
    pytest.param({"kind": "mirror"}, [("problem", Code.INDEX_NO_STAGE)], id="a mirror"),
    pytest.param(
        {"kind": "mirror", "refused": Reply(403)}, [("problem", Code.INDEX_UNREADABLE)], id="closed mirror"
    ),
    pytest.param({"reply": Reply(502), "kind": ""}, UNKNOWN, id="a proxy's error"),
    pytest.param({"kind": ""}, UNKNOWN, id="an answer of another form"),
]
RIGHTS = [
    pytest.param({}, {}, OK, id="the user is named"),
    pytest.param({"acl_upload": (":AUTHENTICATED:",)}, {}, OK, id="everybody with an account"),
    pytest.param({"acl_upload": (":builders",)}, {}, OK, id="a group of the user"),
    pytest.param({"acl_upload": (":others",)}, {}, [("problem", Code.NOT_IN_ACL)], id="another group"),
    pytest.param({"acl_upload": ()}, {}, [("problem", Code.NOT_IN_ACL)], id="nobody"),
    pytest.param({"acl_upload": None}, {}, UNKNOWN, id="not told"),
    pytest.param({"acl_upload": (":ANONYMOUS:",)}, {}, [("warning", Code.ACL_OPEN)], id="everybody"),
    pytest.param({}, {"accepted": False}, UNKNOWN, id="a credential that was refused"),
    pytest.param({}, lasting(99, indexes=frozenset({INDEX})), OK, id="a token for the index"),
    pytest.param(
        {},
        lasting(99, indexes=frozenset({"root/dev"})),
        [("problem", Code.TOKEN_NOT_FOR_INDEX)],
        id="a token for another index",
    ),
    pytest.param(
        {},
        lasting(99, allowed=frozenset({"upload"})),
        [("problem", Code.TOKEN_CANNOT_UPLOAD)],
        id="a token that cannot read back",
    ),
    pytest.param({}, lasting(99, allowed=frozenset({"upload", "pkg_read"})), OK, id="a token for uploads"),
    pytest.param(
        {},
        lasting(99, projects=frozenset({"alpha"})),
        [("notice", Code.TOKEN_FOR_PROJECTS)],
        id="a token for one project",
    ),
]
FLAGS = [
    pytest.param({}, OK, id="not volatile"),
    pytest.param({"volatile": True}, [("warning", Code.IS_VOLATILE)], id="volatile"),
    pytest.param({"volatile": None}, UNKNOWN, id="not told"),
]
BASES = [
    pytest.param({}, OK, id="none"),
    pytest.param({"bases": ("root/a",)}, OK, id="a stage"),
    pytest.param({"missing": ("root/a",)}, [("warning", Code.BASE_MISSING)], id="one that is gone"),
    pytest.param({"unasked": ("root/a",)}, UNKNOWN, id="one that says nothing"),
    pytest.param({"mirrors": ("root/pypi",)}, [("notice", Code.BASE_IS_MIRROR)], id="a mirror"),
    pytest.param(
        {"mirrors": ("root/pypi",), "missing": ("root/a",)},
        [("warning", Code.BASE_MISSING), ("notice", Code.BASE_IS_MIRROR)],
        id="a mirror and one that is gone",
    ),
]
MIRROR = {"mirrors": ("root/pypi",)}
WHITELISTS = [
    pytest.param({}, OK, id="no mirror"),
    pytest.param({"opened": ((INDEX, "*"),)}, OK, id="no mirror to let through"),
    pytest.param(MIRROR, OK, id="closed"),
    pytest.param(
        {**MIRROR, "opened": ((INDEX, "numpy"), ("root/a", "*"))}, [("warning", Code.WHITELIST_ALL)], id="all"
    ),
    pytest.param({**MIRROR, "opened": ((INDEX, "numpy"),)}, [("notice", Code.WHITELIST_SOME)], id="some"),
    pytest.param({**MIRROR, "unasked": ("root/a",)}, UNKNOWN, id="a base that says nothing"),
]


def server(changes: dict[str, Any], check: Check) -> list[tuple[str, str]]:
    return said(judge_devpi("[here]", "https://devpi", replace(DEVPI, **changes), NOW), check)


def index(
    changes: dict[str, Any], check: Check, devpi: dict[str, Any] | None = None
) -> list[tuple[str, str]]:
    seen = replace(STAGE, **changes)
    return said(judge_index("[here]", INDEX, seen, replace(DEVPI, **(devpi or {}))), check)


@pytest.mark.parametrize(("changes", "expected"), VERSIONS)
def test_devpi_version(changes: dict[str, Any], expected: object) -> None:
    assert server(changes, Check.DEVPI_VERSION) == expected


@pytest.mark.parametrize(("changes", "expected"), REPLICAS)
def test_replica(changes: dict[str, Any], expected: object) -> None:
    assert server(changes, Check.REPLICA) == expected


@pytest.mark.parametrize(("changes", "expected"), CREDENTIALS)
def test_devpi_credential(changes: dict[str, Any], expected: object) -> None:
    assert server(changes, Check.DEVPI_CREDENTIAL) == expected


@pytest.mark.parametrize(("changes", "expected"), KINDS)
def test_index_type_and_that_nothing_is_said_of_what_is_no_stage(
    changes: dict[str, Any], expected: object
) -> None:
    assert index(changes, Check.INDEX_TYPE) == expected
    if expected != OK:
        for check in (Check.ACL_UPLOAD, Check.VOLATILE, Check.BASES, Check.MIRROR_WHITELIST):
            assert index(changes, check) == UNKNOWN


@pytest.mark.parametrize(
    ("devpi", "expected"),
    [
        pytest.param({}, [("problem", Code.INDEX_UNREADABLE)], id="and nothing tells why"),
        pytest.param({"accepted": False}, OK, id="as the credential is refused everywhere"),
        pytest.param(lasting(9, indexes=frozenset({"a/b"})), OK, id="as the token is for another index"),
    ],
)
def test_an_index_that_only_others_may_read(devpi: dict[str, Any], expected: object) -> None:
    assert index({"refused": Reply(403, "Forbidden")}, Check.INDEX_TYPE, devpi) == expected


@pytest.mark.parametrize(("changes", "devpi", "expected"), RIGHTS)
def test_acl_upload(changes: dict[str, Any], devpi: dict[str, Any], expected: object) -> None:
    assert index(changes, Check.ACL_UPLOAD, devpi) == expected


@pytest.mark.parametrize(("changes", "expected"), FLAGS)
def test_volatile(changes: dict[str, Any], expected: object) -> None:
    assert index(changes, Check.VOLATILE) == expected


@pytest.mark.parametrize(("changes", "expected"), BASES)
def test_bases(changes: dict[str, Any], expected: object) -> None:
    assert index(changes, Check.BASES) == expected


@pytest.mark.parametrize(("changes", "expected"), WHITELISTS)
def test_mirror_whitelist(changes: dict[str, Any], expected: object) -> None:
    assert index(changes, Check.MIRROR_WHITELIST) == expected


CASES = [*VERSIONS, *REPLICAS, *CREDENTIALS, *KINDS, *RIGHTS, *FLAGS, *BASES, *WHITELISTS]
