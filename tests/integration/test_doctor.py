"""`syncer doctor` against real servers: it sees what was planted, says what to do, and changes nothing."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from pymacaroons import Macaroon  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import text

from syncer.adapters.database.revision import HEAD
from syncer.cli.main import cli
from syncer.core.diagnosis.finding import Check
from tests.standin.gitea import Fault, faults
from tests.support.databases import PostgresServer, postgres_server
from tests.support.devpi import DevpiServer, free_port
from tests.support.dists import wheel
from tests.support.world import PASSWORD, TOKEN, World, eventually, world

__all__ = ["postgres_server"]

ALPHA = wheel("alpha", "1.0")
#: A file system of a test machine may be nearly full.
ALWAYS_FINE = {"ok", "notice", "warning"}


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    """One mapping with one file, and nothing planted."""
    with world(tmp_path, devpi_server) as made:
        made.add_mapping("my-org")
        made.publish(ALPHA)
        yield made


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory, devpi_server: DevpiServer) -> Iterator[World]:
    """The same for tests that leave it as it was."""
    with world(tmp_path_factory.mktemp("still"), devpi_server) as made:
        made.add_mapping("my-org")
        made.publish(ALPHA)
        yield made


class Seen:
    """What one run of the doctor printed as JSON."""

    def __init__(self, done: Result) -> None:
        assert done.stdout, done.stderr
        self.printed = done.stdout + done.stderr
        self.code = done.exit_code
        document = json.loads(done.stdout)
        self.fine: bool = document["fine"]
        self.findings: list[dict[str, str]] = document["findings"]

    def of(self, about: str) -> dict[str, list[tuple[str, str]]]:
        """Level and code by check, of what is not fine about one section."""
        found: dict[str, list[tuple[str, str]]] = {}
        for finding in self.findings:
            if finding["about"] == about and finding["level"] != "ok":
                assert all(finding[name] for name in ("seen", "cause", "consequence", "fix"))
                found.setdefault(finding["check"], []).append((finding["level"], finding["code"]))
        return found

    def one(self, about: str, code: str) -> dict[str, str]:
        """The finding of that code about one section."""
        (found,) = [each for each in self.findings if (each["about"], each["code"]) == (about, code)]
        return found


def doctor(place: World, *words: str) -> Seen:
    words = ("-c", str(place.config), "doctor", "--json", *words)
    return Seen(CliRunner().invoke(cli, words, prog_name="syncer"))


def serial(devpi: DevpiServer) -> str:
    """What grows with every change on the server."""
    return requests.get(f"{devpi.url}/+api", timeout=10).headers["X-Devpi-Serial"]


def test_where_all_is_well_every_check_is_made_and_nothing_is_changed(place: World) -> None:
    place.gitea.clear_requests()
    before, posts = serial(place.devpi), place.devpi.log.read_text().count("POST")
    seen = doctor(place)
    assert (seen.code, seen.fine) == (0, True), seen.printed
    assert {finding["check"] for finding in seen.findings} == set(Check)
    assert {finding["level"] for finding in seen.findings} <= ALWAYS_FINE
    assert seen.of("[mapping:my-org]") == {}
    assert seen.of("[gitea]") == seen.of("[devpi]") == seen.of("[broker]") == {}
    assert seen.of("[database]") == {"database_revision": [("notice", "revision_to_come")]}
    assert {request.method for request in place.gitea.requests} == {"GET"}
    assert (serial(place.devpi), place.devpi.log.read_text().count("POST")) == (before, posts)
    assert not (place.folder / "state").exists()
    assert not any(secret in seen.printed for secret in (TOKEN, PASSWORD))


def test_people_read_it_in_groups_with_the_sum_at_the_end(still: World) -> None:
    still.gitea.limits.max_response_items = 7
    done = still.syncer("doctor", "-m", "my-org")
    still.gitea.limits.max_response_items = 50
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    sections = [line for line in lines if line.startswith("[")]
    assert sections[:3] == ["[gitea]", "[devpi]", "[mapping:my-org]"]
    assert "  ok        index_type          " in done.stdout
    at = next(number for number, line in enumerate(lines) if "paging_cap" in line)
    assert lines[at].split(maxsplit=2) == ["notice", "paging_cap", "7 releases a page"]
    below = [line for line in lines[at + 1 : at + 7] if line.startswith(" " * 12) and line[12] != " "]
    assert [line.split()[0] for line in below] == ["why", "so", "fix"]
    assert lines[-1].endswith(" ok.")
    assert max(len(line) for line in lines if line.startswith(" " * 12)) <= 110
    assert still.syncer("doctor", "-m", "nobody").returncode == 2


def test_mistakes_of_the_configuration_are_told_as_everywhere(place: World) -> None:
    place.config.write_text("[gitea]\nurl = nonsense\n")
    done = place.syncer("doctor")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the configuration has" in done.stderr


def carry_out(devpi: DevpiServer, seen: Seen, about: str) -> None:
    """What is printed as a command of the devpi client was done; it sends its words as a PATCH."""
    for finding in seen.findings:
        command = re.search(r"devpi index (\S+/\S+) '(\S+)'$", finding["fix"])
        if command and finding["about"] == about:
            devpi.call("PATCH", command[1], [command[2]])


def lines_of(token: str, devpi: str = "") -> str:
    return f"token = {token}\n" + (f"devpi = {devpi}\n" if devpi else "")


def plant_servers(place: World) -> list[str]:
    """Each way in which a token of a devpi user can be wrong; the tokens."""
    devpi, user = place.devpi, place.user
    lasting = devpi.token(user, PASSWORD)
    ends = int((datetime.now(UTC) + timedelta(days=3)).timestamp())
    soon = devpi.token(user, PASSWORD, expires=ends, indexes=[f"{user}/elsewhere"])
    ended = Macaroon.deserialize(lasting.removeprefix("devpi-"))
    ended.add_first_party_caveat("expires=1700000000")
    credentials = {
        "lasting": lasting,
        "soon": soon,
        "ended": f"devpi-{ended.serialize()}",
        "login": devpi.login(user, PASSWORD),
        "deaf": "no-token-of-a-known-form",
    }
    place.extra = "".join(
        f"[devpi:{name}]\nurl = {devpi.url}\nusername = {user}\ntoken = {token}\n"
        for name, token in credentials.items()
    )
    place.extra += f"[devpi:bob]\nurl = {devpi.url}\nusername = bob\ntoken = {lasting}\n"
    return [*credentials.values()]


def plant_mappings(place: World) -> None:
    """Each way in which a token, an owner or an index of a mapping can be wrong."""
    gitea, devpi, user = place.gitea, place.devpi, place.user
    gitea.add_token("no-scope-token", scopes=["read:user"])
    gitea.add_token("outsider-token", user="mallory")
    gitea.add_token("all-token", scopes=["all"])
    gitea.add_token("public-token", scopes=["read:package", "public-only"])
    devpi.create_index(f"{user}/mirror", kind="mirror")
    devpi.create_index(f"{user}/brief", volatile=True)
    place.add_mapping("wrong", lines=lines_of("wrong-token", "ended"), volatile=True)
    place.add_mapping("scopeless", lines=lines_of("no-scope-token", "bob"), acl_upload=["root"])
    place.add_mapping("outside", lines=lines_of("outsider-token", "soon"))
    place.add_mapping(
        "wide",
        lines=lines_of("all-token", "login") + "repositories = tools\n",
        volatile=True,
        bases=[f"{user}/mirror", f"{user}/brief"],
        acl_upload=[":ANONYMOUS:"],
    )
    place.add_mapping("hidden", lines=lines_of("public-token", "deaf"))
    place.add_mapping("gone", owner="gone", lines="devpi = lasting\n")
    place.publish(wheel("beta", "1.0"), "wide")
    devpi.call("PATCH", f"{user}/wide", ["mirror_whitelist=*"])
    devpi.call("DELETE", f"{user}/brief")
    devpi.call("DELETE", f"{user}/wrong")
    gitea.rename_owner("gone", "moved")
    place.mappings.append(("nobody", "nobody-there", f"{user}/mirror"))
    place.write_config()


def test_planted_faults_are_found_each_by_its_own_code(place: World) -> None:
    """Tokens, owners and indexes that are wrong in every way that a server can show."""
    credentials = plant_servers(place)
    plant_mappings(place)
    place.gitea._root_url = "https://git.public.example/gitea"
    wrong_clock = format_datetime(datetime.now(UTC) - timedelta(hours=5), usegmt=True)
    place.gitea.faults.add(Fault(faults.headers(Date=wrong_clock)))

    seen = doctor(place)

    unknown = [("unknown", "not_known")]
    assert (seen.code, seen.fine) == (1, False)
    assert seen.of("[gitea]") == {
        "root_url": [("notice", "root_url_differs")],
        "clock_skew": [("problem", "clock_far_off")],
    }
    assert seen.of("[devpi:ended]") == {"devpi_credential": [("problem", "token_expired")]}
    assert seen.of("[devpi:soon]") == {"devpi_credential": [("warning", "token_expires_soon")]}
    assert seen.of("[devpi:login]") == {"devpi_credential": [("warning", "token_of_login")]}
    assert seen.of("[devpi:bob]") == {"devpi_credential": [("problem", "token_of_another")]}
    assert seen.of("[devpi:deaf]") == {"devpi_credential": [("problem", "credential_refused")]}
    assert seen.of("[devpi:lasting]") == seen.of("[devpi]") == {}
    of_index = dict.fromkeys(["acl_upload", "volatile", "bases", "mirror_whitelist"], unknown)
    assert seen.of("[mapping:wrong]") == {
        "token_scopes": [("problem", "token_refused")],
        "owner_visibility": unknown,
        "paging_cap": unknown,
        "index_type": [("problem", "index_missing")],
        **of_index,
    }
    outside = seen.of("[mapping:outside]")
    assert outside["owner_visibility"] == [("problem", "owner_hidden")]
    assert outside["acl_upload"] == [("problem", "token_not_for_index")]
    scopeless = seen.of("[mapping:scopeless]")
    assert scopeless["token_scopes"] == [("problem", "scope_missing")]
    assert scopeless["acl_upload"] == [("problem", "not_in_acl")]
    assert seen.of("[mapping:wide]") == {
        "token_scopes": [("warning", "scope_too_wide")],
        "owner_visibility": [("warning", "repositories_unseen")],
        "acl_upload": [("warning", "acl_open")],
        "volatile": [("warning", "is_volatile")],
        "bases": [("warning", "base_missing"), ("notice", "base_is_mirror")],
        "mirror_whitelist": [("warning", "whitelist_all")],
    }
    assert seen.of("[mapping:hidden]")["token_scopes"] == [("problem", "public_only_refused")]
    assert seen.of("[mapping:gone]") == {"owner_visibility": [("warning", "owner_renamed")]}
    assert seen.of("[mapping:nobody]") == {
        "owner_visibility": [("problem", "owner_missing")],
        "paging_cap": unknown,
        "index_type": [("problem", "index_no_stage")],
        **of_index,
    }
    assert seen.of("[mapping:my-org]") == {}
    carry_out(place.devpi, seen, "[mapping:wide]")
    mended = doctor(place).of("[mapping:wide]")
    assert set(mended) == {"token_scopes", "owner_visibility", "bases"}
    assert mended["bases"] == [("notice", "base_is_mirror")]
    secrets = [TOKEN, PASSWORD, "all-token", "outsider-token", "wrong-token", *credentials]
    assert [secret for secret in secrets if secret in seen.printed] == []


def test_missing_rights_and_indexes_are_told_with_the_command_that_mends_them(place: World) -> None:
    user = place.user
    place.add_mapping("closed", acl_upload=["root"])
    place.add_mapping("deleted", volatile=True)
    place.devpi.call("DELETE", f"{user}/deleted")
    seen = doctor(place, "-m", "closed", "-m", "deleted")
    of_acl = seen.one("[mapping:closed]", "not_in_acl")
    assert of_acl["fix"] == f"Add the user: devpi index {user}/closed 'acl_upload+={user}'"
    assert f"'devpi index -c {user}/deleted'" in seen.one("[mapping:deleted]", "index_missing")["fix"]
    assert {finding["about"] for finding in seen.findings} >= {"[mapping:closed]", "[mapping:deleted]"}
    assert "[mapping:my-org]" not in {finding["about"] for finding in seen.findings}


def test_broker_and_database_are_judged_as_they_run(place: World, postgres_server: PostgresServer) -> None:
    assert place.broker is not None
    with place.broker.client() as broker:
        broker.config_set("maxmemory", 10**8)
        broker.config_set("maxmemory-policy", "allkeys-lru")
        broker.config_set("appendonly", "no")
    (place.folder / "file").write_text("")
    place.extra = f"[staging]\ndir = {place.folder / 'file' / 'staging'}\n"
    with postgres_server.database() as migrated, postgres_server.without_tables() as bare:
        place.database = bare.url.render_as_string(hide_password=False)
        place.write_config()
        seen = doctor(place)
        assert seen.of("[broker]") == {
            "broker_eviction": [("problem", "broker_evicts")],
            "broker_persistence": [("warning", "broker_in_memory")],
        }
        assert seen.of("[database]") == {"database_revision": [("problem", "revision_none")]}
        assert seen.of("[staging]") == {"free_space": [("unknown", "not_known")]}
        place.database = migrated.url.render_as_string(hide_password=False)
        place.write_config()
        assert doctor(place).of("[database]") == {}
        for revision, code in (("0001", "revision_old"), ("9999", "revision_newer")):
            with migrated.write() as session:
                session.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
            found = doctor(place)
            assert (found.code, found.of("[database]")) == (1, {"database_revision": [("problem", code)]})
        with migrated.write() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": HEAD})


def test_an_embedded_database_of_another_version_is_told_apart(place: World) -> None:
    assert place.syncer("db", "upgrade").returncode == 0
    assert doctor(place).of("[database]") == {}
    with place.container().database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert doctor(place).of("[database]") == {"database_revision": [("problem", "revision_newer")]}


def test_servers_that_are_away_leave_the_other_checks_to_be_made(place: World) -> None:
    assert place.broker is not None
    place.gitea.stop()
    seen = doctor(place)
    assert seen.code == 1
    assert seen.of("[gitea]")["answers"] == [("problem", "no_answer")]
    assert set(seen.of("[gitea]")) == {"answers", "root_url", "clock_skew", "time_outs"}
    assert set(seen.of("[mapping:my-org]")) == {"token_scopes", "owner_visibility", "paging_cap"}
    assert seen.of("[devpi]") == seen.of("[broker]") == {}
    place.gitea.start()
    place.broker.kill()
    place.devpi_url = f"http://127.0.0.1:{free_port()}"
    place.database = "postgresql://syncer:planted-database-password@127.0.0.1:9/syncer"
    place.write_config()
    seen = doctor(place)
    assert seen.of("[gitea]") == {}
    for about in ("[devpi]", "[broker]", "[database]"):
        assert seen.of(about).pop("answers") == [("problem", "no_answer")]
    assert set(seen.of("[mapping:my-org]")) == {
        "index_type",
        "acl_upload",
        "volatile",
        "bases",
        "mirror_whitelist",
    }
    assert "planted-database-password" not in seen.printed


@pytest.mark.parametrize(
    ("fault", "path", "check", "expected"),
    [
        pytest.param(
            faults.html_garbage(), "/api/v1/version", "answers", [("problem", "no_answer")], id="no Gitea"
        ),
        pytest.param(
            faults.headers(X_Total_Count=None),
            "/packages/my-org",
            "paging_cap",
            [("problem", "list_unprovable")],
            id="a proxy drops the count",
        ),
        pytest.param(
            faults.empty_list(None),
            "type=pypi",
            "paging_cap",
            [("problem", "list_unprovable")],
            id="no row comes",
        ),
        pytest.param(
            faults.status(500), "/settings/api", "paging_cap", [("unknown", "not_known")], id="no cap"
        ),
        pytest.param(
            faults.status(401),
            "/simple/",
            "owner_visibility",
            [("problem", "registry_refuses")],
            id="registry",
        ),
        pytest.param(
            faults.status(404),
            "/api/v1/token",
            "token_scopes",
            [("notice", "scopes_untold")],
            id="before 1.27",
        ),
        pytest.param(
            faults.wrong_shape([1]),
            "/api/v1/token",
            "token_scopes",
            [("unknown", "not_known")],
            id="another form",
        ),
        pytest.param(
            faults.hang(3), "/settings/api", "time_outs", [("warning", "answer_slow")], id="a slow answer"
        ),
    ],
)
def test_answers_that_are_not_gitea_s_are_never_called_fine(
    still: World, fault: Any, path: str, check: str, expected: list[tuple[str, str]]
) -> None:
    still.gitea.faults.add(Fault(fault, path=path))
    seen = doctor(still)
    still.gitea.faults.clear()
    assert {**seen.of("[gitea]"), **seen.of("[mapping:my-org]")}[check] == expected


def test_a_gitea_that_wants_a_sign_in_and_has_no_package_yet_is_examined_whole(place: World) -> None:
    place.gitea.limits.require_signin_view = True
    place.gitea.delete_package("my-org", "alpha")
    seen = doctor(place)
    assert seen.of("[mapping:my-org]") == seen.of("[gitea]") == {}


def test_without_a_broker_of_its_own_the_one_of_up_is_described(place: World) -> None:
    place.broker = None
    place.write_config()
    seen = doctor(place)
    assert (seen.code, seen.of("[broker]")) == (0, {"broker_version": [("notice", "broker_not_running")]})


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_replica_is_recognised(tmp_path: Path, devpi_cache: Path) -> None:
    """A real one, which needs a primary of its own."""
    with (
        DevpiServer(tmp_path / "primary", cache=devpi_cache, options=["--role", "primary"]) as primary,
        replica(tmp_path / "replica", primary) as url,
        world(tmp_path, primary, broker=False, devpi_url=url) as made,
    ):
        made.add_mapping("my-org")
        made.publish(ALPHA)
        eventually(lambda: answers(f"{url}/{made.user}/my-org"), 60, "the replica has the index")
        assert doctor(made).of("[devpi]") == {"replica": [("warning", "is_replica")]}


@contextlib.contextmanager
def replica(folder: Path, primary: DevpiServer) -> Iterator[str]:
    """The URL of a replica of that primary."""
    port = free_port()
    of_primary = ["--serverdir", str(folder), "--primary-url", primary.url]
    init = [sys.executable, "-c", "from devpi_server.init import init; init()", "--role", "replica"]
    subprocess.run([*init, *of_primary], check=True, capture_output=True)
    command = [sys.executable, "-m", "devpi_server", "--host", "127.0.0.1", "--port", str(port), *of_primary]
    command += ["--secretfile", str(primary._secret)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/+api"), 60, "the replica answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(url, timeout=5).ok
    return False
