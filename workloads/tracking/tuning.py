"""Quantisation-aware training and pruning of the tracking networks: bits block by block."""

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
"""Layers of each block, by the beginning of their names."""


def _of_block(block: str, kind: str) -> Parameter:
    return Parameter(
        f"{block}_{kind}_bits",
        int,
        None,
        f"width of {kind}s in the {block} block with training: qat; null for {kind}_bits",
        unit="bits",
        minimum=1,
        maximum=16,
        optional=True,
    )


_BLOCKS = {block: [_of_block(block, kind) for kind in ("weight", "activation")] for block in BLOCKS}
_NODE = _BLOCKS["node"]
_BITS = (*settings.BITS, *(parameter for own in _BLOCKS.values() for parameter in own))

PARAMETERS = (*settings.WHAT, *_BITS, *settings.HOW_LONG)


def untuned(parameters: Assignment) -> Assignment:
    """Those of the float training that comes first."""
    return {**parameters, **{parameter.name: parameter.default for parameter in PARAMETERS}}


def _of_paper(parameters: Assignment) -> int:
    return 1 if parameters["network"] == "interaction_network" else 2


def n_passes(parameters: Assignment) -> int:
    """Edge updates of the network: what is asked for, else the paper's."""
    return int(str(parameters["passes"] or _of_paper(parameters)))


def relevant(parameters: Assignment) -> Assignment:
    """Those that matter: with one pass there is no node block, whatever its bits."""
    passes = n_passes(parameters)
    without = _NODE if passes == 1 else ()
    left = {**parameters, **{parameter.name: parameter.default for parameter in without}}
    left["passes"] = None if passes == _of_paper(parameters) else passes
    return settings.relevant(left, _BITS)


def layer_bits(parameters: Assignment) -> "BitsOf | None":
    """Bits of a layer: those of its block, else those of the network; None in float."""
    from workloads.quantisation.network import LayerBits  # TensorFlow

    if parameters["training"] != "qat":
        return None

    def chosen(block: str, kind: str) -> int:
        own = parameters.get(f"{block}_{kind}")
        return int(str(parameters[kind] if own is None else own))

    def bits_of(layer: str) -> LayerBits:
        block = next((b for b, names in BLOCKS.items() if layer.startswith(names)), "")
        return LayerBits(chosen(block, "weight_bits"), chosen(block, "activation_bits"))

    return bits_of


def custom_modules(parameters: Assignment) -> list[Value]:
    """Modules to import before the network can be loaded."""
    return ["dse.layers", *(["qkeras"] if parameters["training"] == "qat" else [])]
