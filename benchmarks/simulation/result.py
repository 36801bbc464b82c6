"""What a simulation says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: From this part of its capacity on, a resource is called the wall.
FULL = 0.9


@dataclass(frozen=True, slots=True)
class Result:
    """``latencies`` are the seconds from publication to installable, sorted.

    ``seconds`` is the time from the first publication until the last file is installable.
    ``utilisation`` is the part of its capacity that each resource was used, the mean of its kind;
    ``holders`` is the same of what only waits for resources: the tasks in hand and the upload lanes.
    """

    seconds: float
    latencies: Sequence[float]
    utilisation: Mapping[str, float]
    holders: Mapping[str, float]

    @property
    def throughput(self) -> float:
        """Files a second."""
        return len(self.latencies) / self.seconds

    @property
    def wall(self) -> str:
        """What keeps it from being faster; "the load" where nothing is near its capacity."""
        for kind in (self.utilisation, self.holders):
            name, used = max(kind.items(), key=lambda item: item[1])
            if used >= FULL:
                return name
        return "the load"

    def latency(self, part: float) -> float:
        """The seconds below which this part of all files is installable."""
        return self.latencies[min(len(self.latencies) - 1, int(part * len(self.latencies)))]

    def as_json(self) -> dict[str, object]:
        """The figures."""
        return {
            "files": len(self.latencies),
            "seconds": self.seconds,
            "files_per_second": self.throughput,
            "latency": {f"p{part * 100:.0f}": self.latency(part) for part in (0.5, 0.95, 0.99)},
            "utilisation": dict(self.utilisation),
            "holders": dict(self.holders),
            "wall": self.wall,
        }
