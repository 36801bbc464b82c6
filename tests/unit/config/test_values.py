from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syncer.core.model import Selection
from syncer.core.secret import Secret
from syncer.core.timetable import Slot, Timetable
from tests.unit.config.support import Configuration, with_option


@pytest.mark.parametrize(
    ("section", "line", "path", "value"),
    [
        pytest.param("gitea", "timeout = 1e1", "gitea.timeout", 10.0, id="number-in-any-notation"),
        pytest.param("gitea", "verify_ssl = Off", "gitea.verify", False, id="switch-in-any-case"),
        pytest.param("gitea", "VERIFY_SSL = 0", "gitea.verify", False, id="option-in-any-case"),
        pytest.param("web", "host = ::1", "web.host", "::1", id="text"),
        pytest.param("web", "port: 81", "web.port", 81, id="colon-as-delimiter"),
        pytest.param("web", "flower_port = 82", "web.flower_port", 82, id="flower-port"),
        pytest.param("web", "url = https://a.example/s/", "web.url", "https://a.example/s", id="web-url"),
        pytest.param("web", "flower_url = http://b", "web.flower_url", "http://b", id="flower-url"),
        pytest.param("web", "url =", "web.url", "", id="empty-means-not-given"),
        pytest.param("runtime", "state_dir = /var/lib/s", "state_dir", Path("/var/lib/s"), id="state-dir"),
        pytest.param(
            "runtime",
            "state_dir = /var/lib/s",
            "staging_dir",
            Path("/var/lib/s/staging"),
            id="staging-follows",
        ),
        pytest.param("staging", "dir = /mnt/s", "staging_dir", Path("/mnt/s"), id="staging-dir"),
        pytest.param("runtime", "reconcile_interval_seconds = 5", "reconcile_interval", 5.0, id="reconcile"),
        pytest.param("runtime", "download_workers = 8", "download_workers", 8, id="download-workers"),
        pytest.param("runtime", "upload_workers = 3", "upload_workers", 3, id="upload-workers"),
        pytest.param("runtime", "file_deadline_seconds = 60", "file_deadline", 60.0, id="deadline"),
        pytest.param(
            "runtime", "bandwidth = 10M", "bandwidth", Timetable((Slot(10.0 * 2**20),)), id="bandwidth"
        ),
        pytest.param(
            "runtime",
            "bandwidth = 08:00,64k Sun-20:00,off",
            "bandwidth",
            Timetable((Slot(65536.0, 480), Slot(None, 1200, 6))),
            id="bandwidth-by-times",
        ),
        pytest.param("runtime", "bandwidth =", "bandwidth", Timetable(), id="no-bandwidth-is-no-limit"),
        pytest.param("runtime", "bandwidth_zone = UTC", "bandwidth_zone", UTC, id="utc"),
        pytest.param(
            "runtime", "bandwidth_zone = Asia/Tokyo", "bandwidth_zone", ZoneInfo("Asia/Tokyo"), id="zone"
        ),
        pytest.param("runtime", "history_days = 7", "history", 604_800.0, id="history"),
        pytest.param("runtime", "recheck_bytes_per_day = 5G", "recheck_bytes", 5 * 2**30, id="size"),
        pytest.param(
            "runtime", "recheck_bytes_per_day = 1500 kB", "recheck_bytes", 1_536_000, id="size-in-k"
        ),
        pytest.param("runtime", "recheck_bytes_per_day = 2000000", "recheck_bytes", 2_000_000, id="bytes"),
        pytest.param(
            "broker",
            "url = redis://:p%%w@redis:6379/0",
            "broker_url",
            Secret("redis://:p%%w@redis:6379/0"),
            id="percent-sign-is-itself",
        ),
        pytest.param(
            "broker",
            "url = redis+socket:///run/b.sock?virtual_host=0",
            "broker_url",
            Secret("redis+socket:///run/b.sock?virtual_host=0"),
            id="broker-socket",
        ),
        pytest.param(
            "database",
            "url = postgresql+psycopg://u:p@db/s",
            "database_url",
            Secret("postgresql+psycopg://u:p@db/s"),
            id="database-url",
        ),
    ],
)
def test_an_option_sets_its_value(tmp_path: Path, section: str, line: str, path: str, value: object) -> None:
    found: object = Configuration(tmp_path, with_option(section, line)).load()
    for name in path.split("."):
        found = getattr(found, name)
    assert found == value
    assert type(found) is type(value) or isinstance(value, Path)


@pytest.mark.parametrize(
    ("line", "selection"),
    [
        pytest.param("repositories = A, owner/B,", Selection(frozenset({"a", "owner/b"})), id="repositories"),
        pytest.param(
            "repositories =\n  a\n  b, c", Selection(frozenset("abc")), id="list-over-several-lines"
        ),
        pytest.param("include_archived = yes", Selection(include_archived=True), id="archived"),
        pytest.param("project_allow = My.Package", Selection(project_allow=("my-package",)), id="plain-name"),
        pytest.param("project_allow = My_*", Selection(project_allow=("my-*",)), id="glob"),
        pytest.param("project_deny = [A-C_]*", Selection(project_deny=("[a-c_]*",)), id="glob-with-set"),
        pytest.param(
            "file_deny = *.ZIP, *-Py2-*", Selection(file_deny=("*.ZIP", "*-Py2-*")), id="file-names"
        ),
    ],
)
def test_a_mapping_selects(tmp_path: Path, line: str, selection: Selection) -> None:
    settings = Configuration(tmp_path, with_option("mapping:my-org", line)).load()
    assert settings.mappings["my-org"].selection == selection
