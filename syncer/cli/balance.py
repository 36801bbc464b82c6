"""The balance sheet of a Mapping's last Run, as text."""

from __future__ import annotations

from collections.abc import Iterator

from syncer.core.balance import Balance, Basis, Verdict, shown


def balance_lines(balance: Balance) -> Iterator[str]:
    """The sheet in one line, and a line for each figure that is not what it must be."""
    numbers = {line.word: shown(line.number) for line in balance.lines}
    releases = ", ".join(f"{numbers[word]} {word}" for word in ("stated", "read"))
    files = ", ".join(f"{numbers[word]} {word}" for word in ("listed", "decided", "selected", "proved"))
    recent = any(line.basis == Basis.EARLIER for line in balance.lines)
    rests = " (partly by the last full look)" if recent else ""
    yield f"  balance {balance.verdict}{rests}: releases {releases}; files {files}"
    for line in balance.lines:
        if line.verdict is Verdict.DIFFERS:
            yield f"    {line.name}: {shown(line.number)}, must be {shown(line.expected)}, {line.must_equal}"
