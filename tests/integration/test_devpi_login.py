from __future__ import annotations

import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from syncer.adapters.devpi import DevpiTarget
from syncer.adapters.devpi.client import client_for
from syncer.core.errors import SyncerError, Unauthorized, UploadRejected
from syncer.core.secret import Secret
from tests.support.devpi_place import BETA, PASSWORD, Place
from tests.support.dists import wheel


@pytest.mark.parametrize("action", ["probe", "list", "upload", "read_back"])
def test_a_wrong_password_is_told_before_anything_else(devpi_place: Place, action: str) -> None:
    target = devpi_place.target(devpi_place.index(), password=Secret("planted-wrong"))
    with pytest.raises(Unauthorized, match=f"user {devpi_place.user}") as refusal:
        devpi_place.do(action, target)
    assert "planted" not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize("action", ["probe", "upload"])
def test_a_wrong_token_is_told(devpi_place: Place, action: str) -> None:
    target = devpi_place.target(devpi_place.index(), password=None, token=Secret("planted-token"))
    with pytest.raises(Unauthorized) as refusal:
        devpi_place.do(action, target)
    assert "planted" not in "".join(traceback.format_exception(refusal.value))


def test_a_user_outside_acl_upload_is_told_how_to_get_in(devpi_place: Place) -> None:
    target = devpi_place.target(devpi_place.index(acl_upload=["root"]))
    with pytest.raises(Unauthorized, match="acl_upload"):
        devpi_place.upload(target, BETA)


def test_the_password_is_sent_once_however_many_threads_ask(devpi_place: Place) -> None:
    index = devpi_place.index()
    devpi_place.upload(devpi_place.target(index), BETA)
    before = devpi_place.logins()
    target = devpi_place.target(index)
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(lambda _: target.list(["beta"]), range(16)))) == 16
    target.probe()
    devpi_place.upload(target, BETA)
    assert devpi_place.logins() == before + 1


def test_all_targets_of_a_process_share_one_login(devpi_place: Place) -> None:
    first, second = devpi_place.index("first"), devpi_place.index("second")
    before = devpi_place.logins()
    for index in (first, second):
        target = DevpiTarget(devpi_place.settings(), index)
        devpi_place.clients.append(target._client)
        target.probe()
    assert client_for(devpi_place.settings()) is devpi_place.clients[-1] is devpi_place.clients[-2]
    assert devpi_place.logins() == before + 1


@pytest.mark.slow
def test_after_a_restart_that_killed_all_tokens_one_login_serves_all_threads(
    narrow_devpi_place: Place,
) -> None:
    index = narrow_devpi_place.index()
    target = narrow_devpi_place.target(index)
    narrow_devpi_place.upload(target, BETA)
    narrow_devpi_place.server.restart(keep_secret=False)
    before = narrow_devpi_place.logins()
    dists = [wheel("beta", f"1.{n}") for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda dist: narrow_devpi_place.upload(target, dist), dists[1:])) == ["OK"] * 3
    target.probe()
    assert narrow_devpi_place.logins() == before + 1


def test_a_dead_login_is_noticed_by_the_probe(narrow_devpi_place: Place) -> None:
    """devpi answers listings to anybody, so only the probe can tell that a token died."""
    target = narrow_devpi_place.target(narrow_devpi_place.index())
    target.probe()
    target._client._login._token = Secret("dead")
    before = narrow_devpi_place.logins()
    target.probe()
    assert narrow_devpi_place.logins() == before + 1


def test_a_devpi_token_serves_without_any_login(devpi_place: Place) -> None:
    index = devpi_place.index()
    token = devpi_place.server.token(
        devpi_place.user, PASSWORD, allowed=["upload", "pkg_read"], indexes=[index]
    )
    before = devpi_place.logins()
    target = devpi_place.target(index, password=None, token=Secret(token))
    assert target.probe().volatile is False
    assert devpi_place.upload(target, BETA) == "OK"
    assert len(target.list(["beta"]).files) == len(target.read_back("beta").files) == 1
    assert devpi_place.logins() == before


def test_a_login_token_serves_as_a_token(devpi_place: Place) -> None:
    token = Secret(devpi_place.server.login(devpi_place.user, PASSWORD))
    target = devpi_place.target(devpi_place.index(), password=None, token=token)
    assert devpi_place.upload(target, BETA) == "OK"


@pytest.mark.parametrize(
    ("restrictions", "error", "reason"),
    [
        pytest.param({"indexes": ["u/other"]}, Unauthorized, "denied access to index", id="another index"),
        pytest.param({"allowed": ["pkg_read"]}, Unauthorized, "no permission to submit", id="reading only"),
        pytest.param(
            {"projects": ["gamma"]}, UploadRejected, "limited to other projects", id="another project"
        ),
    ],
)
def test_a_token_that_does_not_reach_says_why(
    devpi_place: Place, restrictions: dict[str, object], error: type[SyncerError], reason: str
) -> None:
    token = devpi_place.server.token(devpi_place.user, PASSWORD, **restrictions)
    target = devpi_place.target(devpi_place.index(), password=None, token=Secret(token))
    with pytest.raises(error, match=reason) as refusal:
        devpi_place.upload(target, BETA)
    assert token not in str(refusal.value)


def test_an_expired_token_is_told(devpi_place: Place) -> None:
    expires = int(time.time()) + 3
    token = devpi_place.server.token(devpi_place.user, PASSWORD, expires=expires)
    target = devpi_place.target(devpi_place.index(), password=None, token=Secret(token))
    while time.time() <= expires:
        time.sleep(0.05)
    with pytest.raises(Unauthorized, match="expired"):
        target.probe()
    with pytest.raises(Unauthorized, match="expired"):
        devpi_place.upload(target, BETA)


def test_a_forked_worker_makes_connections_of_its_own() -> None:
    program = (
        "import os; from syncer.adapters.devpi.client import client_for\n"
        "from syncer.config.settings import DevpiServer\n"
        "server = DevpiServer('d', 'http://127.0.0.1:9', 'u'); parents = client_for(server)\n"
        "assert client_for(server) is parents\n"
        "child = os.fork()\n"
        "if not child: os._exit(client_for(server) is parents)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
