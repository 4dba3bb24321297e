"""Ways to make a crawler ask where it must never go: literals in every spelling, other schemes, names that lie."""

from __future__ import annotations

from typing import Any

from tests.support.hostile import Case, http, page, redirect, robots

LITERALS = {
    "loopback": "http://127.0.0.1/",
    "loopback-with-port": "http://127.0.0.1:{TRAP}/",
    "loopback-other": "http://127.88.0.2/",
    "ten": "http://10.0.0.1/",
    "twelve-bits": "http://172.16.0.1/",
    "sixteen-bits": "http://192.168.0.1/",
    "link-local": "http://169.254.169.254/latest/",
    "carrier": "http://100.64.0.1/",
    "benchmark": "http://198.18.0.1/",
    "unspecified": "http://0.0.0.0/",
    "multicast": "http://224.0.0.1/",
    "broadcast": "http://255.255.255.255/",
    "v6-loopback": "http://[::1]/",
    "v6-loopback-with-port": "http://[::1]:{TRAP}/",
    "v6-unspecified": "http://[::]/",
    "v6-mapped": "http://[::ffff:127.0.0.1]/",
    "v6-mapped-in-hex": "http://[::ffff:7f00:1]/",
    "v6-compatible": "http://[::127.0.0.1]/",
    "v6-nat64": "http://[64:ff9b::7f00:1]/",
    "v6-6to4": "http://[2002:7f00:1::]/",
    "v6-link-local": "http://[fe80::1]/",
    "v6-unique-local": "http://[fd00::1]/",
    "decimal": "http://2130706433/",
    "hexadecimal": "http://0x7f000001/",
    "hexadecimal-parts": "http://0x7f.0.0.1/",
    "octal": "http://0177.0.0.1/",
    "two-parts": "http://127.1/",
    "zero": "http://0/",
    "with-user": "http://lantern@127.0.0.1/",
    "user-like-a-host": "http://ordinary.hostile.test@127.0.0.1/",
    "without-scheme": "//127.0.0.1:{TRAP}/",
    "backslash": "http:\\\\127.0.0.1:{TRAP}/",
    "localhost": "http://localhost/",
    "localhost-with-port": "http://localhost:{TRAP}/",
    "mail-port": "http://ports.rebind.test:25/",
    "database-port": "http://ports.rebind.test:5432/",
}
# No addresses of the web: a robots.txt that leads there is one that is not there (RFC 9309, 2.3.1.3).
NO_PAGES = {
    "full-width": "http://１２７.０.０.１/",
    "file": "file:///etc/hostname",
    "gopher": "gopher://127.0.0.1:{TRAP}/_lantern",
    "ftp": "ftp://127.0.0.1:{TRAP}/",
    "dict": "dict://127.0.0.1:{TRAP}/d:lantern",
    "data": "data:text/plain,User-agent",
    "script": "javascript:void(0)",
    "unix": "http+unix://%2Ftmp%2Flantern/",
}
# Name → (TTL in s, addresses). The public one is nobody's here: see `Dials`.
PUBLIC = "11.88.0.1"
NAMES = {
    "private.rebind.test": (60, ["10.0.0.1"]),
    "loopback.rebind.test": (60, ["127.0.0.1"]),
    "metadata.rebind.test": (60, ["169.254.169.254"]),
    "mixed.rebind.test": (60, [PUBLIC, "127.0.0.1"]),
    "mixed-v6.rebind.test": (60, [PUBLIC, "::1"]),
    "mapped.rebind.test": (60, ["::ffff:127.0.0.1"]),
    "unique-local.rebind.test": (60, ["fd00::1"]),
    "ports.rebind.test": (60, [PUBLIC]),
}
FLIPS = "flips.rebind.test"


class Records(dict[str, tuple[int, list[str]]]):
    """`FLIPS` is public when it is asked for first (IPv4 and IPv6), private ever after, and never to be remembered."""

    flips = 0

    def get(self, name: str, default: Any = None) -> Any:
        if name != FLIPS:
            return super().get(name, default)
        self.flips += 1
        return 0, [PUBLIC if self.flips <= 2 else "127.0.0.1"]


def private_cases(trap: int) -> list[Case]:
    to = {name: url.replace("{TRAP}", str(trap)) for name, url in LITERALS.items()}
    odd = {name: url.replace("{TRAP}", str(trap)) for name, url in NO_PAGES.items()}
    return [
        *(Case(f"robots-to-{name}", robots(redirect(url)), "refused") for name, url in to.items()),
        *(Case(f"robots-to-{name}", robots(redirect(url)), told=True) for name, url in odd.items()),
        Case("page-to-private", {"/": redirect(f"http://127.0.0.1:{trap}/")}),
        Case("links-to-private", {"/": http(page("".join(f'<a href="{url}">gate</a>' for url in to.values())))}),
        _pictures(list(to.values())),
        *(
            Case(name.partition(".")[0], {}, "refused", start=f"http://{name}/")
            for name in NAMES
            if "ports" not in name
        ),
        Case("start-loopback", {}, "refused", start=f"http://127.0.0.1:{trap}/"),
        Case("start-v6-loopback", {}, "refused", start=f"http://[::1]:{trap}/"),
        Case("start-metadata", {}, "refused", start="http://169.254.169.254/"),
        Case("nowhere", {}, "robots.*dns", start="http://nowhere.rebind.test/"),
        Case("servfail", {}, "robots.*dns", start="http://servfail.rebind.test/"),
        Case("flips", {}, "", start=f"http://{FLIPS}/", told=True),
    ]


def _pictures(urls: list[str]) -> Case:
    """Half of them are on the page as they are, half behind a redirect of its own host."""
    direct, behind = urls[::2], urls[1::2]
    shown = [*direct, *(f"/{number}.png" for number in range(len(behind)))]
    said = "".join(f'<img src="{url}">' for url in shown)
    moved = {f"/{number}.png": redirect(url) for number, url in enumerate(behind)}
    return Case(
        "pictures-to-private", {"/": http(page(page().decode() + said)), **moved}, "20 pictures", told=True, pictures=0
    )
