"""When a server that fails is left alone, and when it is asked again."""

from __future__ import annotations

from syncer.core.retry import LONGEST_ASKED

#: Failures in a row after which nobody asks the server any more for a while.
OPENS_AFTER = 3
FIRST_PAUSE = 2.0
#: Short enough that everything goes on within a reconcile period of the server's return.
LONGEST_PAUSE = 15.0
#: Seconds that one worker may take to find out whether the server is back; then another one tries.
PROBE = 10.0


def pause_after(failures: int, asked: float | None = None) -> float:
    """Seconds to leave the server alone after so many failures in a row; 0 while it may be chance.

    Doubles from two seconds to fifteen; never less than what the server itself asked for, within
    reason.
    """
    patience = min(asked or 0.0, LONGEST_ASKED)
    if failures < OPENS_AFTER:
        return patience
    return max(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - OPENS_AFTER, 8)), patience)
