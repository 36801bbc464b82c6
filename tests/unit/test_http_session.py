"""The shared HTTP session: whose settings win, and which errors it may let out."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import requests
from requests.adapters import BaseAdapter

from syncer.adapters.http import Session, remote_errors
from syncer.core.errors import RemoteUnavailable

ELSEWHERE = "/a/ca/bundle/of/somebody/else.pem"


class Recorder(BaseAdapter):
    """Answers every request itself and keeps what it was told about certificates."""

    def __init__(self, *, location: str = "") -> None:
        super().__init__()
        self.location = location
        self.verify: object = None

    def send(self, request: requests.PreparedRequest, *_: object, **options: object) -> requests.Response:
        self.verify = options["verify"]
        response = requests.Response()
        response.status_code = 302 if self.location else 200
        response.url, response.request, response._content = str(request.url), request, b""
        if self.location:
            response.headers["Location"] = self.location
        return response

    def close(self) -> None:
        """Nothing is open."""


def session(recorder: Recorder, verify: bool | str) -> Session:
    made = Session(verify=verify, timeout=5, authorize=lambda request: request)
    made.mount("https://", recorder)
    return made


@pytest.mark.parametrize(
    ("verify", "used"),
    [
        pytest.param(False, False, id="checks switched off"),
        pytest.param("own.pem", "own.pem", id="a CA bundle of its own"),
        pytest.param(True, ELSEWHERE, id="nothing said: the environment's bundle"),
    ],
)
def test_a_configured_certificate_rule_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch, verify: bool | str, used: bool | str
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ELSEWHERE)
    recorder = Recorder()
    session(recorder, verify).get("https://git.example/")
    assert recorder.verify == used


@pytest.mark.parametrize(
    "location", ["http://[", "https://git.example:99999/", "https://git.example:x/", "ftp://x/"]
)
def test_an_unreadable_redirect_is_a_server_that_cannot_be_reached(location: str) -> None:
    url = "https://git.example/"
    with pytest.raises(RemoteUnavailable), remote_errors("Gitea", url):
        session(Recorder(location=location), verify=True).get(url)


class Door(BaseHTTPRequestHandler):
    """Sends everybody on to another port of this machine."""

    location = ""
    seen: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers["Authorization"])
        self.send_response(302 if self.path == "/" else 200)
        self.send_header("Location", self.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


def test_no_redirect_to_another_host_carries_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither ours nor those that `.netrc` has for it; another port is another host."""
    (tmp_path / "netrc").write_text("default login me password planted-netrc\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setattr(Door, "seen", [])

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = "token planted"
        return request

    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Door) as first,
        ThreadingHTTPServer(("127.0.0.1", 0), Door) as second,
    ):
        for server in (first, second):
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(Door, "location", f"http://127.0.0.1:{second.server_port}/there")
        answer = Session(verify=True, timeout=5, authorize=authorize).get(
            f"http://127.0.0.1:{first.server_port}/"
        )
        for server in (first, second):
            server.shutdown()
    assert answer.status_code == 200
    assert Door.seen == ["token planted", None]


def test_a_header_that_cannot_be_sent_is_never_shown() -> None:
    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = "token planted\nsecret"
        return request

    url = "http://127.0.0.1:9/"
    with pytest.raises(RemoteUnavailable) as caught, remote_errors("Gitea", url):
        Session(verify=True, timeout=5, authorize=authorize).get(url)
    error: BaseException | None = caught.value
    while error is not None:
        assert "planted" not in str(error)
        error = error.__cause__


def test_a_missing_ca_bundle_is_named_as_a_matter_of_verify_ssl() -> None:
    url = "https://127.0.0.1:9/"
    with pytest.raises(RemoteUnavailable, match="verify_ssl"), remote_errors("Gitea", url):
        Session(verify="/no/such/bundle.pem", timeout=5, authorize=lambda request: request).get(url)
