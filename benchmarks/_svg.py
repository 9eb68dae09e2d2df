"""A plot as SVG text: horizontal bars in groups, or lines over a logarithmic axis. Needs nothing, looks plain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2933}.title{font-weight:600;font-size:15px}.head{font-weight:600}"
    ".quiet{fill:#52606d;font-size:12px}"
)
_OURS, _OTHER = "#0b69a3", "#9aa5b1"
_COLOURS = ("#0b69a3", "#de911d", "#2f8132", "#a61b5b", "#52606d", "#7b6ec6")


def bars(title: str, groups: Mapping[str, Sequence[tuple[str, float]]], marked: set[str]) -> str:
    """Draw one bar per value, longest first as given; those whose names are *marked* stand out."""
    left, width, step = 210, 420, 24
    parts: list[str] = [_text(10, 24, title, "title")]
    y = 44
    for name, values in groups.items():
        y += 14
        parts.append(_text(10, y, name, "head"))
        y += 10
        most = max(value for _, value in values)
        for label, value in values:
            length = max(1.0, width * value / most)
            colour = _OURS if label in marked else _OTHER
            parts.append(_text(left - 8, y + 15, label, "", "end"))
            parts.append(f'<rect x="{left}" y="{y + 3}" width="{length:.1f}" height="16" rx="2" fill="{colour}"/>')
            parts.append(_text(left + length + 6, y + 15, f"{value:,.0f}", "quiet"))
            y += step
        y += 12
    return _svg(720, y + 8, parts)


def lines(title: str, x_name: str, y_name: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Draw lines over logarithmic axes; points are (x, y), both above 0."""
    left, top, width, height = 90, 50, 420, 280
    points = [point for line in series.values() for point in line]
    x_low, x_high = (f(math.log10(x) for x, _ in points) for f in (min, max))
    y_low = math.floor(min(math.log10(y) for _, y in points))
    y_high = math.ceil(max(math.log10(y) for _, y in points))
    x_span, y_span = max(x_high - x_low, 1e-9), max(y_high - y_low, 1)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            left + width * (math.log10(x) - x_low) / x_span,
            top + height * (1 - (math.log10(y) - y_low) / y_span),
        )

    parts = [_text(10, 24, title, "title"), _text(left, top + height + 44, x_name, "quiet")]
    parts.append(_text(10, top - 10, y_name, "quiet"))
    for power in range(y_low, y_high + 1):
        y = at(10**x_low, 10.0**power)[1]
        parts.append(f'<line x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e7eb"/>')
        parts.append(_text(left - 8, y + 4, f"{10.0**power:,g}", "quiet", "end"))
    for x in sorted({x for x, _ in points}):
        parts.append(_text(at(x, 10.0**y_low)[0], top + height + 20, f"{x:,.0f}", "quiet", "middle"))
    for number, (name, line) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [at(x, y) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        y = top + 8 + 20 * number
        parts.append(f'<rect x="{left + width + 20}" y="{y}" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(left + width + 38, y + 11, name))
    return _svg(left + width + 240, top + height + 60, parts)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    return "\n".join(
        [head, f"<style>{_STYLE}</style>", '<rect width="100%" height="100%" fill="#ffffff"/>', *parts, "</svg>\n"]
    )
