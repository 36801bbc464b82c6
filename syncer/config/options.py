"""The one table of all options; reading, checking, showing, template and documents derive from it."""

from __future__ import annotations

from syncer.config.schema import Kind, Option, Section

SECONDS_PER_YEAR = 31_536_000
#: devpi-server refuses these characters in user and index names (``devpi_server.model.is_valid_name``).
_DEVPI_NAME = r"""(?!\.+(?:/|$))[^\s!"#$%&'()*+,/:;<=>?\[\\\]^`{|}~\x00-\x1f]+"""
#: Gitea's owner and repository names: ASCII letters, digits, dash, underscore, dot.
_GITEA_NAME = r"(?!\.+(?:/|$))[A-Za-z0-9_.-]+"
_GLOB = r"[\w.*?\[\]!+~-]+"


def _secret(
    name: str,
    help_: str,
    choice: str,
    *,
    required: bool = False,
    asked: bool = False,
    schemes: tuple[str, ...] = (),
    example: str = "",
) -> tuple[Option, ...]:
    """The three ways to give a secret: itself, in a variable, in a file."""
    variable, file = (
        f"Environment variable that holds the {name}.",
        f"File that holds nothing but the {name}.",
    )
    return (
        Option(
            name, Kind.HIDDEN, help_, "", required, asked, choice=choice, schemes=schemes, example=example
        ),
        Option(f"{name}_env", Kind.VARIABLE, variable, choice=choice, schemes=schemes, example="VARIABLE"),
        Option(f"{name}_file", Kind.FILE, file, choice=choice, schemes=schemes, example="PATH"),
    )


def _verify(server: str) -> Option:
    return Option(
        "verify_ssl",
        Kind.VERIFY,
        f"Whether {server}'s certificate is verified, or the CA bundle to verify it with.",
        "true",
    )


def _plain_http(server: str) -> Option:
    return Option(
        "plain_http",
        Kind.SWITCH,
        f"Whether http:// to {server} on another machine is fine, as nobody else is on that network.",
        "false",
    )


def _timeout(default: str) -> Option:
    return Option(
        "timeout",
        Kind.NUMBER,
        "Seconds to wait for the server to connect or to send more.",
        default,
        minimum=0.1,
        maximum=3600,
    )


def _globs(name: str, help_: str) -> Option:
    return Option(name, Kind.LIST, help_, pattern=_GLOB, shape="globs without spaces, as in acme-*")


def _seconds(name: str, help_: str, default: str, maximum: float = SECONDS_PER_YEAR) -> Option:
    return Option(name, Kind.NUMBER, help_, default, minimum=1, maximum=maximum)


def _count(name: str, help_: str, default: str, maximum: int) -> Option:
    return Option(name, Kind.COUNT, help_, default, minimum=1, maximum=maximum)


def _from_zero(name: str, help_: str, default: str, maximum: int) -> Option:
    return Option(name, Kind.COUNT, help_, default, minimum=0, maximum=maximum)


def _older(name: str, kind: Kind, section: str, option: str) -> Option:
    """A name that devpi-gitea-sync has for one of our options."""
    return Option(name, kind, f"Older name of [{section}] {option}.", alias_of=(section, option))


GITEA = (
    Option(
        "url",
        Kind.URL,
        "Base URL of the Gitea instance.",
        required=True,
        example="https://gitea.example.com",
    ),
    *_secret("token", "Personal access token for every organization without its own.", "token", asked=True),
    _verify("Gitea"),
    _plain_http("Gitea"),
    _timeout("10"),
    _count("downloads_in_flight", "Downloads from Gitea at the same time, over all workers.", "8", 64),
)
ORGANIZATION = _secret("token", "Personal access token for this organization.", "token", asked=True)
DEVPI = (
    Option(
        "url",
        Kind.URL,
        "Base URL of the devpi server.",
        required=True,
        example="https://devpi.example.com",
    ),
    Option(
        "username",
        Kind.TEXT,
        "The devpi user who uploads.",
        required=True,
        pattern=_DEVPI_NAME,
        shape="a devpi user name",
        example="devpi-user",
    ),
    *_secret("password", "Password of the devpi user.", "credential", required=True),
    *_secret("token", "Token of the devpi user, instead of a password.", "credential"),
    _verify("devpi"),
    _plain_http("devpi"),
    _timeout("30"),
    _count("uploads_in_flight", "Uploads to this server at the same time, over all workers.", "2", 64),
)
MAPPING = (
    Option(
        "organization",
        Kind.TEXT,
        "The Gitea owner, organization or user, whose packages are copied.",
        "{name}",
        pattern=_GITEA_NAME,
        shape="a Gitea organization or user name",
    ),
    Option(
        "index",
        Kind.TEXT,
        "The devpi index they go to.",
        required=True,
        pattern=f"{_DEVPI_NAME}/{_DEVPI_NAME}",
        shape="user/index",
        example="user/index",
    ),
    Option("devpi", Kind.TEXT, "Name of the devpi server: NAME means [devpi:NAME].", "default"),
    *_secret("token", "Personal access token for this mapping.", "token"),
    Option(
        "repositories",
        Kind.LIST,
        "Only packages linked to these repositories, in any case of letters.",
        pattern=f"(?:{_GITEA_NAME}/)?{_GITEA_NAME}",
        shape="repositories written name or owner/name",
    ),
    Option(
        "include_archived",
        Kind.SWITCH,
        "Whether packages linked to an archived repository are copied too.",
        "false",
    ),
    _globs("project_allow", "Only projects that match one of these globs."),
    _globs("project_deny", "No project that matches one of these globs."),
    _globs("file_deny", "No file whose name matches one of these globs."),
    _seconds(
        "poll_interval_seconds",
        "Seconds between two looks at this mapping.",
        "{runtime.poll_interval_seconds}",
    ),
    _seconds(
        "full_interval_seconds",
        "Seconds after which a look at this mapping compares everything.",
        "{runtime.full_interval_seconds}",
    ),
    _count(
        "stale_intervals", "Intervals without completeness after which this mapping turns red.", "3", 10_000
    ),
    _from_zero(
        "release_settle_minutes",
        "Minutes after which a version that lacks a file its project usually has is told of; 0 turns it off.",
        "60",
        525_600,
    ),
    Option(
        "on_source_delete",
        Kind.TEXT,
        "What becomes of a file that this mapping brought and Gitea no longer has: keep, mark (it is shown), "
        "or withdraw (it is removed from devpi after delete_grace_hours).",
        "keep",
        pattern="keep|mark|withdraw",
        shape="keep, mark or withdraw",
    ),
    Option(
        "delete_grace_hours",
        Kind.NUMBER,
        "Hours that such a file is kept before it is withdrawn; until then it can be undone.",
        "72",
        minimum=0,
        maximum=87_600,
    ),
    _from_zero(
        "delete_cap_files",
        "How many files may wait to be withdrawn; when there are more, none is until a person confirms.",
        "10",
        1_000_000,
    ),
    Option(
        "delete_cap_percent",
        Kind.NUMBER,
        "The same in percent of the mapping's files, rounded up; the smaller of both counts.",
        "5",
        minimum=0,
        maximum=100,
    ),
)
BROKER = _secret(
    "url",
    "URL of the Redis or Valkey that carries the messages; without one, the embedded one is used.",
    "url",
    schemes=("redis", "rediss", "redis+socket"),
    example="redis://redis.example.com:6379/0",
)
DATABASE = _secret(
    "url",
    "URL of the database; without one, an SQLite file in state_dir is used.",
    "url",
    schemes=("postgresql", "postgresql+psycopg", "sqlite", "sqlite+pysqlite"),
    example="postgresql://syncer:password@db.example.com/syncer",
)
STAGING = (
    Option(
        "dir", Kind.PATH, "Directory where files wait between the servers.", "{runtime.state_dir}/staging"
    ),
)
WEB = (
    Option(
        "host",
        Kind.TEXT,
        "Address that the status view and Flower listen on; any but loopback needs a password.",
        "127.0.0.1",
        pattern=r"[A-Za-z0-9.:_%-]+",
        shape="a host name or an IP address",
    ),
    Option(
        "username",
        Kind.TEXT,
        "Who may look at the status view and Flower, if a password is given.",
        "syncer",
        pattern=r"[!-9;-~]+",
        shape="a name of ASCII characters without space and colon",
    ),
    *_secret("password", "Password for the status view and Flower, on loopback too.", "password"),
    _count("port", "Port of the status view.", "8080", 65535),
    _count("flower_port", "Port of Flower.", "5555", 65535),
    Option("url", Kind.URL, "Where people reach the status view, if not at host and port."),
    Option("flower_url", Kind.URL, "Where people reach Flower, if not at host and flower_port."),
)
RUNTIME = (
    Option(
        "state_dir",
        Kind.PATH,
        "Directory of the embedded database, the embedded broker and staged files.",
        "{state_home}/gitea-devpi-syncer",
    ),
    Option(
        "signing_key",
        Kind.KEY,
        "File of the private key that signs statements of equal sides, if there is one: `syncer keys make`.",
        "{runtime.state_dir}/signing-key.pem",
    ),
    _seconds("poll_interval_seconds", "Seconds between two looks at a mapping.", "300"),
    _seconds(
        "full_interval_seconds",
        "Seconds after which a look compares everything; until then it reads what is new.",
        "900",
    ),
    _seconds("reconcile_interval_seconds", "Seconds between two searches for lost work.", "15", 3600),
    _count("download_workers", "Downloads at the same time on this machine.", "4", 64),
    _count(
        "upload_workers",
        "Uploads at the same time on this machine; without it, as many as all devpi servers take.",
        "",
        64,
    ),
    _seconds("file_deadline_seconds", "Seconds that one try to copy one file may take.", "500", 86400),
    Option(
        "bandwidth",
        Kind.TIMETABLE,
        "Bytes a second that all workers together send and receive of files at most: a rate, or from when "
        "on which, as in 08:00,5M 18:00,20M Sat-00:00,off; k, M and G are powers of 1024.",
        example="10M",
    ),
    Option("bandwidth_zone", Kind.ZONE, "Whose clock the times in bandwidth mean.", "UTC"),
    _count("history_days", "Days that finished runs, tries and tasks are remembered.", "30", 36500),
    _from_zero(
        "recheck_days",
        "Days within which every file's bytes are fetched back from its target and hashed; 0 turns it off.",
        "30",
        3650,
    ),
    Option(
        "recheck_bytes_per_day",
        Kind.SIZE,
        "Bytes a day that may be fetched back for that; k, M, G and T are powers of 1024.",
        "20G",
        minimum=2**20,
    ),
    *_secret(
        "ping_url",
        "Address that is asked for every minute while everything is complete, for a monitor that misses it.",
        "ping_url",
        schemes=("https", "http"),
        example="https://monitor.example.com/abc",
    ),
    _older("download_dir", Kind.PATH, "staging", "dir"),
    _older("server_host", Kind.TEXT, "web", "host"),
    _older("server_port", Kind.COUNT, "web", "port"),
)

SECTIONS = (
    Section("gitea", "The Gitea instance that packages come from.", GITEA),
    Section("gitea", "One organization's own token.", ORGANIZATION, argument="org", example="my-org"),
    Section("devpi", "The devpi server named default.", DEVPI),
    Section("devpi", "A further devpi server.", DEVPI, argument="name", example="prod"),
    Section("mapping", "One Gitea owner feeds one devpi index.", MAPPING, argument="name", example="my-org"),
    Section("broker", "What carries the messages between workers.", BROKER),
    Section("database", "What remembers every file.", DATABASE),
    Section("staging", "Where files wait between the servers.", STAGING),
    Section("web", "The status view and Flower.", WEB),
    Section("runtime", "How the work is done on this machine.", RUNTIME),
)

#: Sections that every configuration has, written or not.
ALWAYS = ("gitea", "broker", "database", "staging", "web", "runtime")


def section_of(kind: str, name: str) -> Section | None:
    """The kind of section that a header names, if there is one."""
    return next((s for s in SECTIONS if s.kind == kind and bool(s.argument) == bool(name)), None)
