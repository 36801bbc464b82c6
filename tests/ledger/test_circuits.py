"""A server that fails is left alone by all workers, and one of them finds out when it is back."""

from __future__ import annotations

from datetime import timedelta

from syncer.core.circuit import LONGEST_PAUSE, OPENS_AFTER, PROBE
from syncer.core.errors import RateLimited, Unauthorized
from tests.ledger.steps import Steps
from tests.ledger.together import LATER, at_once
from tests.support.ledgers import SERVER, no_answer, wheel

A, B = wheel("alpha"), wheel("beta")
OTHER = "http://other.example"


def fail(world: Steps, times: int = OPENS_AFTER, server: str = SERVER) -> None:
    for _ in range(times):
        world.ledger.circuits.failed(server, no_answer(), world.now)


def wait(world: Steps, server: str = SERVER) -> float:
    return world.ledger.circuits.wait(server, world.now)


def test_a_server_that_answers_is_asked_by_everybody(world: Steps) -> None:
    assert [wait(world) for _ in range(3)] == [0, 0, 0]
    assert not world.ledger.circuits.paused(SERVER, world.now)


def test_a_server_that_failed_by_chance_is_asked_again_at_once(world: Steps) -> None:
    fail(world, OPENS_AFTER - 1)
    assert wait(world) == 0


def test_a_server_that_fails_again_and_again_is_left_alone(world: Steps) -> None:
    fail(world)
    pause = wait(world)
    assert 0 < pause <= LONGEST_PAUSE
    assert world.ledger.circuits.paused(SERVER, world.now)
    assert wait(world, OTHER) == 0
    world.wait(pause / 2)
    assert wait(world) == pause / 2


def test_an_answer_in_between_begins_the_count_anew(world: Steps) -> None:
    fail(world, OPENS_AFTER - 1)
    world.ledger.circuits.answered(SERVER, world.now)
    fail(world, OPENS_AFTER - 1)
    assert wait(world) == 0


def test_after_the_pause_one_worker_finds_out_and_the_others_wait(world: Steps) -> None:
    fail(world)
    world.wait(wait(world))
    assert not world.ledger.circuits.paused(SERVER, world.now)
    assert [wait(world) for _ in range(3)] == [0, PROBE, PROBE]


def test_a_worker_that_dies_finding_out_is_replaced(world: Steps) -> None:
    fail(world)
    world.wait(wait(world))
    assert wait(world) == 0
    world.wait(PROBE)
    assert wait(world) == 0


def test_a_server_that_is_still_away_is_left_alone_for_longer(world: Steps) -> None:
    fail(world)
    pauses = []
    for _ in range(6):
        pauses.append(wait(world))
        world.wait(pauses[-1])
        assert wait(world) == 0
        fail(world, 1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


def test_a_server_that_is_back_is_asked_by_everybody(world: Steps) -> None:
    fail(world)
    world.wait(wait(world))
    assert wait(world) == 0
    world.ledger.circuits.answered(SERVER, world.now)
    assert [wait(world) for _ in range(3)] == [0, 0, 0]


def test_a_server_that_asks_for_time_gets_it(world: Steps) -> None:
    limited = RateLimited("Too many requests.", "We are many.", "Ask for more.", retry_after=120)
    world.ledger.circuits.failed(SERVER, limited, world.now)
    assert wait(world) == 120


def test_what_waited_for_a_server_is_due_when_it_is_back(world: Steps) -> None:
    world.planned([A, B])
    world.put_off(A)
    world.stage([B.sha256])
    world.put_off(B)
    fail(world)
    world.ledger.circuits.answered(SERVER, world.now)
    assert world.ledger.blobs.due(world.now, world.now - timedelta(days=1)) == [A.sha256]
    assert world.ledger.transfers.due(world.now, world.now - timedelta(days=1)) == [world.transfer(B).id]


def test_what_waits_for_a_person_is_not_woken_by_a_server(world: Steps) -> None:
    world.ready(B)
    refused = Unauthorized("The token was refused.", "It has expired.", "Make a new one.")
    later = world.now + timedelta(hours=1)
    assert world.ledger.transfers.postponed(world.uploading(), refused, later, world.now)
    fail(world)
    world.ledger.circuits.answered(SERVER, world.now)
    assert world.transfer(B).next_attempt_at == later


def test_of_many_workers_one_finds_out_whether_a_server_is_back(world: Steps) -> None:
    fail(world)
    waits = at_once(8, lambda _: world.ledger.circuits.wait(SERVER, LATER))
    assert sorted(waits) == [0, *[PROBE] * 7]


def test_failures_and_answers_may_come_in_the_same_moment(world: Steps) -> None:
    circuits = world.ledger.circuits

    def answer_or_fail(number: int) -> bool:
        for turn in range(10):
            if (number + turn) % 2:
                circuits.failed(SERVER, no_answer(), LATER)
            else:
                circuits.answered(SERVER, LATER)
        return True

    assert all(at_once(8, answer_or_fail))


# What was not tried because its server is left alone


def test_an_upload_that_was_not_tried_leaves_no_trace_but_its_reason(world: Steps) -> None:
    world.ready(B)
    for _ in range(3):
        claim = world.uploading()
        later = world.wait(1) + timedelta(seconds=5)
        world.ledger.transfers.untried(claim, no_answer(), later, world.now)
        row = world.transfer(B)
        assert (row.state, row.tries, row.next_attempt_at) == ("ready", 0, later)
        assert row.error_code == "remote_unavailable"
        world.wait(10)
    assert [step for step, _, _ in world.attempts(B)] == ["download"]
    assert world.uploading().tries == 1


def test_a_download_that_was_not_tried_leaves_no_trace_but_its_reason(world: Steps) -> None:
    world.planned([A])
    for _ in range(3):
        claim = world.fetch(A.sha256)
        later = world.wait(1) + timedelta(seconds=5)
        world.ledger.blobs.untried(claim, no_answer(), later, world.now)
        assert (world.blob(A).state, world.blob(A).tries) == ("wanted", 0)
        assert (world.transfer(A).next_attempt_at, world.transfer(A).state) == (later, "waiting")
        world.wait(10)
    assert world.attempts(A) == []


def test_a_worker_that_lost_its_claim_cannot_say_that_it_did_not_try(world: Steps) -> None:
    world.ready(B)
    lost = world.uploading()
    world.ledger.transfers.free_expired(world.wait(100))
    current = world.uploading()
    world.ledger.transfers.untried(lost, no_answer(), world.now, world.now)
    assert world.state(B) == ("uploading", None)
    assert world.ledger.transfers.uploaded(current, "OK", "", world.now)
    assert world.attempts(B)[1:] == [("upload", 1, "worker_died"), ("upload", 2, "uploaded")]
