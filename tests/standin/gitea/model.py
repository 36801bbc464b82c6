"""What a Gitea remembers: accounts, tokens, repositories, packages, versions, files and hooks."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Literal

Visibility = Literal["public", "limited", "private"]
AccountKind = Literal["organization", "user"]


class Level(IntEnum):
    """How far an account may go in an owner's packages or in a repository."""

    NONE = 0
    READ = 1
    WRITE = 2


@dataclass
class Account:
    """A user or an organization; both can own packages."""

    id: int
    name: str
    kind: AccountKind
    visibility: Visibility
    created_at: datetime
    full_name: str = ""
    email: str = ""
    password: str | None = field(default=None, repr=False)
    is_admin: bool = False
    prohibit_login: bool = False
    members: set[str] = field(default_factory=set)
    """Lower-case names of the users who own the organization: they may read and write."""
    readers: set[str] = field(default_factory=set)
    """Lower-case names of the members who may only read."""

    def level_of(self, user: "Account | None") -> Level:
        """What `user` (None: nobody signed in) may do with this account's packages."""
        if user is not None and (user.is_admin or user is self or user.name.lower() in self.members):
            return Level.WRITE
        if user is not None and (user.name.lower() in self.readers or self.visibility == "limited"):
            return Level.READ
        return Level.READ if self.visibility == "public" else Level.NONE


@dataclass
class Token:
    """A personal access token."""

    id: int
    name: str
    secret: str = field(repr=False)
    user: Account
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime


@dataclass
class Repository:
    """A git repository, as far as packages are linked to it and commits get a status."""

    id: int
    owner: Account
    name: str
    created_at: datetime
    private: bool = False
    archived: bool = False
    archived_at: datetime | None = None
    commits: set[str] = field(default_factory=set)

    def level_of(self, user: Account | None) -> Level:
        """What `user` may do here; a private repository hides from all but the owner's people."""
        if not self.private:
            return self.owner.level_of(user)
        writes = self.owner.level_of(user) is Level.WRITE
        reads = user is not None and user.name.lower() in self.owner.readers
        return Level.WRITE if writes else Level.READ if reads else Level.NONE


@dataclass
class File:
    """One uploaded file; its bytes never change."""

    id: int
    name: str
    content: bytes = field(repr=False)
    created_at: datetime

    @cached_property
    def digests(self) -> dict[str, str]:
        """Lower-case hex digests, keyed as Gitea's JSON names them."""
        return {name: hashlib.new(name, self.content).hexdigest() for name in DIGESTS}


DIGESTS = ("md5", "sha1", "sha256", "sha512")


@dataclass
class Version:
    """One version of a package: the row of the package listing."""

    id: int
    package: "Package"
    version: str
    creator: Account
    created_at: datetime
    requires_python: str
    """The value of the first upload; later uploads do not change it."""
    files: dict[str, File] = field(default_factory=dict)
    """By lower-case file name, in which they are unique."""

    def sorted_files(self) -> list[File]:
        """By lower-case file name, not by upload: the order of every answer."""
        return [self.files[name] for name in sorted(self.files)]


@dataclass
class Package:
    """A package; it outlives its last version until it is deleted itself."""

    id: int
    owner: Account
    name: str
    versions: dict[str, Version] = field(default_factory=dict)
    """By lower-case version, in which they are unique."""
    repository: Repository | None = None

    @property
    def lower_name(self) -> str:
        """The name in addresses and in look-ups of the management API."""
        return self.name.lower()


@dataclass
class Hook:
    """A webhook as it is configured; the stand-in delivers nothing."""

    id: int
    url: str
    content_type: str
    events: list[str]
    active: bool
    created_at: datetime
    updated_at: datetime
    authorization_header: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    branch_filter: str = ""
    name: str = ""
