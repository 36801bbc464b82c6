"""One file: its name, its core metadata, versions and specifiers, and the plan that it is part of."""

from __future__ import annotations

from codecs import BOM_UTF8
from email import message_from_bytes
from typing import Any

from packaging.utils import canonicalize_name

from syncer.adapters.devpi.listing import read_project
from syncer.adapters.gitea.simple_page import Anchor, parse_simple_page
from syncer.core.errors import ListingIncomplete, NotADistribution
from syncer.core.metadata import CoreMetadata, read_core_metadata
from syncer.core.model import DistributionFile, Listing, Selection, same_specifier, same_version
from syncer.core.names import MAX_FILENAME_BYTES, belongs_elsewhere, read_filename, suffix_of
from syncer.core.plan import Decision, DecisionKind, Terms, make_plan
from tests.fuzz.laws import check_metadata, check_name, check_text, only
from tests.fuzz.target import Target, loaded
from tests.fuzz.targets.gitea import PROJECT, check_anchor

_TAGS = ("-py3-none-any.whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2")


def filename(data: bytes) -> None:
    name = data.decode("utf-8", "surrogateescape")
    read = read_filename(name)
    check_name(read.project)
    check_name(belongs_elsewhere(name, PROJECT))
    if read.refusal:
        check_text(read.refusal)
    else:
        assert suffix_of(name)
        assert name.isprintable()
        assert len(name.encode()) <= MAX_FILENAME_BYTES
        assert read.version in name


def metadata(data: bytes) -> None:
    """The first line is the file name, which the planner has let through."""
    line, _, raw = data.partition(b"\n")
    name = line.decode("utf-8", "replace")
    if not read_filename(name).refusal:
        with only(NotADistribution):
            read = read_core_metadata(raw, name)
            check_metadata(read, name)
            _check_python(read, raw)


def _check_python(read: CoreMetadata, raw: bytes) -> None:
    """Requires-Python is the one that installers see, which use the standard parser."""
    seen = message_from_bytes(raw.removeprefix(BOM_UTF8)).get("Requires-Python", "")
    if isinstance(seen, str) and seen.isprintable() and seen.strip() != "UNKNOWN":
        assert read.requires_python == " ".join(seen.split())


def versions(data: bytes) -> None:
    left, _, right = data.decode("utf-8", "replace").partition("\n")
    for same in (same_version, same_specifier):
        assert same(left, left)
        assert same(left, right) == same(right, left)


def plan(data: bytes) -> None:
    said = loaded(data)
    if not isinstance(said, dict):
        return
    with only(ListingIncomplete):
        source, target = Listing(_there(said.get("page"))), Listing(_held(said.get("held")))
        overwrite = said.get("overwrite") is True
        decisions = make_plan(source, target, Selection(), Terms(force=overwrite, volatile=True)).decisions
        assert [decision.file.key for decision in decisions] == sorted(source.by_key())
        for decision in decisions:
            _check_decision(decision, target, overwrite=overwrite)


def _there(page: object) -> tuple[DistributionFile, ...]:
    anchors = parse_simple_page(str(page).encode("utf-8", "replace"), PROJECT)
    for anchor in anchors:
        check_anchor(anchor)
    return tuple(map(_file, anchors))


def _file(anchor: Anchor) -> DistributionFile:
    return DistributionFile(canonicalize_name(PROJECT), anchor.version, anchor.filename, anchor.sha256)


def _held(answer: Any) -> tuple[DistributionFile, ...]:
    return tuple(read_project(f"user/dev/{PROJECT}", PROJECT, answer))


def _check_decision(decision: Decision, target: Listing, *, overwrite: bool) -> None:
    """Bytes are replaced by force alone, and equal ones are never sent again."""
    there = target.by_key().get(decision.file.key)
    same = there is not None and there.sha256 == decision.file.sha256
    if decision.kind is DecisionKind.ALREADY_THERE:
        assert same
    if decision.kind is DecisionKind.COPY:
        assert not same
        assert there is None or (overwrite and decision.overwrite)
        assert not read_filename(decision.file.filename).refusal
    check_text(decision.reason)


TARGETS = (
    Target("filename", filename, (*_TAGS, "demo-1.0", "1!2.0+local.1", "dou__ble", "-7build"), max_len=300),
    Target(
        "metadata",
        metadata,
        (
            *_TAGS,
            "Name: ",
            "Version: ",
            "Requires-Python: ",
            "Description-Content-Type: ",
            "Project-URL: ",
            "Keywords: ",
            "License: ",
            "Content-Type: multipart/mixed; boundary=b",
            "\n\n",
            "\n ",
            "1.0rc1",
            "\x00",
            "\x85",
        ),
    ),
    Target("versions", versions, (">=3.9", "1!2.0", "==1.*", "===", "~=", ".post1", "+local"), max_len=512),
    Target(
        "plan",
        plan,
        ("page", "held", "overwrite", "result", "+links", "releasefile", "demo-1.0.tar.gz", "ab" * 32),
        json=True,
        max_len=4096,
    ),
)
