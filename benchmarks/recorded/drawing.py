"""A figure beside its peers as bars from zero, one SVG that needs nothing else, readable on light and on dark. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from benchmarks.recorded.words import number

WIDTH, LEFT, RIGHT, TOP, HIGH, GAP = 760.0, 250.0, 90.0, 34.0, 20.0, 8.0
LONGEST_NAME = 36
# Whoever's scheme cannot be asked sees the light one, on its own ground.
STYLE = """<style>
svg{font-family:sans-serif;font-size:12px}
.ground{fill:#fff}text{fill:#222}.ours{fill:#1b4f8a}.peer{fill:#9a9a9a}
.floor{fill:none;stroke:#777;stroke-dasharray:3 2}
@media (prefers-color-scheme:dark){
.ground{fill:#16181c}text{fill:#e4e4e4}.ours{fill:#6aa5e8}.peer{fill:#757575}.floor{stroke:#a0a0a0}}
</style>"""

Kind = Literal["ours", "peer", "floor"]


@dataclass(frozen=True)
class Bar:
    name: str
    value: float
    kind: Kind


def drawn(title: str, bars: Sequence[Bar]) -> str:
    height = TOP + len(bars) * (HIGH + GAP) + GAP
    most = max((bar.value for bar in bars), default=0.0) or 1.0
    body: list[str] = []
    for place, bar in enumerate(bars):
        body += _row(bar, TOP + place * (HIGH + GAP), most)
    return framed(title, height, STYLE, body)


def framed(title: str, height: float, style: str, body: Sequence[str]) -> str:
    """A picture as wide as all of ours, its title in the first `TOP`. `style`: with a colour for `ground`."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}" width="{WIDTH:g}" role="img">'
    ground = '<rect class="ground" width="100%" height="100%"/>'
    titled = f'<text x="12" y="20" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, style, ground, titled, *body, "</svg>", ""])


def _row(bar: Bar, top: float, most: float) -> list[str]:
    wide = max(1.0, round((WIDTH - LEFT - RIGHT) * max(0.0, bar.value) / most, 1))
    middle = top + HIGH / 2 + 4
    name = bar.name if len(bar.name) <= LONGEST_NAME else bar.name[: LONGEST_NAME - 1] + "…"
    return [
        f'<text x="{LEFT - 8:g}" y="{middle:g}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{bar.kind}" x="{LEFT:g}" y="{top:g}" width="{wide:g}" height="{HIGH:g}"/>',
        f'<text x="{LEFT + wide + 6:g}" y="{middle:g}">{number(bar.value)}</text>',
    ]
