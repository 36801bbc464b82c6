"""What is published: valid wheels and sdists of any size, the same for the same arguments."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.support.dists import Dist, sdist, wheel

#: What metadata and archive take of a small file, about.
OVERHEAD = 900
#: More at once than it can count in bits is refused by Python's generator.
PIECE = 1_000_000


def dists(
    projects: int, versions: int, *, size: int = 5_000, first: int = 0, requires_python: str = ""
) -> Iterator[Dist]:
    """A wheel and an sdist of about ``size`` bytes for each version of projects numbered from ``first``."""
    for project in range(first, first + projects):
        for version in range(versions):
            name, number = f"pkg-{project:04}", f"1.{version}"
            payload = noise(size - OVERHEAD, f"{name} {number}")
            yield wheel(name, number, requires_python=requires_python, payload=payload)
            yield sdist(name, number, requires_python=requires_python, payload=payload)


def one_wheel(name: str, version: str, size: int) -> Dist:
    """A wheel of about ``size`` bytes."""
    return wheel(name, version, payload=noise(size, f"{name} {version}"))


def noise(size: int, seed: str) -> bytes:
    """Bytes that no compression shortens."""
    source = random.Random(seed)
    pieces = [PIECE] * (size // PIECE) + [max(size, 0) % PIECE]
    return b"".join(map(source.randbytes, pieces))
