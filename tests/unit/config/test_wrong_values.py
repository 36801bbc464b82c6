from pathlib import Path

import pytest

from tests.unit.config.support import MINIMAL, Configuration, with_option


@pytest.mark.parametrize(
    ("section", "line", "reason"),
    [
        pytest.param(
            "mapping:my-org", "include_archived = maybe", "'maybe' is neither true nor false", id="switch"
        ),
        pytest.param(
            "gitea", "verify_ssl = no-such.pem", "neither true, false nor an existing path", id="verify"
        ),
        pytest.param("gitea", f"verify_ssl = {'x' * 5000}", "nor an existing path", id="verify-endless"),
        pytest.param(
            "gitea", "timeout = soon", "'soon' is no number — write a number such as 10", id="number"
        ),
        pytest.param("gitea", "timeout = nan", "'nan' is no number", id="not-a-number"),
        pytest.param("gitea", "timeout = inf", "'inf' is no number", id="infinite"),
        pytest.param("gitea", "timeout = 0", "below 0.1 — write 0.1 or more", id="below-minimum"),
        pytest.param("devpi", "timeout = 1e300", "above 3600", id="above-maximum"),
        pytest.param("runtime", "poll_interval_seconds = 0.5", "below 1 — write 1 or more", id="interval"),
        pytest.param("web", "port = 80.5", "'80.5' is no whole number", id="whole-number"),
        pytest.param("web", "port = 65536", "above 65535", id="port"),
        pytest.param("web", f"port = {'9' * 5000}", "is no whole number", id="endless-number"),
        pytest.param("web", f"port = {'9' * 400}", "above 65535", id="huge-number"),
        pytest.param("runtime", "upload_workers = 0", "below 1", id="no-workers"),
        pytest.param("runtime", "recheck_bytes_per_day = 20X", "'20X' is no size", id="size"),
        pytest.param("runtime", "recheck_bytes_per_day = 10k", "below 1048576", id="size-too-small"),
        pytest.param("runtime", "recheck_days = -1", "below 0", id="below-zero"),
        pytest.param(
            "runtime",
            "bandwidth = 10",
            "neither off nor a number with k, M or G — write a rate such as 10M",
            id="bandwidth-without-unit",
        ),
        pytest.param(
            "runtime",
            "bandwidth = 08:00,x 9:00,5M",
            "in entry 1 the rate is neither off nor a number with k, M or G, "
            "in entry 2 there is no time, comma and rate",
            id="bandwidth-entries",
        ),
        pytest.param(
            "runtime",
            "bandwidth_zone = Mars/Base",
            "'Mars/Base' is no time zone that this machine",
            id="zone",
        ),
        pytest.param("runtime", "bandwidth_zone = ../x", "is no time zone", id="zone-as-path"),
        pytest.param("runtime", f"bandwidth_zone = {'x' * 5000}", "is no time zone", id="endless-zone"),
        pytest.param("web", "host = a b", "'a b' is not a host name", id="host"),
        pytest.param("mapping:my-org", "organization = ..", "is not a Gitea organization", id="dots"),
        pytest.param("mapping:my-org", "organization = a/b", "is not a Gitea organization", id="slash"),
        pytest.param(
            "mapping:my-org", f"organization = {'x' * 201}", "the text is too long", id="endless-text"
        ),
        pytest.param("mapping:my-org", "repositories = , ,", "commas but no item", id="list-of-nothing"),
        pytest.param(
            "mapping:my-org", "repositories = a/b/c", "'a/b/c' is not repositories written", id="repository"
        ),
        pytest.param("mapping:my-org", "project_allow = a b", "'a b' is not globs without spaces", id="glob"),
        pytest.param(
            "runtime", "state_dir = syncer.conf", "there is a file of this name", id="directory-is-a-file"
        ),
        pytest.param("broker", "url = amqp://guest@host", "no URL of a scheme", id="broker-scheme"),
        pytest.param("database", "url = postgres://db/s", "or another of postgresql", id="database-scheme"),
        pytest.param("database", "url_env = HOME", "[database] url_env: it is no URL", id="url-by-variable"),
    ],
)
def test_a_text_that_is_no_value_is_a_mistake(tmp_path: Path, section: str, line: str, reason: str) -> None:
    (mistake,) = Configuration(tmp_path, with_option(section, line)).mistakes()
    assert reason in mistake
    assert f"[{section}] {line.partition(' ')[0]}" in mistake


@pytest.mark.parametrize(
    ("index", "fine"),
    [
        pytest.param("user/dev", True, id="user-and-index"),
        pytest.param("Ü.s-er_1/de@v", True, id="all-that-devpi-takes"),
        pytest.param("dev", False, id="no-slash"),
        pytest.param("user/dev/x", False, id="two-slashes"),
        pytest.param("/dev", False, id="no-user"),
        pytest.param("user/", False, id="no-index"),
        pytest.param("../dev", False, id="dots-as-user"),
        pytest.param("user/..", False, id="dots-as-index"),
        pytest.param("user/de v", False, id="space"),
        pytest.param("user/dev?x", False, id="query"),
    ],
)
def test_an_index_is_user_and_index(tmp_path: Path, index: str, fine: bool) -> None:
    mistakes = Configuration(tmp_path, MINIMAL.replace("user/dev", index)).mistakes()
    assert bool(mistakes) != fine
    assert fine or "is not user/index — write user/index" in mistakes[0]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("gitea.example.com", "no URL of a scheme", id="no-scheme"),
        pytest.param("https:gitea.example.com", "no URL of a scheme", id="no-slashes"),
        pytest.param("ftp://gitea.example.com", "no URL of a scheme", id="other-scheme"),
        pytest.param("https://", "names no host", id="no-host"),
        pytest.param("https:///path", "names no host", id="path-alone"),
        pytest.param("https://host:port", "host or port cannot be read", id="bad-port"),
        pytest.param("https://host:99999", "host or port cannot be read", id="large-port"),
        pytest.param("https://host:0", "port 0", id="port-zero"),
        pytest.param("https://[::1", "host or port cannot be read", id="bad-address"),
        pytest.param("https://ho st", "a space", id="space"),
        pytest.param("https://planted@host", "holds credentials", id="user"),
        pytest.param("https://u:planted@host", "holds credentials", id="user-and-password"),
        pytest.param("https://host?token=planted", "query or a fragment", id="query"),
        pytest.param("https://host#planted", "query or a fragment", id="fragment"),
        pytest.param("https://host\n token = planted", "over several lines", id="next-line-indented"),
    ],
)
def test_a_url_that_cannot_be_used_is_a_mistake_and_not_repeated(
    tmp_path: Path, url: str, reason: str
) -> None:
    text = MINIMAL.replace("https://gitea.example.com", url)
    (mistake,) = Configuration(tmp_path, text).mistakes()
    assert mistake.startswith("syncer.conf:2 [gitea] url: ")
    assert reason in mistake
    assert "planted" not in mistake


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(with_option("mapping:my-org", "token_env = pl4nted/x"), id="secret-as-variable-name"),
        pytest.param(with_option("mapping:my-org", "token_file = pl4nted"), id="secret-as-file-name"),
        pytest.param(with_option("gitea", "tokn = pl4nted"), id="misspelt-option"),
        pytest.param(with_option("gitea", "token pl4nted"), id="delimiter-forgotten"),
        pytest.param(with_option("gitea", "timeout = 1\n token = pl4nted"), id="indented-below-another"),
        pytest.param(with_option("gitea", "timeout = 1 ; token = pl4nted"), id="in-a-comment"),
        pytest.param(with_option("broker", "url = amqp://:pl4nted@host"), id="in-a-url"),
        pytest.param(with_option("gitea", "verify_ssl = token: pl4nted"), id="two-options-in-one-line"),
        pytest.param(with_option("mapping:my-org", "repositories = a\n  token = pl4nted"), id="in-a-list"),
        pytest.param(with_option("gitea", "token_env = HOME\ntoken_file = pl4nted"), id="excluded-form"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path, text: str) -> None:
    mistakes = Configuration(tmp_path, text).mistakes()
    assert mistakes
    assert "pl4nted" not in "\n".join(mistakes)
