"""What a screen reader has of a page: Chromium's own accessibility tree, and the keys that it passes on. Nothing is
seen, and nothing is found by its place or its markup."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import CDPSession, Page

from tests.support.poll import eventually

LANDMARKS = ("RootWebArea", "main")  # where the skip link leads: one of each, which needs no name


@dataclass(frozen=True)
class Node:
    """`states`: what is said beside role and name: checked, expanded, focused, level, live …"""

    role: str
    name: str
    states: dict[str, Any] = field(hash=False)
    place: int
    within: str  # all text below it, in order


class Reader:
    def __init__(self, page: Page, session: CDPSession) -> None:
        self._page, self._session = page, session

    @classmethod
    async def of(cls, page: Page) -> Reader:
        session = await page.context.new_cdp_session(page)
        await session.send("Accessibility.enable")
        return cls(page, session)

    async def nodes(self) -> Sequence[Node]:
        """In the order in which they are read."""
        raw = (await self._session.send("Accessibility.getFullAXTree"))["nodes"]
        by_id = {one["nodeId"]: one for one in raw}
        return [_node(one, by_id) for one in raw if not one["ignored"] and "backendDOMNodeId" in one]

    async def find(self, role: str, name: str, **states: object) -> Node:
        """The one with this role, these words in its name and these states, as soon as it is there."""

        async def there() -> Node | None:
            found = [node for node in await self.nodes() if node.role == role and name in node.name]
            fitting = [node for node in found if states.items() <= node.states.items()]
            return fitting[0] if fitting else None

        return await _once(there)

    async def hear(self, words: str) -> Node:
        """A live region that says so."""

        async def said() -> Node | None:
            live = [node for node in await self.nodes() if node.states.get("live") in ("polite", "assertive")]
            return next((node for node in live if words in node.within), None)

        return await _once(said)

    async def press(self, node: Node, key: str = "Enter") -> None:
        await self._session.send("DOM.focus", {"backendNodeId": node.place})
        await self._page.keyboard.press(key)

    async def type(self, node: Node, words: str) -> None:
        await self._session.send("DOM.focus", {"backendNodeId": node.place})
        await self._page.keyboard.insert_text(words)

    async def nameless(self) -> list[str]:
        """What can be reached and says nothing of itself."""
        return [
            f"{node.role} {node.states}"
            for node in await self.nodes()
            if node.states.get("focusable") and not node.name and node.role not in LANDMARKS
        ]


async def _once(look: Callable[[], Awaitable[Node | None]]) -> Node:
    """What it gives, when it gives something: pages change while they are read."""
    found: list[Node] = []

    async def looked() -> bool:
        found[:] = [node] if (node := await look()) else []
        return bool(found)

    await eventually(looked)
    return found[0]


def _node(raw: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> Node:
    states = {one["name"]: one["value"].get("value") for one in raw.get("properties", ())}
    states = {name: {"true": True, "false": False}.get(value, value) for name, value in states.items()}
    name = raw.get("name", {}).get("value", "")
    return Node(raw["role"]["value"], name, states, raw["backendDOMNodeId"], " ".join(_words(raw, by_id)))


def _words(raw: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> Sequence[str]:
    below = [word for child in raw.get("childIds", ()) if child in by_id for word in _words(by_id[child], by_id)]
    own = raw.get("name", {}).get("value", "") if not raw["ignored"] and raw["role"]["value"] == "StaticText" else ""
    return [own, *below] if own else below
