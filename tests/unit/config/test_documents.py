import os
import re
import stat
from pathlib import Path

import pytest

from syncer.config import load, options_markdown, template, write_template
from syncer.config.ini import scan
from syncer.config.options import SECTIONS
from syncer.config.schema import Section
from syncer.core.errors import ConfigError, SyncerError
from tests.unit.config.support import Configuration

FILLED = {
    "url": "https://server.example.com",
    "token": "gitea-secret",
    "username": "devpi-user",
    "password": "devpi-secret",
    "index": "user/dev",
}


def filled(text: str) -> str:
    """The template as a person fills it: every line that ends with =."""
    return re.sub(r"^(\w+) =$", lambda match: f"{match[1]} = {FILLED[match[1]]}", text, flags=re.MULTILINE)


def test_the_template_filled_in_loads_with_every_default(tmp_path: Path) -> None:
    configuration = Configuration(tmp_path, filled(template()))
    settings = configuration.load()
    assert settings.mappings["my-org"].target.index == "user/dev"
    assert [row for row in configuration.show().values() if row.origin.startswith("environment")] == []
    assert configuration.warnings() == []


def test_the_template_left_as_it_is_names_what_to_fill_in(tmp_path: Path) -> None:
    path = tmp_path / "syncer.conf"
    write_template(path)
    with pytest.raises(ConfigError) as caught:
        load(path, {"HOME": str(tmp_path)})
    options = [problem.where.split()[-1] for problem in caught.value.problems]
    assert options == ["url", "url", "username", "password", "index"]


def test_the_template_with_nothing_commented_names_every_option() -> None:
    """Each commented line is a section or an option of the section it stands in."""
    text = re.sub(r"^# (\w+ =|\[)", r"\1", template(), flags=re.MULTILINE)
    blocks = {
        re.sub(r":.*", ":", block.header): [line.name for line in block.lines] for block in scan(text).blocks
    }
    for section in SECTIONS:
        names = blocks[section.kind + (":" if section.argument else "")]
        options = [option.name for option in section.options if option.alias_of is None]
        assert set(names) <= set(options)
        assert sorted(names) == sorted(options) or section.pattern in ("[gitea:<org>]", "[devpi:<name>]")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_the_template_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_template(tmp_path / "syncer.conf")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "syncer.conf").stat().st_mode) == 0o600


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "syncer.conf"
    path.write_text("mine")
    with pytest.raises(SyncerError, match="exists already"):
        write_template(path)
    assert path.read_text() == "mine"


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "syncer.conf").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SyncerError, match="exists already"):
        write_template(tmp_path / "syncer.conf")
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SyncerError, match=r"cannot be written.*No such file"):
        write_template(tmp_path / "none" / "syncer.conf")


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.pattern)
def test_the_documents_name_every_option_of(section: Section) -> None:
    text = options_markdown()
    heading = text.index(f"`{section.pattern}`")
    table = text[heading:].split("\n### ")[0]
    assert [option.name for option in section.options] == re.findall(
        r"^\| `(\w+)`", table, flags=re.MULTILINE
    )


@pytest.mark.parametrize(
    "row",
    [
        "| `timeout` | number from 0.1 to 3600 | 10 |",
        "| `password` | secret | required or `token` |",
        "| `organization` | text | the section's name |",
        "`SYNCER_GITEA__<ORG>__TOKEN`",
        "`SYNCER_DEVPI__[<NAME>__]URL`",
        "`SYNCER_MAPPING__<NAME>__INDEX`",
        "`SYNCER_WEB__PORT`",
    ],
)
def test_the_documents_tell_type_default_and_variable(row: str) -> None:
    assert row in options_markdown()


def test_no_default_is_shown_as_a_formula() -> None:
    assert "{" not in options_markdown() + template()
