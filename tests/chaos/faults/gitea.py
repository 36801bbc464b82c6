"""A Gitea that answers wrongly, slowly, or with something else."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from tests.chaos.faults.kind import Kind, Notes
from tests.chaos.site import OWNERS, Site
from tests.standin.gitea import Fault, faults
from tests.standin.gitea.faults import Effect
from tests.standin.gitea.store import Refused

LIST, SIMPLE, FILES = r"/api/v1/packages/", r"/pypi/simple/", r"/pypi/files/"
ANYTHING = r"/packages/"


@contextmanager
def answering(
    make: Callable[[random.Random], tuple[Effect, str, int | None]], site: Site, rng: random.Random
) -> Iterator[Notes]:
    """What ``make`` draws hits the requests that match its path, so many times or all of them."""
    effect, path, times = make(rng)
    fault = site.gitea.faults.add(Fault(effect, path=path, times=times))
    notes = [f"on {path}"]
    try:
        yield notes
        _await_hit(site, fault)
    finally:
        notes.append(f"{site.gitea.faults.hits(fault)} hits")
        site.gitea.faults.remove(fault)


def _await_hit(site: Site, fault: Fault) -> None:
    """A fault that hits nothing is none; a busy installation may need some seconds to ask."""
    deadline = time.monotonic() + 8
    while not site.gitea.faults.hits(fault) and time.monotonic() < deadline:
        time.sleep(0.1)


def _where(rng: random.Random) -> str:
    return rng.choice((ANYTHING, LIST, SIMPLE, FILES))


def _status(code: int, rng: random.Random) -> tuple[Effect, str, int | None]:
    return faults.status(code), _where(rng), None


def _limited(rng: random.Random) -> tuple[Effect, str, int | None]:
    return faults.status(429, retry_after=rng.randint(1, 6)), _where(rng), rng.randint(1, 12)


def _unavailable(rng: random.Random) -> tuple[Effect, str, int | None]:
    return faults.status(rng.choice((500, 500, 502, 503))), _where(rng), None


def _empty(rng: random.Random) -> tuple[Effect, str, int | None]:
    return faults.empty_list(rng.choice((0, None))), LIST, None


def _hanging(rng: random.Random) -> tuple[Effect, str, int | None]:
    return faults.hang(rng.uniform(5.5, 9.0)), rng.choice((LIST, FILES)), rng.randint(1, 4)


def _slow(rng: random.Random) -> tuple[Effect, str, int | None]:
    """The largest file takes 15 seconds: an answer that has begun drips on when the fault is over."""
    return faults.drip(200_000, rng.uniform(0.1, 0.6)), FILES, 6


def _truncated(rng: random.Random) -> tuple[Effect, str, int | None]:
    """Cut off aloud any number of times, in silence twice: a third time would be taken for the file."""
    if rng.random() < 0.5:
        return faults.dropped(rng.randint(0, 5_000)), rng.choice((FILES, SIMPLE, LIST)), None
    return faults.half_body(), rng.choice((FILES, SIMPLE, LIST)), 2


def _flipped(rng: random.Random) -> tuple[Effect, str, int | None]:
    return faults.flipped_byte(rng.choice((-1, 0, 40))), FILES, 2


def _garbage(rng: random.Random) -> tuple[Effect, str, int | None]:
    effect = rng.choice((faults.html_garbage(), faults.wrong_shape({"ok": True}), faults.wrong_shape([1, 2])))
    return effect, rng.choice((LIST, SIMPLE)), None


def _repeated(_rng: random.Random) -> tuple[Effect, str, int | None]:
    return faults.repeated_page(1), LIST, None


@contextmanager
def small_pages(site: Site, rng: random.Random) -> Iterator[None]:
    """Gitea gives few rows a page, so that its list has several pages."""
    fault = site.gitea.faults.add(Fault(faults.clamped_limit(rng.randint(1, 3)), path=LIST))
    try:
        yield
    finally:
        site.gitea.faults.remove(fault)


@contextmanager
def duplicate_rows(site: Site, rng: random.Random) -> Iterator[Notes]:
    """The first page comes again and again in place of the others."""
    with small_pages(site, rng), answering(_repeated, site, rng) as said:
        yield said


@contextmanager
def shifting_pages(site: Site, rng: random.Random) -> Iterator[Notes]:
    """A release is published and deleted again between two pages, so that rows move over the edge."""

    def shift() -> None:
        with site.gitea.store.lock:
            if not _deleted(site):
                site.gitea.publish(OWNERS[0], "shifter-1.0.tar.gz", b"", "shifter", "1.0")

    moving = Fault(faults.and_then(shift), path=LIST + OWNERS[0])
    with small_pages(site, rng):
        site.gitea.faults.add(moving)
        try:
            yield ["a release comes and goes between pages"]
        finally:
            site.gitea.faults.remove(moving)
            _deleted(site)


def _deleted(site: Site) -> bool:
    """Whether the moving release was there; now it is not."""
    with suppress(Refused):
        site.gitea.delete_package(OWNERS[0], "shifter")
        return True
    return False


@contextmanager
def redirected(site: Site, rng: random.Random) -> Iterator[Notes]:
    """Downloads are answered by a redirect to another host, which must not see a credential."""

    def to_the_second_host(_rng: random.Random) -> tuple[Effect, str, int | None]:
        return faults.redirected(site.second_host.url), FILES, None

    with answering(to_the_second_host, site, rng) as said:
        yield said


WHILE = (2.0, 8.0)
KINDS = (
    Kind("gitea 500", partial(answering, _unavailable), hold=WHILE, during=1.0),
    Kind("gitea 429", partial(answering, _limited), hold=WHILE, during=1.0),
    Kind("gitea 401", partial(answering, partial(_status, 401)), hold=WHILE, during=1.0),
    Kind("gitea empty list", partial(answering, _empty), hold=WHILE, during=1.0),
    Kind("gitea time-out", partial(answering, _hanging), hold=WHILE, during=1.0),
    Kind("gitea slow body", partial(answering, _slow), hold=WHILE, during=1.0),
    Kind("gitea truncated body", partial(answering, _truncated), hold=WHILE, during=1.0),
    Kind("gitea wrong bytes", partial(answering, _flipped), hold=WHILE, during=1.0),
    Kind("gitea garbage", partial(answering, _garbage), hold=WHILE, during=1.0),
    Kind("gitea duplicate rows", duplicate_rows, hold=WHILE, during=1.0),
    Kind("gitea shifting pages", shifting_pages, hold=WHILE, during=1.0),
    Kind("gitea redirect", redirected, hold=WHILE, during=1.0),
)
