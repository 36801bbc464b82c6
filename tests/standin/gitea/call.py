"""A routed request with its caller, and the gates that it has to pass."""

import re
from dataclasses import dataclass

from .access import CHALLENGE, NO_PERMISSION, NOBODY, PUBLIC_ONLY, Caller
from .exchange import NO_CACHE, Answered, Request, Response, api_json, page, redirect, router_text
from .model import Account, Level
from .render import View
from .store import Refused, Store


@dataclass(frozen=True)
class Call:
    """What a handler gets: the request, its caller and the decoded parts of its path."""

    store: Store
    request: Request
    caller: Caller
    view: View
    path: str
    parts: dict[str, str]

    def error(self, status: int, message: str) -> Answered:
        """The management API's error document, to be raised."""
        return Answered(api_error(self.view.root, status, message))

    # the management API

    def api_user(self, scope: str) -> Account:
        """The signed-in user, whose credentials carry the scope; anything else ends the call."""
        if self.caller.user is None:
            raise self.error(401, NOBODY)
        if not self.caller.has_scope(scope):
            raise self.error(403, self.caller.scope_message(scope))
        return self.caller.user

    def api_owner(self, scope: str, level: Level) -> Account:
        """The owner in the path, if the caller may go that far; anything else ends the call."""
        self.api_user(scope)
        owner = self._owner(NO_CACHE)
        if self.caller.is_public_only and owner.visibility != "public":
            raise self.error(403, PUBLIC_ONLY)
        if self.caller.level(owner) < level:
            raise self.error(403, NO_PERMISSION)
        return owner

    # the registry

    def registry_owner(self, scope: str, level: Level) -> Account:
        """The same for the registry, which says 401 where the API says 403."""
        owner = self._registry_owner()
        if not self.caller.has_scope(scope):
            raise denied()
        if self.caller.is_public_only and owner.visibility != "public":
            raise Answered(router_text(403, "reqToken"))
        signed_out = self.caller.user is None and self.store.limits.require_signin_view
        if signed_out or self.caller.level(owner) < level:
            raise denied()
        return owner

    def _registry_owner(self) -> Account:
        try:
            return self._owner({})
        except Refused:
            if "text/html" in self.request.headers.get("Accept", ""):
                raise Answered(page(404, NOT_FOUND_PAGE)) from None
            raise Answered(Response(404, _NOT_FOUND_HEADERS, b"Not found.\n")) from None

    # both

    def _owner(self, headers: dict[str, str]) -> Account:
        name = self.parts["owner"]
        renamed = self.store.redirects.get(name.lower())
        if renamed is not None and name.lower() not in self.store.accounts:
            self._redirect_to(renamed, headers)
        return self.store.owner(name)

    def _redirect_to(self, owner: Account, headers: dict[str, str]) -> None:
        if self.caller.user is None and owner.visibility != "public":
            return
        old = re.escape(self.parts["owner"])
        location = re.sub(
            rf"/(packages|orgs)/{old}(?=[/?]|$)", rf"/\1/{owner.name}", self.request.target, count=1
        )
        raise Answered(redirect(307, "Temporary Redirect", location, headers))


def denied() -> Answered:
    """The registry's answer to a missing scope, a missing membership and missing credentials."""
    return Answered(router_text(401, "reqPackageAccess", CHALLENGE))


def api_error(root: str, status: int, message: str) -> Response:
    """The management API's error document."""
    return api_json(status, {"message": message, "url": f"{root}/api/swagger"})


NOT_FOUND_PAGE = (
    "<!DOCTYPE html>\n<html>\n<head><title>Page Not Found</title></head>\n<body>404</body>\n</html>\n"
)
_NOT_FOUND_HEADERS = router_text(404, "").headers | {"Content-Type": "text/plain;charset=utf-8"}
