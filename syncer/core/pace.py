"""How many requests at once a server takes well: halved when it is overloaded, growing while it is calm."""

from __future__ import annotations

#: Seconds of calm after which one more request at once is tried.
GROWS_AFTER = 10.0
#: Seconds within which several failures are one sign of overload: those who asked together fail together.
ONE_SIGN = 2.0


def width_now(width: int, calm: float, most: int) -> int:
    """What a server takes ``calm`` seconds after it was given ``width``, from 1 up to ``most``."""
    return max(1, min(most, width + int(max(0.0, calm) / GROWS_AFTER)))


def narrowed(width: int) -> int:
    """What a server is given that just failed under ``width`` at once."""
    return max(1, width // 2)
