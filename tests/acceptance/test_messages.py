"""What travels over the broker, and what leaks nowhere."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
import requests
from sqlalchemy import inspect, text

from tests.acceptance.conftest import NewWorld
from tests.acceptance.live import FILES, LIST, Live
from tests.standin.gitea import faults
from tests.support.dists import sdist, wheel
from tests.support.world import PASSWORD, TOKEN, World, eventually

#: What a message may carry, each with what it looks like.
IDS = {"sha256": r"[0-9a-f]{64}", "transfer": r"\d+", "run": r"\d+", "mapping": r"acme"}


def test_messages_carry_ids_and_nothing_else(new_world: NewWorld) -> None:
    made = new_world()
    live = Live.of(made)
    live.publish(*(wheel(f"p{number}", "1.0") for number in range(3)))
    worker, beat = made.start_worker("discover"), made.start_beat()
    eventually(lambda: len(waiting(made, "download")) == 3)
    made.start_worker("download", name="w2")
    eventually(lambda: len(waiting(made, "upload")) == 3)
    made.kill(worker)
    made.call(mapping="acme")
    eventually(lambda: len(waiting(made, "discover")) > 1)
    made.kill(beat)
    sent = [message for queue in ("discover", "upload", "housekeeping") for message in waiting(made, queue)]
    assert {"syncer.discover", "syncer.resync", "syncer.upload", "syncer.reconcile"} <= {
        message["headers"]["task"] for message in sent
    }
    for message in sent:
        arguments, ids, _ = json.loads(base64.b64decode(message["body"]))
        assert arguments == []
        assert all(re.fullmatch(IDS[name], str(value)) for name, value in ids.items()), ids
        assert message["content-type"] == "application/json"


def waiting(made: World, queue: str) -> list[dict[str, Any]]:
    """The messages in a queue, as they lie at the broker."""
    assert made.broker is not None
    return [json.loads(message) for message in made.broker.client().lrange(queue, 0, -1)]


class Bomb:
    """Makes a file as soon as somebody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_a_pickle_is_refused_unread_and_the_worker_lives(new_world: NewWorld) -> None:
    made = new_world()
    live, dist, exploded = (
        Live.of(made),
        wheel("later", "1.0"),
        made.folder / "bang",
    )
    programs = [made.start_worker(), made.start_beat()]
    for task, queue in (("syncer.resync", "discover"), ("syncer.download", "download")):
        made.client.send_task(task, kwargs={"mapping": Bomb(exploded)}, queue=queue, serializer="pickle")
    eventually(lambda: made.log("w1").read_text().count("ContentDisallowed") >= 2, what="both are refused")
    live.publish(dist)
    live.arrives("later", dist)
    assert not exploded.exists()
    assert [made.is_alive(pid) for pid in programs] == [True, True]


@pytest.mark.slow
def test_no_secret_leaks_whatever_fails(new_world: NewWorld) -> None:
    """Planted secrets are looked for in every place that others than the operator can read."""
    made = new_world()
    fine = Live.of(made)
    echo = Live.of(made, "echo")
    moved = Live.of(made, "moved")
    made.add_mapping("unpaid", lines="devpi = other")
    made.extra = (
        f"[devpi:other]\nurl = {made.devpi.url}\nusername = {made.user}\npassword = {OTHER_PASSWORD}\n"
    )
    made.write_config()
    for live in (fine, echo):
        live.publish(wheel("good", "1.0"), sdist("good", "1.0"))
    moved.publish(wheel("astray", "1.0"))  # bytes that no other mapping could lend it
    made.publish(wheel("good", "1.0"), "unpaid")
    made.gitea.publish("acme", "bad-1.0.tar.gz", b"", "bad", "1.0")
    echo.fault(faults.status(401, text=f"no such token: {TOKEN}"), LIST)
    moved.fault(faults.redirected(f"http://nobody:{TOKEN}@127.0.0.1:9"), FILES)
    made.start_worker()
    made.start_beat()
    flower = made.start_flower()
    fine.becomes("incomplete")
    echo.becomes("failed")
    eventually(lambda: moved.status().counts.failing, what="downloads that fail")
    unpaid = Live(made, "unpaid", "")
    eventually(lambda: unpaid.status().last_run, what="a login that is refused")
    made.celery("result", task_id := made.call(mapping="acme", project=TOKEN[:5]))
    assert made.call(mapping=7)

    places = {
        "a row": "\n".join(rows(made)),
        "the broker": "\n".join(broker_keys(made)),
        "a process list": "\n".join(command_lines(made)),
        "Flower": requests.get(f"{flower}/api/tasks", timeout=30).text,
        "status": made.syncer("status", "--json").stdout + made.syncer("-vv", "status").stderr,
        "why": made.syncer("why", "bad-1.0.tar.gz").stdout,
        "config show": made.syncer("config", "show").stdout,
        **{name: made.log(name).read_text() for name in ("w1", "beat", "flower")},
    }
    assert task_id in places["a row"]
    basic = base64.b64encode(f"{made.user}:{PASSWORD}".encode()).decode()
    secrets = [*SECRETS, basic, LOGIN_TOKEN]
    found = {name: secret for name, seen in places.items() for secret in secrets if secret in seen}
    assert found == {}
    assert all(len(seen) > 20 for seen in places.values()), {name: len(seen) for name, seen in places.items()}


OTHER_PASSWORD = "a/wrong+password&of a test"
#: How devpi's login tokens begin, behind the user's name.
LOGIN_TOKEN = "[], true]."
SECRETS = [
    secret
    for plain in (TOKEN, PASSWORD, OTHER_PASSWORD)
    for secret in (plain, quote(plain, safe=""), base64.b64encode(plain.encode()).decode().rstrip("="))
]


def rows(made: World) -> Iterator[str]:
    """Every value of every table, and the database file itself."""
    database = made.seen.database
    with database.read() as session:
        for table in inspect(database.engine).get_table_names():
            yield from (str(tuple(row)) for row in session.execute(text(f"SELECT * FROM {table}")))  # noqa: S608  # names of our own tables
    for path in (made.folder / "state").glob("syncer.db*"):
        yield path.read_bytes().decode("latin-1")


def broker_keys(made: World) -> Iterator[str]:
    assert made.broker is not None
    client = made.broker.client()
    for key in client.scan_iter():
        yield f"{key!r} {client.dump(key)!r}"
    yield (made.broker.folder / "appendonlydir").name
    for path in (made.broker.folder / "appendonlydir").iterdir():
        yield path.read_bytes().decode("latin-1")


def command_lines(made: World) -> Iterator[str]:
    for process in made.processes:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for member in family:
            yield " ".join(member.cmdline())
            yield str(member.environ())
