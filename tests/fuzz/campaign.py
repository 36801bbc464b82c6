"""Fuzz one target in a process of its own, and say what came of it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.table import CORPUS
from tests.fuzz.target import Target

ROOT = Path(__file__).resolve().parents[2]
#: Grows from run to run; nothing in it is needed.
WORK = ROOT / "build" / "fuzz"
#: Seconds that one input may take, with the tracing and on a busy machine.
TIMEOUT = 20
#: MiB that the whole process may hold.
MEMORY = 1024

_PROGRESS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)/")
_EXECUTED = re.compile(r"stat::number_of_executed_units: +(\d+)")
_LOG_LINES = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one campaign did; ``log`` is the end of its output where it failed."""

    target: str
    executions: int = 0
    seconds: float = 0
    corpus: int = 0
    coverage: int = 0
    features: int = 0
    findings: tuple[Path, ...] = ()
    log: str = field(default="", repr=False)

    @property
    def failed(self) -> bool:
        """Whether there is something to look at."""
        return bool(self.findings or self.log)


def fuzz(target: Target, runs: int, seconds: int, seed: int) -> Outcome:
    """Run the target ``runs`` times or for ``seconds``, whichever ends first; 0 means without end."""
    corpus, findings = WORK / target.name / "corpus", WORK / target.name / "findings"
    for folder in (corpus, findings, CORPUS / target.name):
        folder.mkdir(parents=True, exist_ok=True)
    before, started = set(findings.iterdir()), time.monotonic()
    with tempfile.NamedTemporaryFile("w", prefix="tokens-", encoding="ascii") as tokens:
        tokens.writelines(_quoted(token) for token in target.tokens)
        tokens.flush()
        options: dict[str, str | int] = {
            "dict": tokens.name,
            "runs": runs or -1,
            "max_total_time": seconds,
            "seed": seed,
            "max_len": target.max_len,
            "timeout": TIMEOUT,
            "rss_limit_mb": MEMORY,
            "artifact_prefix": f"{findings}/",
            "print_final_stats": 1,
            "use_value_profile": 1,
        }
        output, status = _run(target, [corpus, CORPUS / target.name], options)
    found = tuple(sorted(set(findings.iterdir()) - before))
    return _outcome(target, output, status, found, time.monotonic() - started)


def _run(target: Target, folders: Iterable[Path], options: dict[str, str | int]) -> tuple[str, int]:
    command = [sys.executable, "-m", "tests.fuzz.engine", target.name, *map(str, folders)]
    command += [f"-{option}={value}" for option, value in options.items()]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode("utf-8", "replace"), done.returncode


def _outcome(target: Target, output: str, status: int, findings: tuple[Path, ...], seconds: float) -> Outcome:
    coverage, features, corpus = map(int, (_PROGRESS.findall(output) or [(0, 0, 0)])[-1])
    executions = int((_EXECUTED.findall(output) or [0])[-1])
    log = "\n".join(output.splitlines()[-_LOG_LINES:]) if status or findings else ""
    return Outcome(target.name, executions, seconds, corpus, coverage, features, findings, log)


def _quoted(token: str) -> str:
    """One line of libFuzzer's dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in token.encode()) + '"\n'
