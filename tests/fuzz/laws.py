"""What holds for every answer to hostile input, whoever parses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from packaging.utils import canonicalize_name

from syncer.core.metadata import CoreMetadata

#: Planted wherever a secret can stand; no text that a person may see holds it.
SECRET = "s3CRETplanted0123456789"
#: Characters; an error is a few sentences, and quotes its input only in part.
LONGEST_ERROR = 2000

_MULTILINE = {"description", "license"}
_LEGAL_NAME = re.compile(r"[a-z0-9._-]+", re.IGNORECASE | re.ASCII)


@contextmanager
def only(*errors: type[Exception]) -> Iterator[None]:
    """What is done within ends well, or in one of these errors with a text that can be shown."""
    try:
        yield
    except errors as error:
        check_text(str(error))


def check_text(text: str) -> None:
    """One line that says something, is not endless, and holds no secret."""
    assert text
    assert len(text) <= LONGEST_ERROR
    assert not set("\r\n") & set(text)
    assert SECRET not in text


def check_metadata(metadata: CoreMetadata, filename: str) -> None:
    """devpi takes the file with this form: its own rules, read from devpi-server 6.20."""
    name, version = metadata.name, metadata.version
    assert _LEGAL_NAME.fullmatch(name)
    assert name[0].isalnum()
    assert name[-1].isalnum()
    assert not set('<>%#"') & set(name + version)
    assert version in filename or re.sub(r"[^\w\d.]+", "_", version) in filename
    assert _folded(filename).startswith(_folded(name))
    check_form(metadata)


def check_form(metadata: CoreMetadata) -> None:
    """Every field can be sent and kept: text without NUL, in one line where one is meant."""
    said = dict(metadata.form)
    assert (said["name"], said["version"]) == (metadata.name, metadata.version)
    assert said.get("requires_python", "") == metadata.requires_python
    for field, value in metadata.form:
        assert value.encode()
        assert "\0" not in value
        assert field in _MULTILINE or len(value.splitlines()) == 1


def check_name(name: str) -> None:
    """A project's name as PEP 503 normalizes it, or none."""
    assert name == canonicalize_name(name)


def _folded(text: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "-", text).lower()
