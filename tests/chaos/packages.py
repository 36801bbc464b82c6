"""Random packages: new projects, new versions, several files a version, sometimes large, sometimes shared."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.chaos.truth import Truth
from tests.support.dists import Dist, sdist, wheel

PYTHONS = ("", ">=3.9", ">=3.8,<4", "!=3.10.*,>=3.9")
LARGE = (2 * 2**20, 5 * 2**20)
SMALL = (200, 60_000)
TAGS = ("py3-none-any", "cp311-cp311-manylinux_2_28_x86_64", "cp312-cp312-win_amd64")

Package = tuple[list[str], str, str, str, list[Dist]]


class Packages:
    """Draws what is published next; ``owners`` are those whom a Mapping follows."""

    def __init__(self, truth: Truth, owners: tuple[str, ...]) -> None:
        self._truth = truth
        self._owners = owners

    def draw(self, rng: random.Random, number: int, count: int) -> Iterator[Package]:
        """``count`` times: owners, project, version, requires-python, and the files of one release."""
        for position in range(count):
            owners = list(self._owners) if rng.random() < 0.2 else [rng.choice(self._owners)]
            project, version, python = self._release(rng, owners, f"p{number}x{position}")
            yield owners, project, version, python, _files(rng, project, version, python)

    def _release(self, rng: random.Random, owners: list[str], fresh: str) -> tuple[str, str, str]:
        """A new project, or the next version of one that only this owner has."""
        known = sorted({each.project for each in self._truth.of(owners[0])}) if len(owners) == 1 else []
        shared = {
            each.project for owner in self._owners if owner != owners[0] for each in self._truth.of(owner)
        }
        own = [project for project in known if project not in shared]
        if not own or rng.random() < 0.6:
            return f"{fresh}{rng.randrange(10**6)}", "1.0", rng.choice(PYTHONS)
        project = rng.choice(own)
        versions = {each.version for each in self._truth.of(owners[0]) if each.project == project}
        return (
            project,
            f"1.{max(int(version.split('.')[1]) for version in versions) + 1}",
            rng.choice(PYTHONS),
        )


def _files(rng: random.Random, project: str, version: str, python: str) -> list[Dist]:
    """One to four files of one release, which all state the same Requires-Python."""
    made = []
    for tag in TAGS[: rng.randint(0, len(TAGS))]:
        filename = f"{project}-{version}-{tag}.whl"
        payload = _payload(rng)
        made.append(wheel(project, version, requires_python=python, payload=payload, filename=filename))
    if not made or rng.random() < 0.5:
        made.append(sdist(project, version, requires_python=python, payload=_payload(rng)))
    return made


def _payload(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randint(*(LARGE if rng.random() < 0.15 else SMALL)))
