"""What the use cases need, handed to them by whoever started them."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime

from syncer.core.errors import MappingBroken
from syncer.core.model import Mapping
from syncer.ports.ledger import Ledger
from syncer.ports.source import Source
from syncer.ports.staging import Inspect, Staging
from syncer.ports.statements import Signer
from syncer.ports.target import Spend, Target
from syncer.usecases.bandwidth import Meter


@dataclass(frozen=True, slots=True)
class Services:
    """The ports, bound to their adapters; ``lanes_of`` gives the transfers in flight of a server's URL.

    ``stopping`` says that no further work is to be begun. Without a bandwidth budget there is no ``meter``.
    ``signer`` gives who signs statements, None where there is no key, and raises SigningUnavailable.
    """

    mappings: Dict[str, Mapping]
    ledger: Ledger
    staging: Staging
    inspect: Inspect
    source_of: Callable[[Mapping], Source]
    target_of: Callable[[Mapping], Target]
    lanes_of: Callable[[str], int]
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False
    meter: Meter | None = None
    signer: Callable[[], Signer | None] = lambda: None

    def spending(self) -> Spend | None:
        """How one try, which begins now, accounts for its bytes; None when they are free."""
        return self.meter.spending(self.stopping) if self.meter else None

    def mapping(self, name: str) -> Mapping:
        """The configured Mapping; raises MappingBroken when there is none of that name."""
        found = self.mappings.get(name)
        if found is None:
            raise MappingBroken(
                f"No mapping {name!r} is configured here.",
                "It was removed from the configuration, or this worker reads another file.",
                "Compare `syncer config show` on this worker and where the mapping was asked for.",
            )
        return found
