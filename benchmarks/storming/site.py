"""Hosts that take their time, as hosts of the web do: each page answers after `pause_s`. Neutral stand-ins."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from PIL import Image

from haetae_verify.canonical import digest
from shared.events.values import Finding, Picture
from shared.identity import identity
from shared.web import serving

ADDRESS = "127.0.0.1"
HOSTS = 24  # more than are asked at the same time
TEXT = "The lantern parcel number {number} waits at gate seven until the evening ferry has left the northern pier. "


@dataclass(frozen=True)
class Site:
    port: int
    picture: bytes
    hosts_file: Path

    def finding(self, number: int, example: Finding) -> Finding:
        """As the crawler reads page `number`; where it was found is the example's."""
        base = f"http://{_host(number)}:{self.port}"
        picture = Picture(url=f"{base}/picture.png", sha256=digest(self.picture), bytes=len(self.picture))
        told: dict[str, Any] = {
            "url": f"{base}/page/{number}",
            "content_id": identity("content", base, number),
            "title": f"Parcel {number}",
            "excerpt": TEXT.format(number=number) * 3,
            "pictures": (picture,),
        }
        return Finding.model_validate({**example.model_dump(), **told})


@asynccontextmanager
async def open_site(folder: Path, pause_s: float) -> AsyncIterator[Site]:
    picture = _drawn()
    hosts = folder / "hosts"
    hosts.write_text("".join(f"{ADDRESS} {_host(number)}\n" for number in range(HOSTS)))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/page/{number}")
    async def page(number: int) -> Response:
        await asyncio.sleep(pause_s)
        body = f"<p>{TEXT.format(number=number)}</p>" * 3
        html = (
            f"<!doctype html><title>Parcel {number}</title><main>{body}<img src='/picture.png' alt='a gradient'></main>"
        )
        return Response(html, media_type="text/html")

    @app.get("/picture.png")
    async def image() -> Response:
        return Response(picture, media_type="image/png")

    async with serving(app, ADDRESS, 0) as port:
        yield Site(port, picture, hosts)


def _host(number: int) -> str:
    return f"quay-{number % HOSTS}.test"


def _drawn() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((320, 240)).convert("RGB").save(out, "PNG")
    return out.getvalue()
