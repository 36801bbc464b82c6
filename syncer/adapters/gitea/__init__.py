"""Gitea's PyPI registry of one owner, as a Source."""

from syncer.adapters.gitea.source import GiteaSource

__all__ = ["GiteaSource"]
