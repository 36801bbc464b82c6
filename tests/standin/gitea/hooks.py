"""Webhooks of an organization: configured, listed and signed, never delivered."""

import hmac

from . import render
from .call import Call
from .exchange import Response, api_empty, api_json, go_json
from .model import Account, Hook, Level, Version
from .paging import paginate
from .render import View

EVENTS = frozenset(
    {"create", "delete", "fork", "package", "pull_request", "push", "release", "repository", "status", "wiki"}
)
"""The events that the stand-in knows; Gitea knows a dozen more."""


def sign(secret: str | None, payload: bytes) -> dict[str, str]:
    """The signature headers of a delivery; they are there but empty when there is no secret.

    For a hook of content type `form`, `payload` is the JSON text in its field, not the form.
    """
    sha256, sha1 = (_hmac(secret, payload, algorithm) for algorithm in ("sha256", "sha1"))
    return {
        "X-Gitea-Signature": sha256,
        "X-Gogs-Signature": sha256,
        "X-Hub-Signature": f"sha1={sha1}",
        "X-Hub-Signature-256": f"sha256={sha256}",
    }


def _hmac(secret: str | None, payload: bytes, algorithm: str) -> str:
    return hmac.new(secret.encode(), payload, algorithm).hexdigest() if secret else ""


def payload(view: View, action: str, version: Version, sender: Account) -> bytes:
    """The exact body of a `package` event: JSON indented by two spaces."""
    return go_json(view.package_event(action, version, sender), indent=2).encode()


def list_hooks(call: Call) -> Response:
    """`GET /orgs/{owner}/hooks`."""
    owner = _owned_organization(call, "read:organization")
    shown, headers = paginate(call, call.store.hooks.get(owner.id, []))
    return api_json(200, [render.hook(hook) for hook in shown], headers)


def create_hook(call: Call) -> Response:
    """`POST /orgs/{owner}/hooks`: `active` is false unless sent, unknown events are dropped."""
    owner = _owned_organization(call, "write:organization")
    fields = call.request.json()
    config = {str(name): str(value) for name, value in dict(fields.get("config") or {}).items()}
    _validate(call, str(fields.get("type")), config)
    now = call.store.now()
    hook = Hook(
        id=call.store.next_id("hook"),
        url=config["url"],
        content_type=config["content_type"],
        events=_known_events(fields.get("events")),
        active=bool(fields.get("active", False)),
        created_at=now,
        updated_at=now,
        secret=config.get("secret", ""),
        authorization_header=str(fields.get("authorization_header", "")),
    )
    call.store.hooks.setdefault(owner.id, []).append(hook)
    return api_json(201, render.hook(hook))


def edit_hook(call: Call) -> Response:
    """`PATCH …/hooks/{id}`: without `events` the hook turns to push, and the secret stays."""
    hook = _hook(call, "write:organization")
    fields = call.request.json()
    config = {str(name): str(value) for name, value in dict(fields.get("config") or {}).items()}
    hook.url = config.get("url", hook.url)
    hook.content_type = config.get("content_type", hook.content_type)
    hook.events = _known_events(fields.get("events"))
    hook.active = bool(fields.get("active", hook.active))
    hook.authorization_header = str(fields.get("authorization_header", ""))
    hook.updated_at = call.store.now()
    return api_json(200, render.hook(hook))


def show_hook(call: Call) -> Response:
    """`GET …/hooks/{id}`."""
    return api_json(200, render.hook(_hook(call, "read:organization")))


def delete_hook(call: Call) -> Response:
    """`DELETE …/hooks/{id}`."""
    hook = _hook(call, "write:organization")
    call.store.hooks[call.store.owner(call.parts["owner"]).id].remove(hook)
    return api_empty(204)


def _validate(call: Call, hook_type: str, config: dict[str, str]) -> None:
    if hook_type != "gitea":
        raise call.error(422, f"Invalid hook type: {hook_type}")
    if config.get("content_type") not in ("json", "form"):
        raise call.error(422, "Invalid content type")
    if not config.get("url", "").startswith(("http://", "https://")):
        raise call.error(422, "Invalid url")


def _known_events(events: object) -> list[str]:
    if not isinstance(events, list) or not events:
        return ["push"]
    return [event for event in events if event in EVENTS]


def _owned_organization(call: Call, scope: str) -> Account:
    user = call.api_user(scope)
    owner = call.store.owner(call.parts["owner"])
    if owner.level_of(user) < Level.WRITE:
        raise call.error(403, "Must be an organization owner")
    return owner


def _hook(call: Call, scope: str) -> Hook:
    owner = _owned_organization(call, scope)
    for hook in call.store.hooks.get(owner.id, []):
        if str(hook.id) == call.parts["id"]:
            return hook
    raise call.error(404, "webhook does not exist")
