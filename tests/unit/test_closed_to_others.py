"""What is bounded at the door of a process, and a stack's folder that others could look into."""

import asyncio
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from deploy.local.home import Home, HomeOpen
from shared import web

ASKED = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"


async def test_a_connection_too_many_is_told_so_and_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MOST_OPEN", 3)
    asked = 0

    async def here(_: Request) -> PlainTextResponse:
        nonlocal asked
        asked += 1
        return PlainTextResponse("here")

    app = Starlette(routes=[Route("/", here)])
    async with asyncio.timeout(20), web.serving(app, "127.0.0.1", 0) as port:
        told, open_ = [], []
        for _ in range(3):
            read, write = await asyncio.open_connection("127.0.0.1", port)
            open_.append(write)
            write.write(ASKED)
            told.append(await read.readline())
        for write in open_:
            write.close()
    assert told == [b"HTTP/1.1 200 OK\r\n"] * 2 + [b"HTTP/1.1 503 Service Unavailable\r\n"]
    assert asked == 2


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_home_that_was_there_is_closed(tmp_path: Path) -> None:
    for name in ("empty", "used"):
        folder = tmp_path / name
        if name == "used":
            Home(folder).release()
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        Home(folder).release()
        assert mode(folder) == 0o700, name


def test_an_open_folder_of_other_things_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "letter").touch()
    folder.chmod(0o755)
    with pytest.raises(HomeOpen, match=r"others can look into .*desk.*--home.*chmod 700"):
        Home(folder)
    assert (mode(folder), [path.name for path in folder.iterdir()]) == (0o755, ["letter"])
    folder.chmod(0o700)
    Home(folder).release()


def test_somebody_elses_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(HomeOpen, match=r"another user.*--home"):
        Home(tmp_path)
