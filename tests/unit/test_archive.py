from __future__ import annotations

import bz2
import gzip
import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncer.adapters.archive import inspect
from syncer.core.errors import NotADistribution
from syncer.core.metadata import MAX_METADATA, CoreMetadata
from tests.support.dists import Dist, core_metadata, member, sdist, tar_of, tarred, wheel, zipped

WHEEL = "demo-1.0-py3-none-any.whl"
INFO = "demo-1.0.dist-info/METADATA"
METADATA = core_metadata("demo", "1.0")


def inspect_bytes(folder: Path, filename: str, content: bytes) -> CoreMetadata:
    path = folder / "blob"
    path.write_bytes(content)
    return inspect(path, filename)


def encrypted() -> bytes:
    """The same wheel with the flag bits of an encrypted member, in both headers."""
    content = bytearray(zipped({INFO: METADATA}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


@pytest.mark.parametrize("suffix", [".tar.gz", ".zip"])
def test_an_sdist_tells_its_metadata(tmp_path: Path, suffix: str) -> None:
    built = sdist("My.Package", "1.0", requires_python=">=3.9", requires_dist=["a"], suffix=suffix)
    metadata = inspect_bytes(tmp_path, built.filename, built.content)
    assert (metadata.name, metadata.version, metadata.requires_python) == ("My.Package", "1.0", ">=3.9")
    assert ("requires_dist", "a") in metadata.form


def test_a_wheel_tells_its_metadata(tmp_path: Path) -> None:
    built = wheel("demo", "1.0", requires_python=">=3.9", payload=b"x" * 1000)
    assert inspect_bytes(tmp_path, built.filename, built.content).requires_python == ">=3.9"


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        pytest.param("demo-1.0.tgz", tarred({"demo-1.0/PKG-INFO": METADATA}), id="tgz"),
        pytest.param(
            "demo-1.0.tar.bz2", bz2.compress(gzip.decompress(tarred({"d/PKG-INFO": METADATA}))), id="tar.bz2"
        ),
        pytest.param(
            "demo-1.0.tar.gz",
            tarred(
                {"d/src/demo.egg-info/PKG-INFO": b"Name: other", "d/PKG-INFO": METADATA, "d/t/PKG-INFO": b""}
            ),
            id="the shallowest of several",
        ),
        pytest.param(
            "demo-1.0.zip",
            zipped({"d/demo.egg-info/PKG-INFO": b"Name: other", "d/PKG-INFO": METADATA}),
            id="zip, too",
        ),
        pytest.param(
            "demo-1.0.tar.gz", tarred({"./demo-1.0/PKG-INFO": METADATA}), id="names that begin with a dot"
        ),
        pytest.param(
            "demo-1.0.tar.gz",
            gzip.compress(
                tar_of(
                    member("d/LICENSE", tarfile.SYMTYPE, "docs/../COPYING"),
                    member("d/PKG-INFO"),
                    contents={"d/PKG-INFO": METADATA},
                )
            ),
            id="symlink within the sdist",
        ),
        pytest.param(WHEEL, zipped({INFO: METADATA}, zipfile.ZIP_DEFLATED), id="deflated wheel"),
    ],
)
def test_every_sound_shape_is_read(tmp_path: Path, filename: str, content: bytes) -> None:
    assert inspect_bytes(tmp_path, filename, content).name == "demo"


@pytest.mark.parametrize(
    ("filename", "content", "reason"),
    [
        pytest.param(WHEEL, b"", "it is empty", id="0 bytes"),
        pytest.param(WHEEL, b"Hello, world\n", "no readable archive", id="text named .whl"),
        pytest.param("demo-1.0.tar.gz", b"Hello, world\n", "no readable archive", id="text named .tar.gz"),
        pytest.param("demo-1.0.tar.bz2", b"Hello, world\n", "no readable archive", id="text named .tar.bz2"),
        pytest.param("demo-1.0.txt", METADATA, "neither a wheel nor an sdist", id="text"),
        pytest.param(
            "demo-1.0.tar.gz", zipped({"d/PKG-INFO": METADATA}), "no readable archive", id="zip named .tar.gz"
        ),
        pytest.param("demo-1.0.tar.gz", gzip.compress(b""), "no readable archive", id="nothing, compressed"),
        pytest.param(WHEEL, zipped({INFO: METADATA})[:-30], "no readable archive", id="wheel cut off"),
        pytest.param(
            "demo-1.0.tar.gz",
            tarred({"d/PKG-INFO": METADATA})[:-9],
            "no readable archive",
            id="sdist cut off",
        ),
        pytest.param(WHEEL, zipped({"demo/__init__.py": b""}), "this has none", id="wheel without metadata"),
        pytest.param(WHEEL, zipped({f"x/{INFO}": METADATA}), "this has none", id="metadata not at the top"),
        pytest.param(
            WHEEL,
            zipped({INFO: METADATA, "other.dist-info/METADATA": METADATA}),
            "this has 2",
            id="two dist-infos",
        ),
        pytest.param(
            "demo-1.0.tar.gz", tarred({"d/setup.py": b""}), "this has none", id="sdist without PKG-INFO"
        ),
        pytest.param(
            "demo-1.0.tar.gz",
            tarred({"a/PKG-INFO": METADATA, "b/PKG-INFO": METADATA}),
            "several PKG-INFO",
            id="two sdists in one",
        ),
        pytest.param(WHEEL, encrypted(), "encrypted", id="encrypted"),
        pytest.param(
            WHEEL, zipped({INFO: METADATA}, zipfile.ZIP_LZMA), "other than deflate", id="lzma in a zip"
        ),
        pytest.param(
            WHEEL, zipped({INFO: METADATA}, zipfile.ZIP_BZIP2), "other than deflate", id="bzip2 in a zip"
        ),
        pytest.param(
            WHEEL, zipped({INFO: METADATA, "../../x": b""}), "outside of its folder", id="zip traversal"
        ),
        pytest.param(
            WHEEL, zipped({INFO: METADATA, "/etc/x": b""}), "outside of its folder", id="zip absolute"
        ),
        pytest.param(
            "demo-1.0.tar.gz",
            tarred({"d/PKG-INFO": METADATA, "d/../../x": b""}),
            "outside of its folder",
            id="tar traversal",
        ),
        pytest.param(
            "demo-1.0.tar.gz",
            gzip.compress(tar_of(member("d/x", tarfile.SYMTYPE, "../../etc/passwd"))),
            "outside of its folder",
            id="symlink that leaves",
        ),
        pytest.param(
            "demo-1.0.tar.gz",
            gzip.compress(tar_of(member("d/PKG-INFO", tarfile.SYMTYPE, "x"))),
            "no ordinary file",
            id="PKG-INFO is a symlink",
        ),
        pytest.param(
            "demo-1.0.tar.gz",
            gzip.compress(tar_of(member("d/PKG-INFO", tarfile.FIFOTYPE))),
            "ordinary",
            id="fifo",
        ),
        pytest.param(
            WHEEL, zipped({INFO: core_metadata("other", "1.0")}), "something else", id="another project"
        ),
        pytest.param(
            WHEEL, zipped({INFO: b"x" * (MAX_METADATA + 1)}), "larger than 5 MiB", id="huge metadata"
        ),
    ],
)
def test_whatever_is_no_distribution_is_refused_with_a_reason(
    tmp_path: Path, filename: str, content: bytes, reason: str
) -> None:
    with pytest.raises(NotADistribution, match=reason) as refusal:
        inspect_bytes(tmp_path, filename, content)
    assert str(refusal.value).startswith(f"{filename} cannot be copied: ")
    assert len(refusal.value.what) < 400


def test_a_failing_disk_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        inspect(tmp_path / "absent", WHEEL)
    with pytest.raises(IsADirectoryError):
        inspect(tmp_path, WHEEL)


@pytest.mark.parametrize(
    "built", [wheel("demo", "1.0"), sdist("demo", "1.0"), sdist("demo", "1.0", suffix=".zip")]
)
def test_every_beginning_of_an_archive_is_refused(tmp_path: Path, built: Dist) -> None:
    for length in range(len(built.content)):
        with pytest.raises(NotADistribution):
            inspect_bytes(tmp_path, built.filename, built.content[:length])


@given(
    content=st.binary(max_size=600), suffix=st.sampled_from([".whl", ".tar.gz", ".tgz", ".tar.bz2", ".zip"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    with pytest.raises(NotADistribution):
        inspect_bytes(tmp_path, f"demo-1.0{suffix}", content)


def _wrap(suffix: str, content: bytes) -> bytes:
    if suffix == ".tar.bz2":
        return bz2.compress(content)
    return gzip.compress(content) if suffix == ".tar.gz" else content


@pytest.mark.parametrize("suffix", [".whl", ".zip", ".tar.gz", ".tar.bz2"])
@given(seed=st.integers(min_value=0))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_damaged_archive_is_read_or_refused(tmp_path: Path, suffix: str, seed: int) -> None:
    """Bytes are changed beneath the compression, so that the damage reaches the archive's own fields."""
    filename = WHEEL if suffix == ".whl" else f"demo-1.0{suffix}"
    plain = wheel("demo", "1.0") if suffix == ".whl" else sdist("demo", "1.0", suffix=".zip")
    inner = bytearray(gzip.decompress(sdist("demo", "1.0").content) if ".t" in suffix else plain.content)
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 8)):
        inner[chance.randrange(len(inner))] = chance.choice([0, 0xFF, 0x80, chance.randrange(256)])
    try:
        metadata = inspect_bytes(tmp_path, filename, _wrap(suffix, bytes(inner)))
    except NotADistribution:
        return
    assert metadata.version == "1.0"
