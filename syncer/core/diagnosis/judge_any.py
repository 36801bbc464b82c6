"""What is to be said of any server: its clock, and how long it is waited for."""

from __future__ import annotations

from collections.abc import Iterator

from syncer.core.diagnosis.advice import found, not_known
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import Clock, Patience
from syncer.core.diagnosis.finding import Check, Finding, fine
from syncer.core.look import YOUNG
from syncer.core.retry import CLOCK_SKEW

#: Seconds that nobody notices, and below which a time-out is short.
SMALL_SKEW = 5.0
SHORT_TIMEOUT = 5.0
#: devpi lets an upload wait up to 60 s for its write lock, and then it has to be sent.
SHORT_DEADLINE = 75.0


def clock_skew(about: str, clock: Clock | None) -> Finding:
    """How far the server's clock is from ours; an hour's offset is no time zone, as both are in UTC."""
    if clock is None:
        return not_known(Check.CLOCK_SKEW, about, "The server does not tell the time.")
    apart = abs(clock.ahead)
    text = f"{_duration(apart)} {'ahead of' if clock.ahead > 0 else 'behind'} this machine"
    if apart > YOUNG:
        return found(Code.CLOCK_FAR_OFF, about, text)
    if apart > CLOCK_SKEW:
        return found(Code.CLOCK_OFF, about, text)
    if apart > SMALL_SKEW:
        return found(Code.CLOCK_DRIFTS, about, text)
    return fine(Check.CLOCK_SKEW, about, f"within {SMALL_SKEW:g} s of this machine")


def time_outs(about: str, patience: Patience) -> Iterator[Finding]:
    """Whether the server is waited for long enough, and not too long."""
    timeout, slowest = patience.timeout, patience.slowest
    text = f"timeout {timeout:g} s, slowest answer {slowest:.2f} s"
    if slowest > timeout / 2:
        yield found(Code.ANSWER_SLOW, about, text)
    if timeout > patience.deadline:
        yield found(Code.TIMEOUT_LONG, about, f"{text}, file_deadline_seconds {patience.deadline:g}")
    elif timeout < SHORT_TIMEOUT:
        yield found(Code.TIMEOUT_SHORT, about, text, least=f"{SHORT_TIMEOUT:g}")
    elif slowest <= timeout / 2:
        yield fine(Check.TIME_OUTS, about, text)


def deadline(about: str, seconds: float) -> Finding:
    """Whether one try to copy a file may take long enough."""
    text = f"file_deadline_seconds {seconds:g}"
    if seconds < SHORT_DEADLINE:
        return found(Code.DEADLINE_SHORT, about, text, least=f"{SHORT_DEADLINE:g}")
    return fine(Check.TIME_OUTS, about, text)


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
