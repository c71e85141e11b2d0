"""Parameters of quantisation-aware training and pruning of the tracking networks."""

from typing import TYPE_CHECKING

from dse.contracts.parameters import Assignment, Parameter, Value
from workloads.quantisation import settings

if TYPE_CHECKING:
    from workloads.quantisation.network import BitsOf

BLOCKS = {
    "encoder": ("node_encoder", "edge_encoder"),
    "edge": ("edge_block",),
    "node": ("node_block", "scatter_sum"),
    "decoder": ("decoder",),
}
"""Prefixes of the names of the layers of each block."""


def _block_parameter(block: str, kind: str) -> Parameter:
    return Parameter(
        f"{block}_{kind}_bits",
        int,
        None,
        f"width of {kind}s in the {block} block with training: qat or ptq; null means {kind}_bits",
        unit="bits",
        minimum=1,
        maximum=16,
        optional=True,
    )


_BLOCKS = {
    block: [_block_parameter(block, kind) for kind in ("weight", "activation")] for block in BLOCKS
}
_NODE = _BLOCKS["node"]
_BITS = (*settings.BITS, *(parameter for own in _BLOCKS.values() for parameter in own))

PARAMETERS = (*settings.METHODS, *_BITS, *settings.SCHEDULE)


def untuned(parameters: Assignment) -> Assignment:
    """Return the parameters of the preceding float training: no quantisation, no pruning."""
    return {**parameters, **{parameter.name: parameter.default for parameter in PARAMETERS}}


def _passes_of_paper(parameters: Assignment) -> int:
    return 1 if parameters["network"] == "interaction_network" else 2


def n_passes(parameters: Assignment) -> int:
    """Return the number of edge updates: the given one, else that of the paper's network."""
    return int(str(parameters["passes"] or _passes_of_paper(parameters)))


def relevant(parameters: Assignment) -> Assignment:
    """Return the parameters with those that have no effect set to their defaults.

    With one pass there is no node block, so that its bits have no effect. Designs that differ in
    such parameters alone then have one fingerprint.
    """
    passes = n_passes(parameters)
    without = _NODE if passes == 1 else ()
    left: dict[str, Value] = {**parameters, **{p.name: p.default for p in without}}
    left["passes"] = None if passes == _passes_of_paper(parameters) else passes
    if parameters["network"] != "interaction_network" and "keep_dead_code" in left:
        left["keep_dead_code"] = False
    return settings.relevant(left, _BITS)


def layer_bits(parameters: Assignment) -> "BitsOf | None":
    """Return a function from a layer's name to its bits; None for float values.

    A block without bits of its own has those of the network.
    """
    from workloads.quantisation.network import LayerBits  # TensorFlow

    if not settings.is_quantised(parameters):
        return None

    def chosen(block: str, kind: str) -> int:
        own = parameters.get(f"{block}_{kind}")
        return int(str(parameters[kind] if own is None else own))

    def bits_of(layer: str) -> LayerBits:
        block = next((b for b, names in BLOCKS.items() if layer.startswith(names)), "")
        return LayerBits(chosen(block, "weight_bits"), chosen(block, "activation_bits"))

    return bits_of


def custom_modules(parameters: Assignment) -> list[Value]:
    """Return the modules to import before the network can be loaded."""
    return ["dse.layers", *(["qkeras"] if settings.is_quantised(parameters) else [])]
