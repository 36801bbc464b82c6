"""The files of a scenario: when each is published, by which mapping, and how large it is."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from itertools import accumulate
from random import Random

from benchmarks.simulation.parameters import MB, Scenario


def seeded(scenario: Scenario) -> Random:
    """Chance that can be repeated."""
    return Random(scenario.seed)


class Load:
    """Every file by its number, in the order of publication.

    With a rate, publications are a Poisson process and each belongs to a random mapping; without one
    they all are there at the start, dealt round to the mappings.
    """

    def __init__(self, scenario: Scenario) -> None:
        random = seeded(scenario)
        files = range(scenario.files)
        self.published = array("d", _times(scenario, random))
        self.megabytes = array("d", (_size(scenario, random) / MB for _ in files))
        #: When each mapping is first polled.
        last = scenario.interval if scenario.rate else 0.0
        self.phases = [random.uniform(0, last) for _ in range(scenario.mappings)]
        #: The files of each mapping; of each file its project, and how many of that came before it.
        self.of_mapping = [array("l") for _ in range(scenario.mappings)]
        self.mapping = array("l", (_mapping(scenario, random, number) for number in files))
        self.project = array("l", bytes(8 * scenario.files))
        self.siblings = array("l", bytes(8 * scenario.files))
        for number, mapping in enumerate(self.mapping):
            before = len(self.of_mapping[mapping])
            self.siblings[number], project = divmod(before, scenario.projects)
            self.project[number] = mapping * scenario.projects + project
            self.of_mapping[mapping].append(number)


def _times(scenario: Scenario, random: Random) -> Iterator[float]:
    if not scenario.rate:
        return iter([0.0] * scenario.files)
    return accumulate(random.expovariate(scenario.rate) for _ in range(scenario.files))


def _size(scenario: Scenario, random: Random) -> float:
    if not scenario.spread:
        return scenario.size
    return random.lognormvariate(math.log(scenario.size) - scenario.spread**2 / 2, scenario.spread)


def _mapping(scenario: Scenario, random: Random, number: int) -> int:
    return random.randrange(scenario.mappings) if scenario.rate else number % scenario.mappings
