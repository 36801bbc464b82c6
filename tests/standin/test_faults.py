"""Each scripted fault does what its name says, to the requests it is meant for and to no other."""

import time
from collections.abc import Iterator

import pytest
import requests

from tests.standin.gitea import Fault, StandinGitea, faults

CONTENT = bytes(range(256)) * 40
LISTING = "/api/v1/packages/acme?type=pypi&limit=50"
FILE = "/api/packages/acme/pypi/files/a/1.0/a-1.0.tar.gz"


@pytest.fixture
def gitea() -> Iterator[StandinGitea]:
    with StandinGitea() as gitea:
        gitea.add_owner("acme")
        gitea.add_token("t")
        for number in range(40):
            gitea.publish("acme", f"a-1.{number}.tar.gz", CONTENT)
        yield gitea


def _get(gitea: StandinGitea, path: str, timeout: float = 10) -> requests.Response:
    return requests.get(gitea.url + path, headers={"Authorization": "token t"}, timeout=timeout)


def _versions(gitea: StandinGitea, page: int) -> list[str]:
    rows = _get(gitea, f"/api/v1/packages/acme?limit=10&page={page}").json()
    return [row["version"] for row in rows]


def test_a_fault_hits_the_first_n_requests_that_match(gitea: StandinGitea) -> None:
    fault = gitea.faults.add(Fault(faults.status(503), path="/files/", times=2))
    statuses = [_get(gitea, path).status_code for path in (LISTING, FILE, FILE, FILE)]
    assert statuses == [200, 503, 503, 200]
    assert gitea.faults.hits(fault) == 2


def test_a_fault_can_spare_requests_and_be_taken_back(gitea: StandinGitea) -> None:
    fault = gitea.faults.add(Fault(faults.status(500), skip=1))
    statuses = [_get(gitea, FILE).status_code for _ in range(2)]
    gitea.faults.remove(fault)
    assert [*statuses, _get(gitea, FILE).status_code] == [200, 500, 200]


def test_a_fault_can_be_meant_for_one_method(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.status(500), method="HEAD"))
    head = requests.head(gitea.url + LISTING, headers={"Authorization": "token t"}, timeout=10)
    assert (head.status_code, _get(gitea, LISTING).status_code) == (500, 200)


def test_all_faults_can_be_cleared(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.status(500)))
    gitea.faults.add(Fault(faults.html_garbage()))
    gitea.faults.clear()
    assert _get(gitea, FILE).content == CONTENT


def test_too_many_requests_says_when_to_come_back(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.status(429, retry_after=7)))
    answer = _get(gitea, LISTING)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(("total", "told"), [(0, "0"), (None, "40"), (12, "12")])
def test_an_empty_list_tells_a_total(gitea: StandinGitea, total: int | None, told: str) -> None:
    gitea.faults.add(Fault(faults.empty_list(total)))
    answer = _get(gitea, LISTING)
    assert (answer.status_code, answer.json(), answer.headers["X-Total-Count"]) == (200, [], told)


def test_a_clamped_limit_keeps_the_true_total(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.clamped_limit(30)))
    answer = _get(gitea, LISTING)
    assert (len(answer.json()), answer.headers["X-Total-Count"]) == (30, "40")
    assert 'page=2&type=pypi>; rel="last"' in answer.headers["Link"]


def test_a_page_can_come_again(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.repeated_page(1), path="page=2"))
    assert _versions(gitea, 2) == _versions(gitea, 1)


def test_a_deletion_between_pages_hides_a_row(gitea: StandinGitea) -> None:
    def delete() -> None:
        gitea.delete_version("acme", "a", "1.39")

    gitea.faults.add(Fault(faults.and_then(delete), path="page=1$", times=1))
    seen = [*_versions(gitea, 1), *_versions(gitea, 2)]
    assert seen == [f"1.{number}" for number in range(39, 18, -1) if number != 29]


def test_an_insert_between_pages_repeats_a_row(gitea: StandinGitea) -> None:
    def insert() -> None:
        gitea.publish("acme", "b-1.0.tar.gz", b"x")

    gitea.faults.add(Fault(faults.and_then(insert), path="page=1$", times=1))
    assert _versions(gitea, 1)[-1] == _versions(gitea, 2)[0]


def test_a_header_can_be_lost_or_lie(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.headers(X_Total_Count=None, Link="<http://elsewhere/>")))
    answer = _get(gitea, LISTING)
    assert ("X-Total-Count" in answer.headers, answer.headers["Link"]) == (False, "<http://elsewhere/>")


@pytest.mark.parametrize("value", [{"message": "hello"}, None, [1, 2], "text"])
def test_json_of_the_wrong_shape(gitea: StandinGitea, value: object) -> None:
    gitea.faults.add(Fault(faults.wrong_shape(value)))
    answer = _get(gitea, LISTING)
    assert (answer.status_code, answer.json()) == (200, value)


def test_html_garbage(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.html_garbage()))
    answer = _get(gitea, LISTING)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_an_oversized_answer(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.oversized(3_000_000)))
    answer = _get(gitea, LISTING)
    assert len(answer.content) > 3_000_000
    assert len(answer.json()) == 40


def test_half_a_body_looks_whole(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.half_body()))
    answer = _get(gitea, FILE)
    assert (answer.status_code, answer.content) == (200, CONTENT[: len(CONTENT) // 2])


def test_one_byte_is_wrong(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.flipped_byte(100)))
    answer = _get(gitea, FILE).content
    assert [at for at, byte in enumerate(answer) if byte != CONTENT[at]] == [100]


def test_a_connection_dropped_in_the_middle_is_noticed(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.dropped(1000), times=1))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="1000 bytes read, 9240 more expected"):
        _get(gitea, FILE)
    assert _get(gitea, FILE).content == CONTENT


def test_a_hanging_server_runs_into_the_clients_time_out(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.hang(30), times=1))
    with pytest.raises(requests.exceptions.ReadTimeout):
        _get(gitea, FILE, timeout=0.2)
    assert _get(gitea, FILE).content == CONTENT


def test_a_dripping_body_never_meets_a_time_out_between_bytes(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.drip(2048, 0.1)))
    started = time.monotonic()
    assert _get(gitea, FILE, timeout=0.35).content == CONTENT
    assert time.monotonic() - started > 0.35


def test_a_redirect_to_another_host_does_not_carry_the_token(gitea: StandinGitea) -> None:
    with StandinGitea() as storage:
        storage.add_owner("acme")
        storage.publish("acme", "a-1.0.tar.gz", CONTENT)
        gitea.faults.add(Fault(faults.redirected(storage.url.replace("127.0.0.1", "localhost"))))
        answer = _get(gitea, FILE)
        (arrived,) = storage.requests
    assert [hop.status_code for hop in answer.history] == [303]
    assert (answer.content, arrived.had_authorization) == (CONTENT, False)


def test_requests_are_counted_without_their_secrets(gitea: StandinGitea) -> None:
    _get(gitea, LISTING)
    requests.get(gitea.url + FILE, timeout=10)
    seen = [(r.method, r.path, r.status, r.had_authorization) for r in gitea.requests]
    assert seen == [("GET", LISTING, 200, True), ("GET", FILE, 200, False)]
    assert "Authorization" not in gitea.requests[0].headers
    gitea.clear_requests()
    assert gitea.requests == []


def test_a_stopped_server_cuts_kept_connections_and_comes_back_with_its_state(gitea: StandinGitea) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = "token t"
        assert session.get(gitea.url + FILE, timeout=10).status_code == 200
        gitea.stop()
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get(gitea.url + FILE, timeout=10)
        gitea.start()
        assert session.get(gitea.url + FILE, timeout=10).content == CONTENT


def test_stopping_does_not_wait_for_what_hangs(gitea: StandinGitea) -> None:
    gitea.faults.add(Fault(faults.hang(30)))
    with pytest.raises(requests.exceptions.ReadTimeout):
        _get(gitea, FILE, timeout=0.1)
    started = time.monotonic()
    gitea.stop()
    assert time.monotonic() - started < 5


def test_latency_is_added_to_every_answer(gitea: StandinGitea) -> None:
    gitea.latency = 0.1
    started = time.monotonic()
    _get(gitea, FILE)
    assert time.monotonic() - started >= 0.1
