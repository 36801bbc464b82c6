"""Checks what sections say of each other and makes Settings of them."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Self

from packaging.utils import canonicalize_name

from syncer.config.bandwidth import check_bandwidth, timetable
from syncer.config.document import Document
from syncer.config.options import ALWAYS
from syncer.config.report import Report, nearest, shown
from syncer.config.resolve import Values
from syncer.config.schema import Key
from syncer.config.settings import DevpiServer, GiteaServer, Settings, WebSettings
from syncer.config.weaknesses import LOOPBACK, is_open, is_told_by_older_name, weaknesses
from syncer.core.model import Deletion, Mapping, OnSourceDelete, Selection, SourceRef, TargetRef
from syncer.core.secret import Secret

DEFAULT_SERVER = "default"
#: Upload processes of one machine, unless more are asked for.
MOST_WORKERS = 16


@dataclass(frozen=True, slots=True)
class Sections:
    """All sections with their values, and those that mappings look up by name."""

    values: Dict[Key, Values]
    mappings: tuple[Values, ...]
    servers: Dict[str, Values]
    organizations: Dict[str, Values]

    @classmethod
    def of(cls, values: Dict[Key, Values]) -> Self:
        """Gitea takes an owner's name in any case of letters: each is there in lower case too."""
        named = {key.name: section for key, section in values.items() if key.kind == "gitea" and key.name}
        return cls(
            values,
            tuple(section for key, section in values.items() if key.kind == "mapping"),
            {key.name or DEFAULT_SERVER: section for key, section in values.items() if key.kind == "devpi"},
            {name.lower(): section for name, section in named.items()} | named,
        )

    def asked_servers(self) -> tuple[Values, ...]:
        """The sections of Gitea and of every devpi server."""
        return (self.values[Key("gitea")], *self.servers.values())

    def token_section(self, mapping: Values) -> Values | None:
        """The section whose token a mapping uses: its own, its organization's, or the global one."""
        owner = str(mapping.values.get("organization", ""))
        organization = self.organizations.get(owner) or self.organizations.get(owner.lower())
        candidates = (mapping, organization, self.values[Key("gitea")])
        return next((section for section in candidates if section and section.secret_entry()), None)


def cross_check(document: Document, sections: Sections, report: Report) -> None:
    """Report what is wrong between sections, and warn of what will fail or has no effect."""
    if not sections.mappings:
        report.mistake(
            document.place(),
            "there is no [mapping:<name>], so there is nothing to copy",
            "add a section [mapping:NAME] with index = user/index",
        )
    for mapping in sections.mappings:
        _check_server(mapping, sections.servers, report)
        _check_token(mapping, sections, report)
    _check_unused(sections, report)
    _check_ports(sections.values[Key("web")], report)
    _check_web_is_closed(sections.values[Key("web")], report)
    check_bandwidth(sections.values[Key("runtime")], report)
    for place, warning in weaknesses(sections.asked_servers(), sections.values[Key("web")]):
        report.warning(place, warning.text, warning.next_step)


def _check_server(mapping: Values, servers: Dict[str, Values], report: Report) -> None:
    name = str(mapping.values.get("devpi", ""))
    if not name or name in servers:
        return
    meant = "" if report.full else nearest(name, servers)
    header = "[devpi]" if name == DEFAULT_SERVER else "[devpi:NAME]"
    fix = f"did you mean {meant}?" if meant else f"add a section {header}, or name another server by devpi ="
    report.mistake(mapping.place("devpi"), f"there is no devpi server {shown(name, 'of this name')}", fix)


def _check_token(mapping: Values, sections: Sections, report: Report) -> None:
    if sections.token_section(mapping) is None:
        fix = f"write token_env = VARIABLE below [gitea] or {mapping.stanza.key}"
        reason = "there is no Gitea token: this mapping will fail, the others go on"
        report.warning(mapping.place("token"), reason, fix)


def _check_unused(sections: Sections, report: Report) -> None:
    used = {str(mapping.values.get("organization", "")).lower() for mapping in sections.mappings}
    for key, section in sections.values.items():
        if key.kind == "gitea" and key.name and key.name.lower() not in used:
            fix = "correct its name to that of an organization, or remove it"
            report.warning(section.stanza.place, "no mapping uses this section", fix)


def _check_ports(web: Values, report: Report) -> None:
    port, flower_port = web.values.get("port"), web.values.get("flower_port")
    if port is not None and port == flower_port:
        place = web.place("flower_port" if web.stanza.given("flower_port") else "port")
        report.mistake(
            place, "port and flower_port are the same", "give the status view and Flower two ports"
        )


def _check_web_is_closed(web: Values, report: Report) -> None:
    if is_open(web) and not is_told_by_older_name(web):
        reason = "it is not loopback and no password is given: everybody on the network could look"
        fix = "write password_env = VARIABLE below [web], or host = 127.0.0.1"
        report.mistake(web.place("host"), reason, fix)
    password = web.secrets.get("password")
    if password is not None and not password.reveal().isascii():
        entry = web.secret_entry()
        place = entry.place if entry else web.stanza.place
        reason = "the password has characters that browsers send in different ways"
        report.mistake(place, reason, "choose one of ASCII characters")


def build(sections: Sections, path: Path | None) -> Settings:
    """Settings from sections in which no mistake was found."""
    always = {kind: sections.values[Key(kind)] for kind in ALWAYS}
    gitea, runtime = always["gitea"], always["runtime"]
    servers = {name: _devpi(name, each) for name, each in sections.servers.items()}
    return Settings(
        gitea=GiteaServer(
            gitea.get("url", str),
            gitea.verify(),
            gitea.get("timeout", float),
            gitea.get("downloads_in_flight", int),
        ),
        devpi=servers,
        mappings={
            each.stanza.key.name: _mapping(each, gitea, servers, runtime) for each in sections.mappings
        },
        state_dir=runtime.get("state_dir", Path),
        staging_dir=always["staging"].get("dir", Path),
        signing_key=runtime.get("signing_key", Path),
        gitea_tokens=_tokens(sections),
        broker_url=always["broker"].secrets.get("url"),
        database_url=always["database"].secrets.get("url"),
        web=_web(always["web"]),
        download_workers=runtime.get("download_workers", int),
        upload_workers=_upload_workers(runtime, servers),
        reconcile_interval=runtime.get("reconcile_interval_seconds", float),
        file_deadline=runtime.get("file_deadline_seconds", float),
        history=86400.0 * runtime.get("history_days", int),
        recheck_bytes=runtime.get("recheck_bytes_per_day", int),
        ping_url=runtime.secrets.get("ping_url"),
        bandwidth=timetable(runtime),
        bandwidth_zone=runtime.get("bandwidth_zone", tzinfo),  # type: ignore[type-abstract]  # never made
        path=path,
        warnings=tuple(warning for _, warning in weaknesses(sections.asked_servers(), always["web"])),
    )


def _upload_workers(runtime: Values, servers: Dict[str, DevpiServer]) -> int:
    """Enough that a slow server, whose lanes are all busy, leaves some for every other one."""
    wanted = sum(server.uploads_in_flight for server in servers.values())
    return (
        runtime.get("upload_workers", int) if runtime.values["upload_workers"] else min(wanted, MOST_WORKERS)
    )


def _tokens(sections: Sections) -> dict[str, Secret]:
    found = {each.stanza.key.name: sections.token_section(each) for each in sections.mappings}
    return {name: section.secrets["token"] for name, section in found.items() if section}


def _web(web: Values) -> WebSettings:
    return WebSettings(
        host=LOOPBACK if is_open(web) else web.get("host", str),
        username=web.get("username", str),
        password=web.secrets.get("password"),
        port=web.get("port", int),
        flower_port=web.get("flower_port", int),
        url=web.get("url", str),
        flower_url=web.get("flower_url", str),
    )


def _devpi(name: str, server: Values) -> DevpiServer:
    return DevpiServer(
        name=name,
        url=server.get("url", str),
        username=server.get("username", str),
        password=server.secrets.get("password"),
        token=server.secrets.get("token"),
        verify=server.verify(),
        timeout=server.get("timeout", float),
        uploads_in_flight=server.get("uploads_in_flight", int),
    )


def _mapping(mapping: Values, gitea: Values, servers: Dict[str, DevpiServer], runtime: Values) -> Mapping:
    server = servers[mapping.get("devpi", str)]
    return Mapping(
        name=mapping.stanza.key.name,
        source=SourceRef(gitea.get("url", str), mapping.get("organization", str)),
        target=TargetRef(server.url, mapping.get("index", str), server.name),
        selection=_selection(mapping),
        interval=mapping.get("poll_interval_seconds", float),
        full_interval=mapping.get("full_interval_seconds", float),
        stale_intervals=mapping.get("stale_intervals", int),
        release_settle=60.0 * mapping.get("release_settle_minutes", int),
        recheck=86400.0 * runtime.get("recheck_days", int),
        deletion=_deletion(mapping),
    )


def _deletion(mapping: Values) -> Deletion:
    return Deletion(
        action=OnSourceDelete(mapping.get("on_source_delete", str)),
        grace=3600.0 * mapping.get("delete_grace_hours", float),
        cap_files=mapping.get("delete_cap_files", int),
        cap_percent=mapping.get("delete_cap_percent", float),
    )


def _selection(mapping: Values) -> Selection:
    repositories = _items(mapping, "repositories")
    return Selection(
        repositories=frozenset(name.lower() for name in repositories) or None,
        include_archived=mapping.get("include_archived", bool),
        project_allow=tuple(map(_project_pattern, _items(mapping, "project_allow"))),
        project_deny=tuple(map(_project_pattern, _items(mapping, "project_deny"))),
        file_deny=_items(mapping, "file_deny"),
    )


def _items(mapping: Values, name: str) -> tuple[str, ...]:
    value = mapping.values[name]
    return value if isinstance(value, tuple) else ()


def _project_pattern(pattern: str) -> str:
    """A pattern over PEP 503 names; within brackets ``-``, ``_`` and ``.`` keep their own meaning."""
    return pattern.lower() if "[" in pattern else canonicalize_name(pattern)
