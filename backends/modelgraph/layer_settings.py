"""The parameter `layers`: settings of single layers, instead of those of the whole network."""

from collections.abc import Mapping
from typing import Any

from dse.contracts.errors import nearest
from dse.contracts.parameters import Parameter, Value

_LEGAL: Mapping[str, tuple[int, int]] = {
    "bits": (1, 64),
    "weight_bits": (1, 64),
    "integer_bits": (-32, 32),
    "reuse_factor": (1, 2**31),
}
"""Smallest and largest number of each setting."""

_STRATEGIES = ("latency", "resource")


def layers_problem(given: Mapping[str, Any]) -> str:
    """Return what is wrong with a value of `layers`; empty if it is valid."""
    for layer, items in given.items():
        if not isinstance(items, dict):
            return f"{layer}: write a mapping, such as {{bits: 8, reuse_factor: 4}}"
        for name, value in items.items():
            if reason := _problem(name, value):
                return f"{layer}: {reason}"
    return ""


def _problem(name: str, value: Any) -> str:
    if name == "strategy":
        hint = nearest(str(value), _STRATEGIES)
        return "" if value in _STRATEGIES else f"strategy {value!r} is not legal ({hint})"
    if name not in _LEGAL:
        return f"there is no setting '{name}' ({nearest(name, (*_LEGAL, 'strategy'))})"
    low, high = _LEGAL[name]
    whole = isinstance(value, int) and not isinstance(value, bool)
    return "" if whole and low <= value <= high else f"{name} = {value!r} should be {low} to {high}"


LAYERS = Parameter(
    "layers",
    dict,
    {},
    "settings of single layers by their names: bits, of all its tensors, instead of total_bits; "
    "weight_bits, of weights and biases alone; integer_bits, as many more (or fewer) of its output "
    "than the profile gives; reuse_factor; strategy. In a space each has a name of its own, such "
    "as layers.dense_1.bits",
    validator=layers_problem,
)

_ORDERING = ("reuse_factor", "strategy")
"""Settings that change the order of additions alone."""


def without_ordering(layers: Mapping[str, Value]) -> dict[str, Value]:
    """Return `layers` without what changes the order of additions alone."""
    kept: dict[str, Value] = {
        name: {k: v for k, v in items.items() if k not in _ORDERING}
        for name, items in layers.items()
        if isinstance(items, dict)
    }
    return {name: items for name, items in kept.items() if items}
