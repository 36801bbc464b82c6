"""A file that cannot be copied stops only itself, says why, and keeps everything from looking green."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from syncer.core.states import RunOutcome
from syncer.queries.health import health
from syncer.queries.rows import FileRow
from syncer.queries.runs import RunSummary, run_detail
from tests.acceptance.live import FILES, Live
from tests.standin.gitea import faults
from tests.support.dists import Dist, sdist, wheel

GOOD = [wheel("plain", "1.0"), sdist("plain", "1.0", suffix=".zip"), wheel("zebra", "1.0")]
REFUSED = [
    pytest.param("plain-2.0.tar.gz", b"", id="an sdist of 0 bytes"),
    pytest.param("plain-2.0-py3-none-any.whl", b"no zip at all", id="text named .whl"),
    pytest.param("other-2.0-py3-none-any.whl", wheel("other", "2.0").content, id="another project's wheel"),
    pytest.param("plain-2.0-py3-none-any.whl", wheel("other", "2.0").content, id="a renamed wheel"),
    pytest.param("plain-2.0.zip", wheel("plain", "2.0").content, id="a wheel named .zip"),
    pytest.param("plain-2.0.exe", b"MZ", id="an .exe"),
]


@pytest.mark.parametrize(("filename", "content"), REFUSED)
def test_a_file_that_is_refused_does_not_stop_the_others(asked: Live, filename: str, content: bytes) -> None:
    asked.publish(*GOOD)
    asked.world.gitea.publish(asked.name, filename, content, "plain", "2.0")
    assert asked.resync().outcome == RunOutcome.INCOMPLETE
    assert asked.on_target("plain") == {dist.filename: dist.sha256 for dist in GOOD[:2]}
    assert asked.on_target("zebra") == {GOOD[2].filename: GOOD[2].sha256}
    assert asked.on_target("other") == {}
    status = asked.status()
    assert (status.state, status.counts.refused, status.counts.missing) == ("incomplete", 1, 1)
    refused = asked.files()[filename]
    assert refused.status == "refused"
    assert refused.error or refused.reason
    assert refused.next_step


@pytest.mark.parametrize(
    ("project", "effect"),
    [
        pytest.param("flipped", faults.flipped_byte(), id="one wrong byte"),
        pytest.param("halved", faults.half_body(), id="half of them", marks=pytest.mark.slow),
    ],
)
def test_bytes_that_differ_from_gitea_s_sha256_are_refused_and_nothing_is_green(
    shaken: Live, project: str, effect: faults.Effect
) -> None:
    spoilt, good = wheel(project, "1.0"), wheel(f"{project}-not", "1.0")
    shaken.fault(effect, f"{FILES}{project}/")
    shaken.publish(spoilt, good)
    shaken.arrives(f"{project}-not", good)
    assert shaken.becomes("incomplete").counts.refused == 1
    assert (shaken.files()[spoilt.filename].outcome, shaken.on_target(project)) == ("corrupt", {})
    assert_red(shaken, spoilt)
    shaken.next_run()
    assert shaken.downloads()[spoilt.filename] == 3, "the same wrong bytes are not fetched at each pass"

    shaken.mend()
    assert shaken.resync(project=project).outcome == RunOutcome.COMPLETE
    shaken.arrives(project, spoilt)
    shaken.becomes("complete")


def assert_red(live: Live, dist: Dist) -> None:
    """What operators look at says so: ``syncer status``, ``syncer why`` and the health document."""
    told = live.world.syncer("status", "--json")
    assert told.returncode == 1
    assert named(json.loads(told.stdout)["mappings"], live)["state"] in {"incomplete", "syncing"}
    why = live.world.syncer("why", dist.filename)
    assert (why.returncode, "sha256" in why.stdout) == (1, True)
    container = live.world.seen
    document = health(container.database, container.services.mappings, container.services.clock(), True)
    assert document.status == "degraded"
    assert f"{live.name}: 1 file refused" in document.errors


def named(rows: list[dict[str, Any]], live: Live) -> dict[str, Any]:
    return next(row for row in rows if row["name"] == live.name)


@pytest.mark.parametrize("volatile", [False, True], ids=["a non-volatile index", "a volatile index"])
def test_other_bytes_on_the_index_are_a_conflict_and_never_overwritten(asked: Live, volatile: bool) -> None:
    theirs, ours, other = (
        wheel("claimed", "1.0", payload=b"theirs"),
        wheel("claimed", "1.0"),
        wheel("free", "1.0"),
    )
    asked.configure_index(volatile=volatile)
    asked.upload(theirs, "claimed", "1.0")
    asked.publish(ours, other)
    assert asked.resync().outcome == RunOutcome.INCOMPLETE
    asked.arrives("free", other)
    found = asked.files()[ours.filename]
    assert (found.status, theirs.sha256 in found.reason) == ("conflict", True)
    assert found.next_step

    forced = asked.resync(force=True)
    assert forced.force
    assert forced.outcome == (RunOutcome.COMPLETE if volatile else RunOutcome.INCOMPLETE)
    asked.arrives("claimed", ours if volatile else theirs)
    reasons = [file.reason for file in decided(asked, forced) if file.project == "claimed"]
    assert reasons == (
        [f"forced: replaces other bytes at the target (sha256 {theirs.sha256})"] if volatile else []
    )


def decided(live: Live, run: RunSummary) -> tuple[FileRow, ...]:
    """The files about which this Run decided anew."""
    detail = run_detail(live.world.seen.database, run.id)
    assert detail is not None
    return tuple(file for file in detail.files if file.from_run_id == run.id)


def test_a_release_published_again_with_other_bytes_is_a_conflict(asked: Live) -> None:
    """Gitea forgets a deleted release; the target and the ledger do not."""
    asked.configure_index(volatile=True)
    first, second = wheel("again", "1.0", payload=b"1"), wheel("again", "1.0", payload=b"2")
    asked.publish(first)
    assert asked.resync().outcome == RunOutcome.COMPLETE
    asked.world.gitea.delete_version(asked.name, "again", "1.0")
    asked.publish(second)
    assert asked.resync().outcome == RunOutcome.INCOMPLETE
    asked.arrives("again", first)
    assert asked.files()[first.filename].status == "conflict"
    assert asked.uploads("again") == Counter({first.filename: 1})
