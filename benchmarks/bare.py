"""The least work that copies the files: no check, no record, no second look.

A program of its own: ``python -m benchmarks.bare``. It logs in once, reads the list page by page and each
project's simple page, downloads with eight threads and uploads with two, on kept connections. It prints
the seconds from its first request to its last answer; the start of its interpreter does not count.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from urllib.parse import unquote, urljoin

import urllib3

from benchmarks.accounts import OWNER, PASSWORD, TOKEN, USER

DOWNLOADS, UPLOADS = 8, 2
_LINK = re.compile(r'href="([^"#]+)[^"]*"')


class Bare:
    """A source and a target, and nothing in between."""

    def __init__(self, gitea_url: str, devpi_url: str, index: str) -> None:
        self.packages = f"{gitea_url}/api/packages/{OWNER}/pypi"
        self.listing = f"{gitea_url}/api/v1/packages/{OWNER}"
        self.devpi_url = devpi_url
        self.index = index
        self.gitea = urllib3.PoolManager(maxsize=DOWNLOADS, block=True, retries=False)
        self.devpi = urllib3.PoolManager(maxsize=UPLOADS, block=True, retries=False)
        self.authorization = {"Authorization": f"token {TOKEN}"}

    def run(self) -> int:
        """Every file of the owner is on the index; how many there are."""
        self.login = self._login()
        with ThreadPoolExecutor(DOWNLOADS) as downloads, ThreadPoolExecutor(UPLOADS) as uploads:
            links = [link for page in downloads.map(self._links, self._projects()) for link in page]
            fetched = [downloads.submit(self._fetch, link) for link in links]
            sent = [uploads.submit(self._send, link, got) for link, got in zip(links, fetched, strict=True)]
            return sum(each.result() for each in sent)

    def _login(self) -> dict[str, str]:
        body = {"user": USER, "password": PASSWORD}
        answer = self.devpi.request("POST", f"{self.devpi_url}/+login", json=body)
        return urllib3.make_headers(basic_auth=f"{USER}:{answer.json()['result']['password']}")

    def _projects(self) -> list[str]:
        page, projects = 1, set[str]()
        while True:
            query = f"{self.listing}?type=pypi&limit=50&page={page}"
            rows = self.gitea.request("GET", query, headers=self.authorization).json()
            if not rows:
                return sorted(projects)
            projects |= {row["name"] for row in rows}
            page += 1

    def _links(self, project: str) -> list[str]:
        page = f"{self.packages}/simple/{project}"
        text = self.gitea.request("GET", page, headers=self.authorization).data.decode()
        return [urljoin(page, link) for link in _LINK.findall(text)]

    def _fetch(self, link: str) -> bytes:
        return self.gitea.request("GET", link, headers=self.authorization).data

    def _send(self, link: str, got: Future[bytes]) -> bool:
        project, version, filename = map(unquote, link.rsplit("/", 3)[1:])
        fields: dict[str, str | bytes | tuple[str, str | bytes] | tuple[str, str | bytes, str]] = {
            ":action": "file_upload",
            "name": project,
            "version": version,
            "content": (filename, got.result()),
        }
        url = f"{self.devpi_url}/{self.index}/"
        return self.devpi.request("POST", url, fields=fields, headers=self.login).status == 200


@dataclass(frozen=True, slots=True)
class Copied:
    """Seconds from the first request to the last answer, seconds of the CPU in between, and files."""

    seconds: float
    cpu: float
    files: int


def copy_all(gitea: str, devpi: str, index: str) -> Copied:
    """Everything of OWNER is on the index, copied by a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bare", gitea, devpi, index]
    return Copied(**json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def main() -> None:
    """Copy, and print what it took as JSON."""
    bare, began, cpu = Bare(*sys.argv[1:]), time.perf_counter(), time.process_time()
    files = bare.run()
    json.dump(asdict(Copied(time.perf_counter() - began, time.process_time() - cpu, files)), sys.stdout)


if __name__ == "__main__":
    main()
