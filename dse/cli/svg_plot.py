"""Panels of lines and points as an SVG drawing.

Plotly writes SVG only with a browser, and another plotting library would be a dependency for two
pictures: the front of `dse pareto --picture` and the figure of the page about the paper.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

_COLUMNS = 3
_WIDTH, _HEIGHT = 340, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 10, 26, 86
_COLOURS = ("#3b5bdb", "#d9480f", "#2b8a3e", "#862e9c", "#c2255c")
_GREYS = ("#adb5bd", "#868e96", "#495057", "#ced4da", "#343a40")
_CHARACTER = 6.0
"""Width of a digit, of most fonts at size 10 at least."""
_FONT = "font-family='system-ui, sans-serif' font-size='10'"

Series = Mapping[str, Any]


def figure(panels: Sequence[Mapping[str, Any]]) -> str:
    """Return the drawing.

    Args:
        panels: `title`, titles `x` and `y` of the axes, logarithmic ones in `log`, a note `missing`
            in the corner, and `series`. A series has a `label`, a `kind`, its `points` as pairs,
            and `joined` false where no line joins them. Its kind is ours, in colours, or paper, in
            grey and dashed. Points are not marked where `marked` is false; a `band` around the
            line is given as (x, low, high).
    """
    rows = ceil(len(panels) / _COLUMNS)
    size = f"0 0 {min(len(panels), _COLUMNS) * _WIDTH} {rows * _HEIGHT}"
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{size}' {_FONT} fill='#212529'>"]
    parts.append("<rect width='100%' height='100%' fill='white'/>")
    for index, panel in enumerate(panels):
        x, y = index % _COLUMNS * _WIDTH, index // _COLUMNS * _HEIGHT
        parts.append(f"<g transform='translate({x} {y})'>")
        parts += _panel(panel)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


class Axis:
    """Scale of one axis.

    Args:
        values: all values on it; not empty.
        start: where it starts in the drawing.
        stop: where it stops.
        is_log: whether it is logarithmic.
    """

    def __init__(self, values: Sequence[float], start: float, stop: float, *, is_log: bool) -> None:
        self.is_log = is_log and min(values) > 0
        self.start, self.stop = start, stop
        scaled = [self._scaled(value) for value in values]
        margin = 0.06 * ((max(scaled) - min(scaled)) or abs(scaled[0]) or 1)
        self.low, self.high = min(scaled) - margin, max(scaled) + margin

    def _scaled(self, value: float) -> float:
        return log10(value) if self.is_log else value

    def at(self, value: float) -> float:
        """Return the place of a value."""
        share = (self._scaled(value) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.stop - self.start), 1)

    def ticks(self) -> list[float]:
        """Return round values within the axis."""
        if self.is_log:
            exponents = range(floor(self.low), ceil(self.high) + 1)
            steps = (1,) if self.high - self.low > 2 else (1, 2, 5)
            found = [step * 10.0**e for e in exponents for step in steps]
            return [v for v in found if self.low <= log10(v) <= self.high]
        rough = (self.high - self.low) / 4
        unit = 10.0 ** floor(log10(rough))
        step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
        first = ceil(self.low / step)
        return [round(n * step, 10) for n in range(first, floor(self.high / step) + 1)]


def _panel(panel: Mapping[str, Any]) -> Iterator[str]:
    title = escape(panel["title"])
    yield f"<text x='{_LEFT}' y='16' font-weight='600' font-size='11'>{title}</text>"
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    yield (
        f"<rect x='{_LEFT}' y='{_TOP}' width='{right - _LEFT}' height='{bottom - _TOP}' "
        "fill='none' stroke='#adb5bd'/>"
    )
    middle = (_LEFT + right) / 2
    yield f"<text x='{middle}' y='{bottom + 28}' text-anchor='middle'>{escape(panel['x'])}</text>"
    height = (_TOP + bottom) / 2
    yield (
        f"<text transform='translate(12 {height}) rotate(-90)' text-anchor='middle'>"
        f"{escape(panel['y'])}</text>"
    )
    if panel["missing"]:
        yield (
            f"<text x='{right - 6}' y='{_TOP + 14}' text-anchor='end' fill='#868e96'>"
            f"{escape(panel['missing'])}</text>"
        )
    series = panel["series"]
    if series:
        yield from _drawn(series, panel["log"], right, bottom)
        yield from _legend(series, bottom + 42)


def _drawn(
    series: Sequence[Series], log: Sequence[str], right: float, bottom: float
) -> Iterator[str]:
    points = [point for one in series for point in (*one["points"], *_edges(one))]
    x = Axis([p[0] for p in points], _LEFT, right, is_log="x" in log)
    y = Axis([p[1] for p in points], bottom, _TOP, is_log="y" in log)
    for value in x.ticks():
        at = x.at(value)
        yield f"<path d='M{at} {bottom}v-4' stroke='#adb5bd'/>"
        yield _below(_text(value), at, bottom + 13)
    for value in y.ticks():
        yield f"<path d='M{_LEFT} {y.at(value)}h4' stroke='#adb5bd'/>"
        yield f"<text x='{_LEFT - 4}' y='{y.at(value) + 3}' text-anchor='end'>{_text(value)}</text>"
    for one, colour in _coloured(series):
        if edges := [f"{x.at(a)} {y.at(b)}" for a, b in _edges(one)]:
            yield f"<path d='M{' L'.join(edges)}z' fill='{colour}' fill-opacity='0.12'/>"
        yield from _line(one, colour, [(x.at(a), y.at(b)) for a, b in one["points"]])


def _below(label: str, at: float, y: float) -> str:
    """Return the label of a tick of the lower axis, which ends with the panel at the latest."""
    half = _CHARACTER * len(label) / 2
    place = min(at, _WIDTH - half)
    return f"<text x='{place}' y='{y}' text-anchor='middle'>{label}</text>"


def _edges(one: Series) -> list[tuple[float, float]]:
    """Return the edge of a series' band: there on its lower side, back on its upper one."""
    band = one.get("band", ())
    return [(x, low) for x, low, _ in band] + [(x, high) for x, _, high in reversed(band)]


def _line(one: Series, colour: str, places: Sequence[tuple[float, float]]) -> Iterator[str]:
    path = " ".join(f"{'M' if i == 0 else 'L'}{a} {b}" for i, (a, b) in enumerate(places))
    dashes = " stroke-dasharray='4 3'" if one["kind"] == "paper" else ""
    if one.get("joined", True):
        yield f"<path d='{path}' fill='none' stroke='{colour}' stroke-width='1.5'{dashes}/>"
    if one.get("marked", True):
        yield from (f"<circle cx='{a}' cy='{b}' r='2.5' fill='{colour}'/>" for a, b in places)


def _coloured(series: Sequence[Series]) -> Iterator[tuple[Series, str]]:
    counts = {"ours": 0, "paper": 0}
    for one in series:
        colours = _COLOURS if one["kind"] == "ours" else _GREYS
        yield one, colours[counts[one["kind"]] % len(colours)]
        counts[one["kind"]] += 1


def _legend(series: Sequence[Series], top: float) -> Iterator[str]:
    """Yield the key, two entries a line and four lines at most."""
    for index, (one, colour) in enumerate(_coloured(series)):
        x, y = _LEFT + index % 2 * 146, top + index // 2 * 11
        dashes = " stroke-dasharray='4 3'" if one["kind"] == "paper" else ""
        yield f"<path d='M{x} {y - 3}h16' stroke='{colour}' stroke-width='2'{dashes}/>"
        yield f"<text x='{x + 20}' y='{y}' font-size='9'>{escape(one['label'])}</text>"


def _text(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"
