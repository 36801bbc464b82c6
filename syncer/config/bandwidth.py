"""The bandwidth budget: what the options say, and whether large files get through it."""

from __future__ import annotations

import math

from syncer.config.report import Report
from syncer.config.resolve import Values
from syncer.core.timetable import Timetable, rate_text

#: Bytes; PyPI takes files up to this size unless it is asked for more.
LARGE_FILE = 100 * 2**20


def timetable(runtime: Values) -> Timetable:
    """When which rate is in force; without the option there is no limit."""
    value = runtime.values.get("bandwidth")
    return value if isinstance(value, Timetable) else Timetable()


def check_bandwidth(runtime: Values, report: Report) -> None:
    """Warn when a large file would never get through in the time that one try may take."""
    slowest, deadline = timetable(runtime).slowest, runtime.values.get("file_deadline_seconds")
    if slowest is None or not isinstance(deadline, float):
        return
    sharing = max(1, _number(runtime, "download_workers") + _number(runtime, "upload_workers"))
    passes = slowest * deadline / sharing
    if passes < LARGE_FILE:
        report.warning(
            runtime.place("bandwidth"),
            f"at {rate_text(slowest)}, of which {sharing} transfers may each get a part, a try of "
            f"{deadline:g} s may end before a file of more than {passes / 2**20:.0f} MiB is through",
            f"write file_deadline_seconds = {math.ceil(LARGE_FILE * sharing / slowest)}, or a higher rate",
        )


def _number(runtime: Values, name: str) -> int:
    value = runtime.values.get(name)
    return value if isinstance(value, int) else 0
