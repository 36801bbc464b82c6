"""What a Gitea tells of itself, of a token, and of the owner that the token may see."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from syncer.adapters.gitea import refusals
from syncer.adapters.gitea.client import PAGE_SIZE, SIMPLE_TIMEOUT
from syncer.adapters.gitea.rows import Row, parse_rows, parse_total
from syncer.adapters.http import Session
from syncer.adapters.looking import Heard, Looker, Now, anonymous, by_header
from syncer.config.settings import GiteaServer
from syncer.core.diagnosis.facts import GiteaFacts, OwnerFacts, Reply
from syncer.core.errors import ListingIncomplete, RemoteUnavailable
from syncer.core.secret import Secret

HTML = "text/html"
REGISTRY = "/api/packages/"
#: Bytes of a project's page in which its first link is looked for.
PAGE_HEAD = 65536


class GiteaExaminer:
    """Asks one Gitea, by GET alone."""

    def __init__(self, server: GiteaServer, now: Now) -> None:
        self._server = server
        self._base = server.url.rstrip("/")
        self._now = now

    def server(self, tokens: Iterable[Secret]) -> GiteaFacts:
        """Version, page size and clock, which a Gitea tells everybody unless it wants a sign-in.

        Raises RemoteUnavailable when nothing answers, or something that is no Gitea.
        """
        for token in (None, *tokens):
            with self._looker(token) as looker:
                version = looker.get(f"{self._base}/api/v1/version")
                settings = looker.get(f"{self._base}/api/v1/settings/api")
            if settings.reply.ok:
                break
        return GiteaFacts(_version(version), _number(settings), looker.clock, looker.slowest)

    def owner(self, owner: str, token: Secret | None) -> OwnerFacts:
        """What the token may do, and sees of the owner.

        Raises Unauthorized when the token cannot be sent, and RemoteUnavailable.
        """
        refusals.check_token(token, owner)
        with self._looker(token) as looker, self._looker(None) as nobody:
            told = looker.get(f"{self._base}/api/v1/token")
            listing = looker.get(self._listing(owner), type="pypi", page="1", limit=str(PAGE_SIZE))
            total, rows, unprovable = _page(listing)
            page, public, root = self._project(looker, nobody, owner, rows)
        scopes, user = _introspected(told)
        return OwnerFacts(
            token=told.reply,
            listing=listing.reply,
            scopes=scopes,
            user=user,
            total=total,
            rows=len(rows),
            linked=any(row.repository for row in rows),
            renamed_to=listing.moved_to.rpartition("/")[2],
            unprovable=unprovable,
            page=page,
            anonymous=public,
            root_url=root,
            slowest=max(looker.slowest, nobody.slowest),
        )

    def _project(
        self, looker: Looker, nobody: Looker, owner: str, rows: tuple[Row, ...]
    ) -> tuple[Reply | None, Reply | None, str | None]:
        """The page of the newest project with the token and without, and where its links lead.

        Where there is no project, a refusal tells ROOT_URL: it names the place of the API's documentation.
        """
        if not rows:
            refused = nobody.get(self._listing(owner), type="pypi", limit="1")
            return None, None, _before(_text(refused, "url"), "/api/swagger")
        url = f"{self._base}{REGISTRY}{_segment(owner)}/pypi/simple/{_segment(rows[0].name.lower())}"
        page, public = self._simple(looker, url), self._simple(nobody, url)
        return page.reply, public.reply, _before(_first_link(page), REGISTRY)

    def _simple(self, looker: Looker, url: str) -> Heard:
        """A project's page, which may take its time; that it did not come says nothing of the list."""
        try:
            return looker.get(url, accept=HTML, patience=max(self._server.timeout, SIMPLE_TIMEOUT))
        except RemoteUnavailable as error:
            return Heard(Reply(0, error.what), {}, b"")

    def _listing(self, owner: str) -> str:
        return f"{self._base}/api/v1/packages/{_segment(owner)}"

    def _looker(self, token: Secret | None) -> Looker:
        authorize = anonymous if token is None else by_header(f"token {token.reveal()}")
        session = Session(
            verify=self._server.verify, timeout=self._server.timeout, authorize=authorize, pool=1
        )
        return Looker(refusals.SERVER, session, self._now, (token,))


class _FirstLink(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.href = self.href or dict(attrs).get("href") or ""


def _first_link(page: Heard) -> str:
    """The first link of a page that was served, empty when there is none or it is no HTML."""
    parser = _FirstLink()
    with suppress(ValueError, AssertionError):  # as the standard parser says of declarations it does not know
        parser.feed(page.body[:PAGE_HEAD].decode("utf-8", "replace") if page.reply.ok else "")
    return parser.href


def _before(url: str, part: str) -> str | None:
    """What stands before that part of an absolute URL; None when it is no such URL."""
    root, found, _ = url.partition(part)
    return root if found and "://" in root else None


def _page(listing: Heard) -> tuple[int | None, tuple[Row, ...], str]:
    """The stated total and the rows of a page, or why it cannot be read."""
    if not listing.reply.ok:
        return None, (), ""
    try:
        return parse_total(listing.headers.get("X-Total-Count")), parse_rows(listing.body), ""
    except ListingIncomplete as error:
        return None, (), error.what


def _introspected(told: Heard) -> tuple[tuple[str, ...] | None, str]:
    """The scopes and the user's name; None where Gitea does not tell them."""
    answer = told.json() if told.reply.ok else None
    scopes = answer.get("scopes") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(scopes, list):
        return None, ""
    user = answer.get("user")
    login = user.get("login") if isinstance(user, dict) else ""
    return tuple(str(scope) for scope in scopes), login if isinstance(login, str) else ""


def _version(heard: Heard) -> str:
    """Free text, empty when it is told to nobody who is not signed in."""
    text = _text(heard, "version") if heard.reply.ok else ""
    if text or heard.reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return text
    raise RemoteUnavailable(
        f"No Gitea answers: /api/v1/version gave {heard.reply}, and no version.",
        "[gitea] url leads elsewhere or lacks a path, or a proxy or a starting server answers.",
        "Correct [gitea] url, or look at what answers there.",
    )


def _text(heard: Heard, key: str) -> str:
    value = _value(heard, key)
    return value if isinstance(value, str) else ""


def _number(settings: Heard) -> int | None:
    value = _value(settings, "max_response_items") if settings.reply.ok else None
    return value if type(value) is int and value > 0 else None


def _value(heard: Heard, key: str) -> Any:
    answer = heard.json()
    return answer.get(key) if isinstance(answer, dict) else None


def _segment(text: str) -> str:
    return quote(text, safe="")
