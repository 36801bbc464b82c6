"""What devpi's answers mean; everything known of its protocol errors stands here, and it is pure.

Seen with devpi-server 6.20.3 and devpi-tokens 1.1.0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from syncer.core.diagnosis.advice import advised
from syncer.core.diagnosis.codes import Code
from syncer.core.errors import (
    ContentConflict,
    RateLimited,
    RemoteUnavailable,
    SyncerError,
    TargetMissing,
    Unauthorized,
    UploadRejected,
)
from syncer.core.model import DistributionFile
from syncer.core.secret import Secret, one_line

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """devpi's answer to one upload in one line; ``error`` is None when it holds the file now."""

    text: str
    error: SyncerError | None = None


def classify_upload_answer(status: int, reason: str, file: DistributionFile) -> Answer:
    """Say what an HTTP status and devpi's reason mean for the file.

    An identical file on a non-volatile index is answered by 200, so a repeated upload is harmless.
    """
    text = reason or _phrase(status)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(text)
    return Answer(text, _BY_STATUS.get(status, _by_class(status))(file, status, text))


def reason_of(phrase: str, body: bytes, secrets: Sequence[Secret] = ()) -> str:
    """What devpi says about a refusal, in one line without markup and without the secrets.

    Its own texts stand in the ``title`` or ``message`` of the JSON body, and in the reason phrase; a
    proxy's page tells nothing.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    told = [answer.get("message"), answer.get("title")] if isinstance(answer, dict) else []
    lines = (one_line(text, secrets).rstrip(".") for text in (*told, phrase) if isinstance(text, str))
    return next((line[:_LONGEST_REASON] for line in lines if line), "")


def login_refused(username: str) -> Unauthorized:
    """Password or token was not taken."""
    what = f"devpi did not accept the credentials of user {username}."
    return advised(Unauthorized, Code.CREDENTIAL_REFUSED, what)


def forbidden(reason: str) -> Unauthorized:
    """The user is known and lacks the right."""
    return advised(Unauthorized, Code.UPLOAD_FORBIDDEN, f"devpi forbids it: {reason}.")


def index_missing(reason: str) -> TargetMissing:
    """No such index, or one that takes no uploads."""
    what = f"devpi has no such index to upload to: {reason}."
    return advised(TargetMissing, Code.INDEX_MISSING, what, index="USER/INDEX")


def no_devpi(url: str, status: int) -> TargetMissing:
    """Something else answers at the configured URL."""
    return TargetMissing(
        f"No devpi-server answers at {urlsplit(url).netloc.rpartition('@')[2]} (status {status}).",
        "'url' names another server, a path is missing, or it redirects from http to https.",
        "Set 'url' in the server's section of the configuration to devpi's final address.",
    )


def push_refused(project: str, version: str, to: str, status: int, reason: str) -> UploadRejected:
    """Devpi does not copy a release between its indexes."""
    return UploadRejected(
        f"devpi did not copy {project} {version} to {to} ({status}): {reason}.",
        "That index has files of it, or the user or token may not upload there.",
        "The files are uploaded instead; nothing is to be done.",
        status=status,
    )


def _conflict(file: DistributionFile, _: int, reason: str) -> SyncerError:
    return ContentConflict(
        f"devpi refused {file.filename}: {reason}.",
        "Somebody uploaded other bytes under this name, or it was published twice with different content.",
        "Compare both files; publish under a new version, or remove the wrong one at devpi.",
    )


def _rejected(file: DistributionFile, status: int, reason: str) -> SyncerError:
    return UploadRejected(
        f"devpi refused {file.filename} ({status}): {reason}.",
        "devpi's rules for names, versions or metadata do not allow this file.",
        "Publish a corrected file; the others go on.",
        status=status,
    )


def _too_large(file: DistributionFile, status: int, reason: str) -> SyncerError:
    return UploadRejected(
        f"devpi refused {file.filename} ({status}): {reason}.",
        "The file is larger than devpi or the proxy before it allows.",
        "Raise --max-request-body-size of devpi-server, or the proxy's limit (nginx: client_max_body_size).",
        status=status,
    )


def _unauthorized(_file: DistributionFile, _status: int, reason: str) -> SyncerError:
    return Unauthorized(
        f"devpi did not accept the credentials for the upload: {reason}.",
        "The password or token is wrong or has expired, or anonymous uploads are not allowed.",
        "Correct username and password or token of this server in its section of the configuration.",
    )


def _forbidden(file: DistributionFile, status: int, reason: str) -> SyncerError:
    if "access to project" in reason:
        return UploadRejected(
            f"devpi refused {file.filename} ({status}): {reason}.",
            "The devpi token is limited to other projects.",
            f"Create a token that covers project {file.project}, or exclude the project in the mapping.",
            status=status,
        )
    return forbidden(reason)


def _missing(_file: DistributionFile, _status: int, reason: str) -> SyncerError:
    return index_missing(reason)


def _redirected(_file: DistributionFile, status: int, _reason: str) -> SyncerError:
    return TargetMissing(
        f"devpi's address redirects uploads elsewhere ({status}).",
        "An upload does not follow a redirect; 'url' is probably http where the server wants https.",
        "Set 'url' in the server's section of the configuration to the final address.",
    )


def _slow_down(_file: DistributionFile, status: int, reason: str) -> SyncerError:
    return RateLimited(
        f"devpi asks to slow down ({status}: {reason}).",
        "It, or the proxy before it, limits how many requests it takes.",
        "It is tried again by itself.",
    )


def _unavailable(file: DistributionFile, status: int, reason: str) -> SyncerError:
    return RemoteUnavailable(
        f"devpi answered {status} to the upload of {file.filename}: {reason}.",
        "It is overloaded or restarting, or another upload held its write lock for more than a minute.",
        "It is tried again by itself; devpi's log says more.",
    )


_BY_STATUS: dict[int, Callable[[DistributionFile, int, str], SyncerError]] = {
    HTTPStatus.UNAUTHORIZED: _unauthorized,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _missing,
    HTTPStatus.METHOD_NOT_ALLOWED: _missing,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: _unauthorized,
    HTTPStatus.REQUEST_TIMEOUT: _unavailable,
    HTTPStatus.CONFLICT: _conflict,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _too_large,
    HTTPStatus.TOO_EARLY: _unavailable,
    HTTPStatus.TOO_MANY_REQUESTS: _slow_down,
}


def _by_class(status: int) -> Callable[[DistributionFile, int, str], SyncerError]:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return _redirected
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _rejected
    return _unavailable


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
