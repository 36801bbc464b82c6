"""What Gitea has on record of a release's files: ``GET …/{name}/{version}/files``, JSON to values."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

import requests

from syncer.adapters.gitea import refusals
from syncer.core.errors import FileGone, RemoteUnavailable, SyncerError
from syncer.ports.source import Filed

#: Gitea gives all four of each file (seen in 1.27).
DIGESTS = ("md5", "sha1", "sha256", "sha512")
_HEX = re.compile(r"[0-9a-f]{32,128}")


def parse_filed(body: bytes) -> tuple[Filed, ...]:
    """The files of an answer; raises RemoteUnavailable when it is not as Gitea 1.22 to 1.27 writes it."""
    try:
        return tuple(_filed(row) for row in json.loads(body))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RemoteUnavailable(
            "Gitea's list of a release's files cannot be read.",
            "Something other than Gitea answered, or this Gitea answers in a way that is not known.",
            "Check [gitea] url and any proxy in front of it.",
        ) from error


def _filed(row: dict[str, Any]) -> Filed:
    size = row["size"] if "size" in row else row["Size"]  # as Gitea before 1.25 and Forgejo spell it
    digests = {name: row[name] for name in DIGESTS if _HEX.fullmatch(str(row.get(name)))}
    if type(row["id"]) is not int or type(size) is not int or not isinstance(row["name"], str):
        raise TypeError(row)
    return Filed(row["id"], row["name"], size, digests)


def of_release(response: requests.Response, owner: str, message: str) -> SyncerError:
    """The error behind a refused list of files."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        return FileGone(
            f"Gitea has no such release of {owner} any more (404: {message}).",
            "It was deleted, or deleted and published again under another spelling.",
            "Nothing needs to be done; `syncer plan` shows what is there now.",
        )
    return refusals.of_listing(response, owner, message)
