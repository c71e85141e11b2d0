"""``space: per_layer``: a parameter for every width and reuse factor of every layer of a network.

Integer bits follow from the ranges that values take (``precision: profiled``), so the widths alone
vary: those of a layer's tensors, of its weights, and for layers with multipliers the reuse factors
that are legal. What the study names itself in its space takes the place of what is made here.
"""

from collections.abc import Mapping, Sequence

from dse.contracts.errors import StudyError
from dse.contracts.inspection import LayerSummary
from dse.contracts.parameters import Value
from dse.study.source import StudySource

PER_LAYER = "per_layer"
"""Value of ``space``, or key in it, that asks for these parameters."""

BITS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16)
"""Widths of values."""

WEIGHT_BITS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16)
"""Widths of weights: fewer are enough."""


def asks_per_layer(source: StudySource) -> bool:
    """Whether a study asks for parameters of every layer."""
    space = source.tree.get("space")
    return space == PER_LAYER or (isinstance(space, dict) and PER_LAYER in space)


def per_layer_space(layers: Sequence[LayerSummary]) -> dict[str, Value]:
    """Return values by name of the parameters of a network's layers."""
    space: dict[str, Value] = {"precision": "profiled"}
    if any(layer.reuse_factors for layer in layers):
        space["strategy"] = "resource"
    for layer in layers:
        space |= _own(layer)
    return space


def _own(layer: LayerSummary) -> dict[str, Value]:
    own: dict[str, Value] = {"bits": list(BITS)}
    if layer.weights:
        own["weight_bits"] = list(WEIGHT_BITS)
    if layer.reuse_factors:
        own["reuse_factor"] = list(layer.reuse_factors)
    return {f"layers.{layer.name}.{item}": values for item, values in own.items()}


def with_layers(source: StudySource, layers: Sequence[LayerSummary]) -> StudySource:
    """Return a study with the parameters of its network's layers written out.

    Raises:
        StudyError: ``per_layer`` has a value that says nothing.
    """
    given = source.tree["space"]
    own = dict(given) if isinstance(given, dict) else {PER_LAYER: True}
    if own.pop(PER_LAYER) is not True:
        raise source.mistake(("space", PER_LAYER), "should be true", "or leave it out")
    space = {**per_layer_space(layers), **own}
    return StudySource(source.name, source.text, {**source.tree, "space": space}, source.origins)


def refuse_unexpanded(source: StudySource) -> StudyError:
    """Return the error of a command that does not know the network."""
    return source.mistake(
        ("space",),
        "the parameters of every layer are known where the network is read",
        "dse plan and dse run do; dse init --model writes a study with a name for each",
    )


def lines(space: Mapping[str, Value]) -> list[str]:
    """Return a space as lines of YAML, below ``space:``."""
    import json

    return [f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in space.items()]
