"""One side that does not answer leaves every other check to be made, and nothing of it is called fine."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncer.config.settings import DevpiServer, GiteaServer, Settings
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import (
    BrokerFacts,
    DatabaseFacts,
    DevpiFacts,
    DiskFacts,
    GiteaFacts,
    IndexFacts,
    OwnerFacts,
)
from syncer.core.diagnosis.finding import Check, Finding, Level
from syncer.core.errors import RemoteUnavailable, StagingUnavailable, Unauthorized
from syncer.core.model import Mapping, SourceRef, TargetRef
from syncer.core.secret import Secret
from syncer.usecases.examine import examine
from tests.unit.diagnosis import test_devpi, test_gitea, test_here

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MAPPING = Mapping("my-org", SourceRef("https://git", "my-org"), TargetRef("https://devpi", "root/stable"))
OTHER = Mapping("other", SourceRef("https://git", "other"), TargetRef("https://prod", "root/prod", "prod"))
AWAY = RemoteUnavailable("It did not answer.", "It is down.", "Start it.")


class Installed:
    """An installation in which all is well, but for the answers that a test changes."""

    def __init__(self, **changes: object) -> None:
        self.changes = changes

    def _say(self, name: str, usual: Any) -> Any:
        answer = self.changes.get(name, usual)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def gitea(self) -> GiteaFacts:
        return self._say("gitea", test_gitea.GITEA)  # type: ignore[no-any-return]  # whatever a test says

    def owner(self, mapping: Mapping) -> OwnerFacts:
        return self._say(f"owner {mapping.name}", test_gitea.OWNER)  # type: ignore[no-any-return]  # as above

    def devpi(self, server: str) -> DevpiFacts:
        return self._say(f"devpi {server}", test_devpi.DEVPI)  # type: ignore[no-any-return]  # as above

    def index(self, mapping: Mapping) -> IndexFacts:
        return self._say(f"index {mapping.name}", test_devpi.STAGE)  # type: ignore[no-any-return]  # as above

    def broker(self) -> BrokerFacts:
        return self._say("broker", test_here.BROKER)  # type: ignore[no-any-return]  # as above

    def database(self) -> DatabaseFacts:
        return self._say("database", test_here.SQLITE)  # type: ignore[no-any-return]  # as above

    def disk(self, directory: Path) -> DiskFacts:
        return self._say(directory.name, test_here.DISK)  # type: ignore[no-any-return]  # as above


def findings(changes: dict[str, object] | None = None, *, token: bool = True) -> tuple[Finding, ...]:
    devpi = {name: DevpiServer(name, f"https://{name}", "ci", Secret("p")) for name in ("default", "prod")}
    settings = Settings(
        gitea=GiteaServer("https://git.example.com/gitea"),
        devpi=devpi,
        mappings={each.name: each for each in (MAPPING, OTHER)},
        state_dir=Path("/var/state"),
        staging_dir=Path("/var/staging"),
        gitea_tokens={"my-org": Secret("t"), "other": Secret("t")} if token else {},
    )
    return examine(Installed(**(changes or {})), settings, (MAPPING, OTHER), NOW)


WELL = Counter((finding.about, finding.check) for finding in findings())


def test_where_all_is_well_every_check_is_made_and_fine() -> None:
    found = findings()
    assert {finding.level for finding in found} == {Level.OK}
    assert {finding.check for finding in found} == set(Check)
    assert max(WELL.values()) == 1


PROBLEM = [("problem", Code.NO_ANSWER)]
UNKNOWN = [("unknown", Code.NOT_KNOWN)]
SIDES = [
    pytest.param(
        "gitea", AWAY, {"[gitea]": 4, "[mapping:my-org]": 3, "[mapping:other]": 3}, PROBLEM, id="Gitea"
    ),
    pytest.param("owner other", AWAY, {"[mapping:other]": 3}, UNKNOWN, id="an owner"),
    pytest.param("devpi prod", AWAY, {"[devpi:prod]": 6, "[mapping:other]": 5}, PROBLEM, id="a devpi"),
    pytest.param("index my-org", AWAY, {"[mapping:my-org]": 5}, UNKNOWN, id="an index"),
    pytest.param("broker", AWAY, {"[broker]": 4}, PROBLEM, id="the broker"),
    pytest.param("database", AWAY, {"[database]": 4}, PROBLEM, id="the database"),
    pytest.param("staging", StagingUnavailable("?"), {"[staging]": 1}, UNKNOWN, id="the disk"),
    pytest.param("broker", ZeroDivisionError("secret"), {"[broker]": 4}, PROBLEM, id="a defect of ours"),
]


@pytest.mark.parametrize(("side", "error", "lost", "expected"), SIDES)
def test_a_side_that_does_not_answer_takes_only_its_own_checks(
    side: str, error: Exception, lost: dict[str, int], expected: list[tuple[str, str]]
) -> None:
    found = findings({side: error})
    bad = [finding for finding in found if finding.level is not Level.OK]
    assert Counter((finding.about, finding.check) for finding in found) == WELL | Counter(
        {(about, Check.ANSWERS): 1 for about in lost if "mapping" not in about and about != "[staging]"}
    )
    assert Counter(finding.about for finding in bad) == lost
    assert (bad[0].level.value, bad[0].code) == expected[0]
    assert {finding.code for finding in bad[1:]} <= {Code.NOT_KNOWN}
    assert "secret" not in str(found)


UNUSABLE = [
    pytest.param({"token": False}, [("problem", Code.TOKEN_MISSING)], id="no token"),
    pytest.param({"token": True}, [("problem", Code.TOKEN_UNSENDABLE)], id="a token that cannot be sent"),
]


@pytest.mark.parametrize(("options", "expected"), UNUSABLE)
def test_a_mapping_without_a_usable_token_is_not_asked_for(
    options: dict[str, bool], expected: list[tuple[str, str]]
) -> None:
    found = findings({"owner my-org": Unauthorized("No token.")}, **options)
    of_source = [each for each in found if each.about == "[mapping:my-org]"][:3]
    assert [(each.level.value, each.code) for each in of_source] == [*expected, *UNKNOWN, *UNKNOWN]


CASES = [*SIDES, *UNUSABLE]
