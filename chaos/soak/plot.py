"""Series over time as lines, one SVG that needs nothing else, readable on light and on dark. Pure."""

from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.recorded.drawing import TOP, WIDTH, framed
from benchmarks.recorded.words import number

LEFT, RIGHT, HIGH, BELOW = 64.0, 150.0, 260.0, 30.0
LINES = ("#1b4f8a", "#c2571a", "#2d7d46", "#7a3e9d", "#b03060", "#6b6b2a", "#3a8fa3", "#8a6d3b")
STEPS = 4
APART = 13.0  # names beside the lines' ends, so that none covers another
STYLE = """<style>
svg{font-family:sans-serif;font-size:12px}
.ground{fill:#fff}text{fill:#222}.grid{stroke:#ddd}polyline{fill:none;stroke-width:1.4}
@media (prefers-color-scheme:dark){
.ground{fill:#16181c}text{fill:#e4e4e4}.grid{stroke:#333}polyline{filter:brightness(1.7)}}
</style>"""


def drawn(title: str, minutes: Sequence[float], lines: Mapping[str, Sequence[float]]) -> str:
    """`lines`: by name, as many values as `minutes`. From zero."""
    longest = max(minutes, default=0.0) or 1.0
    most = max((value for line in lines.values() for value in line), default=0.0) or 1.0

    def place(minute: float, value: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * minute / longest
        return round(across, 1), round(TOP + HIGH * (1 - value / most), 1)

    body: list[str] = []
    for step in range(STEPS + 1):
        _, y = place(0, most * step / STEPS)
        body.append(f'<line class="grid" x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y:g}" y2="{y:g}"/>')
        body.append(f'<text x="{LEFT - 6:g}" y="{y + 4:g}" text-anchor="end">{number(most * step / STEPS)}</text>')
        x, _ = place(longest * step / STEPS, 0)
        told = f"{longest * step / STEPS:.0f} min"
        body.append(f'<text x="{x:g}" y="{TOP + HIGH + 18:g}" text-anchor="middle">{told}</text>')
    labels = _apart({name: place(longest, line[-1])[1] for name, line in lines.items() if line})
    for order, (name, line) in enumerate(lines.items()):
        colour = LINES[order % len(LINES)]
        points = " ".join(
            f"{x:g},{y:g}" for x, y in (place(at, value) for at, value in zip(minutes, line, strict=True))
        )
        body.append(f'<polyline stroke="{colour}" points="{points}"/>')
        if name in labels:
            x = WIDTH - RIGHT + 6
            body.append(f'<text x="{x:g}" y="{labels[name]:g}" style="fill:{colour}">{escape(name)}</text>')
    return framed(title, TOP + HIGH + BELOW, STYLE, body)


def _apart(wanted: Mapping[str, float]) -> dict[str, float]:
    """From below upwards, each at least `APART` over the one before."""
    placed: dict[str, float] = {}
    free = TOP + HIGH + 4
    for name, y in sorted(wanted.items(), key=lambda one: -one[1]):
        placed[name] = round(min(y + 4, free), 1)
        free = placed[name] - APART
    return placed
