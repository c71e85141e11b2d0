"""The page of `dse solve`: one HTML file that holds the answer and what it rests on."""

from collections.abc import Iterator, Sequence
from html import escape

from dse.analysis.solution import Designs
from dse.analysis.wishes import title
from dse.cli.solve_answer import (
    design_rows,
    designs_heading,
    layer_table,
    prices,
    sentences,
)
from dse.cli.solve_bounds import Bounds
from dse.cli.svg_plot import figure
from dse.formatting import number

_STYLE = (
    "body{font-family:system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#212529}table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;"
    "border-bottom:1px solid #dee2e6;text-align:right}td:first-child,th:first-child"
    "{text-align:left}code{background:#f1f3f5;padding:.1rem .3rem}svg{max-width:40rem}"
)


def write_page(designs: Designs, bounds: Bounds, ended_by: str, commands: Sequence[str]) -> str:
    """Return the page as HTML; it loads nothing."""
    return "\n".join(_parts(designs, bounds, ended_by, commands)) + "\n"


def _parts(
    designs: Designs, bounds: Bounds, ended_by: str, commands: Sequence[str]
) -> Iterator[str]:
    wishes = designs.wishes
    heading = escape(wishes.text[:1].upper() + wishes.text[1:])
    yield "<!doctype html>"
    yield f"<html lang='en'><head><meta charset='utf-8'><title>{heading}</title>"
    yield f"<style>{_STYLE}</style></head><body>"
    yield f"<h1>{heading}</h1>"
    yield f"<p>On {escape(wishes.part)} at {wishes.clock_period_ns:g} ns; the network itself has "
    yield f"{number(bounds.quality)}.</p>"
    for text in sentences(designs, ended_by):
        yield f"<p>{escape(text)}</p>"
    if designs.best is None:
        yield "</body></html>"
        return
    yield _table(designs_heading(designs), design_rows(designs))
    for text in prices(designs):
        yield f"<p>{escape(text)}</p>"
    yield figure([_picture(designs)])
    yield "<h2>Its layers</h2>"
    yield _table(*layer_table(designs))
    yield "<h2>Where the numbers come from</h2>"
    rows = [
        (title(name), number(one.value), one.fidelity.value, one.tool)
        for name, one in designs.best.numbers.items()
    ]
    yield _table(("metric", "value", "fidelity", "tool"), rows)
    yield "<h2>Next</h2>"
    for command in commands:
        yield f"<p><code>{escape(command)}</code></p>"
    yield "</body></html>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


_Pair = tuple[float, float]
"""Cost and figure of merit of a design."""


def _is_near(pair: _Pair, others: Sequence[_Pair]) -> bool:
    """Whether a design lies within the others' box, or half its height or half its cost off."""
    costs, scores = [cost for cost, _ in others], [score for _, score in others]
    span = (max(scores) - min(scores)) / 2
    return (
        min(costs) / 1.5 <= pair[0] <= max(costs) * 1.5
        and min(scores) - span <= pair[1] <= max(scores) + span
    )


def _picture(designs: Designs) -> dict[str, object]:
    """Return the panel of the figure of merit against the cost, near the designs that keep limits.

    Most searches try designs that compute nothing: among them the others would be one dot.
    """
    wishes = designs.wishes
    cost = wishes.goal if wishes.goal != wishes.score else "lut"
    kept = {one.number for one in designs.kept}

    def pairs(which: bool) -> list[_Pair]:
        return [
            (one.value(cost), one.value(wishes.score))
            for one in designs.all
            if (one.number in kept) is which
        ]

    others, inside = pairs(False), pairs(True)
    near = [pair for pair in others if not inside or _is_near(pair, inside)]
    n_outside = len(others) - len(near)
    outside = f"; {n_outside} more lie outside" if n_outside else ""
    series: list[dict[str, object]] = [
        {"label": "misses a limit", "kind": "paper", "points": near, "joined": False},
        {"label": "keeps all limits", "kind": "ours", "points": inside, "joined": False},
    ]
    best = designs.best
    if best is not None:
        point = [(best.value(cost), best.value(wishes.score))]
        series.append({"label": "the answer", "kind": "ours", "points": point, "joined": False})
    return {
        "title": f"{title(wishes.score)} against {title(cost)}{outside}",
        "x": title(cost),
        "y": title(wishes.score),
        "log": ("x",),
        "missing": "",
        "series": [one for one in series if one["points"]],
    }
