"""What came of one round, as it is kept on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """One fault and its end; ``seconds`` from the end of the fault until everything was right again.

    ``slow`` is what was unfinished in the ledger when that had taken some seconds, for whoever asks why.
    """

    number: int
    site: str
    kind: str
    said: str
    files: int
    seconds: float
    double_downloads: int = 0
    double_uploads: int = 0
    findings: list[tuple[str, str]] = field(default_factory=list)
    slow: str = ""

    def count(self, *kinds: str) -> int:
        """How many findings of these kinds there are."""
        return sum(kind in kinds for kind, _ in self.findings)

    @property
    def failed(self) -> bool:
        """Whether something was lost, wrong or said too early."""
        return any(kind != "late" for kind, _ in self.findings)


class Record:
    """The results of one seed, a line of JSON each, so that a run that was interrupted can go on."""

    def __init__(self, folder: Path, site: str = "") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._own = folder / f"results-{site}.jsonl"

    def add(self, result: Result) -> None:
        """The result is on disk."""
        with self._own.open("a") as file:
            file.write(json.dumps(asdict(result)) + "\n")

    def results(self) -> list[Result]:
        """Every result so far by number; a line that was cut off counts for nothing."""
        found: dict[int, Result] = {}
        for path in sorted(self.folder.glob("results-*.jsonl")):
            for line in path.read_text().splitlines():
                try:
                    row = json.loads(line)
                except ValueError:
                    continue
                row["findings"] = [tuple(each) for each in row["findings"]]
                found[row["number"]] = Result(**row)
        return [found[number] for number in sorted(found)]
