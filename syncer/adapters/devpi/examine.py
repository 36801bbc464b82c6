"""What a devpi-server tells of itself, of a credential, and of an index with its bases."""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from syncer.adapters.devpi.answers import no_devpi
from syncer.adapters.devpi.inheritance import IndexConfig, inherited, read_index
from syncer.adapters.devpi.target import MOST_INDEXES
from syncer.adapters.devpi.tokens import read_token
from syncer.adapters.http import Session
from syncer.adapters.looking import Heard, Looker, Now, anonymous, by_header
from syncer.config.settings import DevpiServer
from syncer.core.diagnosis.facts import DevpiFacts, IndexFacts
from syncer.core.errors import ListingIncomplete
from syncer.core.secret import Secret


class DevpiExaminer:
    """Asks one devpi-server, by GET alone.

    A login would be a POST, which takes devpi's write lock; a password is sent as it is, which costs devpi
    a tenth of a second for each question.
    """

    def __init__(self, server: DevpiServer, now: Now) -> None:
        self._server = server
        self._base = server.url.rstrip("/")
        self._now = now

    def server(self) -> DevpiFacts:
        """The server as it is to anybody, and what it makes of the credential.

        Raises RemoteUnavailable, or TargetMissing when it is no devpi.
        """
        with self._looker(None) as nobody, self._looker(self._secret) as looker:
            open_ = nobody.get(f"{self._base}/+api")
            if _authstatus(open_) is None and open_.reply.status not in _REFUSED:
                raise no_devpi(self._base, open_.reply.status)  # it need not see the credential
            login = looker.get(f"{self._base}/+api")
        told = next((heard for heard in (open_, login) if _authstatus(heard) is not None), None)
        if told is None:
            raise no_devpi(self._base, open_.reply.status)
        status = _authstatus(login) if login.reply.ok else None
        return DevpiFacts(
            version=told.headers.get("X-Devpi-Server-Version", ""),
            is_replica=_is_replica(told),
            user=self._server.username,
            has_password=self._server.password is not None,
            accepted=status is not None and status[:2] == ["ok", self._server.username],
            login=login.reply,
            token=None if self._server.token is None else read_token(self._server.token),
            groups=frozenset(map(str, status[2] if status else ())),
            clock=nobody.clock,
            slowest=max(nobody.slowest, looker.slowest),
        )

    def index(self, index: str) -> IndexFacts:
        """The index's configuration, and those of all its bases; raises RemoteUnavailable.

        What devpi refuses to the credential is asked once more without one.
        """
        with self._looker(self._secret) as looker, self._looker(None) as nobody:
            mine = self._ask(looker, index)
            is_refused = mine.reply.status in _REFUSED
            heard = self._ask(nobody, index) if is_refused else mine
            refused = mine.reply if is_refused else None
            config = _config(heard)
            if config is None or config.get("type") != "stage":
                return IndexFacts(heard.reply, str(config.get("type", "")) if config else "", refused)
            tree, missing, unasked = self._tree(nobody if is_refused else looker, index, heard)
        inheritance = inherited(tree)
        volatile = config.get("volatile")
        return IndexFacts(
            heard.reply,
            "stage",
            refused,
            acl_upload=_texts(config.get("acl_upload")),
            volatile=volatile if isinstance(volatile, bool) else None,
            bases=tree[index].bases,
            missing=missing,
            unasked=unasked,
            mirrors=inheritance.mirrors,
            opened=inheritance.opened,
        )

    def _tree(
        self, looker: Looker, index: str, first: Heard
    ) -> tuple[dict[str, IndexConfig], tuple[str, ...], tuple[str, ...]]:
        """The index and its bases of bases, those that do not exist, and those of which nothing was said."""
        tree = {index: read_index(index, first.json())}
        missing, unasked, waiting = list[str](), list[str](), deque(tree[index].bases)
        asked = {index}
        while waiting:
            base = waiting.popleft()
            if base in asked:
                continue
            asked.add(base)
            heard = self._ask(looker, base) if len(asked) <= MOST_INDEXES else None
            read = _index(base, heard)
            if heard is not None and heard.reply.status == HTTPStatus.NOT_FOUND:
                missing.append(base)
            elif read is None:
                unasked.append(base)
            else:
                tree[base] = read
                waiting.extend(read.bases)
        return tree, tuple(missing), tuple(unasked)

    def _ask(self, looker: Looker, index: str) -> Heard:
        return looker.get(f"{self._base}/{quote(index, safe='/')}", no_projects="")

    @property
    def _secret(self) -> Secret | None:
        return self._server.token or self._server.password

    def _looker(self, secret: Secret | None) -> Looker:
        pair = b64encode(f"{self._server.username}:{secret.reveal()}".encode()).decode() if secret else ""
        authorize = by_header(f"Basic {pair}") if secret else anonymous
        session = Session(
            verify=self._server.verify, timeout=self._server.timeout, authorize=authorize, pool=1
        )
        return Looker("devpi", session, self._now, (secret, Secret(pair)))


_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def _authstatus(heard: Heard) -> list[Any] | None:
    """``["ok", user, groups]`` or ``["noauth", "", []]``; None when it is no answer of devpi's."""
    answer = heard.json()
    result = answer.get("result") if isinstance(answer, dict) else None
    status = result.get("authstatus") if isinstance(result, dict) else None
    whole = isinstance(status, list) and len(status) == 3 and isinstance(status[2], list)  # noqa: PLR2004  # as above
    return status if whole else None


def _is_replica(heard: Heard) -> bool | None:
    """A replica that has not reached its primary yet sends an empty uuid of it; None when none is sent."""
    own, primary = heard.headers.get("X-Devpi-Uuid"), heard.headers.get("X-Devpi-Primary-Uuid")
    return None if not own or primary is None else own != primary


def _config(heard: Heard) -> dict[str, Any] | None:
    answer = heard.json() if heard.reply.ok else None
    result = answer.get("result") if isinstance(answer, dict) else None
    return result if isinstance(result, dict) else None


def _index(name: str, heard: Heard | None) -> IndexConfig | None:
    if heard is None or not heard.reply.ok:
        return None
    try:
        return read_index(name, heard.json())
    except ListingIncomplete:
        return None


def _texts(value: Any) -> tuple[str, ...] | None:
    """The texts of a list; None when it is none."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return None
    return tuple(value)
