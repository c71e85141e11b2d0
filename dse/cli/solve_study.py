"""Write the study of `dse solve`: the network's layers as a space, and the budget as limits."""

import hashlib
import json
from collections.abc import Iterator, Sequence

from dse.analysis.solution import CIRCUIT
from dse.analysis.wishes import Wishes
from dse.cli.network_study import name_of
from dse.cli.solve_network import Network
from dse.contracts.inspection import LayerSummary
from dse.contracts.registry import Registry
from dse.study.per_layer import lines

BATCH = 8
"""Designs chosen at a time, whatever the number of workers, so that a seed gives one answer."""


def is_routed(part: str) -> bool:
    """Whether the backend that makes circuits places and routes them on this part."""
    backend = Registry.installed().backend_class(CIRCUIT)()
    settings = {parameter.name: parameter.default for parameter in backend.parameters}
    try:
        backend.check({**settings, "part": part, "stage": "pnr"})
    except ValueError:
        return False
    return True


def study_name(network: Network, wishes: Wishes, seed: int) -> str:
    """Return a name that is the same for the same network, budget and seed."""
    what = repr((network, wishes, seed))
    return f"{name_of(network.stem)}-{hashlib.sha256(what.encode()).hexdigest()[:6]}"


def study_text(
    network: Network,
    wishes: Wishes,
    layers: Sequence[LayerSummary],
    *,
    seed: int,
    designs: int,
) -> str:
    """Return the study as YAML.

    Args:
        network: with its test set.
        wishes: the budget.
        layers: of the network.
        seed: of the search.
        designs: most designs that are evaluated.
    """
    return "\n".join(_lines(network, wishes, layers, seed=seed, designs=designs)) + "\n"


def _lines(
    network: Network,
    wishes: Wishes,
    layers: Sequence[LayerSummary],
    *,
    seed: int,
    designs: int,
) -> Iterator[str]:
    yield f"# Written by `dse solve`: {wishes.text}, on {wishes.part}."
    yield "# Its space may be narrowed and the study run by `dse run`."
    yield f"name: {study_name(network, wishes, seed)}"
    yield f"description: {json.dumps(wishes.text)}"
    yield ""
    yield from network.lines(wishes.score)
    yield ""
    yield "space:"
    yield from lines(network.whole_space(layers))
    yield ""
    yield "backends:"
    yield "  - bittrue"
    for name in ("estimate", CIRCUIT):
        yield f"  - name: {name}"
        yield f"    part: {wishes.part}"
        yield f"    clock_period_ns: {wishes.clock_period_ns}"
        if name == "estimate":
            yield "    tool: open"
        elif is_routed(wishes.part):
            yield "    stage: pnr"
    yield ""
    yield from _objectives(wishes)
    yield ""
    yield from _search(wishes, seed, designs)


def _objectives(wishes: Wishes) -> Iterator[str]:
    """Yield what is traded: the figure of merit against the goal, or LUTs where that is it."""
    enough = "" if wishes.enough is None else f", enough: {wishes.enough!r}"
    yield "objectives:"
    yield f"  - {{metric: {wishes.score}{enough}}}"
    yield f"  - {wishes.cost}"


def _search(wishes: Wishes, seed: int, designs: int) -> Iterator[str]:
    yield "search:"
    yield "  method: layerwise"
    yield f"  seed: {seed}"
    yield f"  batch: {BATCH}"
    yield f"  budget: {{points: {designs}}}"
    yield "  limits:"
    for wish in wishes.limits:
        end = "max" if wish.direction == "minimise" else "min"
        yield f"    {wish.metric}: {{{end}: {wish.limit!r}}}"
    yield "  ladder:"
    yield "    - backends: [bittrue, estimate]"
    yield f"    - backends: [{CIRCUIT}]"
    yield "      keep: 0.01"
