"""Draw docs/pictures/architecture.svg and docs/pictures/run.svg.

Usage: python docs/pictures/architecture.py. The drawings are committed, because a site without
internet cannot load a diagram library; a test holds them to this script.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
_FONT = "font-family='system-ui, sans-serif'"
_TIP = " marker-end='url(#tip)'"
_BLUE, _GREEN, _ORANGE, _GREY = "#dbe9f6", "#dff0df", "#fdebd3", "#eeeeee"


@dataclass(frozen=True)
class Block:
    """A rectangle with a title and a line below it; positions in pixels."""

    x: float
    y: float
    width: float
    height: float
    title: str
    text: str = ""
    colour: str = _BLUE

    def svg(self) -> str:
        """Return its drawing."""
        middle, centre = self.x + self.width / 2, self.y + self.height / 2
        lines = self.text.split("\n") if self.text else []
        first = centre - 8 * len(lines) + 5
        texts = [_text(middle, first, self.title, 14, "600")]
        texts += [_text(middle, first + 17 * (n + 1), line, 12) for n, line in enumerate(lines)]
        frame = (
            f"<rect x='{self.x:g}' y='{self.y:g}' width='{self.width:g}' height='{self.height:g}' "
            f"rx='6' fill='{self.colour}' stroke='#555'/>"
        )
        return "\n".join([frame, *texts])


@dataclass(frozen=True)
class Arrow:
    """A straight arrow with a label beside its middle."""

    x1: float
    y1: float
    x2: float
    y2: float
    label: str = ""
    dx: float = 8
    dy: float = 0
    anchor: str = "start"
    tip: bool = True

    def svg(self) -> str:
        """Return its drawing."""
        line = (
            f"<line x1='{self.x1:g}' y1='{self.y1:g}' x2='{self.x2:g}' y2='{self.y2:g}' "
            f"stroke='#333' stroke-width='1.4'{_TIP if self.tip else ''}/>"
        )
        x, y = (self.x1 + self.x2) / 2 + self.dx, (self.y1 + self.y2) / 2 + 4 + self.dy
        label = _text(x, y, self.label, 12, anchor=self.anchor) if self.label else ""
        return f"{line}\n{label}".strip()


def _text(
    x: float, y: float, text: str, size: int, weight: str = "400", anchor: str = "middle"
) -> str:
    return (
        f"<text x='{x:g}' y='{y:g}' font-size='{size}' font-weight='{weight}' "
        f"text-anchor='{anchor}' fill='#111'>{escape(text)}</text>"
    )


def drawing(width: int, height: int, title: str, parts: list[Block | Arrow]) -> str:
    """Return an SVG file's text."""
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' role='img' "
        f"aria-label='{escape(title)}' {_FONT}>"
    )
    tip = (
        "<defs><marker id='tip' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='7' "
        "markerHeight='7' orient='auto'><path d='M0 0 10 5 0 10z' fill='#333'/></marker></defs>"
    )
    paper = f"<rect width='{width}' height='{height}' fill='#ffffff'/>"
    return "\n".join([head, tip, paper, *(part.svg() for part in parts), "</svg>", ""])


def architecture() -> str:
    """Return the packages, each above what it imports."""
    rows = [
        ("cli", "commands; the only place that prints"),
        ("engine", "plan, keys, tasks, executors, results; emit and import"),
        ("search", "samplers, ladders, corrections, importance"),
        ("analysis", "points, columns, fronts, utilisation, hypervolume"),
        ("store", "tables, views, migrations, queries"),
    ]
    parts: list[Block | Arrow] = [
        Block(30, 30 + 66 * n, 420, 50, name, text) for n, (name, text) in enumerate(rows)
    ]
    parts += [Arrow(240, 80 + 66 * n, 240, 96 + 66 * n) for n in range(len(rows) - 1)]
    parts += [
        Block(30, 360, 200, 50, "study", "file, space, validation"),
        Block(250, 360, 200, 50, "runtime", "tools, processes, cache"),
        Arrow(130, 344, 130, 360),
        Arrow(350, 344, 350, 360),
        Block(
            30, 426, 420, 50, "contracts",
            "Backend, Workload, Metric, Parameter, errors, registry"),
        Arrow(130, 410, 130, 426),
        Arrow(350, 410, 350, 426),
        Block(560, 30, 300, 50, "dashboards", "pages on a read-only store", _ORANGE),
        Block(
            560, 116, 300, 62, "workloads",
            "tracking, keras;\nquantisation-aware training", _GREEN),
        Block(
            560, 204, 300, 62, "backends",
            "cpu, hls4ml (csim, bittrue, estimate,\nvitis, vivado), openhls, opencl", _GREEN),
        Block(
            560, 292, 300, 62, "backends/modelgraph",
            "Keras to hls4ml's ModelGraph,\nfixed point, effective configuration", _GREEN),
        Arrow(710, 266, 710, 292),
        Arrow(860, 147, 876, 147, tip=False),
        Arrow(876, 147, 876, 420, tip=False),
        Arrow(876, 420, 860, 420),
        Block(
            560, 392, 300, 84, "dse.plugins, dse.testing",
            "what a plug-in imports, and the\nconformance suites it is held to", _GREY),
        Arrow(560, 434, 450, 450),
        Arrow(560, 55, 450, 245),
        Arrow(710, 354, 710, 392),
    ]  # fmt: skip
    return drawing(890, 506, "Packages of dse and the direction of their imports", parts)


def run() -> str:
    """Return the data flow of `dse run`."""
    parts: list[Block | Arrow] = [
        Block(20, 30, 150, 56, "study file", "YAML", _GREY),
        Arrow(170, 58, 220, 58),
        Block(220, 30, 170, 56, "Binding", "checked against plug-ins"),
        Arrow(390, 58, 440, 58),
        Block(440, 30, 170, 56, "points", "grid, or asked of a search"),
        Arrow(610, 58, 660, 58),
        Block(660, 30, 190, 56, "keys", "one per distinct evaluation"),
        Arrow(755, 86, 755, 140, "what the store has", 8),
        Block(660, 140, 190, 56, "store", "evaluations by key", _ORANGE),
        Arrow(660, 168, 610, 168, "missing", 0, -12, "middle"),
        Block(440, 140, 170, 56, "tasks", "with what they need"),
        Arrow(440, 168, 390, 168),
        Block(220, 140, 170, 56, "executor", "serial, or Ray"),
        Arrow(305, 196, 305, 250),
        Block(180, 250, 250, 56, "worker: workload", "prepared once per fingerprint", _GREEN),
        Arrow(305, 306, 305, 340),
        Block(180, 340, 250, 56, "worker: backend", "conversion, tool, report", _GREEN),
        Arrow(
            430,
            368,
            755,
            368,
            "metrics or a typed failure, effective configuration, provenance",
            32,
            16,
            "middle",
            tip=False,
        ),
        Arrow(755, 368, 755, 196),
        Block(440, 250, 170, 56, "search", "is told; asks for points"),
        Arrow(700, 196, 610, 265),
        Arrow(525, 250, 525, 196),
    ]
    return drawing(900, 420, "Data flow of dse run", parts)


FILES = {"architecture.svg": architecture, "run.svg": run}

if __name__ == "__main__":
    for name, draw in FILES.items():
        (HERE / name).write_text(draw())
