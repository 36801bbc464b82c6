"""What works and is not safe is said wherever somebody looks: on the command line, by workers, by health."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.devpi import DevpiServer
from tests.support.dists import wheel
from tests.support.upstream import Upstream
from tests.support.world import World, eventually, world

#: A second server that nothing is sent to.
UNVERIFIED = "[devpi:spare]\nurl = https://devpi.invalid\nusername = u\ntoken = t\nverify_ssl = false\n"
SAID = "The certificate of [devpi:spare] is not verified"
ALPHA, BETA = wheel("alpha", "1.0"), wheel("beta", "1.0")


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    with world(tmp_path, devpi_server, extra=UNVERIFIED) as made:
        made.add_mapping("my-org")
        yield made


def test_tls_without_verification_is_a_loud_warning_of_every_command_that_uses_it(place: World) -> None:
    for words in (["config", "check"], ["sync"], ["status"]):
        done = place.syncer(*words)
        assert (done.returncode, SAID in done.stderr, SAID in done.stdout) == (0, True, False), words
    (warning,) = json.loads(place.syncer("status", "--json").stdout)["configuration_warnings"]
    assert (warning["kind"], warning["subject"]) == ("unverified_tls", "[devpi:spare]")


def test_the_launcher_says_it_before_anything_else(place: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place.extra = f"{UNVERIFIED}[web]\nport = {taken.getsockname()[1]}\n"
        place.write_config()
        done = place.syncer("up")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith(f"Warning: {SAID}")


def test_a_worker_says_it_when_it_starts(place: World) -> None:
    place.start_worker()
    eventually(lambda: SAID in place.log("w1").read_text(), 30, "the warning in the worker's log")


# Private names


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream("alpha", "numpy") as running:
        yield running


@pytest.fixture
def mirrored(tmp_path: Path, online_devpi_server: DevpiServer, upstream: Upstream) -> Iterator[World]:
    """A mapping to an index over a mirror, whose upstream has a project of a name that is ours."""
    with world(tmp_path, online_devpi_server) as made:
        mirror = f"root/{made.user}"
        online_devpi_server.call("PUT", mirror, {"type": "mirror", "mirror_url": upstream.url})
        made.add_mapping("my-org", bases=[mirror])
        for dist in (ALPHA, BETA):
            made.publish(dist)
        yield made


def warnings(made: World) -> list[dict[str, Any]]:
    """As the last look left them."""
    return list(json.loads(made.syncer("status", "--json").stdout)["warnings"])


@pytest.mark.slow
def test_a_private_name_that_a_mirror_has_too_is_flagged_until_it_is_mended(
    mirrored: World, upstream: Upstream
) -> None:
    assert mirrored.syncer("sync").returncode == 0
    (namesake,) = warnings(mirrored)
    assert (namesake["kind"], namesake["mapping"], namesake["subject"]) == ("namesake", "my-org", "alpha")
    said = mirrored.syncer("status")
    assert (said.returncode, "Warning: my-org: alpha also exists in the mirror" in said.stdout) == (0, True)
    assert upstream.asked.count("/simple/") == 1
    assert not [path for path in upstream.asked if "numpy" in path]

    index = mirrored.mappings[0][2]
    mirrored.devpi.call("PATCH", index, ["mirror_whitelist=*"])
    assert mirrored.syncer("sync").returncode == 0
    opened, namesake = warnings(mirrored)
    assert (opened["kind"], opened["subject"]) == ("open_whitelist", index)
    assert opened["next_step"] == f"Remove it: devpi index {index} mirror_whitelist-=*"
    assert "mirror_whitelist lets installers take it from there" in namesake["text"]

    mirrored.devpi.call("PATCH", index, ["mirror_whitelist=", "bases="])
    assert mirrored.syncer("sync").returncode == 0
    assert warnings(mirrored) == []


@pytest.mark.slow
def test_workers_find_it_by_themselves(mirrored: World) -> None:
    mirrored.start_worker()
    mirrored.start_beat()
    mirrored.arrives(mirrored.mappings[0][2], "alpha", ALPHA)
    mirrored.celery("call", "syncer.namesakes", "--kwargs", '{"mapping": "my-org"}')
    eventually(lambda: [each["subject"] for each in warnings(mirrored)] == ["alpha"], 60, "the warning")


def test_a_mirror_that_fails_neither_fails_nor_delays_a_pass(mirrored: World, upstream: Upstream) -> None:
    upstream.broken = True
    assert mirrored.syncer("sync").returncode == 0
