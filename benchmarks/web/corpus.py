"""The corpus, started and asked what its hosts saw."""

import json
import subprocess
import sys
import urllib.request
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.web import pages
from benchmarks.web.names import CONTROL, address, hosts_file, netloc

LONGEST_S = 30.0


@dataclass(frozen=True)
class Seen:
    """What hosts saw, a row a request: number of host and page, when it arrived, when its answer had left (s)."""

    hosts: NDArray[np.int32]
    pages: NDArray[np.int32]
    begun: NDArray[np.float64]
    ended: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.hosts)

    @property
    def of_pages(self) -> NDArray[np.bool_]:
        return (self.pages >= 0) & (self.pages < pages.MOST_PAGES)

    @property
    def pictures(self) -> int:
        return int((self.pages == pages.PICTURE).sum())

    @property
    def distinct_pages(self) -> int:
        """Host and page, each counted once."""
        rows = self.of_pages
        return len(np.unique(self.hosts[rows].astype(np.int64) * pages.MOST_PAGES + self.pages[rows]))

    def gaps(self) -> NDArray[np.float64]:
        """Seconds from the end of an answer to the next request's arrival at the same host."""
        order = np.lexsort((self.begun, self.hosts))
        hosts, begun, ended = self.hosts[order], self.begun[order], self.ended[order]
        same = hosts[1:] == hosts[:-1]
        gaps: NDArray[np.float64] = (begun[1:] - ended[:-1])[same]
        return gaps


@dataclass(frozen=True)
class Corpus:
    web: pages.Web
    hosts_file: Path
    pid: int

    def origin(self, host: int) -> str:
        """By address: for who cannot be told where names lead."""
        return f"http://{netloc(address(host), self.web.port)}"

    def visits(self) -> int:
        """Requests of pages so far."""
        return int(json.loads(self._ask("count"))["pages"])

    def cpu_s(self) -> float:
        return float(json.loads(self._ask("count"))["cpu_s"])

    def clear(self) -> None:
        self._ask("clear")

    def seen(self) -> Seen:
        head, _, rest = self._ask("log").partition(b"\n")
        rows = int(json.loads(head)["rows"])
        columns: list[Any] = []
        at = 0
        for kind, size in (("i", 4), ("i", 4), ("d", 8), ("d", 8)):
            columns.append(np.frombuffer(array(kind, rest[at : at + rows * size]), dtype=kind))
            at += rows * size
        return Seen(*columns)

    def _ask(self, what: str) -> bytes:
        request = urllib.request.Request(
            f"http://{address(0)}:{self.web.port}/{what}", headers={"Host": CONTROL.decode(), "Connection": "close"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        answer: bytes = opener.open(request, timeout=LONGEST_S).read()
        return answer


@contextmanager
def corpus(web: pages.Web, core: int, home: Path) -> Iterator[Corpus]:
    """Served from that core until left; its hosts file lies in `home`."""
    numbers = (web.hosts, web.pages, int(web.across), core)
    command = [sys.executable, "-m", "benchmarks.web.server", *map(str, numbers)]
    file = home / "corpus-hosts"
    file.write_text(hosts_file(web.hosts))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        try:
            yield Corpus(replace(web, port=int(process.stdout.readline())), file, process.pid)
        finally:
            process.stdin.close()
