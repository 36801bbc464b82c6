"""What is to be said of the broker, of the database, and of this machine's disks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syncer.core.diagnosis.advice import found, not_known
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import BrokerFacts, DatabaseFacts, DiskFacts
from syncer.core.diagnosis.finding import Check, Finding, fine
from syncer.core.diagnosis.judge_any import clock_skew

#: The oldest Redis that Celery 5.6 supports.
OLDEST_REDIS = (6, 2)
#: By kind: below the first our statements fail (RETURNING; triggers that name a function), below the
#: second nobody has tried.
OLDEST_DATABASES = {"SQLite": ((3, 35), (3, 35)), "PostgreSQL": ((11,), (14,))}
TESTED_DATABASES = {"SQLite": "SQLite 3.40", "PostgreSQL": "PostgreSQL 18"}
_MIB = 2**20
NO_SPACE, LITTLE_SPACE = 100 * _MIB, 1024 * _MIB
FEW_FILES = 1000

BROKER_CHECKS = (Check.BROKER_VERSION, Check.BROKER_EVICTION, Check.BROKER_PERSISTENCE)
DATABASE_CHECKS = (Check.DATABASE_VERSION, Check.DATABASE_REVISION, Check.CLOCK_SKEW)


def judge_broker(about: str, broker: BrokerFacts) -> Iterator[Finding]:
    """All of the broker."""
    if broker.running:
        yield fine(Check.ANSWERS, about, broker.name)
    yield _broker_version(about, broker)
    if broker.running:
        yield _eviction(about, broker)
        yield _persistence(about, broker)
    else:
        yield fine(Check.BROKER_EVICTION, about, "`syncer up` starts it with noeviction")
        yield fine(Check.BROKER_PERSISTENCE, about, "`syncer up` starts it with an append-only file")


def _broker_version(about: str, broker: BrokerFacts) -> Finding:
    oldest = ".".join(map(str, OLDEST_REDIS))
    if broker.version is None:
        return not_known(Check.BROKER_VERSION, about, "The broker does not tell its version (INFO).")
    if broker.version < OLDEST_REDIS:
        return found(Code.BROKER_OLD, about, broker.name, oldest=oldest)
    if not broker.running:
        return found(Code.BROKER_NOT_RUNNING, about, f"not running; there is {broker.name}")
    return fine(Check.BROKER_VERSION, about, broker.name)


def _eviction(about: str, broker: BrokerFacts) -> Finding:
    if not broker.policy:
        return not_known(
            Check.BROKER_EVICTION, about, "The broker does not tell its maxmemory-policy (INFO)."
        )
    if broker.policy == "noeviction":
        return fine(Check.BROKER_EVICTION, about, "noeviction")
    if broker.max_memory == 0:
        return found(Code.BROKER_MAY_EVICT, about, f"{broker.policy}, without maxmemory")
    limit = "an unknown maxmemory" if broker.max_memory is None else f"maxmemory {broker.max_memory} bytes"
    return found(Code.BROKER_EVICTS, about, f"{broker.policy}, with {limit}")


def _persistence(about: str, broker: BrokerFacts) -> Finding:
    if broker.append_only is None:
        return not_known(Check.BROKER_PERSISTENCE, about, "The broker does not tell how it persists (INFO).")
    if broker.write_error:
        return found(Code.BROKER_CANNOT_SAVE, about, broker.write_error)
    if not broker.append_only:
        return found(Code.BROKER_IN_MEMORY, about, "no append-only file")
    return fine(Check.BROKER_PERSISTENCE, about, "append-only file")


def judge_database(about: str, database: DatabaseFacts) -> Iterator[Finding]:
    """All of the database; the embedded one has the clock of this machine."""
    name = f"{database.kind} {database.version}"
    yield fine(Check.ANSWERS, about, "embedded" if database.embedded else name)
    yield _database_version(about, name, database)
    yield _revision(about, database)
    if database.kind == "SQLite":
        yield fine(Check.CLOCK_SKEW, about, "this machine's own")
    else:
        yield clock_skew(about, database.clock)


def _database_version(about: str, name: str, database: DatabaseFacts) -> Finding:
    version = tuple(int(part) for part in re.findall(r"\d+", database.version)[:2])
    if not version or database.kind not in OLDEST_DATABASES:
        return not_known(
            Check.DATABASE_VERSION, about, f"The database tells no version that is known: {name}."
        )
    for code, least in zip(
        (Code.DATABASE_OLD, Code.DATABASE_UNTRIED), OLDEST_DATABASES[database.kind], strict=True
    ):
        if version < least:
            text = f"{database.kind} {'.'.join(map(str, least))}"
            return found(code, about, name, least=text, tested=TESTED_DATABASES[database.kind])
    return fine(Check.DATABASE_VERSION, about, name)


def _revision(about: str, database: DatabaseFacts) -> Finding:
    needed, revision = database.needed, database.revision
    text = f"{revision or 'no tables'}; needed is {needed}"
    if revision == needed:
        return fine(Check.DATABASE_REVISION, about, needed)
    if revision is not None and (not revision.isdecimal() or revision > needed):
        return found(Code.REVISION_NEWER, about, text)
    if database.embedded:
        return found(Code.REVISION_TO_COME, about, text, needed=needed)
    return found(Code.REVISION_NONE if revision is None else Code.REVISION_OLD, about, text)


def judge_disk(about: str, option: str, disk: DiskFacts) -> Finding:
    """Whether there is room in the directory that ``option`` names."""
    text = f"{disk.path}: {_size(disk.free)} free"
    if not disk.writable:
        return found(Code.DIRECTORY_REFUSED, about, f"{disk.path} cannot be written", option=option)
    if disk.free < NO_SPACE:
        return found(Code.SPACE_GONE, about, text, option=option)
    if disk.files_free is not None and disk.files_free < FEW_FILES:
        return found(Code.FILES_GONE, about, f"{text}, {disk.files_free} inodes", option=option)
    if disk.free < LITTLE_SPACE:
        return found(Code.SPACE_LOW, about, text, option=option, least=_size(LITTLE_SPACE))
    return fine(Check.FREE_SPACE, about, text)


def _size(number: int) -> str:
    return f"{number / _MIB / 1024:.1f} GiB" if number >= LITTLE_SPACE else f"{number / _MIB:.0f} MiB"
