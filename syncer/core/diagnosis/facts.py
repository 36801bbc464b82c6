"""What was asked and answered, before anybody judges it; None is said of what could not be found out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one question: its status, the server's own words, and where a redirect led.

    The status is 0 when there was none, and ``said`` then says why.
    """

    status: int
    said: str = ""
    elsewhere: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is a plain success."""
        return self.status == HTTPStatus.OK

    def __str__(self) -> str:
        status = str(self.status or "nothing")
        return f"{status}: {self.said}" if self.said else status


@dataclass(frozen=True, slots=True)
class Clock:
    """What a server's clock said, and ours then; ``within`` is the seconds that this may be wrong by."""

    theirs: datetime
    ours: datetime
    within: float

    @property
    def ahead(self) -> float:
        """Seconds by which the server's clock is ahead at least; negative when it is behind."""
        apart = (self.theirs - self.ours).total_seconds()
        return max(0.0, apart - self.within) if apart > 0 else min(0.0, apart + self.within)


@dataclass(frozen=True, slots=True)
class GiteaFacts:
    """A Gitea; ``cap`` is [api] MAX_RESPONSE_ITEMS and ``slowest`` the longest answer in seconds."""

    version: str
    cap: int | None
    clock: Clock | None
    slowest: float


@dataclass(frozen=True, slots=True)
class OwnerFacts:
    """What one token may see of one owner.

    ``scopes`` is None when Gitea does not tell (before 1.27). ``total`` and ``rows`` are of the first page
    of releases; ``unprovable`` says why it cannot be read. ``page`` and ``anonymous`` are the answers for
    one project's page with the token and without, None when there is no project. ``root_url`` is where
    Gitea's own links lead.
    """

    token: Reply
    listing: Reply
    scopes: tuple[str, ...] | None = None
    user: str = ""
    total: int | None = None
    rows: int = 0
    linked: bool = False
    renamed_to: str = ""
    unprovable: str = ""
    page: Reply | None = None
    anonymous: Reply | None = None
    root_url: str | None = None
    slowest: float = 0.0


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a devpi token says of itself, without asking anybody.

    ``kind`` is ``devpi-token`` or ``login``. A restriction is None when there is none; ``expires`` is None
    for a token that never does.
    """

    kind: str
    user: str
    expires: datetime | None
    indexes: frozenset[str] | None = None
    projects: frozenset[str] | None = None
    allowed: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class DevpiFacts:
    """A devpi-server and what it makes of the configured credential.

    ``is_replica`` is None when it does not tell. ``token`` is None for a password, and for a token of a
    form that is not known (then ``has_password`` is false).
    """

    version: str
    is_replica: bool | None
    user: str
    has_password: bool
    accepted: bool
    login: Reply
    token: TokenFacts | None
    groups: frozenset[str]
    clock: Clock | None
    slowest: float


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """An index; ``kind`` is empty unless ``reply`` is a success.

    ``refused`` is what the credential got where devpi answers those without one; then the rest is theirs.
    ``missing`` are bases that do not exist, ``unasked`` those about which devpi said nothing. ``mirrors``
    and ``opened`` (index, project or ``*``) are those of the whole tree of bases.
    """

    reply: Reply
    kind: str = ""
    refused: Reply | None = None
    acl_upload: tuple[str, ...] | None = None
    volatile: bool | None = None
    bases: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    opened: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """A Redis or Valkey; ``embedded`` is that of ``syncer up``, which need not be ``running``.

    ``version`` is that of the Redis protocol. ``max_memory`` is in bytes, 0 for no limit. ``write_error``
    says what could not be saved.
    """

    name: str
    version: tuple[int, ...] | None
    policy: str | None = None
    max_memory: int | None = None
    append_only: bool | None = None
    write_error: str = ""
    embedded: bool = False
    running: bool = True


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """A database; ``kind`` is ``SQLite`` or ``PostgreSQL``, ``revision`` None when it has no tables."""

    kind: str
    version: str
    revision: str | None
    needed: str
    embedded: bool
    clock: Clock | None = None


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """A directory, which need not exist yet: what its file system has free, and whether one may write."""

    path: str
    free: int
    files_free: int | None
    writable: bool


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: a server's ``timeout``, its slowest answer, and what one file may take."""

    timeout: float
    slowest: float
    deadline: float
