"""Who is answered: the one rule that the status view and Flower both go by."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from binascii import Error as NoBase64
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from syncer.config.settings import WebSettings
from syncer.core.hosts import is_loopback
from syncer.core.secret import Secret

#: What a browser is told of whom it asks the password for.
REALM = "gitea-devpi-syncer"
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.%]+\]|[^\s:/?#@\[\]\\]+)(?::\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer instead of a page: its HTTP status, and what a person is told."""

    status: int
    text: str

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says besides: how to log in, where that would help."""
        return {"WWW-Authenticate": f'Basic realm="{REALM}", charset="UTF-8"'} if self.status == 401 else {}  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Access:
    """Answers only under ``names`` (None: under any) besides loopback's, and only to who has the password.

    A page elsewhere can have its own host name lead to this machine (DNS rebinding) and would then read
    what the operator's browser gets here; it cannot change the Host header that gives it away.
    """

    names: frozenset[str] | None
    username: str = ""
    password: Secret | None = None

    @classmethod
    def of(cls, web: WebSettings, url: str) -> Self:
        """The rule for what people reach under ``url``, or at the configured host when it is empty.

        Beyond loopback and without a url nobody knows the right names, and the password protects alone.
        """
        if not is_loopback(web.host) and not url:
            return cls(None, web.username, web.password)
        named = {web.host.lower(), (urlsplit(url).hostname or "").lower()} - {""}
        return cls(frozenset(named), web.username, web.password)

    def refusal(self, hosts: list[str], authorization: str) -> Refusal | None:
        """Why a request with these Host headers and this Authorization gets no page; None when it does."""
        if not self._is_ours(hosts):
            return Refusal(
                400,
                "This address does not belong to the syncer, so its pages are not shown under it.\n"
                "Ask for 127.0.0.1, or set [web] url (for Flower: flower_url) to what people ask for.\n",
            )
        if not self._is_known(authorization):
            return Refusal(401, "User name and password are those of [web] in the configuration.\n")
        return None

    def _is_ours(self, hosts: list[str]) -> bool:
        if self.names is None:
            return True
        found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if found is None:
            return False
        name = found["name"].removeprefix("[").removesuffix("]").removesuffix(".").lower()
        return is_loopback(name) or name in self.names

    def _is_known(self, authorization: str) -> bool:
        if self.password is None:
            return True
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = b64decode(encoded.strip(), validate=True)
        except (NoBase64, ValueError):
            return False
        wanted = f"{self.username}:{self.password.reveal()}".encode()
        return hmac.compare_digest(given, wanted) and scheme.lower() == "basic"
