"""Keys of Ed25519 in files, and DSSE envelopes signed with them.

https://github.com/secure-systems-lab/dsse says what an envelope is. The libraries are imported when a key
is used, as most processes never do.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

from syncer.core.audit import canonical
from syncer.core.errors import NotGenuine, SigningUnavailable, SyncerError

#: Others may neither read nor write a private key.
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
#: Bytes of an envelope or a key file that are read at most.
LARGEST = 1024 * 1024


class KeySigner:
    """Signs with the private key of a file, which is read once."""

    def __init__(self, path: Path) -> None:
        self._signer = _crypto_signer(_private_key(path))

    def __repr__(self) -> str:
        return f"KeySigner({self.key_id})"

    @property
    def key_id(self) -> str:
        """What the public key is known by: the sha256 that securesystemslib gives it."""
        return str(self._signer.public_key.keyid)

    @property
    def public_pem(self) -> str:
        """The public key as PEM."""
        return _public_pem(self._signer)

    def sign(self, payload: bytes, payload_type: str) -> str:
        """The payload in a DSSE envelope, as one line of JSON."""
        from securesystemslib.dsse import Envelope  # noqa: PLC0415  # see above

        envelope = Envelope(payload, payload_type, {})
        envelope.sign(self._signer)
        return _written(envelope)


def find_signer(path: Path) -> KeySigner | None:
    """The signer with the key of that file, None where there is no such file.

    Raises SigningUnavailable when the file cannot be read, is open to others, or holds no Ed25519 key.
    """
    return KeySigner(path) if path.exists() else None


def make_key(path: Path) -> KeySigner:
    """A new key: the private one in ``path`` for nobody else to read, the public one beside it.

    Raises SyncerError, and changes nothing, when either file is there already.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    key = Ed25519PrivateKey.generate()
    public = public_path(path)
    for each in (path, public):
        _refuse_existing(each)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _create(path, _private_pem(key), 0o600)
    _create(public, _public_pem(_crypto_signer(key)).encode("ascii"), 0o644)
    return KeySigner(path)


def public_path(private: Path) -> Path:
    """Where the public key of a private one stands."""
    return private.with_name(f"{private.name}.pub")


def opened(envelope: str, public_pem: bytes, payload_type: str) -> tuple[bytes, str]:
    """The payload of an envelope that this key signed, and the key's id.

    Raises NotGenuine when the envelope is not exactly as it was written or signed by another key.
    """
    from securesystemslib.dsse import Envelope  # noqa: PLC0415
    from securesystemslib.exceptions import VerificationError  # noqa: PLC0415

    key = _public_key(public_pem)
    try:
        found = Envelope.from_dict(json.loads(envelope))
        as_written = _written(found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _no_envelope() from error
    if as_written != envelope or found.payload_type != payload_type:
        raise _no_envelope()
    try:
        found.verify([key], 1)
    except VerificationError as error:
        raise _not_signed_by(key.keyid) from error
    return found.payload, str(key.keyid)


def _crypto_signer(key: Any) -> Any:
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # noqa: PLC0415  # documented so

    return CryptoSigner(key)


def _private_key(path: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        if path.stat().st_mode & _OPEN_TO_OTHERS:
            _unusable(path, "Others can read or write it.", f"chmod 600 {path}, and make a new key.")
        key = load_pem_private_key(_read(path), password=None)
    except OSError as error:
        _unusable(path, f"It cannot be read ({error.strerror}).", "Let the syncer's user read it.")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        # Nothing of what the file holds may be told, so neither is the library's own error.
        _unusable(path, "It holds no Ed25519 private key in PEM without a password.", _MAKE)
    return key


_MAKE = "Make one with `syncer keys make`, or correct [runtime] signing_key."


def _unusable(path: Path, cause: str, next_step: str) -> NoReturn:
    raise SigningUnavailable(f"The signing key {path} cannot be used.", cause, next_step) from None


def _public_key(pem: bytes) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # noqa: PLC0415  # documented so

    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise NotGenuine(
            "The key holds no Ed25519 public key in PEM.",
            "It was changed, or is another kind of file; a private key is never asked for.",
            "Take the file that `syncer keys make` wrote beside the private key, or `syncer keys show`.",
        )
    return SSlibKey.from_crypto(key)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)


def _private_pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def _public_pem(signer: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer.public_key.keyval["public"]))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise SyncerError(
            f"{path} is there already.",
            "A key was made before; what it signed can only be verified with its public key.",
            "Move both files away first, and keep the public one.",
        )


def _create(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)


def _written(envelope: Any) -> str:
    return canonical(envelope.to_dict()) + "\n"


def _no_envelope() -> NotGenuine:
    return NotGenuine(
        "This is not an envelope as the syncer wrote it.",
        "It was changed, or it is another file.",
        "Export it anew with `syncer statement`.",
    )


def _not_signed_by(key_id: str) -> NotGenuine:
    return NotGenuine(
        f"The envelope was not signed by the key {key_id[:16]}….",
        "What it says was changed after it was signed, or another key signed it.",
        "Take the public key of the installation that made it, and do not rely on what it says.",
    )
