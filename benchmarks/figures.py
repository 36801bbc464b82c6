"""Numbers out of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

__all__ = ["median", "percentile", "ratio"]


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least ``share`` of all samples do not exceed (nearest rank)."""
    if not samples:
        raise ValueError("a percentile of no samples")
    return sorted(samples)[max(math.ceil(share * len(samples)), 1) - 1]


def ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    """Median over median."""
    return median(ours) / median(others)
