"""When a failed step is tried again."""

from __future__ import annotations

import random

FIRST_DELAY = 1.0
LONGEST_DELAY = 300.0
#: A server that asks for more patience than this is asked again all the same.
LONGEST_ASKED = 600.0
#: Seconds by which the clock of one machine may be ahead of another's.
CLOCK_SKEW = 60.0
#: A Transfer that waits no longer than this keeps its Run open; a longer wait lets the Run close
#: as incomplete, so that one stuck file never keeps the next listing from being read.
HOLDS_RUN = 10.0
MAX_ATTEMPTS = 10
#: A file whose worker died this often without an answer is set aside until a person asks.
MAX_DEATHS = 4


def delay_after(attempt: int, asked: float | None = None, jitter: random.Random | None = None) -> float:
    """Seconds to wait after the failure of attempt number ``attempt`` (from 1).

    Doubles from one second to five minutes, with up to a quarter of jitter so that many failures of
    one moment do not return in one moment; never less than what the server asked for,
    within reason.
    """
    spread = 1.0 + 0.25 * (jitter or random).random()
    delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(attempt - 1, 16))
    return max(delay * spread, min(asked or 0.0, LONGEST_ASKED))
