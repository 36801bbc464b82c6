"""One target under atheris: ``python -m tests.fuzz.engine TARGET [libFuzzer's options]``.

It ends as libFuzzer does: with ``-runs`` executions or ``-max_total_time`` seconds, or at the first
finding. ``-merge=1 TO FROM…`` keeps of a grown corpus what adds coverage.
"""

from __future__ import annotations

import importlib
import random
import sys
from typing import Any

#: What is traced: our code, and those of the libraries that decide how far an input gets.
TRACED = ["syncer", "packaging", "html", "_markupbase", "email", "tarfile", "zipfile", "gzip"]


def main(arguments: list[str]) -> None:
    """Fuzz the named target; does not return."""
    # Without types, and installed only where one fuzzes.
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=TRACED):
        target = importlib.import_module("tests.fuzz.table").TARGETS[arguments[1]]

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        mutated: bytes = mutate_json(data, max_size, random.Random(seed), target.tokens, atheris.Mutate)
        return mutated

    mutate_json = importlib.import_module("tests.fuzz.mutate").mutate_json
    options = {"custom_mutator": mutate} if target.json else {}
    atheris.Setup([arguments[0], *arguments[2:]], target.run, **options)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
