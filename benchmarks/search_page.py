"""Tables and picture of `searches`, and the page of the documentation that has them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dse.cli.svg_plot import figure

FOLDER = Path(__file__).parents[1] / "docs" / "results"
PAGE = FOLDER / "search-methods.md"
NUMBERS = FOLDER / "search" / "numbers.json"
PICTURE = FOLDER / "search" / "shares.svg"
START, END = "<!-- made by benchmarks/searches.py -->", "<!-- end -->"

TITLES = {
    "pymoo": "pymoo, NSGA-II",
    "smac3": "SMAC3, ParEGO",
    "qnehvi": "Ax, qLogNEHVI",
}
OUTSIDE = tuple(TITLES)

LARGE_STEPS = (50, 100, 200)
DRAWN = ("layerwise", "tpe", "nsga2", "gp", "random", *OUTSIDE)
"""Methods of the picture, which has room for eight."""


def tables(numbers: Mapping[str, Any]) -> str:
    """Return the tables of all spaces as Markdown."""
    return "\n\n".join("\n".join(_section(name, found)) for name, found in numbers.items())


def _section(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    at, methods = found["at"], found["methods"]
    yield f"### {name}\n"
    yield f"{found['description']}.\n"
    steps = _steps(found)
    heads = "".join(f" {step} |" for step in steps)
    yield f"| method | seeds |{heads} worst, {at} | 99 % by {at} | time to choose |"
    yield "|---|---:|" + "---:|" * (len(steps) + 3)
    for method, told in methods.items():
        medians = told["quartiles"][1]
        cells = [f"{medians[s - 1]:.1%}" if s <= len(medians) else "" for s in steps]
        reached = f"{told['reached']} of {told['seeds']} seeds"
        time = f"{told['milliseconds'] / 1e3:.2f} s"
        title = TITLES.get(method, method)
        yield (
            f"| {title} | {told['seeds']} | {' | '.join(cells)} | {told['worst']:.1%} "
            f"| {reached} | {time} |"
        )


def _steps(found: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the numbers of evaluations that the table of a space shows."""
    if found["designs"] >= 1e6:
        return LARGE_STEPS
    at = found["at"]
    longest = max(len(told["quartiles"][1]) for told in found["methods"].values())
    return (at // 4, at // 2, at, 2 * at) if longest >= 2 * at else (at // 4, at // 2, at)


def picture(numbers: Mapping[str, Any]) -> str:
    """Return a drawing: median and quartiles of every method by evaluations, a panel per space."""
    panels = [
        {
            "title": name,
            "x": "evaluations",
            "y": "share of the hypervolume",
            "log": [],
            "missing": "",
            "series": [
                _series(m, found["methods"][m], found["at"] // 8)
                for m in DRAWN
                if m in found["methods"]
            ],
        }
        for name, found in numbers.items()
    ]
    return figure(panels)


def _series(method: str, told: Mapping[str, Any], start: int) -> dict[str, Any]:
    """Return a curve, from an eighth of the budget of the goal on: all rise steeply before."""
    low, middle, high = told["quartiles"]
    # every other one is enough to draw
    at = range(max(start, 1), len(middle) + 1, 2)
    return {
        "label": method,
        "kind": "paper" if method in ("random", *OUTSIDE) else "ours",
        "marked": False,
        "points": [[n, middle[n - 1]] for n in at],
        "band": [[n, low[n - 1], high[n - 1]] for n in at] if told["seeds"] > 2 else [],
    }


def write(numbers: Mapping[str, Any]) -> None:
    """Write numbers, picture and the part of the page between the markers.

    Spaces that were not compared this time keep their numbers; those that were lose what other
    methods had there.
    """
    NUMBERS.parent.mkdir(exist_ok=True)
    before = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}
    numbers = {**before, **numbers}
    NUMBERS.write_text(json.dumps(numbers) + "\n", encoding="utf-8")
    PICTURE.write_text(picture(numbers), encoding="utf-8")
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    made = f"{START}\n\n{tables(numbers)}\n\n{END}"
    PAGE.write_text(f"{head}{made}{after}", encoding="utf-8")
