from pathlib import Path

import pytest

from syncer.config import show
from syncer.config.options import SECTIONS
from syncer.core.errors import ConfigError
from tests.unit.config.support import MINIMAL, Configuration, with_option, without

EVERY_SECRET = """\
[gitea]
url = https://gitea.example.com
token = pl4nted-1
[gitea:b]
token = pl4nted-2
[devpi]
url = https://devpi.example.com
username = devpi-user
password = pl4nted-3
[devpi:prod]
url = https://prod.example.com
username = devpi-user
token_file = secret
[mapping:a]
index = u/i
token_env = A_TOKEN
[mapping:b]
index = u/i
[mapping:c]
index = u/i
[broker]
url = redis://:pl4nted-4@redis
[database]
url_env = DATABASE
"""


@pytest.fixture
def every_secret(tmp_path: Path) -> Configuration:
    (tmp_path / "secret").write_text("pl4nted-5")
    environ = {"A_TOKEN": "pl4nted-6", "DATABASE": "postgresql://u:pl4nted-7@db/s"}
    return Configuration(tmp_path, EVERY_SECRET, environ)


def test_no_secret_is_ever_shown(every_secret: Configuration) -> None:
    assert "pl4nted" not in repr(every_secret.show())
    assert "pl4nted" not in repr(every_secret.load())


@pytest.mark.parametrize(
    ("row", "option", "value", "origin"),
    [
        pytest.param("gitea token", "token", "***", "syncer.conf:3", id="masked"),
        pytest.param("devpi:prod token_file", "token_file", "secret", "syncer.conf:13", id="file-name"),
        pytest.param("database url_env", "url_env", "DATABASE", "syncer.conf:24", id="variable-name"),
        pytest.param("mapping:a token_env", "token_env", "A_TOKEN", "syncer.conf:16", id="own-token"),
        pytest.param("mapping:b token", "token", "***", "syncer.conf:5 [gitea:b]", id="organizations-token"),
        pytest.param("mapping:c token", "token", "***", "syncer.conf:3 [gitea]", id="global-token"),
    ],
)
def test_the_secret_in_effect_is_shown_by_where_it_comes_from(
    every_secret: Configuration, row: str, option: str, value: str, origin: str
) -> None:
    found = every_secret.show()[row]
    assert (found.option, found.value_text, found.origin) == (option, value, origin)


@pytest.mark.parametrize(
    ("row", "value", "origin"),
    [
        pytest.param("gitea url", "https://gitea.example.com", "syncer.conf:2", id="file"),
        pytest.param("gitea verify_ssl", "true", "default", id="default"),
        pytest.param("gitea timeout", "2.5", "environment SYNCER_GITEA__TIMEOUT", id="environment"),
        pytest.param("mapping:my-org organization", "my-org", "default", id="named-by-its-section"),
        pytest.param("mapping:my-org poll_interval_seconds", "60", "syncer.conf:12", id="inherited"),
        pytest.param("mapping:my-org repositories", "a, b", "syncer.conf:9", id="list"),
        pytest.param("mapping:my-org project_deny", "", "default", id="empty"),
        pytest.param("web port", "9000", "syncer.conf:13", id="older-name"),
        pytest.param("broker url", "", "default", id="secret-not-given"),
        pytest.param("runtime bandwidth", "08:00,5M Sat-00:00,off", "syncer.conf:14", id="timetable"),
        pytest.param("runtime bandwidth_zone", "UTC", "default", id="zone"),
    ],
)
def test_every_value_is_shown_with_its_origin(tmp_path: Path, row: str, value: str, origin: str) -> None:
    text = with_option("mapping:my-org", "repositories = a,b")
    text += "[runtime]\npoll_interval_seconds = 60\nserver_port = 9000\n"
    text += "bandwidth = 08:00,5120k sat-00:00,OFF\n"
    found = Configuration(tmp_path, text, {"SYNCER_GITEA__TIMEOUT": "2.5"}).show()[row]
    assert (found.value_text, found.origin) == (value, origin)


def test_every_option_that_is_no_secret_is_shown_in_the_order_of_the_documents(tmp_path: Path) -> None:
    shown = [row for row in Configuration(tmp_path).show().values() if "token" not in row.option]
    expected = [
        (section.kind, option.name)
        for section in SECTIONS
        if section.argument != "org" and section.example != "prod"
        for option in section.options
        if not option.choice and option.alias_of is None
    ]
    plain = [(row.section.partition(":")[0], row.option) for row in shown]
    assert [pair for pair in plain if pair in expected] == expected


def test_a_mapping_without_token_shows_none(tmp_path: Path) -> None:
    row = Configuration(tmp_path, without("token = gitea-secret")).show()["mapping:my-org token"]
    assert (row.value_text, row.origin) == ("", "default")


def test_a_configuration_with_mistakes_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        show(environ={"SYNCER_CONFIG": str(tmp_path / "none")}, cwd=tmp_path)
    assert "gitea url" in Configuration(tmp_path, MINIMAL).show()
