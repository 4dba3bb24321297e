"""Curves below one another over the same time, as one SVG that needs nothing else: each line has its own stroke and its
name at its end, so that no colour is needed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from services.gateway.figures.charts.lines import spread
from services.gateway.figures.charts.scale import ticks

WIDTH, LEFT, RIGHT, TOP, HIGH, GAP = 760.0, 64.0, 150.0, 40.0, 150.0, 46.0
STROKES = (("#1b4f8a", ""), ("#b04a1c", "7 4"), ("#3d7a3d", "2 3"))
STYLE = "font-family:sans-serif;font-size:12px;fill:#222"

Point = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """`series`: name and points. `stepped`: a value holds until the next."""

    title: str
    series: Sequence[tuple[str, Sequence[Point]]]
    stepped: bool = False


def drawn(title: str, axis: str, panels: Sequence[Panel], longest: float) -> str:
    """`axis`: what stands below; `longest`: where the axis of time ends, in its unit."""
    height = TOP + len(panels) * (HIGH + GAP) + 12
    body = [f'<text x="{LEFT}" y="20" font-weight="bold">{escape(title)}</text>']
    for number, panel in enumerate(panels):
        body += _panel(panel, TOP + number * (HIGH + GAP) + 14, longest)
    body += [f'<text x="{LEFT}" y="{height - 6}">{escape(axis)}</text>']
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img"'
    inside = "\n".join(body)
    return f'{head} style="{STYLE}">\n<rect width="100%" height="100%" fill="#fff"/>\n{inside}\n</svg>\n'


def _panel(panel: Panel, top: float, longest: float) -> list[str]:
    bottom, right = top + HIGH, WIDTH - RIGHT
    high = ticks(max((value for _, points in panel.series for _, value in points), default=0.0))
    wide = ticks(longest)
    until = max(longest, 1e-9)

    def at(point: Point) -> Point:
        x = LEFT + (right - LEFT) * min(1.0, point[0] / until)
        return round(x, 1), round(bottom - HIGH * point[1] / high[-1], 1)

    out = [f'<text x="{LEFT}" y="{top - 6}">{escape(panel.title)}</text>']
    for value in high:
        _, y = at((0, value))
        out.append(f'<path d="M{LEFT} {y}H{right}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{value:g}</text>')
    for value in (one for one in wide if one <= longest):
        out.append(f'<text x="{at((value, 0))[0]}" y="{bottom + 16}" text-anchor="middle">{value:g}</text>')
    ends = [at(points[-1])[1] if points else bottom for _, points in panel.series]
    for (name, points), (colour, dash), y in zip(panel.series, STROKES, spread(ends, top, bottom), strict=False):
        path = _path([at(point) for point in points], panel.stepped)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        out.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        out.append(f'<text x="{right + 8}" y="{y + 4}" style="fill:{colour}">{escape(name)}</text>')
    return out


def _path(points: Sequence[Point], stepped: bool) -> str:
    if not points:
        return ""
    first, rest = points[0], points[1:]
    steps = [f"H{x}V{y}" if stepped else f"L{x} {y}" for x, y in rest]
    return f"M{first[0]} {first[1]}" + "".join(steps)
