"""The PyPI registry of an owner: its three routes under /api/packages/{owner}/pypi."""

import hashlib

from . import upload_form
from .call import Call
from .download import serve
from .exchange import SECURITY, Response, page, plain
from .model import Level
from .names import stored_name
from .simple_page import simple_page
from .store import Refused


def upload(call: Call) -> Response:
    """`POST /`: 201 and nothing else, or a refusal in plain text."""
    owner = call.registry_owner("write:package", Level.WRITE)
    creator = call.caller.user
    if creator is None:
        raise AssertionError("nobody has write access without being signed in")
    form, claimed = upload_form.parse(call.request.headers.get("Content-Type", ""), call.request.body)
    if claimed != hashlib.sha256(form.content).hexdigest():
        raise Refused(400, "hash mismatch")
    call.store.add_file(owner, creator, form)
    return Response(201, dict(SECURITY))


def simple(call: Call) -> Response:
    """`GET /simple/{name}`: any spelling that Gitea's own rule maps to the stored name."""
    owner = call.registry_owner("read:package", Level.READ)
    try:
        package = call.store.package(owner, stored_name(call.parts["name"]).lower())
    except Refused:
        return plain(404, "")
    if not package.versions:
        return plain(404, "")
    return page(200, simple_page(call.view.root, package))


def download(call: Call) -> Response:
    """`GET /files/{name}/{version}/{filename}`: the case of none of them matters."""
    owner = call.registry_owner("read:package", Level.READ)
    name = stored_name(call.parts["name"]).lower()
    version = call.store.version(owner, name, call.parts["version"])
    file = version.files.get(call.parts["filename"].lower())
    if file is None:
        raise Refused(404, "package file does not exist")
    return serve(call.request, file)
