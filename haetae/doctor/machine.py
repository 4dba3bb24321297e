"""The machine under the services: room, limits, browser, fonts."""

import asyncio
import os
import resource
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import Patient
from shared.browser.chromium import find_chromium
from shared.browser.instance import Instance
from shared.browser.processes import ENOUGH_SHARED, SHARED
from shared.failures import Transient

MACHINE, BROWSER = Subject("machine"), Subject("browser")
MiB, GiB = 1 << 20, 1 << 30
FREE_BYTES, FREE_SHARE = 2 * GiB, 0.05  # PostgreSQL's log of a busy hour; most file systems slow down when nearly full
FREE_INODES = 0.05
# Files that one process has open: the crawler's hosts and requests, each with its sockets, and the databases'.
OPEN_FILES = 4096
KOREAN = "lang=ko"


@dataclass(frozen=True)
class Room:
    path: Path
    size: int
    free: int
    inodes: int
    free_inodes: int


async def look(patient: Patient) -> Sequence[Diagnosis]:
    """Where temporary files go, and where this runs: the folder of an embedded stack is usually below it."""
    places = dict.fromkeys([Path.cwd(), Path(tempfile.gettempdir())])
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = [fault for path in places for fault in judge_room(room(path))] + list(judge_open_files(soft))
    return found or [MACHINE.ok("room", f"{room(Path.cwd()).free / GiB:,.0f} GiB free, {soft:,} open files")]


def room(path: Path) -> Room:
    told = os.statvfs(path)
    return Room(path, told.f_blocks * told.f_frsize, told.f_bavail * told.f_frsize, told.f_files, told.f_favail)


def judge_room(here: Room) -> Iterator[Diagnosis]:
    if here.free < FREE_BYTES or here.free < here.size * FREE_SHARE:
        said = f"{here.free / MiB:,.0f} MiB are free at {here.path}"
        yield MACHINE.failed("disk", said, "make room, or give a larger volume")
    if here.inodes and here.free_inodes < here.inodes * FREE_INODES:
        said = f"{here.free_inodes:,} of {here.inodes:,} inodes are free at {here.path}"
        yield MACHINE.failed("inodes", said, "remove small files, or make the file system anew with more inodes")


def judge_open_files(limit: int) -> Iterator[Diagnosis]:
    if 0 <= limit < OPEN_FILES:
        said = f"a process may have {limit:,} files open; a busy crawler needs {OPEN_FILES:,}"
        yield MACHINE.warning("open files", said, f"ulimit -n {OPEN_FILES} (systemd: LimitNOFILE=)")


async def look_browser(patient: Patient) -> Sequence[Diagnosis]:
    if getattr(patient.settings, "renderers", 1) == 0:
        return [BROWSER.skipped("Chromium", "the crawler draws no pages (HAETAE_RENDERERS=0)")]
    found = [*judge_shared(_shared_bytes())]
    try:
        instance = await Instance.start(find_chromium(patient.settings.chromium))
    except Transient as error:
        said = str(error).splitlines()[0][:200]
        cure = "install chromium (apt-get install chromium), or name it in HAETAE_CHROMIUM"
        return [*found, BROWSER.failed("Chromium", said, cure)]
    try:
        found.append(BROWSER.ok("Chromium", f"{instance.browser.version} starts"))
    finally:
        await instance.stop()
    if os.geteuid() == 0:
        said = "it runs without its sandbox, because this process is root's"
        found.append(BROWSER.warning("sandbox", said, "run the service as another user"))
    return found


def _shared_bytes() -> int:
    return room(SHARED).size if SHARED.is_dir() else 0


def judge_shared(size: int) -> Iterator[Diagnosis]:
    if size < ENOUGH_SHARED:
        said = f"{SHARED} has {size // MiB} MiB: pictures of pages lie on a disk while they are drawn"
        yield BROWSER.warning("shared memory", said, "give it 512 MiB (container: shm_size, or an emptyDir of Memory)")


async def look_fonts(patient: Patient) -> Sequence[Diagnosis]:
    """Letters that no font has are drawn as boxes, in captures and in what proves them."""
    program = shutil.which("fc-list")
    if program is None:
        return [BROWSER.skipped("fonts", "fontconfig's fc-list is not installed")]
    process = await asyncio.create_subprocess_exec(program, f":{KOREAN}", "family", stdout=-1, stderr=-1)
    out, _ = await process.communicate()
    families = {line.split(b",")[0].decode(errors="replace") for line in out.splitlines() if line.strip()}
    if families:
        return [BROWSER.ok("fonts", f"Korean is drawn in {min(families)}")]
    return [BROWSER.failed("fonts", "none has Korean letters", "apt-get install fonts-noto-cjk")]
