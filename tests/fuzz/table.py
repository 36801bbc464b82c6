"""All fuzz targets by name."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.targets import archives, devpi, files, gitea, handed, operators

CORPUS = Path(__file__).parent / "corpus"
TARGETS = {
    target.name: target
    for module in (gitea, devpi, files, archives, operators, handed)
    for target in module.TARGETS
}
