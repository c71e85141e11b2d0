"""Which layers of a design look values up in tables that are too coarse for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dse.formatting import number
from dse.store.queries import Results

TABLE_MEND = (
    "fewer integer bits for what the layer reads, a larger table_size or precision: profiled "
    "give it finer steps"
)
"""What a user can do."""


@dataclass(frozen=True)
class CoarseLayer:
    """A layer whose table is too coarse.

    Args:
        layer: name of the layer.
        function: what the table holds, such as ``exp`` or ``tanh``.
        step: distance of the inputs of two entries.
        error: largest error of a value that was looked up, as a share of the function's range.
    """

    layer: str
    function: str
    step: float
    error: float

    def __str__(self) -> str:
        return (
            f"the {self.function} table of layer {self.layer} has steps of {number(self.step)}, "
            f"so that its values are off by up to {number(self.error)}"
        )


def coarse_layers(effective: Mapping[str, Any]) -> list[CoarseLayer]:
    """Return the layers of an evaluation whose tables are too coarse, the worst first."""
    tables: Mapping[str, Mapping[str, Mapping[str, float]]] = effective.get("coarse_tables") or {}
    found = [
        CoarseLayer(layer, function, one["step"], one["error"])
        for layer, functions in tables.items()
        for function, one in functions.items()
    ]
    return sorted(found, key=lambda one: -one.error)


def coarse_points(results: Results, study: str) -> dict[int, Sequence[CoarseLayer]]:
    """Return the layers with coarse tables by number of the point, for points that have any."""
    found: dict[int, Sequence[CoarseLayer]] = {}
    for number_, _, effective in results.effective(study):
        if coarse := coarse_layers(effective):
            found[number_] = coarse
    return found
