"""Which layers of a design overflow: their values wrap or saturate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dse.store.queries import Results

MEND = (
    "dse types STUDY shows the integer bits that every layer takes; precision: profiled uses them"
)
"""What a user can do."""
_LEAST = 1e-4
"""Least share that is written as a number."""


@dataclass(frozen=True)
class LayerOverflow:
    """Values of a layer that its types did not hold.

    Args:
        layer: name of the layer.
        how: ``wrapped`` or ``saturated``.
        share: share of the layer's casts.
    """

    layer: str
    how: str
    share: float

    @property
    def share_text(self) -> str:
        """The share in per cent; a small one never reads as none."""
        return f"{self.share:.2%}" if self.share >= _LEAST else f"under {_LEAST:.2%}"

    def __str__(self) -> str:
        return f"{self.share_text} of the casts in layer {self.layer} {self.how}"


def overflows(effective: Mapping[str, Any]) -> list[LayerOverflow]:
    """Return the layers of an evaluation that overflowed, the most affected first.

    A layer whose number of casts is not stored has no share and is left out.
    """
    layers: Mapping[str, Mapping[str, int]] = effective.get("overflows") or {}
    found = [
        LayerOverflow(layer, how, counts[how] / counts["casts"])
        for layer, counts in layers.items()
        for how in ("wrapped", "saturated")
        if counts.get(how) and counts.get("casts")
    ]
    return sorted(found, key=lambda one: -one.share)


def overflowing_points(results: Results, study: str) -> dict[int, Sequence[LayerOverflow]]:
    """Return the layers that overflowed by number of the point, for points that have any."""
    found: dict[int, Sequence[LayerOverflow]] = {}
    for number, _, effective in results.effective(study):
        if lost := overflows(effective):
            found[number] = lost
    return found
