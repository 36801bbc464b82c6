"""What is open is closed or refused; what is merely weak is said again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.support import MINIMAL, Configuration, with_option

OPEN = with_option("web", "host = 0.0.0.0")
PLAIN = MINIMAL.replace("https://gitea", "http://gitea")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "syncer.example.com"])  # noqa: S104  # what is tested
def test_a_view_open_to_the_network_without_a_password_is_a_mistake(tmp_path: Path, host: str) -> None:
    (mistake,) = Configuration(tmp_path, with_option("web", f"host = {host}")).mistakes()
    assert mistake.startswith("syncer.conf:11 [web] host: it is not loopback and no password is given")
    assert "write password_env = VARIABLE below [web], or host = 127.0.0.1" in mistake


def test_the_environment_cannot_open_it_either(tmp_path: Path) -> None:
    environ = {"SYNCER_WEB__HOST": "0.0.0.0"}  # noqa: S104  # what is tested
    (mistake,) = Configuration(tmp_path, MINIMAL, environ).mistakes()
    assert mistake.startswith("environment SYNCER_WEB__HOST: it is not loopback")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_no_password(tmp_path: Path, host: str) -> None:
    assert Configuration(tmp_path, with_option("web", f"host = {host}")).load().web.password is None


@pytest.mark.parametrize("line", ["password = sesame", "password_env = VIEW", "password_file = secret"])
def test_with_a_password_it_may_be_open(tmp_path: Path, line: str) -> None:
    (tmp_path / "secret").write_text("sesame\n")
    web = Configuration(tmp_path, with_option("web", line, OPEN), {"VIEW": "sesame"}).load().web
    assert web.password is not None
    assert (web.username, web.password.reveal()) == ("syncer", "sesame")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("password = s\N{LATIN SMALL LETTER E WITH ACUTE}same", "browsers send in different ways"),
        ("password_env = UNSET", "not set, or empty"),
        ("username = a:b", "write a name of ASCII characters without space and colon"),
    ],
)
def test_a_login_that_no_browser_could_send_is_a_mistake(tmp_path: Path, line: str, told: str) -> None:
    (mistake,) = Configuration(tmp_path, with_option("web", line)).mistakes()
    assert told in mistake
    assert "same" not in mistake.replace("browsers send", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(MINIMAL, [], id="nothing is weak"),
        pytest.param(
            with_option("gitea", "verify_ssl = false"), [("unverified_tls", "[gitea]")], id="Gitea unverified"
        ),
        pytest.param(
            with_option("devpi", "verify_ssl = no"), [("unverified_tls", "[devpi]")], id="devpi unverified"
        ),
        pytest.param(PLAIN, [("plain_http", "[gitea]")], id="plain http"),
        pytest.param(with_option("gitea", "plain_http = true", PLAIN), [], id="plain http, and that is fine"),
        pytest.param(
            with_option("gitea", "verify_ssl = false", PLAIN),
            [("plain_http", "[gitea]")],
            id="nothing to verify",
        ),
        pytest.param(
            MINIMAL.replace("https://gitea.example.com", "http://127.0.0.1:3000"), [], id="plain, on loopback"
        ),
    ],
)
def test_what_is_weak_is_a_warning_with_what_to_do(
    tmp_path: Path, text: str, expected: list[tuple[str, str]]
) -> None:
    configuration = Configuration(tmp_path, text)
    warnings = configuration.load().warnings
    assert [(warning.kind, warning.subject) for warning in warnings] == expected
    assert len(configuration.warnings()) == len(expected)
    assert all(warning.text and warning.next_step for warning in warnings)


def test_every_server_is_looked_at(tmp_path: Path) -> None:
    other = "[devpi:other]\nurl = http://devpi.lan\nusername = u\ntoken = t\n"
    (warning,) = Configuration(tmp_path, MINIMAL + other).load().warnings
    assert warning.subject == "[devpi:other]"
