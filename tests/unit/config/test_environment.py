from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.config.environment import _parts
from syncer.config.options import SECTIONS
from syncer.config.schema import Key, Option, Section, fold, variable
from syncer.core.secret import Secret
from tests.unit.config.support import MINIMAL, Configuration, with_option, without

TWO_NAMES = MINIMAL + "[mapping:a-b]\nindex = u/i\n[mapping:a_b]\nindex = u/i\n"
OWNER = with_option("mapping:my-org", "organization = Acme.Corp", without("token = gitea-secret"))


@pytest.mark.parametrize(
    ("name", "value", "path", "expected"),
    [
        pytest.param("SYNCER_GITEA__TIMEOUT", "3", "gitea.timeout", 3.0, id="plain-section"),
        pytest.param(
            "SYNCER_BROKER__URL", "redis://r", "broker_url", Secret("redis://r"), id="absent-section"
        ),
        pytest.param("SYNCER_WEB__PORT", "", "web.port", 8080, id="empty-means-unset"),
        pytest.param("SYNCER_RUNTIME__SERVER_PORT", "81", "web.port", 81, id="older-name"),
    ],
)
def test_every_option_can_come_from_the_environment(
    tmp_path: Path, name: str, value: str, path: str, expected: object
) -> None:
    found: object = Configuration(tmp_path, environ={name: value}).load()
    for attribute in path.split("."):
        found = getattr(found, attribute)
    assert found == expected


@pytest.mark.parametrize(
    ("text", "folded", "expected"),
    [
        pytest.param(MINIMAL, "MY_ORG", "my-org", id="section-of-the-file"),
        pytest.param(MINIMAL.replace("my-org", "My.Org"), "MY_ORG", "My.Org", id="any-spelling"),
        pytest.param(MINIMAL.replace("my-org", "a__b"), "A__B", "a__b", id="two-underscores"),
        pytest.param(MINIMAL, "NEW_ONE", "new-one", id="new-section"),
    ],
)
def test_a_variable_finds_its_section(tmp_path: Path, text: str, folded: str, expected: str) -> None:
    environ = {f"SYNCER_MAPPING__{folded}__INDEX": "env/index"}
    assert Configuration(tmp_path, text, environ).load().mappings[expected].target.index == "env/index"


def test_a_server_can_come_from_the_environment_alone(tmp_path: Path) -> None:
    """Its name is spelt as the mapping spells it."""
    text = with_option("mapping:my-org", "devpi = Prod_1")
    environ = {
        "SYNCER_DEVPI__PROD_1__URL": "https://prod.example.com",
        "SYNCER_DEVPI__PROD_1__USERNAME": "u",
        "SYNCER_DEVPI__PROD_1__TOKEN": "t",
        "SYNCER_DEVPI__DEFAULT__TIMEOUT": "9",
    }
    settings = Configuration(tmp_path, text, environ).load()
    assert settings.devpi["Prod_1"].token == Secret("t")
    assert settings.devpi["default"].timeout == 9
    assert settings.mappings["my-org"].target.url == "https://prod.example.com"


def test_an_organizations_token_can_come_from_the_environment_alone(tmp_path: Path) -> None:
    environ = {"SYNCER_GITEA__ACME_CORP__TOKEN": "t", "SYNCER_MAPPING__B__ORGANIZATION": "acme.corp"}
    environ["SYNCER_MAPPING__B__INDEX"] = "u/i"
    assert Configuration(tmp_path, OWNER, environ).load().gitea_tokens == {
        "my-org": Secret("t"),
        "b": Secret("t"),
    }


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({"SYNCER_DEVPI__PASSWORD": "e"}, (Secret("e"), None), id="same-form"),
        pytest.param({"SYNCER_DEVPI__PASSWORD_ENV": "P", "P": "e"}, (Secret("e"), None), id="other-form"),
        pytest.param({"SYNCER_DEVPI__TOKEN": "e"}, (None, Secret("e")), id="token-for-password"),
    ],
)
def test_a_secret_of_the_environment_takes_the_place_of_the_files(
    tmp_path: Path, environ: dict[str, str], expected: tuple[Secret | None, Secret | None]
) -> None:
    server = Configuration(tmp_path, environ=environ).load().devpi["default"]
    assert (server.password, server.token) == expected


def test_a_new_option_of_the_file_gives_way_to_its_older_name_in_the_environment(tmp_path: Path) -> None:
    text = MINIMAL + "[web]\nport = 81\n"
    assert Configuration(tmp_path, text, {"SYNCER_RUNTIME__SERVER_PORT": "82"}).load().web.port == 82


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        pytest.param("SYNCER_GITEA_URL", "did you mean SYNCER_GITEA__URL?", id="one-underscore"),
        pytest.param("SYNCER_GITEA__TIMOUT", "did you mean SYNCER_GITEA__TIMEOUT?", id="option"),
        pytest.param("SYNCER_GITTEA__URL", "did you mean SYNCER_GITEA__URL?", id="section"),
        pytest.param("SYNCER_Gitea__URL", "did you mean SYNCER_GITEA__URL?", id="small-letters"),
        pytest.param("SYNCER_DEVPI__PROD__PASWORD", "did you mean SYNCER_DEVPI__PROD__PASSWORD?", id="named"),
        pytest.param("SYNCER_WEB__X__PORT", "did you mean SYNCER_WEB__PORT?", id="name-too-many"),
        pytest.param("SYNCER_COLOUR", "the documentation lists all variables", id="nothing-near"),
        pytest.param("SYNCER_", "the documentation lists all variables", id="nothing-at-all"),
        pytest.param(f"SYNCER_GITEA__{'X' * 201}__TOKEN", "the documentation lists", id="endless"),
        pytest.param("SYNCER_GITEA__Ö__TOKEN", "did you mean", id="not-ascii"),
    ],
)
def test_an_unknown_variable_is_a_mistake(tmp_path: Path, name: str, fix: str) -> None:
    (mistake,) = Configuration(tmp_path, environ={name: "1"}).mistakes()
    assert mistake.startswith(f"environment {name}: there is no option with this variable")
    assert fix in mistake


@pytest.mark.parametrize(
    "name",
    [
        "SYNCER_CONFIG",
        "SYNCER_PORT",
        "SYNCER_PORT_8080_TCP_ADDR",
        "SYNCER_SERVICE_HOST",
        "SYNCER_SERVICE_PORT_HTTP",
    ],
)
def test_variables_that_are_no_options_are_left_alone(tmp_path: Path, name: str) -> None:
    value = str(tmp_path / "syncer.conf") if name == "SYNCER_CONFIG" else "1"
    assert Configuration(tmp_path, environ={name: value}).mistakes() == []


def test_a_variable_that_holds_a_secret_may_begin_as_ours(tmp_path: Path) -> None:
    text = with_option("gitea", "token_env = SYNCER_TOKEN", without("token = gitea-secret"))
    assert Configuration(tmp_path, text, {"SYNCER_TOKEN": "t"}).load().gitea_tokens == {"my-org": Secret("t")}


def test_a_variable_that_fits_two_sections_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = Configuration(tmp_path, TWO_NAMES, {"SYNCER_MAPPING__A_B__INDEX": "u/j"}).mistakes()
    assert mistake.startswith("environment SYNCER_MAPPING__A_B__INDEX: it fits both a-b and a_b")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param(
            {"SYNCER_WEB__PORT": "x"},
            "environment SYNCER_WEB__PORT: 'x' is no whole number",
            id="wrong-value",
        ),
        pytest.param(
            {"SYNCER_MAPPING__NEW__DEVPI": "default"},
            "environment SYNCER_MAPPING__NEW__DEVPI [mapping:new] index: it is required and missing",
            id="missing-beside-it",
        ),
        pytest.param(
            {"SYNCER_GITEA__TOKEN": "a\udcff"},
            "environment SYNCER_GITEA__TOKEN: the secret goes over several lines or has a control character",
            id="not-utf-8",
        ),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    tmp_path: Path, environ: dict[str, str], expected: str
) -> None:
    (mistake,) = Configuration(tmp_path, environ=environ).mistakes()
    assert mistake.startswith(expected)


NAMES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20)


@given(NAMES, st.sampled_from([(s, o) for s in SECTIONS if s.argument for o in s.options]))
def test_every_variable_can_be_read_back(name: str, where: tuple[Section, Option]) -> None:
    """Whatever the section's name, its variable leads to its folded name and its option."""
    section, option = where
    found = _parts(variable(Key(section.kind, name), option.name))
    assert found == (fold(section.kind), fold(name), fold(option.name))
