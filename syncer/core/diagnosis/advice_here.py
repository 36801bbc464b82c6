"""Situations of any server, of broker and database, and of this machine."""

from __future__ import annotations

from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.entry import Advice
from syncer.core.diagnosis.finding import Check, Level

STANDS_STILL = "Workers, beat and the status view do not work: they refuse such a database."
UPGRADE = "Run `syncer db upgrade`, then start the workers again."

HERE = {
    Code.NOT_KNOWN: Advice(
        Check.ANSWERS,
        Level.UNKNOWN,
        "{why}",
        "Whether this is right is not known, which is never taken for fine.",
        "Mend what kept it from being asked, then run `syncer doctor` again.",
    ),
    Code.NO_ANSWER: Advice(
        Check.ANSWERS,
        Level.PROBLEM,
        "{cause}",
        "While it is away nothing goes through it; what it may be misconfigured in is not known.",
        "{fix}",
    ),
    Code.ANSWER_SLOW: Advice(
        Check.TIME_OUTS,
        Level.WARNING,
        "The server or the network is slow just now, or timeout is very short.",
        "Under load answers take longer still: requests are given up and repeated, which adds to the load.",
        "Raise timeout in this section, or look at the server.",
    ),
    Code.TIMEOUT_SHORT: Advice(
        Check.TIME_OUTS,
        Level.NOTICE,
        "timeout is below {least} s.",
        "A server that stutters for a moment counts as away, and tries are repeated.",
        "Raise timeout in this section unless the server is always quick.",
    ),
    Code.TIMEOUT_LONG: Advice(
        Check.TIME_OUTS,
        Level.WARNING,
        "timeout is longer than [runtime] file_deadline_seconds.",
        "A server that hangs holds a worker until the task is ended from outside, not by its time-out.",
        "Lower timeout in this section, or raise [runtime] file_deadline_seconds.",
    ),
    Code.DEADLINE_SHORT: Advice(
        Check.TIME_OUTS,
        Level.WARNING,
        "[runtime] file_deadline_seconds is below {least} s.",
        "devpi may keep an upload waiting for a minute while it digests another one: such a try is cut off.",
        "Raise file_deadline_seconds; large files on slow lines need more still.",
    ),
    Code.CLOCK_DRIFTS: Advice(
        Check.CLOCK_SKEW,
        Level.NOTICE,
        "The clocks of the server and of this machine are not the same.",
        "Nothing yet; times in logs and pages do not match.",
        "Let both machines keep their time by NTP.",
    ),
    Code.CLOCK_OFF: Advice(
        Check.CLOCK_SKEW,
        Level.WARNING,
        "The clocks of the server and of this machine are far apart.",
        "Leases, back-offs and the age of tokens are judged wrongly; work is repeated or waits longer.",
        "Let both machines keep their time by NTP.",
    ),
    Code.CLOCK_FAR_OFF: Advice(
        Check.CLOCK_SKEW,
        Level.PROBLEM,
        "The clock of the server, or of this machine, is hours wrong.",
        "What is new is not told by its date any more, so that everything has to be looked at each time; "
        "tokens and certificates count as expired, or as not valid yet.",
        "Correct the wrong clock, and let both machines keep their time by NTP.",
    ),
    Code.BROKER_NOT_RUNNING: Advice(
        Check.BROKER_VERSION,
        Level.NOTICE,
        "No broker is configured, and `syncer up`, which brings its own, is not running.",
        "Nothing works on its own now; `syncer sync` and `syncer plan` need no broker.",
        "Run `syncer up`, or set [broker] url for workers of your own.",
    ),
    Code.BROKER_OLD: Advice(
        Check.BROKER_VERSION,
        Level.PROBLEM,
        "Celery supports Redis from {oldest} on.",
        "Commands that workers send are refused or behave otherwise.",
        "Install a Redis or Valkey of {oldest} or newer.",
    ),
    Code.BROKER_EVICTS: Advice(
        Check.BROKER_EVICTION,
        Level.PROBLEM,
        "maxmemory is set and maxmemory-policy is not noeviction.",
        "A full broker drops messages and the routes of queues in silence. No file is lost, as the database "
        "remembers them all, but work waits until it is found again, and queues can go dead.",
        "Set maxmemory-policy noeviction in the broker's configuration (CONFIG SET, then CONFIG REWRITE).",
    ),
    Code.BROKER_MAY_EVICT: Advice(
        Check.BROKER_EVICTION,
        Level.NOTICE,
        "maxmemory-policy is not noeviction, but maxmemory sets no limit.",
        "Nothing yet; once a limit is set, messages are dropped in silence.",
        "Set maxmemory-policy noeviction in the broker's configuration.",
    ),
    Code.BROKER_IN_MEMORY: Advice(
        Check.BROKER_PERSISTENCE,
        Level.WARNING,
        "The broker keeps no append-only file.",
        "A restart of it loses the messages in line. No file is lost: they are found in the database within "
        "seconds and sent again; a resync that a person asked for by `celery call` is not.",
        "Set appendonly yes in the broker's configuration (CONFIG SET, then CONFIG REWRITE).",
    ),
    Code.BROKER_CANNOT_SAVE: Advice(
        Check.BROKER_PERSISTENCE,
        Level.PROBLEM,
        "The broker's disk is full, failing or not writable for it.",
        "It refuses to take messages until it can save again (MISCONF).",
        "Free space on the broker's machine and look at its log.",
    ),
    Code.DATABASE_UNTRIED: Advice(
        Check.DATABASE_VERSION,
        Level.WARNING,
        "It is older than {least}; the syncer is tested with {tested}.",
        "It probably works, but nobody has tried: statements may be refused or slow.",
        "Update it to {least} or newer.",
    ),
    Code.DATABASE_OLD: Advice(
        Check.DATABASE_VERSION,
        Level.PROBLEM,
        "It lacks what the syncer's statements need, which came with {least}.",
        "Statements fail; nothing is copied.",
        "Update it to {least} or newer; for SQLite that is the library of this Python.",
    ),
    Code.REVISION_TO_COME: Advice(
        Check.DATABASE_REVISION,
        Level.NOTICE,
        "Nothing was run with this configuration yet, or the syncer was updated since.",
        "None: `syncer up` and `syncer sync` bring an embedded database to {needed} by themselves.",
        "Nothing has to be done.",
    ),
    Code.REVISION_NONE: Advice(
        Check.DATABASE_REVISION,
        Level.PROBLEM,
        "The database of a server is prepared by hand, once.",
        STANDS_STILL,
        UPGRADE,
    ),
    Code.REVISION_OLD: Advice(
        Check.DATABASE_REVISION,
        Level.PROBLEM,
        "It was not migrated after an upgrade of the syncer.",
        STANDS_STILL,
        UPGRADE,
    ),
    Code.REVISION_NEWER: Advice(
        Check.DATABASE_REVISION,
        Level.PROBLEM,
        "A newer version of the syncer has migrated it, or it belongs to something else.",
        STANDS_STILL,
        "Install that newer version here as well, or correct [database] url.",
    ),
    Code.SPACE_GONE: Advice(
        Check.FREE_SPACE,
        Level.PROBLEM,
        "The file system is full, or nearly so.",
        "Files cannot be staged, and an embedded database or broker cannot write: nothing is copied.",
        "Free space there, or set {option} to a directory on a larger one.",
    ),
    Code.SPACE_LOW: Advice(
        Check.FREE_SPACE,
        Level.WARNING,
        "The file system has less than {least} free.",
        "As many files are staged at once as there are downloads; a few large ones may fill it.",
        "Free space there, or set {option} to a directory on a larger one.",
    ),
    Code.FILES_GONE: Advice(
        Check.FREE_SPACE,
        Level.PROBLEM,
        "The file system has space, but no inode left for another file.",
        "No file can be staged: nothing is copied.",
        "Delete small files there, or set {option} to a directory on another one.",
    ),
    Code.DIRECTORY_REFUSED: Advice(
        Check.FREE_SPACE,
        Level.PROBLEM,
        "This user may not write there; others who run workers may.",
        "No file can be staged and nothing written: nothing is copied.",
        "Correct the owner and mode of the directory, or set {option} to another one.",
    ),
}
