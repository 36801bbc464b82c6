"""Who is asking, and what they may do: the answers differ between the API and the registry."""

import base64
import binascii
import re
from dataclasses import dataclass

from .model import Account, Level, Token
from .store import Store

API_BAD_CREDENTIALS = "invalid username, password or token"
REGISTRY_BAD_CREDENTIALS = "Failed to authenticate user"
PROHIBITED = "This account is prohibited from signing in, please contact your site administrator."
NOBODY = "token is required"
SIGN_IN_REQUIRED = "Only signed in user is allowed to call APIs."
NO_PERMISSION = "user should have specific permission or be a site admin"
PUBLIC_ONLY = "token scope is limited to public packages"
_SCOPE_MISSING = "token does not have at least one of required scope(s)"
CHALLENGE = {"Www-Authenticate": 'Basic realm="Gitea Package API"'}

_SCHEME = re.compile(r"(token|bearer|basic)\s+(.*)", re.IGNORECASE)


class BadCredentials(Exception):
    """Credentials were given and nobody has them."""


@dataclass(frozen=True)
class Caller:
    """Who is asking: a user by token, a user by password (no token), or nobody."""

    user: Account | None = None
    token: Token | None = None

    def has_scope(self, wanted: str) -> bool:
        """Whether the credentials carry `read:…` or `write:…`; a password carries everything."""
        if self.token is None:
            return True
        scopes = self.token.scopes
        return "all" in scopes or wanted in scopes or wanted.replace("read:", "write:") in scopes

    @property
    def is_public_only(self) -> bool:
        """Whether the token is limited to owners that everybody may see."""
        return self.token is not None and "public-only" in self.token.scopes

    def scope_message(self, wanted: str) -> str:
        """Gitea's sentence about a scope that the token lacks."""
        scopes = ",".join(self.token.scopes) if self.token else ""
        return f"{_SCOPE_MISSING}, required=[{wanted}], token scope={scopes}"

    def level(self, owner: Account) -> Level:
        """What the caller may do with the owner's packages."""
        return owner.level_of(self.user)


def authenticate(store: Store, authorization: str, query_token: str) -> Caller:
    """The caller that the header or the query names; raises `BadCredentials` for wrong ones.

    A header of an unknown form, such as the bare token, counts as no credentials.
    """
    given = _SCHEME.fullmatch(authorization.strip())
    if given is None:
        return _by_token(store, query_token) if query_token else Caller()
    scheme, value = given.groups()
    if scheme.lower() == "basic":
        return _by_basic(store, value)
    return _by_token(store, value)


def _by_token(store: Store, secret: str) -> Caller:
    token = store.tokens.get(secret)
    if token is None:
        raise BadCredentials
    token.last_used_at = store.now()
    return Caller(token.user, token)


def _by_basic(store: Store, value: str) -> Caller:
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise BadCredentials from None
    if password in store.tokens:
        return _by_token(store, password)
    if name in store.tokens and password in ("", "x-oauth-basic"):
        return _by_token(store, name)
    return _by_password(store, name.lower(), password)


def _by_password(store: Store, name: str, password: str) -> Caller:
    for account in store.accounts.values():
        if name in (account.name.lower(), account.email) and account.password == password:
            return Caller(account)
    raise BadCredentials
