"""What `dse solve` says: a sentence, the design and its neighbours, and its layers."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dse.analysis.solution import CLOCK, COSTS, Design, Designs
from dse.analysis.utilisation import capacity, share_factor
from dse.analysis.wishes import title
from dse.cli.console import grid
from dse.cli.solve_bounds import Bounds
from dse.contracts.metrics import CATALOGUE
from dse.formatting import number

if TYPE_CHECKING:
    from rich.console import Console

Rows = list[tuple[str, ...]]


def print_answer(
    out: "Console", designs: Designs, bounds: Bounds, ended_by: str, commands: Sequence[str]
) -> None:
    """Print the answer to a budget."""
    for text in sentences(designs, ended_by):
        out.print(text)
    if designs.best is None:
        return
    for head, rows in ((designs_heading(designs), design_rows(designs)), layer_table(designs)):
        table = grid(*head, right=head[1:-1])
        for row in rows:
            table.add_row(*row)
        out.print(table)
    for text in prices(designs):
        out.print(text)
    out.print(f"the network itself, unquantised: {number(bounds.quality)}")
    for command in commands:
        out.print(f"next: {command}", soft_wrap=True)


def sentences(designs: Designs, ended_by: str) -> Iterator[str]:
    """Yield the answer, how far it can be trusted, and why the search ended."""
    best, wishes = designs.best, designs.wishes
    if best is None:
        yield "no design could be evaluated: dse failures gives the reasons"
        return
    if designs.kept:
        yield f"design {best.number} is the answer: {headline(designs, best)}, {_proof(best)}"
    else:
        yield f"no design of {len(designs.all)} meets the budget: {wishes.text}"
        yield from giving_up(designs)
    if ended_by:
        yield f"why it ended: {ended_by}"


def _proof(design: Design) -> str:
    """Return how far a design was built."""
    if not design.made:
        return "by formula"
    if CLOCK not in design.numbers:
        return "simulated in RTL bit for bit and counted"
    clock = number(design.value(CLOCK), CATALOGUE[CLOCK].unit)
    return f"placed and routed at {clock}, the routed netlist simulated bit for bit"


def headline(designs: Designs, design: Design) -> str:
    """Return the numbers of a design that were asked about, in words."""
    wishes = designs.wishes
    names = dict.fromkeys([wishes.score, wishes.goal, *(w.metric for w in wishes.asked)])
    return ", ".join(f"{title(name)} {shown(designs, design, name)}" for name in names)


def shown(designs: Designs, design: Design, metric: str) -> str:
    """Return a number with unit, interval and share of the part."""
    one = design.numbers.get(metric)
    if one is None:
        return ""
    info = CATALOGUE.get(metric)
    text = number(one.value, info.unit if info else "")
    if one.low is not None and one.high is not None:
        text += f" ({number(one.low)} to {number(one.high)})"
    factor = share_factor(metric, capacity(designs.wishes.part)) if metric in COSTS else None
    return f"{text} ({factor * one.value:.2g} %)" if factor else text


def giving_up(designs: Designs) -> Iterator[str]:
    """Yield for each limit the design that keeps all others, and what it then needs."""
    for wish in designs.wishes.limits:
        found = designs.giving_up(wish)
        if found is not None and wish.missed(found.value(wish.metric)):
            whose = " (all of the part)" if wish.implied else ""
            yield (
                f"  {wish.text}{whose} would have to give: design {found.number} keeps the rest "
                f"with {shown(designs, found, wish.metric)}"
            )


def designs_heading(designs: Designs) -> tuple[str, ...]:
    """Return the heads of the table of designs."""
    return ("design", *map(title, _columns(designs)), "numbers")


def design_rows(designs: Designs) -> Rows:
    """Return the design and its neighbours, from the cheapest on."""
    best = designs.best
    assert best is not None  # noqa: S101  (the caller has checked it)
    cost = _cost(designs)
    rows = sorted([best, *designs.beside(best)], key=lambda one: one.value(cost))
    return [_row(designs, one, one.number == best.number) for one in rows]


def _row(designs: Designs, design: Design, is_best: bool) -> tuple[str, ...]:
    cells = []
    for name in _columns(designs):
        one, info = design.numbers.get(name), CATALOGUE.get(name)
        cells.append(number(one.value, info.unit if info else "") if one else "")
    mark = f"{design.number} ←" if is_best else str(design.number)
    made = "routed" if CLOCK in design.numbers else "circuit"
    return (mark, *cells, made if design.made else "formula")


def _columns(designs: Designs) -> list[str]:
    return list(dict.fromkeys([designs.wishes.score, "latency_ns", *COSTS]))


def _cost(designs: Designs) -> str:
    wishes = designs.wishes
    return wishes.goal if wishes.goal != wishes.score else "lut"


def prices(designs: Designs) -> Iterator[str]:
    """Yield what one per cent more of the cost buys, and what one less saves it from."""
    best, wishes = designs.best, designs.wishes
    assert best is not None  # noqa: S101  (the caller has checked it)
    cost, score = _cost(designs), wishes.score
    beside = designs.beside(best)
    dearer = [one for one in beside if one.value(cost) > best.value(cost)]
    cheaper = [one for one in beside if one.value(cost) < best.value(cost)]
    for one, what in ((next(iter(dearer), None), "more"), (next(reversed(cheaper), None), "fewer")):
        if one is None:
            continue
        percent = 100 * abs(one.value(cost) / (best.value(cost) or 1) - 1)
        change = one.value(score) - best.value(score)
        verb = "changes" if what == "more" else "costs"
        yield (
            f"{percent:.2g} % {what} {title(cost)} (design {one.number}) {verb} {title(score)} "
            f"by {change:+.4f}"
        )


def layer_table(designs: Designs) -> tuple[tuple[str, ...], Rows]:
    """Return heads and rows of the design's layers: widths and reuse factors."""
    best = designs.best
    assert best is not None  # noqa: S101  (the caller has checked it)
    layers: dict[str, dict[str, str]] = {}
    for name, value in best.parameters.items():
        if name.startswith("layers."):
            layer, _, item = name.removeprefix("layers.").rpartition(".")
            layers.setdefault(layer, {})[item] = str(value)
    items = ("bits", "weight_bits", "reuse_factor")
    rows = [(layer, *(own.get(item, "") for item in items), "") for layer, own in layers.items()]
    return ("layer", "bits", "weight bits", "reuse factor", ""), rows
