"""The sandbox web as a supervised process, and what a run needs from it: sites, known pictures, truth."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx

from deploy.local.mailsink import AGENCY_DOMAIN
from deploy.local.process import ProcessSpec
from haetae.summary import Mailbox, TruthPost

NAME = "sandbox"


class SandboxProcess:
    """`home` gets the sandbox's files: hosts, sites.csv, rooms.jsonl, known/, and `ready` with its ports."""

    def __init__(self, home: Path, *, seed: int, scale: float, mail_api: str, smtp: str = "") -> None:
        self.home = home
        self._http = httpx.AsyncClient(trust_env=False)
        self._mail_api = mail_api
        self.spec = ProcessSpec(
            name=NAME,
            command=(
                *(sys.executable, "-m", "sandbox", "serve", "--home", home),
                *("--seed", str(seed), "--scale", str(scale), "--mail-api", mail_api, "--smtp", smtp),
            ),
            ready=self._is_ready,
            before=self._forget,
            restarts=0,  # its truth would begin anew
        )

    async def _forget(self) -> None:
        (self.home / "ready").unlink(missing_ok=True)

    async def _is_ready(self) -> bool:
        return (self.home / "ready").exists()

    @property
    def hosts_file(self) -> Path:
        return self.home / "hosts"

    @property
    def rooms_file(self) -> Path:
        return self.home / "rooms.jsonl"

    @property
    def contacts_file(self) -> Path:
        return self.home / "contacts.toml"

    @property
    def rdap_bootstrap(self) -> str:
        """The directory of its registries."""
        return str(self._ready["rdap"])

    def rooms(self) -> set[str]:
        """Open rooms of which somebody must be warned."""
        sites = map(json.loads, self.rooms_file.read_text().splitlines())
        return {room for site in sites for room in site["options"]["rooms"]}

    @property
    def _control(self) -> str:
        return f"http://127.0.0.1:{self._ready['control_port']}"

    @property
    def _ready(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "ready").read_text()))

    async def truth(self) -> tuple[bool, list[TruthPost]]:
        """Whether nothing more will appear, and every post that has appeared and must be found."""
        answer = await self._get(f"{self._control}/truth")
        posts = [TruthPost.of(row) for row in answer["posts"]]
        return answer["complete"], [post for post in posts if post.status != "hidden"]

    async def requests(self) -> int:
        """Requests that the sandbox's hosts have answered."""
        stats = await self._get(f"{self._control}/stats")
        return int(stats["requests"])

    async def mailboxes(self) -> list[Mailbox]:
        """Those of recipients: what lies in the agency's own quotes its notices."""
        boxes: dict[str, list[dict[str, Any]]] = {}
        for mail in await self._get(f"{self._mail_api}/api/messages"):
            boxes.setdefault(mail["rcpt"], []).append(mail)
        return [
            Mailbox(
                address=address,
                message_ids=tuple(mail["message_id"] for mail in mails),
                bodies=tuple(mail["body"] for mail in mails),
                repeats=sum(mail["suppressed_repeats"] for mail in mails),
            )
            for address, mails in boxes.items()
            if not address.endswith(f"@{AGENCY_DOMAIN}")
        ]

    async def hosts(self) -> list[str]:
        """The names of its hosts, in the order in which they first posted."""
        return list(dict.fromkeys(post["host"] for post in await self._get(f"{self._control}/posts")))

    async def publish(self, host: str, kind: str) -> str:
        """A new post, now, found by nobody yet: its address. `kind` is picture, text or harmless."""
        answer = await self._http.post(f"{self._control}/posts", json={"host": host, "kind": kind})
        answer.raise_for_status()
        return str(answer.json()["url"])

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(self, url: str) -> Any:  # noqa: ANN401  # JSON
        answer = await self._http.get(url)
        answer.raise_for_status()
        return answer.json()
