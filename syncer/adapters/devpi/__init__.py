"""devpi as a Target."""

from syncer.adapters.devpi.target import DevpiTarget

__all__ = ["DevpiTarget"]
