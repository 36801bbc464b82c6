from pathlib import Path

import pytest

from syncer.config import DevpiServer, GiteaServer, Settings, WebSettings, load
from syncer.core.model import Mapping, Selection, SourceRef, TargetRef
from syncer.core.secret import Secret
from tests.unit.config.support import MINIMAL, Configuration, with_option, without

IN_THE_WILD = """\
[gitea]
url = https://gitea.example.com
token_env = GITEA_TOKEN

[devpi]
url = https://devpi.example.com
username = devpi-user
password_env = DEVPI_PASSWORD

[devpi:prod]
url = https://prod.devpi.example.com
username = devpi-user
password_env = DEVPI_PROD_PASSWORD

[mapping:my-org]
organization = my-org
index = user/dev

[mapping:my-org-prod]
organization = my-org
devpi = prod
index = user/stable
repositories = core-lib, data-utils
"""
EVERY_OLD_OPTION = """\
[gitea]
url = https://gitea.example.com/
token = global
verify_ssl = false
timeout = 2.5
[gitea:other]
token = others
[devpi]
url = https://devpi.example.com
username = devpi-user
token = devpi-token
verify_ssl = no
timeout = 60
[mapping:other]
index = user/dev
devpi = default
include_archived = true
[runtime]
poll_interval_seconds = 60
download_dir = /srv/packages
server_host = 0.0.0.0
server_port = 9000
"""


def test_the_least_configuration_has_every_default(tmp_path: Path) -> None:
    state_dir = tmp_path / "home/.local/state/gitea-devpi-syncer"
    assert Configuration(tmp_path).load() == Settings(
        gitea=GiteaServer("https://gitea.example.com", verify=True, timeout=10.0),
        devpi={
            "default": DevpiServer(
                "default", "https://devpi.example.com", "devpi-user", password=Secret("devpi-secret")
            )
        },
        mappings={
            "my-org": Mapping(
                "my-org",
                SourceRef("https://gitea.example.com", "my-org"),
                TargetRef("https://devpi.example.com", "user/dev"),
            )
        },
        state_dir=state_dir,
        staging_dir=state_dir / "staging",
        signing_key=state_dir / "signing-key.pem",
        gitea_tokens={"my-org": Secret("gitea-secret")},
        path=tmp_path / "syncer.conf",
    )


def test_the_first_file_in_the_wild_is_read_as_it_is(tmp_path: Path) -> None:
    """Two mappings of one organization go to two servers, with secrets from the environment."""
    environ = {"GITEA_TOKEN": "t", "DEVPI_PASSWORD": "p", "DEVPI_PROD_PASSWORD": "q"}
    settings = Configuration(tmp_path, IN_THE_WILD, environ, "devpi-gitea-sync.conf").load()
    assert settings.gitea_tokens == {"my-org": Secret("t"), "my-org-prod": Secret("t")}
    assert {name: server.password for name, server in settings.devpi.items()} == {
        "default": Secret("p"),
        "prod": Secret("q"),
    }
    source = SourceRef("https://gitea.example.com", "my-org")
    assert settings.mappings == {
        "my-org": Mapping("my-org", source, TargetRef("https://devpi.example.com", "user/dev")),
        "my-org-prod": Mapping(
            "my-org-prod",
            source,
            TargetRef("https://prod.devpi.example.com", "user/stable", "prod"),
            Selection(repositories=frozenset({"core-lib", "data-utils"})),
        ),
    }


def test_every_option_of_the_old_format_has_its_meaning(tmp_path: Path) -> None:
    settings = Configuration(tmp_path, EVERY_OLD_OPTION, name="devpi-gitea-sync.conf").load()
    assert settings.gitea == GiteaServer("https://gitea.example.com", verify=False, timeout=2.5)
    assert settings.gitea_tokens == {"other": Secret("others")}
    assert settings.devpi["default"].token == Secret("devpi-token")
    assert settings.devpi["default"].timeout == 60
    assert settings.mappings["other"].selection.include_archived
    assert settings.mappings["other"].interval == 60
    assert settings.staging_dir == Path("/srv/packages")
    assert settings.web == WebSettings(host="127.0.0.1", port=9000)
    assert [warning.kind for warning in settings.warnings] == ["unverified_tls"] * 2 + ["loopback_instead"]


def test_an_old_view_open_to_the_network_is_closed_and_works_on(tmp_path: Path) -> None:
    """The old tool knew no password, so its files have none; with one they open the view as before."""
    closed = Configuration(tmp_path, EVERY_OLD_OPTION, name="devpi-gitea-sync.conf")
    assert closed.mistakes() == []
    assert (
        "[runtime] server_host: The status view and Flower listen on 127.0.0.1 only" in closed.warnings()[2]
    )
    text = with_option("web", "password = sesame", EVERY_OLD_OPTION)
    opened = Configuration(tmp_path, text, name="devpi-gitea-sync.conf").load()
    assert (opened.web.host, opened.web.password) == ("0.0.0.0", Secret("sesame"))  # noqa: S104  # as it is written


def test_a_mapping_has_its_own_interval_or_that_of_all(tmp_path: Path) -> None:
    text = with_option("mapping:my-org", "poll_interval_seconds = 1")
    text += "[mapping:b]\nindex = user/dev\n[runtime]\npoll_interval_seconds = 7.5\n"
    mappings = Configuration(tmp_path, text).load().mappings
    assert [mappings[name].interval for name in ("my-org", "b")] == [1, 7.5]


def test_a_mapping_may_be_watched_in_its_own_way(tmp_path: Path) -> None:
    text = with_option("mapping:my-org", "stale_intervals = 9\nrelease_settle_minutes = 0")
    text += "[mapping:b]\nindex = user/dev\n[runtime]\nrecheck_days = 7\n"
    own, usual = Configuration(tmp_path, text).load().mappings.values()
    assert (own.stale_intervals, own.release_settle, own.recheck) == (9, 0, 7 * 86400)
    assert (usual.stale_intervals, usual.release_settle, usual.recheck) == (3, 3600, 7 * 86400)


@pytest.mark.parametrize(
    ("own", "organization", "general", "expected"),
    [
        pytest.param("m", "o", "g", "m", id="mapping-first"),
        pytest.param("", "o", "g", "o", id="then-organization"),
        pytest.param("", "", "g", "g", id="then-global"),
        pytest.param("m", "", "", "m", id="mapping-alone"),
        pytest.param("", "o", "", "o", id="organization-alone"),
        pytest.param("", "", "", None, id="none"),
    ],
)
def test_the_nearest_token_wins(
    tmp_path: Path, own: str, organization: str, general: str, expected: str | None
) -> None:
    text = MINIMAL.replace("gitea-secret", general) + f"token = {own}\norganization = My-Org\n"
    configuration = Configuration(tmp_path, f"{text}[gitea:my-org]\ntoken = {organization}\n")
    token = configuration.load().gitea_tokens.get("my-org")
    assert token == (Secret(expected) if expected else None)
    assert bool(configuration.warnings()) == (expected is None)


def test_of_two_spellings_of_an_organization_the_exact_one_counts(tmp_path: Path) -> None:
    text = MINIMAL + "organization = My-Org\n[gitea:my-org]\ntoken = a\n[gitea:My-Org]\ntoken = b\n"
    assert Configuration(tmp_path, text).load().gitea_tokens["my-org"] == Secret("b")


@pytest.mark.parametrize("spelling", ["devpi", "devpi:default", "devpi: default"])
def test_the_default_server_can_be_named(tmp_path: Path, spelling: str) -> None:
    text = MINIMAL.replace("[devpi]", f"[{spelling}]")
    assert list(Configuration(tmp_path, text).load().devpi) == ["default"]


def test_a_secret_can_stand_in_a_file(tmp_path: Path) -> None:
    """As compose secrets do; the path is relative to the configuration file."""
    (tmp_path / "secret").write_text("\n from a file \n")
    text = without("token = gitea-secret", with_option("gitea", "token_file = secret"))
    assert Configuration(tmp_path, text).load().gitea_tokens["my-org"] == Secret("from a file")


def test_relative_paths_start_beside_the_file_and_a_tilde_is_home(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/ca.pem").touch()
    text = with_option("gitea", "verify_ssl = ca.pem") + "[runtime]\nstate_dir = ~/s\n[staging]\ndir = t\n"
    configuration = Configuration(tmp_path / "conf", text)
    settings = load(Path("conf/syncer.conf"), configuration.environment, tmp_path)
    assert settings.gitea.verify == str(tmp_path / "conf/ca.pem")
    assert settings.state_dir == tmp_path / "conf/home/s"
    assert settings.staging_dir == tmp_path / "conf/t"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param("/xdg", "/xdg/gitea-devpi-syncer", id="absolute"),
        pytest.param("xdg", "{home}/.local/state/gitea-devpi-syncer", id="relative-is-ignored"),
    ],
)
def test_state_is_kept_where_the_desktop_says(tmp_path: Path, stated: str, expected: str) -> None:
    settings = Configuration(tmp_path, environ={"XDG_STATE_HOME": stated}).load()
    assert settings.state_dir == Path(expected.format(home=tmp_path / "home"))


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    """With a byte order mark and CRLF."""
    text = "\ufeff" + MINIMAL.replace("\n", "\r\n")
    assert Configuration(tmp_path, text).load() == Configuration(tmp_path).load()


def test_an_older_name_equal_to_the_new_one_is_fine(tmp_path: Path) -> None:
    text = MINIMAL + "[web]\nport = 81\n[runtime]\nserver_port = 81\n"
    assert Configuration(tmp_path, text).load().web.port == 81
