"""Pages that are empty until a script fills them (pure)."""

import re

from turbohtml import Document

LITTLE = 200  # characters of text: a loading sign, a name
FEW_LINKS, FEW_PICTURES = 10, 2
# What the common frameworks fill.
ROOTS = "#root, #app, #__next, #__nuxt, #___gatsby, #q-app, #svelte, #app-root, app-root, [ng-app], [data-reactroot]"
# Whoever names it in a `noscript` part or on an otherwise empty page asks for it, in whatever language.
NAME = re.compile(r"java[\s-]?script|자바\s?스크립트|ジャバスクリプト|джава\s?скрипт|จาวาสคริปต์", re.IGNORECASE)
LOOKED_AT = 2_000


def needs_browser(page: Document, links: int) -> bool:
    """An empty shell: next to no text, links and pictures, but scripts, and a part to be filled or a word about it."""
    if links >= FEW_LINKS or page.find("script") is None or len(page.find_all("img")) > FEW_PICTURES:
        return False
    asked = " ".join(node.to_text() for node in page.find_all("noscript"))
    body = page.find("body")
    shown = body.to_text() if body else ""
    if len(shown) - len(asked) > LITTLE:
        return False
    return page.select_one(ROOTS) is not None or NAME.search((asked or shown)[:LOOKED_AT]) is not None
