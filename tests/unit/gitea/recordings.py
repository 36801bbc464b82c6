"""The exchanges recorded from a real Gitea 1.27."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "contract" / "gitea"


def answer(name: str) -> dict[str, Any]:
    """Status, headers and body of one recorded exchange."""
    exchange: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    response: dict[str, Any] = exchange["response"]
    return response


def body(name: str) -> bytes:
    """The body alone."""
    text: str = answer(name)["body"]
    return text.encode()
