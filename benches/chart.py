"""Charts as SVG: bars with their spread, and curves. Colours and text are readable on white and on black."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = "descope-projects"
# About as far from white as from black.
_TEXT, _LINE, _OURS, _OTHER = "#757d88", "#757d8855", "#d9730d", "#5b8ec9"
_COLOURS = (_OURS, _OTHER, "#4c9a6a", "#b5679d", "#a08a2c", "#7a75c9", "#c25f5f")
_WIDTH, _LABEL, _VALUE = 760, 190, 170
_BAR, _GAP, _HEAD, _LINE_HEIGHT = 16, 8, 40, 14
_PANELS = {
    "small": "A small call, µs: client and server on a processor each",
    "small, one processor": "A small call, µs: client and server on one processor",
    "tls": "A small call with TLS, µs",
    "in flight": "64 calls in flight from one event loop, µs of a call",
}


@dataclass(frozen=True)
class Bar:
    """One line of a panel."""

    name: str
    median: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Curve:
    """One line through points."""

    name: str
    points: Sequence[tuple[float, float]]


def peers(result: dict[str, Any]) -> str:
    """The small calls of everyone who was measured, the fastest first."""
    panels = []
    for case, title in _PANELS.items():
        found = result["figures"].get(case, {})
        bars = [
            Bar(name, *(fields["seconds"][key] * 1_000_000 for key in ("median", "lower", "upper")))
            for name, fields in found.items()
        ]
        if bars:
            panels.append((title, sorted(bars, key=lambda bar: bar.median)))
    return bar_chart(panels)


def bar_chart(panels: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Panels of horizontal bars, one below the other, each with a logarithmic axis; the whisker is the quartiles."""
    parts, top = [], 0.0
    for title, bars in panels:
        parts.append(_text(0, top + 22, f"{title} (logarithmic, with quartiles)", weight="bold"))
        low = 10 ** math.floor(math.log10(min(bar.lower for bar in bars)))
        high = max(bar.upper for bar in bars)
        room = _WIDTH - _LABEL - _VALUE

        def x(value: float, low: float = low, high: float = high, room: float = room) -> float:
            return _LABEL + room * math.log(max(value, low) / low) / math.log(high / low)

        for number, bar in enumerate(bars):
            y = top + _HEAD + number * (_BAR + _GAP)
            middle = y + _BAR / 2
            colour = _OURS if bar.name == OURS else _OTHER
            parts += [
                _text(_LABEL - 8, middle + 4, bar.name, anchor="end"),
                f'<path d="M{_LABEL} {middle:.1f}H{x(bar.median):.1f}" stroke="{colour}" stroke-width="{_BAR}"/>',
                f'<path d="M{x(bar.lower):.1f} {middle:.1f}H{x(bar.upper):.1f}" stroke="{_TEXT}" stroke-width="2"/>',
                _text(
                    x(bar.upper) + 8, middle + 4, f"{_number(bar.median)} ({_number(bar.lower)} … {_number(bar.upper)})"
                ),
            ]
        top += _HEAD + len(bars) * (_BAR + _GAP) + _GAP
    return _svg(_WIDTH, top, parts)


def curve_chart(title: str, x_title: str, y_title: str, curves: Sequence[Curve]) -> str:
    """Curves on two logarithmic axes, so that what is linear is a straight line of slope 1."""
    left, top, right, bottom, height = 70, 40, 170, 50, 360
    xs = [x for curve in curves for x, _ in curve.points]
    ys = [y for curve in curves for _, y in curve.points]
    x_low, x_high = min(xs), max(*xs, min(xs) * 2)
    y_low, y_high = 10 ** math.floor(math.log10(min(ys))), 10 ** math.ceil(math.log10(max(ys) * 1.0001))

    def x_of(value: float) -> float:
        return left + (_WIDTH - left - right) * math.log(value / x_low) / math.log(x_high / x_low)

    def y_of(value: float) -> float:
        return top + (height - top - bottom) * (1 - math.log(value / y_low) / math.log(y_high / y_low))

    parts = [_text(0, 20, title, weight="bold"), _text(left, height - 10, x_title), _text(left, top - 6, y_title)]
    for exponent in range(round(math.log10(y_low)), round(math.log10(y_high)) + 1):
        y = y_of(10**exponent)
        parts.append(f'<path d="M{left} {y:.1f}H{_WIDTH - right}" stroke="{_LINE}"/>')
        parts.append(_text(left - 8, y + 4, _number(10.0**exponent), anchor="end"))
    parts += [
        _text(x_of(value), height - bottom + 18, _number(value), anchor="middle", size=10) for value in sorted(set(xs))
    ]
    lowest = -math.inf
    coloured = [(curve, _COLOURS[number % len(_COLOURS)]) for number, curve in enumerate(curves)]
    # From the top down: names that would lie on each other move apart and keep their order.
    for curve, colour in sorted(coloured, key=lambda pair: y_of(pair[0].points[-1][1])):
        path = "L".join(f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in curve.points)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3" fill="{colour}"/>' for x, y in curve.points]
        lowest = label = max(y_of(curve.points[-1][1]) + 4, lowest + _LINE_HEIGHT)
        parts.append(_text(x_of(curve.points[-1][0]) + 10, label, curve.name, colour=colour))
    return _svg(_WIDTH, height, parts)


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="sans-serif">'
    return "\n".join([head, *parts, "</svg>", ""])


def _text(  # noqa: PLR0913 -- what a text in a picture has
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    weight: str = "normal",
    size: int = 12,
    colour: str = _TEXT,
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    return f"<text {place}>{escape(text)}</text>"


def _number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:  # noqa: PLR2004 -- three digits in front of the point
        return f"{value:,.0f}"
    return f"{value:.3g}"
