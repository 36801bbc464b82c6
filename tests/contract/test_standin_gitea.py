"""The stand-in Gitea answers as the recorded one did."""

import base64
import json
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPMessage
from typing import Any

import pytest

from tests.contract import recorded_world as world
from tests.contract.recorded_world import RECORDINGS, RecordedWorld, Step, moment, recording
from tests.standin.gitea import StandinGitea, sign
from tests.standin.gitea.hooks import payload
from tests.standin.gitea.render import View

RECORDED_ADDRESS = "http://gitea.example"


@dataclass(frozen=True)
class Situation:
    """Who asks, and after which step of the server's history."""

    after: Step
    caller: str = "alice_read"
    prepare: Callable[[StandinGitea], None] | None = None


def _hook_edited(gitea: StandinGitea) -> None:
    gitea.store.hooks[gitea.store.owner("acme").id][0].updated_at = moment("09:10:11")


LATE = world.package_deleted

ACME = {
    "auth-api-private-bad-token": Situation(LATE),
    "auth-api-private-no-scope": Situation(LATE, "alice_user"),
    "auth-api-private-none": Situation(LATE),
    "auth-api-private-outsider": Situation(LATE, "mallory_read"),
    "auth-api-private-public-only": Situation(LATE, "alice_public_only"),
    "auth-api-unknown-owner": Situation(LATE),
    "auth-registry-private-bad-token": Situation(LATE),
    "auth-registry-private-no-scope": Situation(LATE, "alice_user"),
    "auth-registry-private-none": Situation(LATE),
    "auth-registry-private-outsider": Situation(LATE, "mallory_read"),
    "auth-registry-private-public-only": Situation(LATE, "alice_public_only"),
    "auth-registry-public-anonymous-200": Situation(LATE),
    "auth-registry-public-bad-token": Situation(LATE),
    "auth-registry-unknown-owner": Situation(LATE),
    "commit-status-201": Situation(world.linked, "alice_repository"),
    "commit-status-403-scope": Situation(world.linked, "alice_repository_read"),
    "delete-version-204": Situation(world.before_deletions, "alice_write"),
    "delete-version-403-scope": Situation(world.before_deletions),
    "download-200": Situation(world.burst),
    "download-304": Situation(world.burst),
    "download-404-file": Situation(world.burst),
    "download-404-version": Situation(world.burst),
    "download-head-405": Situation(world.burst),
    "download-range-206": Situation(world.burst),
    "download-range-416": Situation(world.burst),
    "hook-list": Situation(world.linked, "alice_organization", _hook_edited),
    "hook-org-create": Situation(world.accounts, "alice_organization"),
    "hook-org-create-403-scope": Situation(world.accounts),
    "hook-org-create-unknown-event": Situation(world.hooks, "alice_organization"),
    "hook-patch-without-events": Situation(world.linked, "alice_organization"),
    "latest": Situation(world.published_again),
    "link-201": Situation(LATE, "alice_write"),
    "list-head-200": Situation(LATE),
    "list-one-row": Situation(world.second_file),
    "list-page-2-limit-3": Situation(LATE),
    "list-page-beyond-end": Situation(LATE),
    "list-page-last-limit-10": Situation(LATE),
    "list-q-dotted-name-empty": Situation(LATE),
    "list-renamed-owner-307": Situation(world.renamed),
    "list-ties-same-second": Situation(LATE),
    "org-repos": Situation(world.linked, "alice_organization"),
    "settings-api": Situation(LATE),
    "simple-html-escaped-requires-python": Situation(world.odd_uploads),
    "simple-html-odd-filenames": Situation(world.odd_uploads),
    "simple-html-odd-versions": Situation(world.burst),
    "simple-html-two-files": Situation(world.second_file),
    "simple-pep691-asked-html-given": Situation(world.burst),
    "simple-renamed-owner": Situation(world.renamed),
    "simple-root-404": Situation(world.burst),
    "simple-trailing-slash": Situation(world.burst),
    "simple-unknown-project-404": Situation(world.burst),
    "token-introspection": Situation(world.linked),
    "upload-created-201": Situation(world.repositories, "alice_write"),
    "upload-duplicate-409": Situation(world.odd_uploads, "alice_write"),
    "upload-hash-mismatch-400": Situation(world.odd_uploads, "alice_write"),
    "upload-invalid-version-400": Situation(world.odd_uploads, "alice_write"),
    "upload-no-content-400": Situation(world.odd_uploads, "alice_write"),
    "upload-same-name-other-bytes-409": Situation(world.odd_uploads, "alice_write"),
    "user-200": Situation(LATE, "alice_user"),
    "version": Situation(LATE),
    "version-files": Situation(world.second_file),
    "version-files-odd-names": Situation(world.odd_uploads),
    "version-get": Situation(world.second_file),
    "version-get-404-dotted-name": Situation(world.second_file),
    "version-linked-archived-private-repo": Situation(world.linked),
    "version-linked-private-repo-hidden-null": Situation(world.linked, "mallory_read"),
    "version-linked-public-repo": Situation(world.linked),
    "versions-of-project": Situation(world.published_again),
    "versions-of-unknown-project-404": Situation(LATE),
}

DAVE = {
    "list-clamped-at-7-root-url-differs",
    "simple-root-url-differs",
    "upload-quota-count-403",
    "upload-quota-size-403",
}

NOT_SERVED = {
    "webhook-created-form": "a delivery: the stand-in delivers no webhook, see the payload tests below",
    "webhook-created-nosecret-authorization": "a delivery",
    "webhook-created-org-linked": "a delivery",
    "webhook-created-org-unlinked": "a delivery",
    "webhook-created-system": "a delivery",
    "webhook-created-user-owner": "a delivery",
    "webhook-deleted-org": "a delivery",
}


def test_every_recording_is_compared_or_listed_as_not_served() -> None:
    recorded = {path.stem for path in RECORDINGS.glob("*.json")}
    assert recorded == set(ACME) | DAVE | set(NOT_SERVED)


@pytest.mark.parametrize("name", sorted(set(ACME) | DAVE))
def test_the_stand_in_answers_as_recorded(name: str) -> None:
    exchange = recording(name)
    with _recorded_server(name) as gitea:
        caller = ACME[name].caller if name in ACME else ""
        status, headers, body = _send(gitea, exchange["request"], caller)
        expected = exchange["response"]
        assert status == expected["status"]
        assert _readable(body) == _readable(_expected_body(expected, gitea))
        assert body == _expected_body(expected, gitea)
        assert _without_chance(dict(headers.items())) == _expected_headers(expected, gitea)
        assert "Date" in headers


def _recorded_server(name: str) -> StandinGitea:
    """The server in the state, and at the second, of the recording."""
    past = RecordedWorld()
    gitea = past.acme_after(ACME[name].after) if name in ACME else past.dave()
    if name in ACME and (prepare := ACME[name].prepare):
        prepare(gitea)
    past.now = parsedate_to_datetime(recording(name)["response"]["headers"]["Date"]).astimezone(UTC)
    return gitea


def _send(gitea: StandinGitea, request: dict[str, Any], caller: str) -> tuple[int, HTTPMessage, bytes]:
    headers = {name: value.replace("TOKEN", caller) for name, value in request["headers"].items()}
    body = base64.b64decode(request["body_base64"]) if "body_base64" in request else request.get("body")
    connection = HTTPConnection("127.0.0.1", urllib.parse.urlsplit(gitea.url).port, timeout=10)
    try:
        connection.request(request["method"], request["path"], body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def _expected_body(response: dict[str, Any], gitea: StandinGitea) -> bytes:
    if "body_base64" in response:
        return base64.b64decode(response["body_base64"])
    return str(response["body"]).replace(RECORDED_ADDRESS, gitea.url).encode()


def _readable(body: bytes) -> object:
    """JSON as values, so that a difference is shown by its key."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace").splitlines()


def _expected_headers(response: dict[str, Any], gitea: StandinGitea) -> dict[str, str]:
    headers = {
        name: value.replace(RECORDED_ADDRESS, gitea.url) for name, value in response["headers"].items()
    }
    return _without_chance(headers)


def _without_chance(headers: dict[str, str]) -> dict[str, str]:
    """Dates differ, and in JSON and HTML the length, since addresses were replaced in the recordings."""
    has_addresses = headers.get("Content-Type", "").startswith(("application/json", "text/html"))
    if has_addresses and "Content-Length" in headers:
        headers = headers | {"Content-Length": "some"}
    return {name: value for name, value in headers.items() if name != "Date"}


# webhooks: the body of the event and its signatures, without a delivery


def _delivered(name: str) -> tuple[dict[str, Any], str]:
    """The recorded delivery and the JSON text in it."""
    delivery = recording(name)
    body = base64.b64decode(delivery["request"]["body_base64"]).decode()
    if "urlencoded" in delivery["request"]["headers"]["Content-Type"]:
        body = urllib.parse.parse_qs(body)["payload"][0]
    return delivery, body


@pytest.mark.parametrize("name", sorted(NOT_SERVED))
def test_signatures_are_those_of_the_recorded_delivery(name: str) -> None:
    delivery, body = _delivered(name)
    signatures = sign(delivery["secret"], body.encode())
    assert signatures.items() <= delivery["request"]["headers"].items()


@pytest.fixture
def published() -> StandinGitea:
    past = RecordedWorld()
    gitea = past.acme_after(world.linked)
    gitea.store.last_id["version"] = 349
    past.now = moment("09:11:48")
    world.publish_wheel(gitea, "acme", "My.Package", "1.2")
    past.now = moment("09:11:49")
    world.publish_wheel(gitea, "acme", "plain", "0.1")
    world.publish_wheel(gitea, "alice", "userpkg", "1.2")
    return gitea


@pytest.mark.parametrize(
    ("name", "action", "owner", "package", "version"),
    [
        ("webhook-created-form", "created", "acme", "plain", "0.1"),
        ("webhook-created-nosecret-authorization", "created", "acme", "plain", "0.1"),
        ("webhook-created-org-linked", "created", "acme", "my-package", "1.2"),
        ("webhook-created-org-unlinked", "created", "acme", "plain", "0.1"),
        ("webhook-created-system", "created", "acme", "plain", "0.1"),
        ("webhook-created-user-owner", "created", "alice", "userpkg", "1.2"),
        ("webhook-deleted-org", "deleted", "acme", "my-package", "1.2"),
    ],
)
def test_the_payload_of_an_event_is_the_recorded_one(
    published: StandinGitea, name: str, action: str, owner: str, package: str, version: str
) -> None:
    store = published.store
    row = store.version(store.owner(owner), package, version)
    view = View("http://127.0.0.1:3200", RECORDED_ADDRESS, None)
    assert payload(view, action, row, store.owner("alice")).decode() == _delivered(name)[1]
