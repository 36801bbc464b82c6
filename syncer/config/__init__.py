"""The configuration file: read, checked, and turned into Settings."""

from syncer.config.documents import options_markdown, template, write_template
from syncer.config.load import check, load
from syncer.config.settings import DevpiServer, GiteaServer, Settings, WebSettings
from syncer.config.show import Effective, show

__all__ = [
    "DevpiServer",
    "Effective",
    "GiteaServer",
    "Settings",
    "WebSettings",
    "check",
    "load",
    "options_markdown",
    "show",
    "template",
    "write_template",
]
