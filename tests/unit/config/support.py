"""Configuration files to test with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from syncer.config import Effective, Settings, check, load, show

#: Everything that must be given and nothing else.
MINIMAL = """\
[gitea]
url = https://gitea.example.com
token = gitea-secret
[devpi]
url = https://devpi.example.com
username = devpi-user
password = devpi-secret
[mapping:my-org]
index = user/dev
"""


@dataclass(frozen=True)
class Configuration:
    """A directory with a configuration file in it, and an environment."""

    directory: Path
    text: str = MINIMAL
    environ: Mapping[str, str] = field(default_factory=dict)
    name: str = "syncer.conf"

    def __post_init__(self) -> None:
        path = self.directory / self.name
        path.write_text(self.text, encoding="utf-8")
        path.chmod(0o600)

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.directory / "home"), **self.environ}

    def load(self) -> Settings:
        return load(environ=self.environment, cwd=self.directory)

    def mistakes(self) -> list[str]:
        return [str(problem) for problem in check(environ=self.environment, cwd=self.directory)[0]]

    def warnings(self) -> list[str]:
        return [str(problem) for problem in check(environ=self.environment, cwd=self.directory)[1]]

    def show(self) -> dict[str, Effective]:
        rows = show(environ=self.environment, cwd=self.directory)
        return {f"{row.section} {row.option}": row for row in rows}


def with_option(section: str, line: str, text: str = MINIMAL) -> str:
    """The text with one line more in a section, which is added when it is missing."""
    header = f"[{section}]\n"
    return text.replace(header, f"{header}{line}\n") if header in text else f"{text}{header}{line}\n"


def without(line: str, text: str = MINIMAL) -> str:
    """The text without one of its lines."""
    assert f"{line}\n" in text
    return text.replace(f"{line}\n", "")
