"""What is to be said of a Gitea, of a token and of the owner whose packages it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from math import ceil
from urllib.parse import urlsplit

from syncer.core.diagnosis.advice import found, not_known
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import GiteaFacts, OwnerFacts, Reply
from syncer.core.diagnosis.finding import Check, Finding, fine
from syncer.core.diagnosis.judge_any import clock_skew

#: The largest page that Gitea gives by default, and that is asked for.
FULL_PAGE = 50
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_READING = frozenset({"read:package", "write:package", "all"})
_ENOUGH = frozenset({"read:package", "public-only"})
_DEFAULT_PORTS = {"http": 80, "https": 443}

#: What is said of a Gitea, and of one mapping's side of it.
GITEA_CHECKS = (Check.ROOT_URL, Check.CLOCK_SKEW)
OWNER_CHECKS = (Check.TOKEN_SCOPES, Check.OWNER_VISIBILITY, Check.PAGING_CAP)


def judge_gitea(about: str, url: str, gitea: GiteaFacts, owners: Iterable[OwnerFacts]) -> Iterator[Finding]:
    """All of the server itself; ``owners`` are those of whom something was seen there."""
    yield fine(Check.ANSWERS, about, f"{url}, version {gitea.version}" if gitea.version else url)
    yield _root_url(about, url, tuple(owners))
    yield clock_skew(about, gitea.clock)


def judge_owner(
    about: str, owner: str, seen: OwnerFacts, cap: int | None, *, by_repository: bool
) -> Iterator[Finding]:
    """All of a mapping's owner and token; ``by_repository`` says whether it wants some repositories alone."""
    yield from _token(about, owner, seen)
    yield _visibility(about, owner, seen, by_repository=by_repository)
    yield _paging(about, seen, cap)


def _token(about: str, owner: str, seen: OwnerFacts) -> Iterator[Finding]:
    if HTTPStatus.UNAUTHORIZED in (seen.token.status, seen.listing.status):
        refusal = seen.listing if seen.listing.status == HTTPStatus.UNAUTHORIZED else seen.token
        yield found(Code.TOKEN_REFUSED, about, _answered(refusal), owner=owner)
    elif seen.token.status == HTTPStatus.FORBIDDEN:
        yield found(Code.ACCOUNT_PROHIBITED, about, _answered(seen.token))
    elif seen.scopes is None:
        yield _untold(about, seen)
    else:
        yield from _scopes(about, owner, seen, frozenset(seen.scopes))


def _untold(about: str, seen: OwnerFacts) -> Finding:
    if seen.token.status == HTTPStatus.NOT_FOUND and seen.listing.ok:
        return found(Code.SCOPES_UNTOLD, about, "enough to read packages")
    why = f"Gitea does not tell a token's scopes ({seen.token}), and refused the list ({seen.listing})."
    return not_known(Check.TOKEN_SCOPES, about, why)


def _scopes(about: str, owner: str, seen: OwnerFacts, scopes: frozenset[str]) -> Iterator[Finding]:
    text = f"{', '.join(sorted(scopes)) or 'no scope'}, of user {seen.user}"
    if not scopes & _READING:
        yield found(Code.SCOPE_MISSING, about, text, owner=owner)
        return
    if "public-only" in scopes:
        yield found(
            Code.PUBLIC_ONLY if seen.listing.ok else Code.PUBLIC_ONLY_REFUSED, about, text, owner=owner
        )
    if any(scope in ("all", "sudo") or scope.startswith("write:") for scope in scopes):
        yield found(Code.SCOPE_TOO_WIDE, about, text)
    elif scopes - _ENOUGH:
        yield found(Code.SCOPE_UNUSED, about, text)
    elif "public-only" not in scopes:
        yield fine(Check.TOKEN_SCOPES, about, text)


def _visibility(about: str, owner: str, seen: OwnerFacts, *, by_repository: bool) -> Finding:
    if seen.listing.ok:
        return _readable(about, owner, seen, by_repository=by_repository)
    if seen.listing.status == HTTPStatus.NOT_FOUND:
        return found(Code.OWNER_MISSING, about, _answered(seen.listing))
    if seen.listing.status != HTTPStatus.FORBIDDEN or seen.token.status in _REFUSED:
        return not_known(Check.OWNER_VISIBILITY, about, f"{_answered(seen.listing)}.")
    if seen.scopes is None:
        return found(Code.ACCESS_REFUSED, about, _answered(seen.listing), owner=owner)
    if "public-only" in seen.scopes or not _READING & set(seen.scopes):
        why = f"The token's scopes do not let it see: {_answered(seen.listing)}."
        return not_known(Check.OWNER_VISIBILITY, about, why)
    return found(Code.OWNER_HIDDEN, about, _answered(seen.listing), owner=owner)


def _readable(about: str, owner: str, seen: OwnerFacts, *, by_repository: bool) -> Finding:
    if seen.renamed_to:
        return found(Code.OWNER_RENAMED, about, f"{owner} is now {seen.renamed_to}", owner=owner)
    if seen.page is not None and seen.page.status in _REFUSED:
        return found(Code.REGISTRY_REFUSES, about, _answered(seen.page), owner=owner)
    if seen.page is not None and not seen.page.ok:
        return not_known(Check.OWNER_VISIBILITY, about, f"A project's page: {_answered(seen.page)}.")
    if by_repository and seen.rows and not seen.linked:
        text = f"none of {seen.rows} releases is linked to a repository that the token's user sees"
        return found(Code.REPOSITORIES_UNSEEN, about, text)
    everybody = ""
    if seen.anonymous is not None and (seen.anonymous.ok or seen.anonymous.status in _REFUSED):
        everybody = ", for everybody" if seen.anonymous.ok else ", not for everybody"
    total = "releases" if seen.total is None else f"{seen.total} release{'s' * (seen.total != 1)}"
    return fine(Check.OWNER_VISIBILITY, about, f"{owner} shows {total}{everybody}")


def _paging(about: str, seen: OwnerFacts, cap: int | None) -> Finding:
    if not seen.listing.ok:
        return not_known(Check.PAGING_CAP, about, f"{_answered(seen.listing)}.")
    if why := _unprovable(seen):
        return found(Code.LIST_UNPROVABLE, about, why)
    if cap is None and seen.rows < FULL_PAGE:
        return not_known(Check.PAGING_CAP, about, "Gitea did not tell its settings (/api/v1/settings/api).")
    return _page_size(about, seen.rows, seen.total or 0, cap or FULL_PAGE)


def _unprovable(seen: OwnerFacts) -> str:
    if seen.unprovable or seen.total is None:
        return seen.unprovable or "no total is stated"
    return f"{seen.total} releases are stated and none came" if seen.total and not seen.rows else ""


def _page_size(about: str, rows: int, total: int, cap: int) -> Finding:
    if rows < min(total, cap, FULL_PAGE):
        text = f"{rows} of {total} releases came on a page that may hold {min(cap, FULL_PAGE)}"
        return found(Code.PAGE_SHORT, about, text)
    if cap < FULL_PAGE:
        return found(Code.CAP_LOW, about, f"{cap} releases a page", times=ceil(FULL_PAGE / cap))
    return fine(Check.PAGING_CAP, about, f"{cap} releases a page")


def _root_url(about: str, url: str, owners: tuple[OwnerFacts, ...]) -> Finding:
    for seen in owners:
        if seen.listing.elsewhere:
            code = Code.URL_UPGRADED if seen.listing.ok else Code.URL_REDIRECTS
            return found(code, about, f"redirects to {seen.listing.elsewhere}")
    known = [seen.root_url for seen in owners if seen.root_url]
    if not known:
        why = "No page of Gitea could be read to see where its links lead."
        return not_known(Check.ROOT_URL, about, why)
    if _place(known[0]) != _place(url):
        return found(Code.ROOT_URL_DIFFERS, about, f"Gitea calls itself {known[0]}")
    return fine(Check.ROOT_URL, about, "as configured")


def _place(url: str) -> tuple[str, str, int | None, str]:
    """The parts of a URL that make two spellings one address."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return ("", url, None, "")
    return (parts.scheme, parts.hostname or "", port, parts.path.rstrip("/"))


def _answered(reply: Reply) -> str:
    return f"Gitea answered {reply}"
