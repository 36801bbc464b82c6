"""The management API: /api/v1/packages and what the syncer asks around it."""

from . import render
from .call import Call
from .exchange import Response, api_empty, api_json
from .model import Account, Level, Package, Repository, Version
from .paging import paginate
from .store import Refused

VERSION = "development"


def version(_: Call) -> Response:
    """`GET /version`: free text, readable by everybody."""
    return api_json(200, {"version": VERSION})


def settings(call: Call) -> Response:
    """`GET /settings/api`: the page sizes, readable by everybody."""
    limits = call.store.limits
    return api_json(
        200,
        {
            "max_response_items": limits.max_response_items,
            "default_paging_num": limits.default_paging_num,
            "default_git_trees_per_page": 1000,
            "default_max_blob_size": 10485760,
            "default_max_response_size": 104857600,
        },
    )


def show_token(call: Call) -> Response:
    """`GET /token`: what the calling token may do, whatever its scopes; 404 for a password."""
    if call.caller.user is None:
        raise call.error(401, "token is required")
    if call.caller.token is None:
        raise call.error(404, "token not found")
    return api_json(200, render.token(call.caller.token))


def revoke_token(call: Call) -> Response:
    """`DELETE /token`: the calling token is gone."""
    if call.caller.token is None:
        raise call.error(404, "token not found")
    del call.store.tokens[call.caller.token.secret]
    return api_empty(204)


def show_user(call: Call) -> Response:
    """`GET /user`: the caller."""
    return api_json(200, call.view.user(call.api_user("read:user")))


def list_repositories(call: Call) -> Response:
    """`GET /orgs/{owner}/repos`: readable without credentials, but not by a token without the scope."""
    owner = _visible_organization(call)
    rows = [
        repository
        for repository in call.store.repositories.values()
        if repository.owner is owner and repository.level_of(call.caller.user) > Level.NONE
    ]
    shown, headers = paginate(call, sorted(rows, key=lambda repository: repository.name.lower()))
    return api_json(200, [call.view.repository(repository) for repository in shown], headers)


def _visible_organization(call: Call) -> Account:
    if call.caller.user is not None:
        call.api_user("read:organization")
    owner = call.store.owner(call.parts["owner"])
    if call.caller.level(owner) is Level.NONE:
        raise Refused(404, "org not found")
    return owner


# packages


def list_packages(call: Call) -> Response:
    """`GET /packages/{owner}`: one row per version."""
    owner = call.api_owner("read:package", Level.READ)
    request = call.request
    return _rows(call, call.store.versions(owner, request.argument("type"), request.argument("q")))


def list_versions(call: Call) -> Response:
    """`GET …/{type}/{name}`: 200 and no row when the last version is gone, 404 for no package."""
    package = _package(call, Level.READ)
    versions = call.store.versions(package.owner)
    return _rows(call, [version for version in versions if version.package is package])


def _rows(call: Call, versions: list[Version]) -> Response:
    shown, headers = paginate(call, versions)
    return api_json(200, [call.view.version(version) for version in shown], headers)


def show_version(call: Call) -> Response:
    """`GET …/{name}/{version}`."""
    return api_json(200, call.view.version(_version(call, Level.READ)))


def list_files(call: Call) -> Response:
    """`GET …/{version}/files`: not paged."""
    version = _version(call, Level.READ)
    return api_json(200, [render.file(file) for file in version.sorted_files()])


def latest(call: Call) -> Response:
    """`GET …/{name}/-/latest`: the version created last, not the highest."""
    versions = _package(call, Level.READ).versions.values()
    if not versions:
        raise call.error(404, "package does not exist")
    return api_json(200, call.view.version(max(versions, key=lambda version: version.id)))


def delete_version(call: Call) -> Response:
    """`DELETE …/{name}/{version}`."""
    call.store.delete_version(_version(call, Level.WRITE))
    return api_empty(204)


def delete_package(call: Call) -> Response:
    """`DELETE …/{type}/{name}`."""
    call.store.delete_package(_package(call, Level.WRITE))
    return api_empty(204)


def link(call: Call) -> Response:
    """`POST …/{name}/-/link/{repository}`."""
    package = _package(call, Level.WRITE)
    call.store.link(package, call.store.repository(package.owner, call.parts["repository"]))
    return api_empty(201)


def unlink(call: Call) -> Response:
    """`POST …/{name}/-/unlink`."""
    _package(call, Level.WRITE).repository = None
    return api_empty(204)


def _package(call: Call, level: Level) -> Package:
    owner = call.api_owner(_scope(level), level)
    try:
        _require_pypi(call)
        return call.store.package(owner, call.parts["name"].lower())
    except Refused as refused:
        raise call.error(404, f"GetPackageByName: {refused.message}") from None


def _version(call: Call, level: Level) -> Version:
    owner = call.api_owner(_scope(level), level)
    try:
        _require_pypi(call)
        return call.store.version(owner, call.parts["name"].lower(), call.parts["version"])
    except Refused as refused:
        raise call.error(404, f"GetVersionByNameAndVersion: {refused.message}") from None


def _scope(level: Level) -> str:
    return "write:package" if level is Level.WRITE else "read:package"


def _require_pypi(call: Call) -> None:
    if call.parts["type"] != "pypi":
        raise Refused(404, "package does not exist")


# commit statuses


def create_status(call: Call) -> Response:
    """`POST /repos/{owner}/{repository}/statuses/{sha}`: an unknown state is accepted."""
    user = call.api_user("write:repository")
    repository = call.store.repository(call.store.owner(call.parts["owner"]), call.parts["repository"])
    if repository.level_of(user) < Level.WRITE:
        raise call.error(403, "user should have a permission to write to a repo")
    return api_json(201, _status(call, repository, user))


def _status(call: Call, repository: Repository, user: Account) -> dict[str, object]:
    sha = call.parts["sha"]
    if repository.archived or sha not in {*repository.commits, "main"}:
        raise call.error(500, "")
    fields = call.request.json()
    now = render.timestamp(call.store.now())
    full_name = f"{repository.owner.name}/{repository.name}"
    return {
        "id": call.store.next_id("status"),
        "status": fields.get("state", ""),
        "target_url": fields.get("target_url", ""),
        "description": fields.get("description", ""),
        "url": f"{call.view.root}/api/v1/repos/{full_name}/statuses/{sha}",
        "context": fields.get("context", "default"),
        "creator": call.view.seen_by(None).user(user),
        "created_at": now,
        "updated_at": now,
    }
