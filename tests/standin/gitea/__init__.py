"""A stand-in Gitea for tests and the demo: the package registry of a Gitea 1.27 in memory."""

from . import faults
from .faults import Fault
from .hooks import sign
from .server import RecordedRequest, StandinGitea
from .store import Refused

__all__ = ["Fault", "RecordedRequest", "Refused", "StandinGitea", "faults", "sign"]
