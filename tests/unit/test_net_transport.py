"""httpx's own client over the guard."""

import gzip
from pathlib import Path

import httpx
import pytest

from shared.net import AddressRefused, Fetcher, NetSettings
from shared.net.transport import Transport
from tests.support.raw_server import plain, raw_server


async def test_httpx_reads_the_web_over_the_guard(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.78.0.1 open.test")
    async with raw_server() as server, Fetcher(NetSettings(allowed_hosts_file=hosts)) as fetcher:
        server.answers |= {
            "/r": plain(b"", "Location: /end", status="302 Found"),
            "/inside": plain(b"", "Location: http://127.78.0.1/", status="302 Found"),
            "/end": plain(gzip.compress(b"page"), "Content-Encoding: gzip", "Set-Cookie: a=1", "Set-Cookie: b=2"),
        }
        base = f"http://open.test:{server.port}"
        async with httpx.AsyncClient(transport=Transport(fetcher), base_url=base, follow_redirects=True) as client:
            got = await client.get("/r", headers={"X-Test": "1"})
            assert (got.text, got.headers.get_list("set-cookie"), str(got.url)) == (
                "page",
                ["a=1", "b=2"],
                f"{base}/end",
            )
            with pytest.raises(AddressRefused):
                await client.get("/inside")
            with pytest.raises(httpx.UnsupportedProtocol):
                await client.post("/end")
        assert b"X-Test: 1" in server.requests[0]
        assert b"User-Agent: Haetae/0.1" in server.requests[0]
        assert server.requests[0].count(b"Accept-Encoding") == 1
