import os
from pathlib import Path

import pytest

from syncer.config import load
from syncer.core.errors import ConfigError
from tests.unit.config.support import MINIMAL, Configuration, with_option, without


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "stray\n" + MINIMAL,
            "syncer.conf:1: this line is neither a section nor an option of one — write name = value",
            id="line-before-the-first-section",
        ),
        pytest.param(
            MINIMAL + "no delimiter\n",
            "syncer.conf:10: this line is neither a section nor an option of one",
            id="line-without-delimiter",
        ),
        pytest.param(
            MINIMAL + "[maping:x]\nindex = a/b\n",
            "syncer.conf:10: there is no section 'maping' — write [mapping:<name>]",
            id="unknown-section",
        ),
        pytest.param(
            MINIMAL + "[Web]\n", "there is no section 'Web' — write [web]", id="section-in-capitals"
        ),
        pytest.param(
            MINIMAL + "[DEFAULT]\n", "no section 'DEFAULT' — sections: [gitea], [gitea:<org>]", id="default"
        ),
        pytest.param(
            MINIMAL + "[mapping]\n",
            "a section mapping is not written like this — write [mapping:<name>]",
            id="nameless",
        ),
        pytest.param(
            MINIMAL + "[web:x]\n", "a section web is not written like this — write [web]", id="named"
        ),
        pytest.param(
            MINIMAL + "[gitea:]\n",
            "is not written like this — write [gitea] or [gitea:<org>]",
            id="empty-name",
        ),
        pytest.param(
            MINIMAL + f"[mapping:{'x' * 201}]\n",
            "the name in [mapping:…] is unusable",
            id="endless-section-name",
        ),
        pytest.param(
            MINIMAL + "indx = a/b\n",
            "syncer.conf:10 [mapping:my-org]: there is no option 'indx' here — did you mean index?",
            id="unknown-option",
        ),
        pytest.param(
            with_option("gitea", "server_port = 1"), "it belongs to [runtime]", id="option-of-another-section"
        ),
        pytest.param(
            MINIMAL + "[gitea:my-org]\nurl = http://x\n",
            "it belongs to [gitea] or [devpi] or [devpi:<name>]",
            id="url-of-one-organization",
        ),
        pytest.param(
            with_option("web", "nonsense = 1"),
            "options here are host, username, password",
            id="option-of-no-section",
        ),
        pytest.param(
            MINIMAL + "[gitea]\ntimeout = 5\n",
            "syncer.conf:10: [gitea] was already given in line 1",
            id="section-twice",
        ),
        pytest.param(
            MINIMAL + "[devpi:default]\n", "[devpi] was already given in line 4", id="section-twice-by-name"
        ),
        pytest.param(
            MINIMAL + "index = a/b\n",
            "syncer.conf:10 [mapping:my-org] index: was already given in line 9 — keep one of the two",
            id="option-twice",
        ),
        pytest.param(
            without("index = user/dev"),
            "syncer.conf:8 [mapping:my-org] index: it is required and missing — write index = user/index "
            "below [mapping:my-org], or set SYNCER_MAPPING__MY_ORG__INDEX",
            id="required-and-missing",
        ),
        pytest.param(
            MINIMAL.replace("user/dev", ""),
            "syncer.conf:9 [mapping:my-org] index: it is required",
            id="empty",
        ),
        pytest.param(
            "[devpi]\nurl = http://d\nusername = u\ntoken = t\n[mapping:m]\nindex = a/b\n",
            "syncer.conf [gitea] url: it is required and missing",
            id="required-section-missing",
        ),
        pytest.param(without("username = devpi-user"), "[devpi] username: it is required", id="user-missing"),
        pytest.param(
            without("password = devpi-secret"),
            "syncer.conf:4 [devpi] password: neither password nor token is given",
            id="credential-missing",
        ),
        pytest.param(
            with_option("devpi", "token = x"),
            "[devpi] token: it excludes password, which is given too — keep one of the two",
            id="password-and-token",
        ),
        pytest.param(
            with_option("gitea", "token_env = HOME"),
            "[gitea] token_env: it excludes token, which is given too",
            id="token-in-two-forms",
        ),
        pytest.param(
            with_option("mapping:my-org", "token_env = NO_SUCH"),
            "the environment variable NO_SUCH is not set, or empty — set the variable",
            id="variable-not-set",
        ),
        pytest.param(
            with_option("mapping:my-org", "token_env = BLANK"),
            "BLANK is not set, or empty",
            id="variable-empty",
        ),
        pytest.param(
            with_option("mapping:my-org", "token_env = LINES"),
            "the secret goes over several lines",
            id="secret-lines",
        ),
        pytest.param(
            with_option("mapping:my-org", "token = a\n  b"),
            "the secret goes over several lines",
            id="secret-continued",
        ),
        pytest.param(
            with_option("mapping:my-org", "token_file = none"),
            "the file it names cannot be read: No such file or directory",
            id="secret-file-missing",
        ),
        pytest.param(
            with_option("mapping:my-org", "token_file = empty"),
            "the file it names is empty",
            id="secret-file-empty",
        ),
        pytest.param(
            with_option("mapping:my-org", "token_file = latin"),
            "the file it names is not UTF-8",
            id="secret-file-latin",
        ),
        pytest.param(
            with_option("mapping:my-org", "token_file = large"), "larger than 64 KiB", id="secret-file-large"
        ),
        pytest.param(
            with_option("mapping:my-org", "devpi = prod"),
            "[mapping:my-org] devpi: there is no devpi server 'prod' — add a section [devpi:NAME]",
            id="unknown-server",
        ),
        pytest.param(
            with_option("mapping:my-org", "devpi = prd")
            + "[devpi:prod]\nurl = http://x\nusername = u\npassword = p\n",
            "there is no devpi server 'prd' — did you mean prod?",
            id="misspelt-server",
        ),
        pytest.param(
            MINIMAL.replace("[devpi]", "[devpi:prod]"),
            "[mapping:my-org] devpi: there is no devpi server 'default' — add a section [devpi]",
            id="default-server-missing",
        ),
        pytest.param(
            without("index = user/dev", without("[mapping:my-org]")),
            "there is no [mapping:<name>]",
            id="no-mapping",
        ),
        pytest.param(
            MINIMAL + "[mapping:my team]\nindex = a/b\n",
            "syncer.conf:10 [mapping:my team] organization: 'my team' is not a Gitea organization",
            id="section-name-is-no-organization",
        ),
        pytest.param(
            with_option("web", "port = 5555"),
            "[web] port: port and flower_port are the same",
            id="one-port-for-two",
        ),
        pytest.param(
            with_option("web", "host = ::1") + "[runtime]\nserver_host = 127.0.0.1\n",
            "syncer.conf:13 [runtime] server_host: it differs from [web] host, of which it is the older name",
            id="older-name-differs",
        ),
        pytest.param(
            MINIMAL + "[runtime]\nserver_port = none\n",
            "syncer.conf:11 [runtime] server_port: 'none' is no whole number — write a number such as 8080",
            id="older-name-wrong",
        ),
    ],
)
def test_a_mistake_is_named_with_place_and_fix(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "latin").write_bytes(b"\xff")
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    environ = {"LINES": "a\nb", "BLANK": ""}
    (mistake,) = Configuration(tmp_path, text, environ).mistakes()
    assert expected in mistake


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "stray\n[gitea]\nulr = x\n[devpi]\nurl = x\n[mapping:m]\nindex = x\n[wbe]\n"
    environ = {"SYNCER_WEB__PORT": "x", "SYNCER_WEB__PROT": "1"}
    mistakes = Configuration(tmp_path, text, environ).mistakes()
    places = [
        "conf:1",
        "conf:2",
        "conf:3",
        "conf:4",
        "conf:4",
        "conf:5",
        "conf:7",
        "conf:8",
        "SYNCER",
        "SYNCER",
    ]
    assert len(mistakes) == len(places)
    assert all(place in mistake.split(" — ")[0] for place, mistake in zip(places, mistakes, strict=True)), (
        mistakes
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "syncer.conf", environ)
    assert len(caught.value.problems) == len(mistakes)
    assert all(mistake in str(caught.value).replace(f"{tmp_path}/", "") for mistake in mistakes)


def test_a_file_of_junk_gives_a_bounded_report(tmp_path: Path) -> None:
    mistakes = Configuration(tmp_path, MINIMAL + "junk = 1\n" * 50_000).mistakes()
    assert len(mistakes) == 101
    assert mistakes[-1].startswith("configuration: 49900 more mistakes")


def test_a_default_that_stands_on_a_mistake_is_no_second_mistake(tmp_path: Path) -> None:
    text = MINIMAL + "[runtime]\npoll_interval_seconds = soon\nstate_dir = a\n b\n"
    places = [mistake.partition(": ")[0] for mistake in Configuration(tmp_path, text).mistakes()]
    assert places == [
        "syncer.conf:11 [runtime] poll_interval_seconds",
        "syncer.conf:12 [runtime] state_dir",
    ]


def test_a_default_that_cannot_be_used_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/staging").touch()
    (mistake,) = Configuration(tmp_path, with_option("runtime", "state_dir = state")).mistakes()
    assert mistake.startswith("syncer.conf [staging] dir: there is a file of this name")


@pytest.mark.skipif(os.name != "posix", reason="user numbers are POSIX")
def test_a_user_without_home_must_say_where_state_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that runs under a number that is nobody's."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    (mistake,) = Configuration(tmp_path, environ={"HOME": ""}).mistakes()
    assert mistake.startswith("syncer.conf [runtime] state_dir: the home directory of this user is not known")
    assert Configuration(tmp_path, with_option("runtime", "state_dir = s"), {"HOME": ""}).mistakes() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            without("token = gitea-secret"),
            "syncer.conf:7 [mapping:my-org] token: there is no Gitea token: this mapping will fail, "
            "the others go on",
            id="mapping-without-token",
        ),
        pytest.param(
            MINIMAL + "[gitea:myorg]\ntoken = x\n",
            "syncer.conf:10 [gitea:myorg]: no mapping uses this section",
            id="organization-without-mapping",
        ),
    ],
)
def test_what_fails_or_does_nothing_later_is_a_warning(tmp_path: Path, text: str, expected: str) -> None:
    configuration = Configuration(tmp_path, text)
    assert [warning.partition(" — ")[0] for warning in configuration.warnings()] == [expected]
    assert configuration.load().mappings.keys() == {"my-org"}
