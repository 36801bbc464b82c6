"""The table of advice as the documentation shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from syncer.core.diagnosis.advice import ADVICE
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.finding import Check

#: What each check looks at, and how.
LOOKS_AT: Mapping[Check, str] = MappingProxyType(
    {
        Check.ANSWERS: "whether each server answers at all, and as what",
        Check.TIME_OUTS: "`timeout` against the slowest answer just seen, and `file_deadline_seconds`",
        Check.CLOCK_SKEW: "the `Date` of Gitea and devpi, PostgreSQL's clock, against this machine's",
        Check.ROOT_URL: "where the links on Gitea's pages lead, and whether `[gitea] url` redirects",
        Check.TOKEN_SCOPES: "what Gitea says of the token (`GET /api/v1/token`, since 1.27)",
        Check.OWNER_VISIBILITY: "the owner's list and one project's page, with the token and without",
        Check.PAGING_CAP: "`MAX_RESPONSE_ITEMS`, `X-Total-Count` and the rows of the first page",
        Check.DEVPI_VERSION: "the version that devpi-server sends with each answer",
        Check.REPLICA: "whether the server's uuid is its primary's",
        Check.DEVPI_CREDENTIAL: "whether devpi accepts it, of which kind it is, and when it ends",
        Check.INDEX_TYPE: "whether the index exists, may be read, and takes files",
        Check.ACL_UPLOAD: "whether user and token may upload to the index",
        Check.VOLATILE: "whether files of the index can be replaced",
        Check.BASES: "the whole tree of the index's bases",
        Check.MIRROR_WHITELIST: "which public projects are let through beside the synced ones",
        Check.BROKER_VERSION: "`INFO`, or the server that `syncer up` would start",
        Check.BROKER_EVICTION: "`maxmemory-policy` and `maxmemory`",
        Check.BROKER_PERSISTENCE: "the append-only file, and whether the last write of it went well",
        Check.DATABASE_VERSION: "the version of PostgreSQL or SQLite",
        Check.DATABASE_REVISION: "the revision of the tables",
        Check.FREE_SPACE: "space, inodes and mode of the staging and state directories",
    }
)


_OF_THE_ERROR = {"cause": "As the error says.", "fix": "As the error says."}


class _Names(dict[str, str]):
    """A word that is filled in later is shown in capitals."""

    def __missing__(self, name: str) -> str:
        return name.upper()


def checks_markdown() -> str:
    """A section for each check, with every situation of it that has words of its own."""
    return "\n\n".join("\n".join(_section(check)) for check in Check)


def _section(check: Check) -> Iterator[str]:
    yield f"### `{check}`\n\nLooks at {LOOKS_AT[check]}.\n"
    yield "| level | code | why | what comes of it | what to do |"
    yield "|---|---|---|---|---|"
    for code, entry in ADVICE.items():
        if entry.check is check and code is not Code.NOT_KNOWN:
            texts = (
                text.format_map(_Names(_OF_THE_ERROR)) for text in (entry.cause, entry.consequence, entry.fix)
            )
            cells = (entry.level.value, f"`{code}`", *(_cell(text) for text in texts))
            yield f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Text as Markdown shows it literally."""
    return text.replace("*", r"\*").replace("<", "&lt;").replace("|", r"\|")
