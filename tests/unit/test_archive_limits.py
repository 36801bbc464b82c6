"""Archives made to exhaust whoever reads them."""

from __future__ import annotations

import bz2
import gzip
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.dists import core_metadata, member, tar_of, tarred, zipped
from tests.support.memory import cost_of

WHEEL = "demo-1.0-py3-none-any.whl"
METADATA = core_metadata("demo", "1.0")


def zip_bomb() -> bytes:
    return zipped({"demo-1.0.dist-info/METADATA": bytes(2**27)}, zipfile.ZIP_DEFLATED)


def zip_with_a_huge_directory() -> bytes:
    size = 40 * 2**20
    return b"\0" * (size + 64) + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 64, 0)


def zip_of_many_members() -> bytes:
    return zipped({str(number): b"" for number in range(100_001)})


def tar_bomb() -> bytes:
    return tarred({"d/PKG-INFO": METADATA, "d/zeros": b"\0" * 2**27})


def bz2_bomb() -> bytes:
    return bz2.compress(tar_of(member("d/zeros"), contents={"d/zeros": b"\0" * 2**27}))


def tar_of_many_members() -> bytes:
    return gzip.compress(member("x").tobuf() * 100_001, 1)


def tar_with_a_huge_header() -> bytes:
    return gzip.compress(tar_of(member("d/x", comment="x" * 7 * 2**20)))


def tar_of_large_headers() -> bytes:
    noise = random.Random(1).randbytes(2**17).hex()
    return gzip.compress(tar_of(*(member(f"d/{n}", comment=noise) for n in range(200))), 0)


def tar_of_large_metadata() -> bytes:
    noise = random.Random(1).randbytes(5 * 2**20)
    names = [f"d/{n}/PKG-INFO" for n in range(20)]
    return gzip.compress(tar_of(*map(member, names), contents=dict.fromkeys(names, noise)), 0)


@pytest.mark.parametrize(
    ("filename", "bomb", "reason"),
    [
        pytest.param(WHEEL, zip_bomb, "larger than 5 MiB", id="zip bomb"),
        pytest.param(
            WHEEL, zip_with_a_huge_directory, "list of members is too large", id="huge zip directory"
        ),
        pytest.param(WHEEL, zip_of_many_members, "more than 100000 members", id="members of a zip"),
        pytest.param("demo-1.0.tar.gz", tar_bomb, "unpacks to more than", id="tar bomb"),
        pytest.param("demo-1.0.tar.bz2", bz2_bomb, "unpacks to more than", id="bzip2 bomb"),
        pytest.param(
            "demo-1.0.tar.gz", tar_of_many_members, "more than 100000 members", id="members of a tar"
        ),
        pytest.param("demo-1.0.tar.gz", tar_with_a_huge_header, "header of absurd size", id="huge header"),
        pytest.param("demo-1.0.tar.gz", tar_of_large_headers, "has none", id="many large headers"),
        pytest.param("demo-1.0.tar.gz", tar_of_large_metadata, "several PKG-INFO", id="many large PKG-INFO"),
    ],
)
def test_memory_and_time_are_bounded(
    tmp_path: Path, filename: str, bomb: Callable[[], bytes], reason: str
) -> None:
    path = tmp_path / filename
    path.write_bytes(bomb())
    imports = "from pathlib import Path; from syncer.adapters.archive import inspect"
    cost = cost_of("inspect(Path(sys.argv[1]), sys.argv[2])", path, filename, imports=imports)
    assert "NotADistribution" in cost.error
    assert reason in cost.error
    assert cost.kilobytes < 32 * 1024
    assert cost.seconds < 30
