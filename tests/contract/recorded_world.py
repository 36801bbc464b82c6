"""The two servers that were recorded, rebuilt step by step in a stand-in.

Times, ids, sizes and digests come out as recorded. Where the recordings do not say what was there
(a few version ids, the names of some people), a filler takes the place.
"""

import base64
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.standin.gitea import StandinGitea
from tests.standin.gitea.model import Hook

RECORDINGS = Path(__file__).parent / "gitea"
COMMIT = "fba95870a15e60aca16042e94af30a0407aa7554"

TOKENS = {
    "root_all": ("root", ["all"]),
    "alice_read": ("alice", ["read:package"]),
    "alice_write": ("alice", ["write:package"]),
    "alice_user": ("alice", ["read:user"]),
    "alice_public_only": ("alice", ["read:package", "public-only"]),
    "alice_organization": ("alice", ["write:organization"]),
    "alice_repository": ("alice", ["write:repository"]),
    "alice_repository_read": ("alice", ["read:repository"]),
    "mallory_read": ("mallory", ["read:package"]),
}
"""The tokens by name, which is the secret too. The second one was recorded with its id."""

VERSIONS_OF_VERS = (
    *("1!2.0", "v1.0", "1.0+local.1", "1.0-1", "2.0rc1", "1.0.0", "2.0.dev3", "2.0.post1"),
    *("1.0.1-alpha", "1.0.1a0", "1.0-alpha.1", "1.0+a_b", "1.0c1"),
)

_WHEEL = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def recording(name: str) -> dict[str, Any]:
    """One recorded exchange."""
    exchange: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return exchange


def moment(time: str) -> datetime:
    """A time of the day of the recording."""
    return datetime.fromisoformat(f"2026-11-21T{time}").replace(tzinfo=UTC)


def wheel(name: str, version: str, requires_python: str = "", metadata_version: str = "2.1") -> bytes:
    """A wheel whose bytes, and so whose digest, are those of the recorded one."""
    distribution = name.replace(".", "_")
    info = f"{distribution}-{version}.dist-info"
    fields = [f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}"]
    fields += [f"Requires-Python: {requires_python}"] * bool(requires_python) + ["Requires-Dist: six", ""]
    members = {
        f"{distribution.lower()}.py": "x=1\n",
        f"{info}/METADATA": "\n".join(fields),
        f"{info}/WHEEL": _WHEEL,
    }
    record = f"{info}/RECORD"
    members[record] = "".join(f"{member},,\n" for member in (*members, record))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member, text in members.items():
            entry = zipfile.ZipInfo(member, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, text)
    return stream.getvalue()


def publish_wheel(gitea: StandinGitea, owner: str, name: str, version: str) -> None:
    """Publishes a wheel without Requires-Python in the form."""
    filename = f"{name.replace('.', '_').lower()}-{version}-py3-none-any.whl"
    gitea.publish(owner, filename, wheel(name, version), name, version, "")


# the server with acme, in the order of its history


def accounts(gitea: StandinGitea) -> None:
    for name in ("root", "alice", "bob", "carol", "mallory", "erin", "frank"):
        gitea.store.add_account(name, "user")
    gitea.add_owner("acme").full_name = "Acme"
    gitea.add_owner("acme-private", "private")
    for name, (user, scopes) in TOKENS.items():
        gitea.add_token(name, user, scopes, name)


def hooks(gitea: StandinGitea) -> None:
    created = gitea.store.now()
    for path, content_type in (("org", "json"), ("orgform", "form")):
        number = gitea.store.next_id("hook")
        url = f"http://receiver.example/{path}"
        hook = Hook(
            number, url, content_type, ["package"], active=True, created_at=created, updated_at=created
        )
        gitea.store.hooks.setdefault(gitea.store.owner("acme").id, []).append(hook)
    hook.updated_at = moment("09:08:27")


def repositories(gitea: StandinGitea) -> None:
    acme = gitea.store.owner("acme")
    gitea.store.ensure_repository(acme, "core-lib").commits.add(COMMIT)
    gitea.store.ensure_repository(acme, "old-lib").private = True


def first_file(gitea: StandinGitea) -> None:
    content = wheel("My.Package", "1.0", ">=3.9,<4")
    gitea.publish("acme", "my_package-1.0-py3-none-any.whl", content)


def second_file(gitea: StandinGitea) -> None:
    content = base64.b64decode(recording("download-200")["response"]["body_base64"])
    gitea.publish("acme", "my_package-1.0.tar.gz", content)


def burst(gitea: StandinGitea) -> None:
    for name in ("foo__bar", "foo-bar", "a", "filler-5", "filler-6"):
        publish_wheel(gitea, "acme", name, "1.0")
    for version in VERSIONS_OF_VERS:
        publish_wheel(gitea, "acme", "vers", version)


def odd_uploads(gitea: StandinGitea) -> None:
    publish_wheel(gitea, "acme", "up", "1.0")
    small = {".zip": b"PK-zip", "-py3.11.egg": b"egg", ".tar.bz2": b"bz"}
    files = {f"up-1.0{suffix}": content for suffix, content in small.items()}
    files |= {"totally-other-9.9-py3-none-any.whl": wheel("up", "1.0"), "up-1.0.exe": b""}
    files |= {"evil-1.0.tar.gz": b"e", "evil2-1.0.tar.gz": b"e2", "up-1.0.tar.gz.asc": b"sig"}
    files |= {"up-1.0 hash#q?.tar.gz": b"e5", "ünï-1.0.tar.gz": b"e6"}
    for filename, content in files.items():
        gitea.publish("acme", filename, content, "up", "1.0", "")
    _take_recorded_digests(gitea, "up-1.0.zip")
    gitea.publish("acme", "meta-1.0-py3-none-any.whl", wheel("meta", "1.0", ">=3.8", "2.4"))
    gitea.publish("acme", "meta-1.1.tar.gz", b"q", requires_python="<b>&\"'>")


def _take_recorded_digests(gitea: StandinGitea, filename: str) -> None:
    """The one file whose six bytes were not recorded."""
    files = json.loads(recording("version-files-odd-names")["response"]["body"])
    (row,) = (file for file in files if file["name"] == filename)
    file = gitea.store.version(gitea.store.owner("acme"), "up", "1.0").files[filename]
    vars(file)["digests"] = {name: row[name] for name in ("md5", "sha1", "sha256", "sha512")}


def before_deletions(gitea: StandinGitea) -> None:
    publish_wheel(gitea, "acme-private", "secretpkg", "1.0")
    for version in ("1.0", "2.0"):
        publish_wheel(gitea, "acme", "gone-demo", version)


def published_again(gitea: StandinGitea) -> None:
    gitea.delete_version("acme", "gone-demo", "1.0")
    publish_wheel(gitea, "acme", "gone-demo", "1.0")


def package_deleted(gitea: StandinGitea) -> None:
    gitea.delete_package("acme", "gone-demo")
    for name in ("filler-27", "filler-28"):
        publish_wheel(gitea, "acme", name, "1.0")


def linked(gitea: StandinGitea) -> None:
    gitea.link("acme", "my-package", "core-lib")
    gitea.link("acme", "vers", "old-lib", archived=True, private=True)


def renamed(gitea: StandinGitea) -> None:
    gitea.add_owner("oldname")
    publish_wheel(gitea, "oldname", "rn", "1.0")
    gitea.rename_owner("oldname", "newname")


Step = Callable[[StandinGitea], None]

HISTORY: list[tuple[str, Step]] = [
    ("08:27:42", accounts),
    ("08:28:22", hooks),
    ("08:28:58", repositories),
    ("08:28:59", first_file),
    ("08:29:00", second_file),
    ("08:29:49", burst),
    ("08:47:19", odd_uploads),
    ("09:08:25", before_deletions),
    ("09:08:26", published_again),
    ("09:08:26", package_deleted),
    ("09:10:09", linked),
    ("09:11:52", renamed),
]


class RecordedWorld:
    """The recorded servers, with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = moment("00:00:00")

    def acme_after(self, last: Step) -> StandinGitea:
        """The server with acme, right after that step of its history."""
        gitea = StandinGitea(clock=lambda: self.now)
        for time, step in HISTORY:
            self.now = moment(time)
            step(gitea)
            if step is last:
                break
        return gitea

    def dave(self) -> StandinGitea:
        """The server with dave: small pages, a quota of twelve versions, another ROOT_URL."""
        self.now = moment("09:10:19")
        gitea = StandinGitea(
            "https://git.public.example/gitea/", max_response_items=7, clock=lambda: self.now
        )
        gitea.store.add_account("root", "user")
        dave = gitea.add_owner("dave", kind="user")
        dave.email, dave.password = "d@example.com", "PASSWORD"
        for minor in range(12):
            publish_wheel(gitea, "dave", "q", f"1.{minor}")
        gitea.publish("dave", "q-1.0.tar.gz", b"x")
        gitea.limits.total_owner_count, gitea.limits.size_pypi = 12, 1000
        return gitea
