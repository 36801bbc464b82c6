"""devpi's answers: index, project, simple page, login, and what it says to an upload."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import requests
from requests.adapters import BaseAdapter

from syncer.adapters.devpi.answers import classify_upload_answer, reason_of
from syncer.adapters.devpi.client import DevpiClient
from syncer.adapters.devpi.listing import read_facts, read_project, read_projects, read_simple
from syncer.adapters.devpi.target import DevpiTarget
from syncer.config.settings import DevpiServer
from syncer.core.errors import (
    FileRefused,
    ListingIncomplete,
    MappingBroken,
    Retryable,
    TargetMissing,
)
from syncer.core.model import DistributionFile
from syncer.core.secret import Secret
from tests.fuzz.laws import SECRET, check_name, check_text, only
from tests.fuzz.target import Target, loaded

INDEX = "user/dev"
FILE = DistributionFile("demo", "1.0", "demo-1.0.tar.gz", "0" * 64)
_SERVER = DevpiServer("default", "https://devpi.example", "user", password=Secret(SECRET))


def index(data: bytes) -> None:
    answer = loaded(data)
    with only(ListingIncomplete, TargetMissing):
        assert all(isinstance(base, str) for base in read_facts(INDEX, answer).bases)
    with only(ListingIncomplete):
        for name in read_projects(INDEX, answer):
            check_name(name)


def project(data: bytes) -> None:
    with only(ListingIncomplete):
        _check_files(read_project(f"{INDEX}/demo", "demo", loaded(data)))


def simple(data: bytes) -> None:
    place = f"{INDEX}/+simple/demo/"
    with only(ListingIncomplete):
        _check_files(read_simple(place, f"https://devpi.example/{place}", INDEX, "demo", loaded(data)))


def _check_files(files: Iterable[DistributionFile]) -> None:
    for file in files:
        assert file.project == "demo"
        assert re.fullmatch("([0-9a-f]{64})?", file.sha256)
        assert isinstance(file.version, str)
        assert isinstance(file.filename, str)
        assert isinstance(file.requires_python, str)


def upload(data: bytes) -> None:
    said = loaded(data)
    if not isinstance(said, dict):
        return
    status, phrase, body = said.get("status"), said.get("phrase"), said.get("body")
    code = status if type(status) is int else 0
    told = body if isinstance(body, str) else json.dumps(body)
    reason = reason_of(phrase if isinstance(phrase, str) else "", told.encode("utf-8", "surrogatepass"))
    assert reason == "" or reason.isprintable()
    answer = classify_upload_answer(code, reason, FILE)
    assert (answer.error is None) == (200 <= code < 300)
    if answer.error is not None:
        assert isinstance(answer.error, FileRefused | Retryable | MappingBroken)
        check_text(str(answer.error))


class _Canned(BaseAdapter):
    """Gives one answer after the other; the last is given again and again."""

    def __init__(self, answers: list[Any]) -> None:
        super().__init__()
        self._answers = answers

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        status, body = (said.get("status"), said.get("body")) if isinstance(said, dict) else (200, said)
        response = requests.Response()
        response.status_code = status if type(status) is int else 200
        response.url, response.request, response.reason = str(request.url), request, "Said"
        response._content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else _dumped(body)
        return response

    def close(self) -> None:
        """Nothing is open."""


def _dumped(body: object) -> bytes:
    return json.dumps(body).encode()


def client(data: bytes) -> None:
    """Login, probe and read-back with whatever a server, or a proxy before it, answers."""
    answers = loaded(data)
    if not isinstance(answers, list) or not answers:
        return
    speaker = DevpiClient(_SERVER)
    speaker._session.mount("https://", _Canned(answers))
    target = DevpiTarget(_SERVER, INDEX, speaker)
    for ask in (target.probe, lambda: target.read_back("demo")):
        with only(Retryable, MappingBroken):
            ask()
    speaker.close()


TARGETS = (
    Target("devpi_index", index, ("result", "stage", "mirror", "projects", "bases", "volatile"), json=True),
    Target(
        "devpi_project",
        project,
        ("result", "+links", "releasefile", "rel", "href", "hashes", "sha256", "hash_spec", "sha256=", "//["),
        json=True,
    ),
    Target(
        "devpi_simple",
        simple,
        ("files", "url", "filename", "hashes", "requires-python", "/+f/", "../../+f/aba/b/", "//[", INDEX),
        json=True,
    ),
    Target("devpi_upload", upload, ("message", "title", "status", "access to project", "\x1b["), json=True),
    Target(
        "devpi_client",
        client,
        ("status", "body", "message", "authstatus", "password", "ok", "noauth", SECRET, "[" * 2000),
        json=True,
        max_len=8192,
    ),
)
