"""A discrete-event model of the syncer's pool, from a publication in Gitea to its installable file."""

from benchmarks.simulation.parameters import Costs, Scenario
from benchmarks.simulation.pool import Pool, simulate
from benchmarks.simulation.result import Result

__all__ = ["Costs", "Pool", "Result", "Scenario", "simulate"]
