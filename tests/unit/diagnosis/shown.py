"""How the tables of this package write what is expected."""

from __future__ import annotations

from collections.abc import Iterable

from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.finding import Check, Finding, Level

Said = tuple[Check, Level, str]


def said(findings: Iterable[Finding], check: Check) -> list[tuple[str, str]]:
    """Level and code of each finding of that check, after a look at its sentences."""
    of_check = [finding for finding in findings if finding.check == check]
    for finding in of_check:
        sentences = (finding.cause, finding.consequence, finding.fix)
        assert finding.seen
        assert finding.about == "[here]"
        assert all(sentences) is (finding.level != Level.OK)
        assert "{" not in "".join(sentences)
    return [(finding.level.value, finding.code) for finding in of_check]


OK = [("ok", "")]
UNKNOWN = [("unknown", Code.NOT_KNOWN)]
