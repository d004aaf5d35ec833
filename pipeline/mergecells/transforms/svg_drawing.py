"""Small pieces of SVG: a card, text, axes, lines. The same bytes for the same input.

Every picture is a card with a paper of its own, so that it reads on any page; where the viewer prefers dark, the card
is dark. Colours are those of Okabe and Ito, which people with any colour vision tell apart, beside grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 720
MINUS = "\u2212"
_STEPS = (1, 2, 2.5, 5, 10)
_LINES = 5
_STYLE = """\
<style>
text{fill:#1f2933;font-size:12px;font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}
.title{font-size:16px;font-weight:600}.small{font-size:11px}.strong{font-weight:600}.faint{fill:#52606d}
.paper{fill:#ffffff;stroke:#d9dfe5}.grid{stroke:#e4e8ec}.axis{stroke:#7b8794}.hint{stroke:#7b8794;stroke-dasharray:4 4}
.before{fill:#9aa5b1;stroke:#9aa5b1}.after{fill:#0072b2;stroke:#0072b2}
.up{fill:#0072b2}.down{fill:#d55e00}.same{fill:#9aa5b1}
path.line{fill:none;stroke-width:2}.left{text-anchor:start}.middle{text-anchor:middle}.right{text-anchor:end}
text.before{fill:#5f6c7b;stroke:none;font-weight:600}text.after{fill:#0072b2;stroke:none;font-weight:600}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.faint{fill:#9da7b3}.paper{fill:#0d1117;stroke:#30363d}.grid{stroke:#21262d}
.before{fill:#7d8894;stroke:#7d8894}.after{fill:#56b4e9;stroke:#56b4e9}.up{fill:#56b4e9}.down{fill:#e69f00}.same{fill:#7d8894}
text.before{fill:#9da7b3}text.after{fill:#56b4e9}}
</style>"""


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps a value of `low`..`high` to a place of `start`..`end` in the picture."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        span = self.high - self.low
        return self.start + (value - self.low) / span * (self.end - self.start) if span else self.start


def card(title: str, subtitle: str, height: int, parts: Sequence[str]) -> str:
    """A whole picture."""
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(clean(title), {chr(34): "&quot;"})}">',
        f"<title>{escape(clean(title))}</title>",
        _STYLE,
        f'<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        text(20, 30, title, "title"),
        text(20, 50, subtitle, "faint"),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


def text(x: float, y: float, content: str, style: str = "left", turned: bool = False) -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}"{turn}>{escape(clean(content))}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" class="{style}"/>'


def path(points: Sequence[tuple[float, float]], style: str) -> str:
    """A line through the points."""
    steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{steps}" class="{style}"/>' if points else ""


def box(x: float, y: float, width: float, height: float, style: str, opacity: float = 1.0) -> str:
    seen = f' fill-opacity="{opacity:.2f}" stroke-opacity="0"' if opacity < 1 else ""
    size = f'width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} class="{style}"{seen}/>'


def dot(x: float, y: float, style: str, *, hollow: bool = False) -> str:
    inside = ' style="fill:none;stroke-width:2"' if hollow else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3.5 if hollow else 4}" class="{style}"{inside}/>'


def y_axis(scale: Scale, step: float, left: float, right: float, title: str, unit: str = "") -> list[str]:
    """Lines across with their figures at the left, and the title turned beside them."""
    parts = []
    for number in range(round((scale.high - scale.low) / step) + 1):
        value = scale.low + number * step
        y = scale.at(value)
        parts.append(line(left, y, right, y, "grid" if number else "axis"))
        parts.append(text(left - 8, y + 4, f"{value:,.10g}{unit}", "right small"))
    return [*parts, text(18, (scale.start + scale.end) / 2, title, "middle faint", turned=True)]


def x_axis(scale: Scale, ticks: Sequence[tuple[float, str]], base: float, title: str) -> list[str]:
    """Figures below the lowest line, and the title in the middle below them."""
    parts = [text(scale.at(value), base + 18, label, "middle small") for value, label in ticks]
    return [*parts, text((scale.start + scale.end) / 2, base + 40, title, "middle faint")]


def round_scale(highest: float) -> tuple[float, float]:
    """The top of an axis from 0 and the distance of its lines: round numbers, at most six lines."""
    wanted = (highest or 1.0) / _LINES
    power = 1.0
    while power * 10 <= wanted:
        power *= 10
    while power > wanted:
        power /= 10
    step = next(power * factor for factor in _STEPS if power * factor >= wanted * (1 - 1e-9))
    lines = 1
    while lines * step < highest * (1 - 1e-9):
        lines += 1
    return lines * step, step


def clean(label: str) -> str:
    """XML 1.0 allows no control characters, also not escaped."""
    return "".join(char if char.isprintable() else "?" for char in label)


def cut(label: str, most: int) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"
