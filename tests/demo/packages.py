"""What the demo publishes: small packages that depend on each other, each as wheel and sdist."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.dists import Dist, sdist, wheel

#: (project, version, requires-python, requires-dist)
RELEASES = (
    ("acme-core", "1.0", ">=3.9", ()),
    ("acme-core", "1.1", ">=3.9", ()),
    ("acme-http", "0.9.1", ">=3.10", ("acme-core>=1.0",)),
    ("acme-http", "1.0rc1", ">=3.10", ("acme-core>=1.0",)),
    ("My.Dotted_Name", "2024.01.05", "", ()),
    ("acme-cli", "1.0+local.1", ">=3.11", ("acme-core", "acme-http")),
)
NEXT = ("acme-cli", "1.1", ">=3.11", ("acme-core", "acme-http"))


def dists(releases: tuple[tuple[str, str, str, tuple[str, ...]], ...] = RELEASES) -> Iterator[Dist]:
    """A wheel and an sdist of each release."""
    for project, version, python, needs in releases:
        yield wheel(project, version, requires_python=python, requires_dist=needs, summary="A demo package")
        yield sdist(project, version, requires_python=python, requires_dist=needs, summary="A demo package")
