"""What the model is told: what each step costs, and how large everything is."""

from __future__ import annotations

from dataclasses import dataclass, field

MB = 1_000_000
QUEUES = ("discover", "download", "upload")


def _said(default: float, text: str) -> float:
    return field(default=default, metadata={"help": text})


def _count(default: int, text: str) -> int:
    return field(default=default, metadata={"help": text})


def _yes(text: str, *, default: bool = False) -> bool:
    return field(default=default, metadata={"help": text})


def _part(text: str) -> float:
    return field(default=0.0, metadata={"help": f"the part {text}", "below": 1.0})


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds that each step takes; every parameter of the model that is measured or fitted is here.

    ``benchmarks/measured.json`` holds the values in use, renewed by ``--fit``; what stands here is where
    a fit begins. Those of devpi were measured on their own, beside the syncer.
    """

    #: Celery's part of a task on the worker's processor: receive, acknowledge, record.
    task: float = 0.003
    #: One message at the broker, which does one thing at a time.
    broker: float = 0.0003
    #: The worker's processor: for a poll, for each file that it finds, for a download, for an upload.
    poll: float = 0.02
    plan: float = 0.0004
    download: float = 0.01
    upload: float = 0.01
    #: The same for each MB of a file: hashing, checking the archive; reading and sending the form.
    download_mb: float = 0.008
    upload_mb: float = 0.004
    #: One writing transaction: SQLite's lock held, or one processor of PostgreSQL with the reads around it;
    #: and how many each step needs, a plan for each of its files.
    sqlite: float = 0.0011
    postgresql: float = 0.0016
    task_commits: float = 1.0
    plan_commits: float = 0.6
    download_commits: float = 2.0
    upload_commits: float = 4.0
    #: Gitea: one request, one MB.
    gitea: float = 0.003
    gitea_mb: float = 0.002
    #: devpi's one writer: one upload, each MB of it, each file that the project has there already.
    devpi: float = 0.0077
    devpi_mb: float = 0.0085
    devpi_sibling: float = 0.00022
    #: The part of this that is processor time; the rest is its disk's.
    devpi_share: float = 0.75
    #: A push of one file into a further index of the same server, and one project's page.
    devpi_push: float = 0.005
    devpi_read: float = 0.0056
    #: Seconds after which a lane hands over, and between two looks at which projects can be read back.
    lane: float = 30.0
    look: float = 0.5


@dataclass(frozen=True, slots=True)
class Scenario:
    """The installation and its load; the model's result depends on this, the costs, and nothing else."""

    workers: int = _count(1, "worker hosts")
    discoverers: int = _count(2, "processes of each host that only discover")
    downloaders: int = _count(4, "processes of each host that only download")
    uploaders: int = _count(2, "processes of each host that only upload")
    mixed: int = _count(0, "processes of each host that take any task")
    cores: int = _count(2, "cores of each worker host")
    mappings: int = _count(1, "mappings; they share the servers evenly")
    servers: int = _count(1, "devpi servers")
    lanes: int = _count(2, "uploads at once to one devpi server, over all workers")
    indexes: int = _count(1, "indexes of one server that each file goes to, all but the first by push")
    sources: int = _count(1, "Gitea servers")
    downloads: int = _count(8, "downloads at once from one Gitea, over all workers")
    gitea_cores: int = _count(2, "requests that one Gitea works on at once")
    ledger_cores: int = _count(1, "processors of PostgreSQL; 1: the ledger is SQLite")
    files: int = _count(10_000, "files that are published")
    project_files: int = _count(20, "files of one project")
    rate: float = _said(0.0, "publications a second; 0: all files are there at the start")
    interval: float = _said(300.0, "seconds between two polls of one mapping")
    poll_requests: int = _count(2, "requests to Gitea of a poll that finds nothing")
    size: float = _said(5_000.0, "mean bytes of a file")
    spread: float = _said(0.0, "sigma of the logarithm of the size; 0: all files are equal")
    latency: float = _said(0.0, "seconds that each answer of Gitea takes at least")
    devpi_latency: float = _said(0.0, "the same of devpi")
    bandwidth: float = _said(1000.0, "Mbit/s of each host's link, each way")
    budget: float = _said(0.0, "Mbit/s that all downloads together may take; 0: no bound")
    shared_staging: bool = _yes("all workers see one staging directory", default=True)
    one_machine: bool = _yes("workers, servers, broker and ledger share the cores of one host")
    elsewhere: float = _part("of this one host's cores that strangers use")
    seed: int = _count(1, "of everything random")

    @property
    def pools(self) -> dict[tuple[str, ...], int]:
        """Processes of each host, by the queues that they serve."""
        each: dict[tuple[str, ...], int] = {
            ("discover",): self.discoverers,
            ("download",): self.downloaders,
            ("upload",): self.uploaders,
        }
        return {**each, QUEUES: self.mixed}

    @property
    def projects(self) -> int:
        """Projects of one mapping."""
        return max(1, round(self.files / self.mappings / self.project_files))
