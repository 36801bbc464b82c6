from collections.abc import Iterator

import pytest

from tests.standin.gitea import StandinGitea


@pytest.fixture
def gitea() -> Iterator[StandinGitea]:
    """A running stand-in with the owner acme, whose token `t` may publish."""
    with StandinGitea() as gitea:
        gitea.add_owner("acme")
        gitea.add_token("t", scopes=["write:package"])
        yield gitea
