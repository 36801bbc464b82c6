"""Which mappings -o, -m and -p leave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from syncer.cli.selection import select
from syncer.config import GiteaServer, Settings
from syncer.core.model import EVERYTHING, Mapping, Scope, SourceRef, TargetRef

OWNERS = {"tools": "Acme", "tools-prod": "Acme", "research": "lab"}


def settings() -> Settings:
    mappings = {
        name: Mapping(name, SourceRef("https://g", owner), TargetRef("https://d", f"u/{name}"))
        for name, owner in OWNERS.items()
    }
    return Settings(GiteaServer("https://g"), {}, mappings, Path("state"), Path("staging"))


@pytest.mark.parametrize(
    ("orgs", "names", "left"),
    [
        pytest.param([], [], ["tools", "tools-prod", "research"], id="all without options"),
        pytest.param(["acme"], [], ["tools", "tools-prod"], id="an organization in any case of letters"),
        pytest.param([], ["research", "tools"], ["tools", "research"], id="names, in the file's order"),
        pytest.param(["Acme", "lab"], ["tools-prod"], ["tools-prod"], id="both must hold"),
        pytest.param(["Acme", "ACME"], [], ["tools", "tools-prod"], id="twice is once"),
    ],
)
def test_the_options_leave_these_mappings(orgs: Sequence[str], names: Sequence[str], left: list[str]) -> None:
    selected = select(settings(), orgs, names, [])
    assert [mapping.name for mapping in selected.mappings] == left
    assert selected.scopes == (EVERYTHING,)


def test_projects_are_taken_in_any_spelling_and_once() -> None:
    assert select(settings(), [], [], ["My.Package", "my_package", "b"]).scopes == (
        Scope("my-package"),
        Scope("b"),
    )


@pytest.mark.parametrize(
    ("orgs", "names", "projects", "said"),
    [
        pytest.param(
            [], ["tool"], [], ["No mapping 'tool' is configured. Did you mean tools?"], id="a near name"
        ),
        pytest.param(
            [], ["zzz"], [], ["No mapping 'zzz' is configured. Known: research, tools, tools-prod."], id="far"
        ),
        pytest.param(
            ["ACNE"],
            [],
            [],
            ["No organization 'ACNE' is configured. Did you mean Acme?"],
            id="a near organization",
        ),
        pytest.param(["x1"], ["x2"], [], ["'x1'", "'x2'"], id="every mistake at once"),
        pytest.param(["lab"], ["tools"], [], ["both"], id="nothing left"),
        pytest.param([], [], [""], ["project without a name"], id="an empty variable as project"),
    ],
)
def test_an_unknown_name_is_a_usage_error(
    orgs: list[str], names: list[str], projects: list[str], said: list[str]
) -> None:
    with pytest.raises(click.UsageError) as caught:
        select(settings(), orgs, names, projects)
    assert all(words in caught.value.message for words in said)
    assert caught.value.exit_code == 2
