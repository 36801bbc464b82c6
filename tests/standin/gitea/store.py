"""The state of a Gitea, in memory, with the rules that guard it; no HTTP here."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from re import escape, search

from .model import Account, AccountKind, File, Hook, Package, Repository, Token, Version, Visibility
from .names import is_valid, stored_name


class Refused(Exception):
    """The rules forbid it: `status` and `message` are what Gitea answers."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


@dataclass
class Limits:
    """The administrator's settings; -1 means no limit. Sizes are bytes."""

    max_response_items: int = 50
    default_paging_num: int = 30
    size_pypi: int = -1
    total_owner_count: int = -1
    require_signin_view: bool = False


@dataclass
class Upload:
    """The fields of an upload form that Gitea looks at."""

    name: str
    version: str
    filename: str
    content: bytes = field(repr=False)
    requires_python: str = ""


class Store:
    """Everything one Gitea knows. `clock` tells the time; Gitea keeps whole seconds of it."""

    def __init__(self, limits: Limits, clock: Callable[[], datetime] | None = None) -> None:
        self.limits = limits
        self.clock: Callable[[], datetime] = clock or (lambda: datetime.now(UTC))
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.redirects: dict[str, Account] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[tuple[int, str], Repository] = {}
        self.packages: dict[tuple[int, str], Package] = {}
        self.hooks: dict[int, list[Hook]] = {}
        self.last_id: Counter[str] = Counter()

    def now(self) -> datetime:
        """The time in whole seconds."""
        return self.clock().replace(microsecond=0)

    def next_id(self, kind: str) -> int:
        """Ids ascend over all owners and are never used again."""
        self.last_id[kind] += 1
        return self.last_id[kind]

    # accounts and tokens

    def add_account(
        self,
        name: str,
        kind: AccountKind,
        visibility: Visibility = "public",
        members: Iterable[str] = (),
        readers: Iterable[str] = (),
    ) -> Account:
        """Creates a user or an organization, and every user whom it names."""
        if name.lower() in self.accounts:
            raise Refused(422, f"user already exists [name: {name}]")
        people = [self.user(person).name.lower() for person in (*members, *readers)]
        account = Account(self.next_id("account"), name, kind, visibility, self.now())
        account.email = f"{name.lower()}@example.com" if kind == "user" else ""
        account.readers = {person.lower() for person in readers}
        account.members = set(people) - account.readers
        self.accounts[name.lower()] = account
        return account

    def user(self, name: str) -> Account:
        """The user of that name, created when it is new."""
        return self.accounts.get(name.lower()) or self.add_account(name, "user")

    def owner(self, name: str) -> Account:
        """The account of that name; `Refused` with Gitea's text when there is none."""
        try:
            return self.accounts[name.lower()]
        except KeyError:
            raise Refused(404, f"user redirect does not exist [name: {name}]") from None

    def rename(self, old: str, new: str) -> None:
        """Moves an account to a new name; the old one redirects from now on."""
        account = self.accounts.pop(old.lower())
        account.name = new
        self.accounts[new.lower()] = account
        self.redirects[old.lower()] = account
        self.redirects.pop(new.lower(), None)

    def add_token(self, secret: str, user: str, scopes: Iterable[str], name: str = "") -> Token:
        """Makes `secret` a token of `user`."""
        now = self.now()
        number = self.next_id("token")
        token = Token(number, name or f"token-{number}", secret, self.user(user), tuple(scopes), now, now)
        self.tokens[secret] = token
        return token

    # repositories

    def repository(self, owner: Account, name: str) -> Repository:
        """The repository of that name; `Refused` when there is none."""
        try:
            return self.repositories[owner.id, name.lower()]
        except KeyError:
            raise Refused(404, f"repository does not exist [name: {name}]") from None

    def ensure_repository(self, owner: Account, name: str) -> Repository:
        """The repository of that name, created when it is new."""
        key = (owner.id, name.lower())
        if key not in self.repositories:
            self.repositories[key] = Repository(self.next_id("repository"), owner, name, self.now())
        return self.repositories[key]

    def archive(self, repository: Repository, *, archived: bool) -> None:
        """Archives a repository or brings it back."""
        if repository.archived != archived:
            repository.archived = archived
            repository.archived_at = self.now() if archived else None

    # packages

    def package(self, owner: Account, lower_name: str) -> Package:
        """The package stored under exactly that lower-case name."""
        try:
            return self.packages[owner.id, lower_name]
        except KeyError:
            raise Refused(404, "package does not exist") from None

    def version(self, owner: Account, lower_name: str, version: str) -> Version:
        """The version matched by lower case only: nothing is normalized."""
        try:
            return self.package(owner, lower_name).versions[version.lower()]
        except KeyError:
            raise Refused(404, "package does not exist") from None

    def add_file(
        self, owner: Account, creator: Account, upload: Upload, created_at: datetime | None = None
    ) -> File:
        """Stores a file, with its package and version when they are new, or is `Refused`.

        `created_at` overrides the clock: a slow upload is committed late with an older second.
        """
        name = stored_name(upload.name)
        if not is_valid(name, upload.version):
            raise Refused(400, "invalid name or version")
        now = created_at or self.now()
        self._check_limits(owner, creator, name, upload)
        package = self.packages.get((owner.id, name.lower()))
        known = package.versions.get(upload.version.lower()) if package else None
        if known is not None and upload.filename.lower() in known.files:
            raise Refused(409, "package file already exists")
        if package is None:
            package = Package(self.next_id("package"), owner, name)
            self.packages[owner.id, package.lower_name] = package
        if known is None:
            number = self.next_id("version")
            known = Version(number, package, upload.version, creator, now, upload.requires_python)
            package.versions[upload.version.lower()] = known
        file = File(self.next_id("file"), upload.filename, upload.content, now)
        known.files[upload.filename.lower()] = file
        return file

    def _check_limits(self, owner: Account, creator: Account, name: str, upload: Upload) -> None:
        if creator.is_admin:
            return
        package = self.packages.get((owner.id, name.lower()))
        is_new = package is None or upload.version.lower() not in package.versions
        if is_new and 0 <= self.limits.total_owner_count <= len(self.versions(owner)):
            raise Refused(403, "maximum allowed package count exceeded")
        if 0 <= self.limits.size_pypi < len(upload.content):
            raise Refused(403, "maximum allowed package type size exceeded")

    def delete_version(self, version: Version) -> None:
        """Deletes a version with its files; the package stays and keeps its spelling."""
        del version.package.versions[version.version.lower()]

    def delete_package(self, package: Package) -> None:
        """Deletes a package with all its versions."""
        del self.packages[package.owner.id, package.lower_name]

    def versions(self, owner: Account, package_type: str = "pypi", query: str = "") -> list[Version]:
        """The owner's versions, newest second first and then by descending id.

        `query` is a substring of the stored lower-case name in which `_` and `%` are wildcards.
        """
        if package_type not in ("", "all", "pypi"):
            return []
        pattern = escape(query.lower()).replace("_", ".").replace("%", ".*")
        found = [
            version
            for (owner_id, name), package in self.packages.items()
            if owner_id == owner.id and search(pattern, name)
            for version in package.versions.values()
        ]
        return sorted(found, key=newest_first)

    def link(self, package: Package, repository: Repository) -> None:
        """Links all versions of a package to a repository; `Refused` when it is linked already."""
        if package.repository is not None:
            raise Refused(400, "invalid argument")
        package.repository = repository


def newest_first(version: Version) -> tuple[float, int]:
    """The sort key of every listing."""
    return (-version.created_at.timestamp(), -version.id)
