"""Whatever goes wrong, the schedule goes on, other mappings are untouched, and nothing is green untruly."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from syncer.adapters.database.engine import Database
from syncer.queries.health import Health, health
from tests.acceptance.conftest import NewWorld
from tests.acceptance.live import LIST, SIMPLE, Live
from tests.standin.gitea import faults
from tests.standin.gitea.exchange import HTML, JSON, Request, Response
from tests.standin.gitea.faults import Answer, Effect
from tests.support.databases import PostgresServer
from tests.support.dists import wheel
from tests.support.world import World, eventually


def answering(body: bytes, kind: str = JSON, **headers: str) -> Effect:
    """200 and exactly this, with one release promised."""

    def effect(_request: Request, _answer: Answer) -> Response:
        return Response(200, {"Content-Type": kind, "X-Total-Count": "1", **headers}, body)

    return effect


BROKEN = [
    pytest.param(faults.html_garbage(), LIST, id="a proxy's HTML"),
    pytest.param(faults.wrong_shape({"message": "hello"}), LIST, id="JSON of the wrong shape"),
    pytest.param(
        faults.wrong_shape([{"id": [], "name": None, "version": 1.0}]), LIST, id="rows of wrong types"
    ),
    pytest.param(answering(b"[" * 200_000), LIST, id="bottomless JSON"),
    pytest.param(answering(b'[{"id": 1' + b"0" * 5000 + b"}]"), LIST, id="a number beyond all bounds"),
    pytest.param(faults.status(500), LIST, id="500"),
    pytest.param(faults.status(429, retry_after=1), LIST, id="429"),
    pytest.param(faults.empty_list(total=None), LIST, id="an empty list that states a total"),
    pytest.param(answering(b"\xff\xfe<a href='x", HTML), SIMPLE, id="a broken project page"),
    pytest.param(faults.dropped(after=5), SIMPLE, id="dropped project pages"),
]


TOLD = {"listing_incomplete", "remote_unavailable", "rate_limited", "circuit_open"}


@pytest.mark.parametrize(("effect", "path"), BROKEN)
def test_a_gitea_that_talks_nonsense_for_a_while_is_told_and_survived(
    shaken: Live, effect: Effect, path: str
) -> None:
    dist = wheel(f"later{uuid.uuid4().hex}", "1.0")
    shaken.fault(effect, path)
    shaken.publish(dist)
    failed = shaken.becomes("failed").last_run
    assert failed is not None
    assert failed.error_code in TOLD, failed.error
    assert failed.next_step
    assert any(text.startswith(f"{shaken.name}: ") for text in document(shaken.world).errors)
    shaken.mend()
    shaken.arrives(dist.filename.partition("-")[0], dist)
    shaken.becomes("complete")


def refuse_the_token(live: Live) -> Callable[[], None]:
    live.fault(faults.status(401, text="invalid username, password or token"), "")
    return live.mend


def forget_the_owner(live: Live) -> Callable[[], None]:
    live.world.gitea.rename_owner(live.name, f"{live.name}-gone")
    live.world.gitea.store.redirects.clear()
    return lambda: live.world.gitea.rename_owner(f"{live.name}-gone", live.name)


def delete_the_index(live: Live) -> Callable[[], None]:
    live.configure_index(volatile=True)
    live.world.devpi.call("DELETE", live.index)
    return lambda: live.world.devpi.create_index(live.index)


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        pytest.param(refuse_the_token, "unauthorized", id="its token is refused"),
        pytest.param(forget_the_owner, "source_missing", id="its owner is gone"),
        pytest.param(delete_the_index, "target_missing", id="its index is gone"),
    ],
)
def test_a_mapping_that_fails_does_not_touch_the_others(
    steady: Live, shaken: Live, break_it: Callable[[Live], Callable[[], None]], code: str
) -> None:
    mend = break_it(shaken)
    run = shaken.becomes("failed").last_run
    assert run is not None
    assert (run.error_code, bool(run.next_step)) == (code, True)
    dist = wheel(f"beside-{code}", "1.0")
    steady.publish(dist)
    steady.arrives(f"beside-{code.replace('_', '-')}", dist)
    steady.becomes("complete")
    mend()
    shaken.becomes("complete")


def test_status_and_health_are_green_only_while_everything_is(new_world: NewWorld) -> None:
    made = new_world()
    live = Live.of(made)
    assert "no tables yet" in made.syncer("status").stderr
    live.publish(wheel("good", "1.0"))
    assert (made.syncer("status").returncode, document(made).status) == (1, "degraded")
    made.start_worker()
    assert (document(made).red, document(made).beat.alive) == (True, False)
    made.start_beat()
    live.becomes("complete")
    assert made.syncer("status").returncode == 0
    assert eventually(lambda: document(made).status == "ok", what=str(document(made)))
    made.gitea.publish("acme", "bad-1.0.tar.gz", b"", "bad", "1.0")
    live.becomes("incomplete")
    assert (made.syncer("status").returncode, document(made).status) == (1, "degraded")
    made.gitea.delete_package("acme", "bad")
    live.becomes("complete")
    assert (made.syncer("status").returncode, document(made).status) == (0, "ok")


@pytest.mark.slow
def test_tables_that_vanish_for_a_while_stop_neither_beat_nor_workers(
    new_world: NewWorld, postgres_server: PostgresServer
) -> None:
    """As in the middle of somebody else's migration: every statement fails, and not as an outage does."""
    with postgres_server.database() as database:
        made = new_world(database=database.url.render_as_string(hide_password=False))
        live, dist = Live.of(made), wheel("later", "1.0")
        programs = [made.start_worker(), made.start_beat()]
        live.becomes("complete")
        with renamed(database, "runs", "heartbeats", "tasks"):
            live.publish(dist)
            eventually(lambda: made.log("w1").read_text().count("UndefinedTable") > 5, what="failures")
            time.sleep(11)  # longer than the time between two signs of life
        # A Run that lost its table while it was planned is taken up again when its lease runs out.
        live.arrives("later", dist, seconds=80)
        live.becomes("complete")
        assert [made.is_alive(pid) for pid in programs] == [True, True]
        made.stop()


@contextlib.contextmanager
def renamed(database: Database, *tables: str) -> Iterator[None]:
    def rename(before: str, after: str) -> None:
        with database.write() as session:
            for table in tables:
                session.execute(text(f"ALTER TABLE {table}{before} RENAME TO {table}{after}"))

    rename("", "_away")
    try:
        yield
    finally:
        rename("_away", "")


def document(world: World) -> Health:
    """What ``/health`` says."""
    container = world.seen
    return health(container.database, container.services.mappings, container.services.clock(), True)
