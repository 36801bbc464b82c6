"""The model of benchmarks/simulate.py against what queueing theory knows, and against what was measured."""

import json
import math
from collections import Counter
from dataclasses import fields, replace
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random

import pytest
import simpy
from click.testing import CliRunner

from benchmarks.simulate import main
from benchmarks.simulation import Costs, Pool, Scenario, simulate
from benchmarks.simulation.check import Comparison, Measured, compare, fit, overall
from benchmarks.simulation.load import Load
from benchmarks.simulation.points import HERE, POINTS, Point
from benchmarks.simulation.station import Level, Station

FREE = Costs(**{each.name: 0.0 for each in fields(Costs)} | {"lane": 30.0, "look": 0.5})
#: Nothing costs anything but devpi's writer, 1 s a file.
ONLY_DEVPI = replace(FREE, devpi=1.0)
SMALL = Scenario(files=2000, mappings=20, cores=8, gitea_cores=8, ledger_cores=8)


def poisson(rate: float, number: int, seed: int = 1) -> list[float]:
    random = Random(seed)
    return list(accumulate(random.expovariate(rate) for _ in range(number)))


def test_one_server_with_equal_jobs_makes_them_wait_as_long_as_pollaczek_and_khinchine_say() -> None:
    """M/D/1: the mean wait is r / 2(1 - r) services at the load r."""
    station = Station()
    waits = [station.reserve(at, 1.0) for at in poisson(0.8, 200_000)]
    assert sum(waits) / len(waits) == pytest.approx(0.8 / (2 * 0.2), rel=0.05)


def test_several_servers_make_jobs_wait_as_long_as_erlang_says() -> None:
    """M/M/3 with two services' worth of load: the mean wait is C / (3 - 2), Erlang's C being 4/9."""
    station, random = Station(3), Random(2)
    waits = [station.reserve(at, random.expovariate(1.0)) for at in poisson(2.0, 200_000)]
    assert sum(waits) / len(waits) == pytest.approx(4 / 9, rel=0.05)


@pytest.mark.parametrize("capacity", [1, 3])
def test_a_station_keeps_the_times_of_a_simpy_resource(capacity: int) -> None:
    random, arrivals = Random(3), poisson(capacity * 0.9, 2000)
    services = [random.expovariate(1.0) for _ in arrivals]
    station = Station(capacity)
    ends = [at + station.reserve(at, work) + work for at, work in zip(arrivals, services, strict=True)]
    assert ends == pytest.approx(_by_resource(capacity, arrivals, services))


def _by_resource(capacity: int, arrivals: list[float], services: list[float]) -> list[float]:
    env = simpy.Environment()
    resource, ends = simpy.Resource(env, capacity), [0.0] * len(arrivals)

    def job(number: int) -> object:
        yield env.timeout(arrivals[number])
        with resource.request() as turn:
            yield turn
            yield env.timeout(services[number])
        ends[number] = env.now

    for number in range(len(arrivals)):
        env.process(job(number))  # type: ignore[arg-type]  # a generator
    env.run()
    return ends


def test_what_two_stations_share_is_done_by_the_one_beneath_them() -> None:
    beneath = Station()
    first, second = Station(1, beneath), Station(1, beneath, share=0.5)
    assert first.reserve(0.0, 2.0) == 0.0
    assert second.reserve(0.0, 2.0) == 2.0
    assert beneath.busy == 3.0


def test_a_level_knows_its_mean() -> None:
    level = Level()
    level.change(2, 1.0)
    level.change(-1, 3.0)
    assert level.mean(4.0, 4.0) == (2 * 2 + 1) / 4


def test_a_devpi_alone_is_an_m_d_1_queue_behind_the_polls() -> None:
    """The mean latency is half an interval, the service, and Pollaczek and Khinchine's wait."""
    scenario = Scenario(files=4000, mappings=50, rate=0.8, interval=5.0, lanes=1)
    result = simulate(scenario, ONLY_DEVPI)
    assert sum(result.latencies) / scenario.files == pytest.approx(2.5 + 1 + 2, rel=0.15)


def test_littles_law_holds() -> None:
    """Files published but not installable, looked at every second, are rate times latency."""
    pool = Pool(replace(SMALL, rate=20.0, interval=5.0), Costs())
    seen: list[int] = []

    def look() -> object:
        published = pool.load.published
        while True:
            yield pool.env.timeout(1.0)
            arrived = sum(at <= pool.env.now for at in published)
            seen.append(arrived - (pool.scenario.files - pool.left))

    pool.env.process(look())  # type: ignore[arg-type]  # a generator
    pool.run()
    result = pool.result()
    mean = sum(result.latencies) / len(result.latencies)
    assert sum(seen) / len(seen) == pytest.approx(result.throughput * mean, rel=0.05)


BURSTS = [
    pytest.param({}, id="one worker"),
    pytest.param({"workers": 8, "downloaders": 8, "uploaders": 8}, id="many processes"),
    pytest.param({"workers": 8, "servers": 4, "sources": 4, "lanes": 4}, id="several servers"),
    pytest.param({"latency": 0.05, "size": 1e6, "spread": 1.5}, id="far away and uneven"),
    pytest.param(
        {"mixed": 2, "shared_staging": False, "workers": 3}, id="mixed processes without shared staging"
    ),
    pytest.param({"rate": 50.0, "interval": 2.0}, id="published one by one"),
    pytest.param({"one_machine": True, "elsewhere": 0.3}, id="all on one busy machine"),
]


@pytest.mark.parametrize("changes", BURSTS)
def test_every_file_becomes_installable_once_and_after_its_publication(changes: dict[str, float]) -> None:
    pool = Pool(replace(SMALL, **changes), Costs())  # type: ignore[arg-type]  # floats for counts
    pool.run()
    assert pool.left == 0
    assert all(there > at for there, at in zip(pool.installed, pool.load.published, strict=True))
    assert sum(server.writer.jobs for server in pool.machines.servers) == SMALL.files


@pytest.mark.parametrize("changes", BURSTS)
def test_nothing_is_used_beyond_its_capacity_nor_devpi_beyond_its_wall(changes: dict[str, float]) -> None:
    scenario = replace(SMALL, **changes)  # type: ignore[arg-type]  # floats for counts
    result = simulate(scenario, Costs())
    assert result.throughput <= scenario.servers / Costs().devpi
    assert all(used <= 1.01 for used in [*result.utilisation.values(), *result.holders.values()])


def test_more_workers_are_never_slower_and_end_at_the_wall() -> None:
    scenario = replace(SMALL, latency=0.05, downloaders=1, uploaders=1, downloads=64, lanes=4)
    rates = [simulate(replace(scenario, workers=number), Costs()).throughput for number in (1, 2, 4, 8, 16)]
    assert all(later > before * 0.99 for before, later in pairwise(rates))
    assert rates[1] > 1.8 * rates[0]


def test_the_wall_has_a_name() -> None:
    slow_ledger = replace(FREE, sqlite=0.1, upload_commits=1.0)
    assert simulate(SMALL, ONLY_DEVPI).wall == "devpi's writer"
    assert simulate(replace(SMALL, ledger_cores=1), slow_ledger).wall == "the ledger"
    assert simulate(replace(SMALL, files=200, rate=1.0, interval=2.0), Costs()).wall == "the load"


def test_the_same_seed_tells_the_same_and_another_one_does_not() -> None:
    scenario = replace(SMALL, rate=20.0, spread=1.0)
    assert simulate(scenario) == simulate(scenario)
    assert simulate(scenario) != simulate(replace(scenario, seed=2))


def test_two_servers_take_twice_as_much() -> None:
    one, two = (simulate(replace(SMALL, servers=number, uploaders=8), ONLY_DEVPI) for number in (1, 2))
    assert two.throughput == pytest.approx(2 * one.throughput, rel=0.01)


def test_no_link_and_no_budget_carries_more_than_it_can() -> None:
    """100 Mbit/s are 12.5 files of 1 MB a second."""
    scenario = replace(SMALL, size=1e6, downloads=32)
    assert simulate(replace(scenario, bandwidth=100.0), FREE).throughput == pytest.approx(12.5, rel=0.02)
    assert simulate(replace(scenario, budget=100.0), FREE).throughput == pytest.approx(12.5, rel=0.02)


def test_latency_is_hidden_by_the_download_lanes_and_by_nothing_else() -> None:
    scenario = replace(SMALL, latency=0.1, downloaders=8)
    four, eight = (simulate(replace(scenario, downloads=lanes), FREE).throughput for lanes in (4, 8))
    assert (four, eight) == pytest.approx((40, 80), rel=0.1)


def test_many_versions_of_one_project_are_slower() -> None:
    """As measured: about 31 a second for 200 versions of one project, 130 for many projects."""
    scenario = Scenario(files=200)
    costs = replace(FREE, devpi=Costs().devpi, devpi_sibling=Costs().devpi_sibling)
    many, one = (simulate(replace(scenario, project_files=number), costs).throughput for number in (1, 200))
    assert (many, one) == pytest.approx((130, 33), rel=0.1)


def test_a_new_file_does_not_wait_for_the_burst_of_another_mapping() -> None:
    """The first file of each Run is taken before the second of any other."""
    scenario = Scenario(files=1001, mappings=2, rate=1.0, interval=3.0, lanes=1)
    pool = Pool(scenario, replace(FREE, devpi=0.1))
    late = pool.load.of_mapping[1][0]
    _all_but_one_at_once(pool.load, late)
    pool.run()
    assert pool.installed[late] - pool.load.published[late] < scenario.interval + 0.5
    assert pool.result().seconds > 90


def _all_but_one_at_once(load: Load, late: int) -> None:
    for number in range(len(load.published)):
        load.published[number] = 20.0 if number == late else 0.0
    everyone = [number for number in range(len(load.published)) if number != late]
    load.of_mapping[0] = load.of_mapping[0][:0]
    load.of_mapping[0].extend(everyone)
    load.of_mapping[1] = load.of_mapping[1][:0]
    load.of_mapping[1].append(late)
    for number in everyone:
        load.mapping[number] = 0
        load.project[number] = 0


def test_without_shared_staging_files_are_fetched_again() -> None:
    scenario = replace(SMALL, workers=4)
    pools = [Pool(replace(scenario, shared_staging=shared), Costs()) for shared in (True, False)]
    for pool in pools:
        pool.run()
    shared, own = (pool.machines.gitea[0].jobs for pool in pools)
    assert 0.4 * SMALL.files < own - shared < SMALL.files


def test_a_push_costs_less_than_an_upload() -> None:
    one, five = (simulate(replace(SMALL, indexes=number), Costs()) for number in (1, 5))
    used = [result.seconds * result.utilisation["devpi's writer"] for result in (one, five)]
    assert used[1] - used[0] == pytest.approx(4 * SMALL.files * Costs().devpi_push)


def test_sizes_have_the_mean_that_was_asked_for() -> None:
    load = Load(Scenario(files=50_000, size=2e6, spread=1.0))
    assert sum(load.megabytes) / 50_000 == pytest.approx(2.0, rel=0.05)


def test_a_fit_finds_costs_that_explain_the_points() -> None:
    truth = replace(Costs(), download=0.03, upload=0.02)
    scenarios = [replace(HERE, files=60, downloaders=number, latency=0.01) for number in (1, 4)]
    points = [
        Point(
            f"{each.downloaders}",
            each,
            fit=True,
            measured={"files_per_second": simulate(each, truth).throughput},
        )
        for each in scenarios
    ]
    before = overall(list(compare(points, Costs())))
    found = fit(points, Costs(), lambda _: None, ("download", "upload"))
    assert overall(list(compare(points, found))) < 0.05 < before


def test_errors_are_ratios() -> None:
    point = Point("p", HERE)
    twice, half = Comparison(point, "p50", 1.0, 2.0), Comparison(point, "p50", 1.0, 0.5)
    assert (twice.error, half.error) == (1.0, -0.5)
    assert overall([twice, half]) == pytest.approx(1.0)
    assert overall([]) == 0.0


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    kept = Measured("here", Costs(task=0.5), [replace(POINTS[0], measured={"files_per_second": 3.0})])
    kept.write(tmp_path / "measured.json")
    assert Measured.read(tmp_path / "measured.json") == kept


def test_every_point_has_a_name_of_its_own_and_some_are_held_out() -> None:
    assert max(Counter(point.name for point in POINTS).values()) == 1
    assert {point.fit for point in POINTS} == {True, False}


def test_the_model_is_as_near_to_what_was_measured_as_the_documentation_says() -> None:
    kept = Measured.read()
    found = list(compare(kept.points, kept.costs))
    assert found
    assert overall([one for one in found if not one.point.fit]) < 0.25


def test_the_command_prints_figures() -> None:
    answer = CliRunner().invoke(main, ["--files", "100", "--json"], catch_exceptions=False)
    figures = json.loads(answer.stdout)
    assert figures["files"] == 100
    assert math.isfinite(figures["files_per_second"])


@pytest.mark.parametrize("words", [["--workers", "0"], ["--bandwidth", "0"], ["--elsewhere", "1"]])
def test_a_scenario_that_cannot_be_is_refused(words: list[str]) -> None:
    answer = CliRunner().invoke(main, words)
    assert answer.exit_code == 2
    assert words[0] in answer.output
