"""``syncer up``: one launcher, everything on this machine."""

from syncer.launch.launcher import up

__all__ = ["up"]
