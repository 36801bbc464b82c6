"""Keys in files, and envelopes that only what was signed opens."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.adapters.signing import KeySigner, find_signer, make_key, opened, public_path
from syncer.core.errors import NotGenuine, SigningUnavailable, SyncerError
from syncer.core.statement import PAYLOAD_TYPE

PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'


@cache
def signed() -> tuple[str, bytes]:
    """An envelope, and the public key that opens it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "key.pem"
        key = make_key(path)
        return key.sign(PAYLOAD, PAYLOAD_TYPE), public_path(path).read_bytes()


def other_key() -> bytes:
    with TemporaryDirectory() as folder:
        return make_key(Path(folder) / "key.pem").public_pem.encode()


def test_a_key_is_made_for_its_owner_alone_with_the_public_one_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key.pem"
    key = make_key(path)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, public_path(path))] == [0o600, 0o644]
    assert public_path(path).read_text() == key.public_pem
    assert "PRIVATE" not in key.public_pem
    assert len(key.key_id) == 64


@pytest.mark.parametrize("there", ["key.pem", "key.pem.pub"])
def test_a_key_that_is_there_is_never_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("kept")
    with pytest.raises(SyncerError, match="is there already"):
        make_key(tmp_path / "key.pem")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {there: "kept"}


def test_what_a_key_signed_is_opened_by_its_public_key(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    made, found = make_key(path), find_signer(path)
    assert found is not None
    envelope = found.sign(PAYLOAD, PAYLOAD_TYPE)
    assert opened(envelope, public_path(path).read_bytes(), PAYLOAD_TYPE) == (PAYLOAD, made.key_id)
    assert envelope == made.sign(PAYLOAD, PAYLOAD_TYPE)  # Ed25519 signs the same always alike


def test_an_envelope_is_as_dsse_has_it() -> None:
    document = json.loads(signed()[0])
    assert set(document) == {"payload", "payloadType", "signatures"}
    assert document["payloadType"] == "application/vnd.in-toto+json"
    assert [sorted(signature) for signature in document["signatures"]] == [["keyid", "sig"]]


def test_where_there_is_no_key_nobody_signs(tmp_path: Path) -> None:
    assert find_signer(tmp_path / "key.pem") is None


def _open_to_others(path: Path) -> None:
    path.chmod(0o640)


def _garbled(path: Path) -> None:
    path.write_text(path.read_text().replace("PRIVATE", "SECRET"))


def _cut(path: Path) -> None:
    path.write_text(path.read_text()[:60])


def _public(path: Path) -> None:
    path.write_bytes(public_path(path).read_bytes())


@pytest.mark.parametrize("spoil", [_open_to_others, _garbled, _cut, _public])
def test_a_key_that_cannot_be_used_is_named_without_what_it_holds(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    path = tmp_path / "key.pem"
    make_key(path)
    inside = path.read_text().splitlines()[1]
    spoil(path)
    with pytest.raises(SigningUnavailable) as refused:
        KeySigner(path)
    assert str(path) in str(refused.value)
    assert inside not in f"{refused.value}{refused.value.__cause__}{refused.getrepr()}"


def test_a_signer_shows_its_key_id_alone(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key.pem")
    assert repr(key) == f"KeySigner({key.key_id})"


@given(place=st.integers(0, 10_000), char=st.characters(codec="ascii"))
def test_any_changed_character_of_an_envelope_is_refused(place: int, char: str) -> None:
    envelope, public = signed()
    place %= len(envelope)
    changed = envelope[:place] + char + envelope[place + 1 :]
    if changed == envelope:
        return
    with pytest.raises(NotGenuine):
        opened(changed, public, PAYLOAD_TYPE)


@given(place=st.integers(0, 10_000))
def test_any_missing_character_of_an_envelope_is_refused(place: int) -> None:
    envelope, public = signed()
    place %= len(envelope)
    with pytest.raises(NotGenuine):
        opened(envelope[:place] + envelope[place + 1 :], public, PAYLOAD_TYPE)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(NotGenuine, match="was not signed by the key"):
        opened(signed()[0], other_key(), PAYLOAD_TYPE)


@pytest.mark.parametrize("key", [b"", b"nonsense", b"-----BEGIN PUBLIC KEY-----\n"])
def test_what_is_no_public_key_is_refused(key: bytes) -> None:
    with pytest.raises(NotGenuine, match="no Ed25519 public key"):
        opened(signed()[0], key, PAYLOAD_TYPE)


@pytest.mark.parametrize("envelope", ["", "[]", "{}", "null", "[" * 100_000, '{"payload": 1}'])
def test_what_is_no_envelope_is_refused(envelope: str) -> None:
    with pytest.raises(NotGenuine, match="not an envelope"):
        opened(envelope, signed()[1], PAYLOAD_TYPE)


def test_an_envelope_of_another_type_is_refused() -> None:
    with pytest.raises(NotGenuine, match="not an envelope"):
        opened(signed()[0], signed()[1], "text/plain")
