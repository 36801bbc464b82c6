"""Every kind of fault, by its name."""

from __future__ import annotations

from tests.chaos.faults import clocks, gitea, processes, servers
from tests.chaos.faults.kind import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind for module in (processes, servers, gitea, clocks) for kind in module.KINDS
}
