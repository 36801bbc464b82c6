"""Which handler answers which path, and what is answered before any handler runs."""

import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from . import api, hooks, registry
from .access import (
    API_BAD_CREDENTIALS,
    PROHIBITED,
    REGISTRY_BAD_CREDENTIALS,
    SIGN_IN_REQUIRED,
    BadCredentials,
    Caller,
    authenticate,
)
from .call import Call, api_error, denied
from .exchange import SECURITY, Answered, Request, Response, plain, router_text
from .render import View
from .store import Refused, Store

Handler = Callable[[Call], Response]

_API = "/api/v1"
_PACKAGES = f"{_API}/packages/{{owner}}"
_PACKAGE = f"{_PACKAGES}/{{type}}/{{name}}"
_HOOKS = f"{_API}/orgs/{{owner}}/hooks"
_REGISTRY = "/api/packages/{owner}/pypi"

_TABLE: list[tuple[str, dict[str, Handler]]] = [
    (f"{_API}/version", {"GET": api.version}),
    (f"{_API}/settings/api", {"GET": api.settings}),
    (f"{_API}/token", {"GET": api.show_token, "DELETE": api.revoke_token}),
    (f"{_API}/user", {"GET": api.show_user}),
    (f"{_API}/orgs/{{owner}}/repos", {"GET": api.list_repositories}),
    (_HOOKS, {"GET": hooks.list_hooks, "POST": hooks.create_hook}),
    (f"{_HOOKS}/{{id}}", {"GET": hooks.show_hook, "PATCH": hooks.edit_hook, "DELETE": hooks.delete_hook}),
    (f"{_API}/repos/{{owner}}/{{repository}}/statuses/{{sha}}", {"POST": api.create_status}),
    (_PACKAGES, {"GET": api.list_packages}),
    (f"{_PACKAGE}/-/latest", {"GET": api.latest}),
    (f"{_PACKAGE}/-/link/{{repository}}", {"POST": api.link}),
    (f"{_PACKAGE}/-/unlink", {"POST": api.unlink}),
    (_PACKAGE, {"GET": api.list_versions, "DELETE": api.delete_package}),
    (f"{_PACKAGE}/{{version}}", {"GET": api.show_version, "DELETE": api.delete_version}),
    (f"{_PACKAGE}/{{version}}/files", {"GET": api.list_files}),
    (_REGISTRY, {"POST": registry.upload}),
    (f"{_REGISTRY}/simple/{{name}}", {"GET": registry.simple}),
    (f"{_REGISTRY}/files/{{name}}/{{version}}/{{filename}}", {"GET": registry.download}),
]

_ROUTES = [(re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), methods) for path, methods in _TABLE]


def answer(store: Store, root: str, request: Request) -> Response:
    """What a Gitea with that state and that ROOT_URL (no last slash) answers."""
    path = _normalize(request.path, urlsplit(root).path)
    for pattern, methods in _ROUTES:
        match = pattern.fullmatch(path)
        if match is None:
            continue
        handler = methods.get(_routed_method(request.method, path))
        if handler is None:
            return Response(405, {"Allow": ", ".join(methods), **SECURITY})
        parts = {name: unquote(part) for name, part in match.groupdict().items()}
        return _handle(handler, store, root, request, path, parts)
    return router_text(404, "404 page not found")


def _normalize(path: str, prefix: str) -> str:
    """Doubled and trailing slashes do not count, nor does the path of ROOT_URL."""
    path = "/" + "/".join(part for part in path.split("/") if part)
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def _routed_method(method: str, path: str) -> str:
    return "GET" if method == "HEAD" and path.startswith(_API) else method


def _handle(
    handler: Handler, store: Store, root: str, request: Request, path: str, parts: dict[str, str]
) -> Response:
    is_api = path.startswith(_API)
    try:
        caller = _caller(store, root, request, is_api=is_api)
        return handler(
            Call(store, request, caller, View(root, _base(root, request), caller.user), path, parts)
        )
    except Answered as answered:
        return answered.response
    except Refused as refused:
        if is_api:
            return api_error(root, refused.status, refused.message)
        return plain(refused.status, refused.message)


def _caller(store: Store, root: str, request: Request, *, is_api: bool) -> Caller:
    token = request.argument("token") or request.argument("access_token")
    try:
        caller = authenticate(store, request.headers.get("Authorization", ""), token)
    except BadCredentials:
        bad_api = api_error(root, 401, API_BAD_CREDENTIALS)
        raise Answered(bad_api if is_api else router_text(401, REGISTRY_BAD_CREDENTIALS)) from None
    if caller.user is not None and caller.user.prohibit_login:
        raise Answered(api_error(root, 403, PROHIBITED)) if is_api else denied()
    if caller.user is None and is_api and store.limits.require_signin_view:
        raise Answered(api_error(root, 403, SIGN_IN_REQUIRED))
    return caller


def _base(root: str, request: Request) -> str:
    """The address that was asked: X-Forwarded-Proto and Host, with the path of ROOT_URL."""
    scheme = request.headers.get("X-Forwarded-Proto", "http")
    return f"{scheme}://{request.headers.get('Host', '')}{urlsplit(root).path}"
