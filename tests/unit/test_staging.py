from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncer.adapters.staging import DirectoryStaging
from syncer.core.errors import DigestMismatch, Retryable
from tests.support.memory import cost_of

CONTENT = b"a wheel's bytes"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ABSENT = "0" * 64


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "state" / "staging"


@pytest.fixture
def staging(root: Path) -> DirectoryStaging:
    return DirectoryStaging(root)


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if not path.is_dir()]


def make_old(path: Path) -> None:
    os.utime(path, (1, 1))


def test_a_stored_blob_is_found_under_its_digest(staging: DirectoryStaging, root: Path) -> None:
    assert staging.find(SHA256) is None
    path = staging.store(SHA256, [CONTENT[:5], b"", CONTENT[5:]])
    assert path == staging.find(SHA256) == root / SHA256[:2] / SHA256
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_only_the_owner_may_read_blobs(staging: DirectoryStaging, root: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        path = staging.store(SHA256, [CONTENT])
    finally:
        os.umask(before)
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent, root)] == [
        0o600,
        0o700,
        0o700,
    ]


@given(chunks=st.lists(st.binary(max_size=20), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_stored_comes_back_whole(tmp_path: Path, chunks: list[bytes]) -> None:
    content = b"".join(chunks)
    path = DirectoryStaging(tmp_path).store(hashlib.sha256(content).hexdigest(), chunks)
    assert path.read_bytes() == content


def test_other_bytes_are_refused_and_leave_nothing(staging: DirectoryStaging, root: Path) -> None:
    with pytest.raises(DigestMismatch, match=SHA256):
        staging.store(SHA256, [CONTENT, b"!"])
    assert staging.find(SHA256) is None
    assert files_below(root) == []


def test_a_source_that_breaks_off_leaves_nothing(staging: DirectoryStaging, root: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        staging.store(SHA256, broken())
    assert files_below(root) == []


def test_a_blob_that_is_there_is_not_received_again(staging: DirectoryStaging) -> None:
    def never() -> Iterator[bytes]:
        yield pytest.fail("the source was asked for bytes that are there")

    path = staging.store(SHA256, [CONTENT])
    assert staging.store(SHA256, never()) == path


def test_a_file_that_others_could_have_written_is_no_blob(staging: DirectoryStaging) -> None:
    path = staging.store(SHA256, [CONTENT])
    path.chmod(0o666)
    assert staging.find(SHA256) is None
    assert stat.S_IMODE(staging.store(SHA256, [CONTENT]).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"other bytes of one blob", b"short", b""])
def test_bytes_that_changed_since_they_were_stored_are_no_blob(
    staging: DirectoryStaging, content: bytes
) -> None:
    path = staging.store(SHA256, [CONTENT])
    path.write_bytes(content)
    assert staging.find(SHA256) is None
    assert staging.store(SHA256, [CONTENT]).read_bytes() == CONTENT


def test_a_symlink_is_no_blob(staging: DirectoryStaging, tmp_path: Path) -> None:
    path = staging.store(SHA256, [CONTENT])
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert staging.find(SHA256) is None


def test_discarding_is_safe_to_repeat(staging: DirectoryStaging) -> None:
    staging.store(SHA256, [CONTENT])
    staging.discard(SHA256)
    staging.discard(SHA256)
    assert staging.find(SHA256) is None


@pytest.mark.parametrize(
    "sha256", ["", "../../etc/passwd", SHA256.upper(), SHA256[:-1], f"{SHA256}\n", "g" * 64]
)
def test_what_is_no_digest_names_no_file(staging: DirectoryStaging, root: Path, sha256: str) -> None:
    with pytest.raises(ValueError, match="no sha256"):
        staging.find(sha256)
    with pytest.raises(ValueError, match="no sha256"):
        staging.store(sha256, [CONTENT])
    assert not root.exists()


def test_housekeeping_keeps_what_is_needed_or_fresh(staging: DirectoryStaging, root: Path) -> None:
    kept, fresh, old = (
        staging.store(hashlib.sha256(word).hexdigest(), [word]) for word in (b"k", b"f", b"o")
    )
    partial, foreign = old.with_name(f"{old.name[:16]}-x.part"), root / "README"
    partial.write_bytes(b"half")
    foreign.write_text("not ours")
    for path in (kept, old, partial, foreign):
        make_old(path)
    assert staging.keep_only(frozenset({kept.name}), older_than=3600) == 2
    assert sorted(files_below(root)) == sorted([kept, fresh, foreign])


def test_a_blob_that_was_just_asked_for_counts_as_fresh(staging: DirectoryStaging) -> None:
    make_old(staging.store(SHA256, [CONTENT]))
    assert staging.find(SHA256)
    assert staging.keep_only(frozenset(), older_than=3600) == 0


def test_housekeeping_of_a_folder_that_was_never_used_removes_nothing(staging: DirectoryStaging) -> None:
    assert staging.keep_only(frozenset(), older_than=0) == 0


def test_two_at_once_store_one_whole_blob(staging: DirectoryStaging, root: Path) -> None:
    meet = threading.Barrier(2)

    def chunks() -> Iterator[bytes]:
        meet.wait(10)
        yield CONTENT

    threads = [threading.Thread(target=staging.store, args=(SHA256, chunks())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [path.read_bytes() for path in files_below(root)] == [CONTENT]


def test_a_disk_that_fails_is_tried_again_later(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    with pytest.raises(Retryable, match="staging folder"):
        DirectoryStaging(in_the_way).store(SHA256, [CONTENT])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is what a full disk is tried with")
def test_a_full_disk_is_said_to_be_full(staging: DirectoryStaging, monkeypatch: pytest.MonkeyPatch) -> None:
    def on_a_full_disk(**options: str) -> tuple[int, str]:
        return os.open("/dev/full", os.O_WRONLY), str(Path(options["dir"]) / "x.part")

    monkeypatch.setattr("tempfile.mkstemp", on_a_full_disk)
    with pytest.raises(Retryable, match="No space left on device"):
        staging.store(SHA256, [CONTENT])


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    imports = "from pathlib import Path; from syncer.adapters.staging import DirectoryStaging"
    size = 200 * 2**20
    sha256 = hashlib.sha256(bytes(size)).hexdigest()
    chunks = f"(bytes(2**16) for _ in range({size // 2**16}))"
    work = f"DirectoryStaging(Path(sys.argv[1])).store({sha256!r}, {chunks})"
    cost = cost_of(work, tmp_path, imports=imports)
    assert cost.error == ""
    assert cost.kilobytes < 8 * 1024
