"""Points that are measured with the real thing: one Scenario each, on one machine that all parts share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from benchmarks.simulation.parameters import Scenario

#: What is alike in all of them: one host, loopback, a threaded stand-in Gitea. Its two processors are
#: threads of one core: work takes 1.9 times the processor seconds while the other thread is busy.
#: Whoever changes this measures anew.
HERE = Scenario(one_machine=True, cores=1, gitea_cores=1, bandwidth=8000.0, project_files=10, files=200)


@dataclass(frozen=True, slots=True)
class Point:
    """A scenario and what was measured: files a second, or the latency's quantiles in seconds.

    ``fit`` says whether the costs are fitted to it; the others only tell whether the fit holds elsewhere.
    ``observed`` are further figures of the measurement, for the reader.
    """

    name: str
    scenario: Scenario
    fit: bool = False
    measured: Mapping[str, float] = field(default_factory=dict)
    observed: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Point:
        """The point as it stands in the file."""
        scenario = replace(HERE, **row["scenario"])
        return cls(row["name"], scenario, row["fit"], row["measured"], row.get("observed", {}))

    def as_json(self) -> dict[str, Any]:
        """The point as it is kept: of the scenario only what differs from the others."""
        common = asdict(HERE)
        scenario = {key: value for key, value in asdict(self.scenario).items() if value != common[key]}
        return {
            "name": self.name,
            "scenario": scenario,
            "fit": self.fit,
            "measured": dict(self.measured),
            "observed": dict(self.observed),
        }


def _burst(name: str, *, fit: bool = False, **changes: Any) -> Point:
    return Point(f"first sync, {name}", replace(HERE, **changes), fit)


def _trickle(name: str, *, fit: bool = False, **changes: Any) -> Point:
    scenario = replace(HERE, files=40, rate=1.0, interval=3.0, **changes)
    return Point(f"published one by one, {name}", scenario, fit)


_1MB: dict[str, Any] = {"size": 1e6, "files": 60}
_5MB: dict[str, Any] = {"size": 5e6, "files": 40, "latency": 0.05}
_ONE: dict[str, Any] = {"discoverers": 1, "downloaders": 1, "uploaders": 1}

POINTS = (
    _burst("1 download process", downloaders=1, fit=True),
    _burst("2 download processes", downloaders=2),
    _burst("4 download processes", fit=True),
    _burst("4 download processes, 1 upload process", uploaders=1),
    _burst("1 download process, 20 ms", downloaders=1, latency=0.02),
    _burst("4 download processes, 20 ms", latency=0.02, fit=True),
    _burst("1 download process, 50 ms", downloaders=1, latency=0.05, fit=True),
    _burst("8 download processes, 50 ms", downloaders=8, latency=0.05),
    _burst("1 MB", fit=True, **_1MB),
    _burst("1 MB, 50 ms", latency=0.05, **_1MB),
    _burst("1 host of 1 + 1 processes, 5 MB, 50 ms", fit=True, **_ONE, **_5MB),
    _burst("2 hosts of 1 + 1 processes, 5 MB, 50 ms", workers=2, **_ONE, **_5MB),
    _burst("4 hosts of 1 + 1 processes, 5 MB, 50 ms", workers=4, fit=True, **_ONE, **_5MB),
    _burst("200 versions of 1 project", project_files=200),
    _trickle("5 KB", fit=True),
    _trickle("5 KB, 50 ms", latency=0.05),
    _trickle("1 MB", size=1e6),
)
