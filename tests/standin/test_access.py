"""Who may read what: the table that was seen on a running Gitea 1.27."""

import base64
from collections.abc import Iterator

import pytest
import requests

from tests.standin.gitea import StandinGitea

LISTING = "/api/v1/packages/{owner}?type=pypi&limit=1"
SIMPLE = "/api/packages/{owner}/pypi/simple/pkg"


@pytest.fixture(scope="module")
def gitea() -> Iterator[StandinGitea]:
    with StandinGitea() as gitea:
        gitea.store.user("root").is_admin = True
        gitea.store.user("paul").password = "correct horse"
        gitea.store.user("banned").prohibit_login = True
        gitea.add_owner("pub", "public", members=["alice"], readers=["rita"])
        gitea.add_owner("lim", "limited", members=["alice"])
        gitea.add_owner("priv", "private", members=["alice"], readers=["rita"])
        gitea.add_owner("hermit", "private", kind="user")
        for owner in ("pub", "lim", "priv", "hermit"):
            gitea.publish(owner, "pkg-1.0.tar.gz", b"x")
        gitea.add_token("unscoped", "alice", ["read:user"])
        gitea.add_token("outsider", "mallory", ["read:package"])
        gitea.add_token("reader", "rita", ["read:package"])
        gitea.add_token("writer-who-may-read", "rita", ["write:package"])
        gitea.add_token("public-only", "alice", ["read:package", "public-only"])
        gitea.add_token("admin", "root", ["all"])
        gitea.add_token("banned-token", "banned", ["all"])
        yield gitea


def _status(gitea: StandinGitea, path: str, token: str | None) -> int:
    headers = {"Authorization": f"token {token}"} if token else {}
    return requests.get(gitea.url + path, headers=headers, timeout=10).status_code


@pytest.mark.parametrize(
    ("token", "owner", "api", "registry"),
    [
        (None, "pub", 401, 200),
        (None, "lim", 401, 401),
        (None, "priv", 401, 401),
        (None, "hermit", 401, 401),
        (None, "nobody", 401, 404),
        ("wrong", "pub", 401, 401),
        ("wrong", "priv", 401, 401),
        ("unscoped", "pub", 403, 401),
        ("unscoped", "lim", 403, 401),
        ("unscoped", "nobody", 403, 404),
        ("outsider", "pub", 200, 200),
        ("outsider", "lim", 200, 200),
        ("outsider", "priv", 403, 401),
        ("outsider", "hermit", 403, 401),
        ("outsider", "nobody", 404, 404),
        ("reader", "priv", 200, 200),
        ("public-only", "pub", 200, 200),
        ("public-only", "lim", 403, 403),
        ("public-only", "priv", 403, 403),
        ("admin", "priv", 200, 200),
        ("admin", "hermit", 200, 200),
        ("banned-token", "pub", 403, 401),
    ],
)
def test_the_api_and_the_registry_tell_readers_apart(
    gitea: StandinGitea, token: str | None, owner: str, api: int, registry: int
) -> None:
    answers = [_status(gitea, path.format(owner=owner), token) for path in (LISTING, SIMPLE)]
    assert answers == [api, registry]


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("token reader", 200),
        ("Token reader", 200),
        ("bearer reader", 200),
        (_basic("anyname:reader"), 200),
        (_basic("reader:"), 200),
        (_basic("reader:x-oauth-basic"), 200),
        (_basic("paul:correct horse"), 200),
        (_basic("paul@example.com:correct horse"), 200),
        ("reader", 401),
        (_basic("reader:other"), 401),
        (_basic("paul:wrong"), 401),
        ("Basic not-base64", 401),
    ],
)
def test_credentials_come_in_many_forms(gitea: StandinGitea, authorization: str, status: int) -> None:
    headers = {"Authorization": authorization}
    url = gitea.url + LISTING.format(owner="pub")
    assert requests.get(url, headers=headers, timeout=10).status_code == status


@pytest.mark.parametrize("argument", ["token", "access_token"])
def test_a_token_in_the_query_is_accepted_and_not_kept(gitea: StandinGitea, argument: str) -> None:
    gitea.clear_requests()
    path = f"{LISTING.format(owner='pub')}&{argument}=reader"
    assert requests.get(gitea.url + path, timeout=10).status_code == 200
    assert "reader" not in repr(gitea.requests)


def test_a_member_who_may_only_read_cannot_write(gitea: StandinGitea) -> None:
    headers = {"Authorization": "token writer-who-may-read"}
    deleted = requests.delete(f"{gitea.url}/api/v1/packages/pub/pypi/pkg/1.0", headers=headers, timeout=10)
    uploaded = requests.post(f"{gitea.url}/api/packages/pub/pypi", headers=headers, timeout=10)
    assert (deleted.status_code, uploaded.status_code) == (403, 401)
    assert uploaded.text == "reqPackageAccess\n"


def test_a_revoked_token_is_a_bad_one(gitea: StandinGitea) -> None:
    gitea.add_token("short-lived", "alice")
    headers = {"Authorization": "token short-lived"}
    url = f"{gitea.url}/api/v1/token"
    assert requests.delete(url, headers=headers, timeout=10).status_code == 204
    assert requests.get(url, headers=headers, timeout=10).status_code == 401


def test_a_server_that_requires_sign_in_answers_nobody(gitea: StandinGitea) -> None:
    gitea.limits.require_signin_view = True
    try:
        statuses = [_status(gitea, path, None) for path in ("/api/v1/version", SIMPLE.format(owner="pub"))]
    finally:
        gitea.limits.require_signin_view = False
    assert statuses == [403, 401]
