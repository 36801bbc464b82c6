"""What a devpi token says of itself; those of the real server are made in tests/integration."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import TimedSerializer
from pymacaroons import MACAROON_V2, Macaroon  # type: ignore[import-untyped]  # it has no types

from syncer.adapters.devpi.tokens import LOGIN_LIFE, read_token
from syncer.core.diagnosis.facts import TokenFacts
from syncer.core.secret import Secret

END = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


def macaroon(*caveats: str, user: str = "ci-1") -> Secret:
    """As devpi-tokens writes it."""
    made = Macaroon(identifier=f"{user}-Ab3", key=b"k", version=MACAROON_V2)
    for caveat in caveats:
        made.add_first_party_caveat(caveat)
    return Secret(f"devpi-{made.serialize()}")


@pytest.mark.parametrize(
    ("caveats", "expected"),
    [
        pytest.param((), TokenFacts("devpi-token", "ci-1", None), id="without restrictions"),
        pytest.param(("expires=never",), TokenFacts("devpi-token", "ci-1", None), id="without an end"),
        pytest.param(
            (f"expires={int(END.timestamp())}", "expires=4000000000"),
            TokenFacts("devpi-token", "ci-1", END),
            id="the first of two ends",
        ),
        pytest.param(
            ("allowed=pkg_read,upload", "indexes=ci/a,ci/b", "indexes=ci/b", "projects=x" * 60, "other=1"),
            TokenFacts(
                "devpi-token",
                "ci-1",
                None,
                indexes=frozenset({"ci/b"}),
                projects=frozenset({"x" + "projects=x" * 59}),
                allowed=frozenset({"pkg_read", "upload"}),
            ),
            id="every restriction, one of them twice, one of them long",
        ),
    ],
)
def test_a_token_of_devpi_tokens(caveats: tuple[str, ...], expected: TokenFacts) -> None:
    assert read_token(macaroon(*caveats)) == expected


def test_a_token_of_a_login_lives_ten_hours() -> None:
    text = TimedSerializer("a secret").dumps(["ci", ["a.group"], True])
    token = Secret(text if isinstance(text, str) else text.decode())
    found = read_token(token)
    assert found is not None
    assert (found.kind, found.user) == ("login", "ci")
    assert found.expires is not None
    left = found.expires - datetime.now(UTC)
    assert 0 <= (LOGIN_LIFE - left).total_seconds() < 60


@pytest.mark.parametrize(
    "text",
    [
        "",
        "devpi-",
        "devpi-AAAA",
        "devpi-not base64",
        "password",
        "a.b.c",
        '["u", 1, true].awDycA.x',
        "devpi-" + urlsafe_b64encode(b"\x02\x02\x7fshort").decode(),
        "devpi-" + urlsafe_b64encode(b"\x02\x02\x05a-bcd\x00\x02\x0bexpires=abc\x00\x00").decode(),
    ],
)
def test_another_text_is_no_token_of_a_known_form(text: str) -> None:
    assert read_token(Secret(text)) is None


@given(st.binary(max_size=60))
def test_whatever_is_in_a_token_is_read_without_an_error(packed: bytes) -> None:
    read_token(Secret("devpi-" + urlsafe_b64encode(packed).decode()))
    read_token(Secret(f'["u", [], true].{urlsafe_b64encode(packed).decode()}.x'))


@given(st.text(max_size=60))
def test_whatever_a_token_is_it_is_read_without_an_error(text: str) -> None:
    read_token(Secret(text))
    read_token(Secret(f"devpi-{text}"))
