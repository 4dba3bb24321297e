"""The sandbox over real sockets, with real mail."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

import aiosmtplib
import httpx
import pytest
from PIL import Image

from haetae.imports import format_of, lines_of, names_here
from sandbox import Sandbox
from sandbox.model import Behaviour, Finding, Status
from sandbox.rooms import HOST, ROOM
from services.crawler.connectors.matrix import MatrixOptions, Rooms
from services.crawler.connectors.port import Basis, Source
from services.crawler.registry.sites import parse_sites
from shared.events import LawfulBasis
from shared.events.values import Site, SiteKind
from shared.net import Fetched
from tests.support.poll import eventually
from tests.support.sandbox import BROWSER, CRAWLER
from tests.support.stack import Mail

# The smallest world; its forty seconds pass in less than one.
SCALE, PACE = 0.1, 60.0


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox(tmp_path, scale=SCALE, pace=PACE) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield http


class Visitor:
    """Asks a sandbox's hosts by name, as a crawler with its hosts file would."""

    def __init__(self, sandbox: Sandbox, client: httpx.AsyncClient, agent: str = BROWSER) -> None:
        self.sandbox, self.client, self.agent = sandbox, client, agent
        lines = (sandbox.home / "hosts").read_text().split("\n")
        self.addresses = {name: address for address, _, name in (line.partition(" ") for line in lines) if name}

    async def get(self, url: str, method: str = "GET", **headers: str) -> httpx.Response:
        asked = httpx.URL(url)
        there = asked.copy_with(host=self.addresses[asked.host])
        named = {"Host": asked.netloc.decode(), "User-Agent": self.agent, **headers}
        return await self.client.request(method, there, headers=named)

    async def truth(self) -> dict[str, object]:
        answer = await self.client.get(f"http://127.0.0.1:{self.sandbox.control_port}/truth")
        return dict(answer.json())

    async def order(self, path: str, **fields: object) -> httpx.Response:
        return await self.client.post(f"http://127.0.0.1:{self.sandbox.control_port}{path}", json=fields)


@pytest.fixture
def visitor(sandbox: Sandbox, client: httpx.AsyncClient) -> Visitor:
    return Visitor(sandbox, client)


async def test_home_has_everything_that_a_run_needs(sandbox: Sandbox, visitor: Visitor) -> None:
    home = sandbox.home
    assert json.loads((home / "ready").read_text())["port"] == sandbox.port
    sites = list(csv.DictReader(io.StringIO((home / "sites.csv").read_text())))
    assert [row["abuse_email"] for row in sites] == [host.abuse_address for host in sandbox.world.hosts]
    for row in sites:
        assert (await visitor.get(row["url"])).status_code == 200
    assert len(list((home / "known").glob("*.png"))) == 12
    assert all(Image.open(path).format == "PNG" for path in (home / "known").glob("*.png"))
    static = json.loads((home / "truth.json").read_text())["posts"]
    assert {row["url"] for row in static} == {row["url"] for row in (await visitor.truth())["posts"]}  # type: ignore[attr-defined]


async def test_the_open_room_is_a_source_that_its_connector_reads_once(sandbox: Sandbox, visitor: Visitor) -> None:
    file = sandbox.home / "rooms.jsonl"
    (site,), problems = parse_sites([*lines_of(file)], format_of(file), names_here())
    assert problems == []
    now = datetime.now(UTC)
    options = MatrixOptions(rooms=(ROOM,), basis=LawfulBasis.OPEN_ROOM)
    shown = Site(host=HOST, name="", kind=SiteKind.CHAT)
    source = Source(shown, site.start_url, options, Basis(LawfulBasis.OPEN_ROOM, ""), None, now)

    async def ask(url: str, **_: object) -> Fetched:
        answer = await visitor.get(url)
        return Fetched(url, url, answer.status_code, dict(answer.headers), answer.content, "")

    first = await Rooms().read(source, ask)
    (read,) = first.conversations
    assert (read.name, first.problem) == (ROOM, None)
    assert 20 <= len(read.said) <= 90
    assert {said.speaker for said in read.said} >= {f"@speaker0:{HOST}", f"@speaker1:{HOST}"}
    again = await Rooms().read(replace(source, cursor=first.cursor), ask)
    assert (again.conversations, again.problem) == ((), None)


async def test_everything_appears_and_truth_says_so(sandbox: Sandbox, visitor: Visitor) -> None:
    async def complete_but_for_reuploads() -> bool:
        return (await visitor.truth())["pending_timed"] == 0

    await eventually(complete_but_for_reuploads)
    rows = (await visitor.truth())["posts"]
    assert isinstance(rows, list)
    for row in rows:
        wanted = 404 if row["status"] == Status.HIDDEN else 200
        assert (await visitor.get(row["url"])).status_code == wanted


async def test_head_and_revalidation_send_no_body(sandbox: Sandbox, visitor: Visitor) -> None:
    url = sandbox.url(sandbox.world.hosts[0].name, "/about")
    full = await visitor.get(url)
    assert full.headers["ETag"]
    assert full.headers["Date"]
    head = await visitor.get(url, "HEAD")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(full.content)))
    again = await visitor.get(url, **{"If-None-Match": full.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await visitor.get(url, "PUT")).status_code == 405


async def test_unknown_hosts_and_broken_requests_are_refused(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    address, port = sandbox.world.hosts[0].address, sandbox.port
    assert (await client.get(f"http://{address}:{port}/")).status_code == 421
    for raw, status in ((b"hello\r\n\r\n", b"400"), (b"GET / HTTP/1.1\r\nA: " + b"x" * 20_000, b"431")):
        reader, writer = await asyncio.open_connection(address, port)
        writer.write(raw)
        assert (await reader.read()).split(b" ")[1] == status
        writer.close()


async def test_pipelined_requests_are_answered_in_order(sandbox: Sandbox) -> None:
    host = sandbox.world.hosts[0]
    reader, writer = await asyncio.open_connection(host.address, sandbox.port)
    targets = ["/robots.txt", "/nothing", "/style.css"]
    writer.write(b"".join(f"GET {target} HTTP/1.1\r\nHost: {host.name}\r\n\r\n".encode() for target in targets))
    writer.write(f"GET /about HTTP/1.1\r\nHost: {host.name}\r\nConnection: close\r\n\r\n".encode())
    answers = await reader.read()
    writer.close()
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200", b"200"]
    assert answers.index(b"User-agent: *") < answers.index(b"body{margin")


async def test_statistics_show_impoliteness_and_disobedience(sandbox: Sandbox, visitor: Visitor) -> None:
    host = sandbox.world.hosts[1].name
    visitor.agent = CRAWLER
    for path in ("/", "/about", "/private/inbox"):
        await visitor.get(sandbox.url(host, path))
    visitor.agent = BROWSER
    await visitor.get(sandbox.url(host))
    stats = (await visitor.client.get(f"http://127.0.0.1:{sandbox.control_port}/stats")).json()
    crawler = stats["hosts"][host]["crawler"]
    assert (crawler["requests"], crawler["disallowed"], stats["requests"]) == (3, 1, 4)
    assert 0 < crawler["smallest_gap_s"] < 5
    assert stats["hosts"][host]["browser"]["smallest_gap_s"] is None


async def test_hooks_publish_and_take_down(sandbox: Sandbox, visitor: Visitor) -> None:
    host = sandbox.world.hosts[0].name
    posted = (
        await visitor.order("/posts", host=host, kind="picture", known="standin-fern", transform="mirrored")
    ).json()
    assert (await visitor.get(posted["url"])).status_code == 200
    rows = (await visitor.truth())["posts"]
    assert isinstance(rows, list)
    assert posted["url"] in {row["url"] for row in rows}
    await visitor.order(f"/operators/{host}", behaviour="pretend")
    assert (await visitor.order("/takedown", url=posted["url"])).json() == {"status": "pretended"}
    assert (await visitor.order("/takedown", url=posted["url"], behaviour="at_once")).json() == {"status": "removed"}
    assert (await visitor.get(posted["url"])).status_code in (404, 410)


@pytest.mark.parametrize(
    ("path", "fields", "named"),
    [
        ("/posts", {"host": "nowhere.test"}, "host:"),
        ("/posts", {"kind": "video"}, "kind:"),
        ("/posts", {"kind": "picture", "known": "x"}, "known:"),
        ("/posts", {"kind": "picture", "transform": "x"}, "transform:"),
        ("/takedown", {"url": 5}, "url:"),
        ("/nothing", {}, "/takedown"),
    ],
)
async def test_wrong_orders_name_field_and_cure(
    sandbox: Sandbox, visitor: Visitor, path: str, fields: dict[str, object], named: str
) -> None:
    refused = await visitor.order(path, **{"host": sandbox.world.hosts[0].name, **fields})
    assert refused.status_code == 400
    assert named in refused.json()["error"]


async def test_operators_read_their_real_mail_and_not_that_of_an_earlier_world(
    tmp_path: Path, client: httpx.AsyncClient, mail: Mail
) -> None:
    async with Sandbox(tmp_path / "first", scale=SCALE, pace=PACE) as first:
        port = first.port
        post = next(p for p in first.world.posts if p.finding is Finding.PICTURE and p.appears_after_s == 0.0)
        host = first.live.hosts[post.host]
        assert host.behaviour is Behaviour.AT_ONCE
    url = f"http://{post.host}:{port}{post.path}"
    await _send(mail, host.abuse_address, url)
    async with Sandbox(tmp_path, scale=SCALE, pace=PACE, mail_api=mail.api, port=port) as sandbox:
        visitor = Visitor(sandbox, client)
        await _send(mail, "abuse@registrar.test", url)
        await eventually(lambda: sandbox.operators.counts.other_mail == 1)
        assert (await visitor.get(url)).status_code == 200
        await _send(mail, host.abuse_address, url)
        await eventually(lambda: sandbox.live.posts[post.key].status is Status.REMOVED)
        assert (await visitor.get(url)).status_code in (404, 410)
        assert sandbox.operators.as_json()["read"] == 1


async def test_operators_answer_by_real_mail_in_the_thread_of_the_notice(tmp_path: Path, mail: Mail) -> None:
    smtp = f"{mail.host}:{mail.port}"
    async with Sandbox(tmp_path, scale=SCALE, pace=PACE, mail_api=mail.api, smtp=smtp) as sandbox:
        host = next(one for one in sandbox.world.hosts if one.behaviour is Behaviour.NEVER)
        await _send(mail, host.abuse_address, sandbox.url(host.name))

        async def answers() -> list[str]:
            return [one["from"] for one in await mail.messages("desk@agency.test")]

        await eventually(answers)
        assert await answers() == [host.abuse_address]


async def _send(mail: Mail, to: str, url: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "desk@agency.test", to, "Request for removal 삭제 요청"
    message["Message-ID"] = make_msgid(domain="agency.test")
    message.set_content(f"다음 주소의 게시물을 삭제해 주십시오: {url}을 확인하십시오.\n")
    await aiosmtplib.send(message, hostname=mail.host, port=mail.port)


async def test_command_line_serves_until_told_to_stop(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "serve", "--home", tmp_path, "--scale", "0.1"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await eventually((tmp_path / "ready").exists)
        port = json.loads((tmp_path / "ready").read_text())["control_port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        assert b'"hosts": 7' in await reader.read()
        writer.close()
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = await process.communicate()
    assert process.returncode == 0
    assert b"7 hosts on port" in output
    assert not (tmp_path / "ready").exists()
