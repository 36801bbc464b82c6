"""What is to be said of a devpi index that a mapping feeds."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from syncer.core.diagnosis.advice import found, not_known
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import DevpiFacts, IndexFacts, TokenFacts
from syncer.core.diagnosis.finding import Check, Finding, fine

#: Everybody, and everybody who has an account.
ANONYMOUS, AUTHENTICATED = ":ANONYMOUS:", ":AUTHENTICATED:"
#: What a token needs for an upload that is read back.
NEEDED = frozenset({"upload", "pkg_read"})

_OF_A_STAGE = (Check.BASES, Check.ACL_UPLOAD, Check.VOLATILE, Check.MIRROR_WHITELIST)
INDEX_CHECKS = (Check.INDEX_TYPE, *_OF_A_STAGE)


def judge_index(about: str, index: str, seen: IndexFacts, devpi: DevpiFacts) -> Iterator[Finding]:
    """All of the index, for the user who is configured."""
    limited = tuple(_limits(about, index, devpi.token)) if devpi.token else ()
    explained = bool(limited) or not devpi.accepted
    yield (kind := _kind(about, index, seen, devpi.user, explained=explained))
    if seen.kind != "stage":
        yield from (not_known(check, about, f"{index}: {kind.seen}.") for check in _OF_A_STAGE)
        return
    # A base that is gone comes first: until it is mended, devpi takes no other change.
    yield from _bases(about, index, seen)
    yield from limited
    yield from _rights(about, index, seen, devpi, limited=bool(limited))
    yield _volatile(about, index, seen)
    yield from _whitelist(about, index, seen)


def _kind(about: str, index: str, seen: IndexFacts, user: str, *, explained: bool) -> Finding:
    """``explained`` says whether another check tells why the credential may be refused."""
    if seen.refused is not None and seen.reply.ok and not explained:
        return found(Code.INDEX_UNREADABLE, about, f"devpi answered {seen.refused}", index=index, user=user)
    answered = f"devpi answered {seen.reply}"
    if seen.reply.status == HTTPStatus.NOT_FOUND:
        return found(Code.INDEX_MISSING, about, answered, index=index)
    if seen.reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return found(Code.INDEX_UNREADABLE, about, answered, index=index, user=user)
    if not seen.reply.ok or not seen.kind:
        return not_known(Check.INDEX_TYPE, about, f"{answered}.")
    if seen.kind != "stage":
        return found(Code.INDEX_NO_STAGE, about, f"{index} is of type {seen.kind}", index=index)
    return fine(Check.INDEX_TYPE, about, f"{index} is a stage")


def _rights(
    about: str, index: str, seen: IndexFacts, devpi: DevpiFacts, *, limited: bool
) -> Iterator[Finding]:
    if seen.acl_upload is None:
        yield not_known(Check.ACL_UPLOAD, about, "The index does not tell its acl_upload.")
        return
    text = f"{', '.join(seen.acl_upload) or 'nobody'} may upload"
    mine = {devpi.user, ANONYMOUS, AUTHENTICATED, *(f":{group}" for group in devpi.groups)}
    if not mine & set(seen.acl_upload):
        yield found(Code.NOT_IN_ACL, about, text, index=index, user=devpi.user)
    elif ANONYMOUS in seen.acl_upload:
        yield found(Code.ACL_OPEN, about, text, index=index, user=devpi.user)
    elif not devpi.accepted:
        yield not_known(Check.ACL_UPLOAD, about, f"{text}, but devpi did not accept the credential.")
    elif not limited:
        yield fine(Check.ACL_UPLOAD, about, text)


def _limits(about: str, index: str, token: TokenFacts) -> Iterator[Finding]:
    """What the token's own restrictions take away."""
    if token.indexes is not None and index not in token.indexes:
        code, limits = Code.TOKEN_NOT_FOR_INDEX, token.indexes
    elif token.allowed is not None and not token.allowed >= NEEDED:
        code, limits = Code.TOKEN_CANNOT_UPLOAD, token.allowed
    elif token.projects is not None:
        code, limits = Code.TOKEN_FOR_PROJECTS, token.projects
    else:
        return
    named = ", ".join(sorted(limits)) or "none"
    yield found(code, about, f"the token is limited to {named}", index=index, user=token.user, limits=named)


def _volatile(about: str, index: str, seen: IndexFacts) -> Finding:
    if seen.volatile is None:
        return not_known(Check.VOLATILE, about, "The index does not tell whether it is volatile.")
    if seen.volatile:
        return found(Code.IS_VOLATILE, about, "volatile", index=index)
    return fine(Check.VOLATILE, about, "not volatile")


def _bases(about: str, index: str, seen: IndexFacts) -> Iterator[Finding]:
    for base in seen.missing:
        yield found(Code.BASE_MISSING, about, f"{base} does not exist", index=index, base=base)
    for base in seen.unasked:
        yield not_known(Check.BASES, about, f"devpi did not tell what {base} is.")
    if seen.mirrors:
        yield found(Code.BASE_IS_MIRROR, about, f"mirror {', '.join(seen.mirrors)}")
    elif not seen.missing and not seen.unasked:
        yield fine(Check.BASES, about, ", ".join(seen.bases) or "none")


def _whitelist(about: str, index: str, seen: IndexFacts) -> Iterator[Finding]:
    if seen.unasked:
        yield not_known(Check.MIRROR_WHITELIST, about, f"devpi did not tell what {seen.unasked[0]} is.")
    elif not seen.mirrors:
        yield fine(Check.MIRROR_WHITELIST, about, f"no mirror behind {index}")
    elif not seen.opened:
        yield fine(Check.MIRROR_WHITELIST, about, "empty: the index's own projects are not mixed")
    else:
        yield _opened(about, seen)


def _opened(about: str, seen: IndexFacts) -> Finding:
    everything = [at for at, name in seen.opened if name == "*"]
    if everything:
        return found(Code.WHITELIST_ALL, about, f"* on {everything[0]}", at=everything[0])
    names = ", ".join(sorted({name for _, name in seen.opened}))
    return found(Code.WHITELIST_SOME, about, names, names=names)
